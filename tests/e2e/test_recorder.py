"""What a request needs of IAM, and that the recorder changes nothing on the way."""

from email.message import Message

import boto3
import pytest

from tests.e2e.policies import Grant, grants
from tests.e2e.recorder import Call, Recorder, asked

OBJECT = "arn:aws:s3:::lake/a/b"


@pytest.mark.parametrize(
    ("request_line", "expected"),
    [
        ("GET /lake/a/b", ("s3:GetObject", OBJECT)),
        ("HEAD /lake/a/b", ("s3:GetObject", OBJECT)),
        ("PUT /lake/a/b", ("s3:PutObject", OBJECT)),
        ("POST /lake/a/b?uploads", ("s3:PutObject", OBJECT)),
        ("DELETE /lake/a/b?uploadId=1", ("s3:AbortMultipartUpload", OBJECT)),
        ("DELETE /lake/a/b", ("s3:DeleteObject", OBJECT)),
        ("GET /lake?list-type=2&prefix=a", ("s3:ListBucket", "arn:aws:s3:::lake")),
        ("HEAD /lake", ("s3:ListBucket", "arn:aws:s3:::lake")),
        ("GET /lake/?location", ("s3:GetBucketLocation", "arn:aws:s3:::lake")),
    ],
)
def test_a_request_to_s3_is_an_action(request_line: str, expected: tuple[str, str]) -> None:
    method, path = request_line.split()
    assert list(asked(method, path, Message(), b"")) == [expected]


def test_a_bulk_delete_is_of_each_key() -> None:
    body = b"<Delete><Object><Key>a/b</Key></Object><Object><Key>c</Key></Object></Delete>"
    found = list(asked("POST", "/lake?delete", Message(), body))
    assert found == [("s3:DeleteObject", OBJECT), ("s3:DeleteObject", "arn:aws:s3:::lake/c")]


def test_the_calls_of_boto3_are_seen_and_answered(moto: str) -> None:
    recorder = Recorder(moto, who="refresh")
    with recorder.serving() as address:
        s3 = boto3.client("s3", endpoint_url=address)
        s3.create_bucket(Bucket="lake")
        s3.put_object(Bucket="lake", Key="a/b", Body=b"x" * 100_000)
        assert s3.head_object(Bucket="lake", Key="a/b")["ContentLength"] == 100_000
        with s3.get_object(Bucket="lake", Key="a/b")["Body"] as body:
            assert len(body.read()) == 100_000
        kinesis = boto3.client("kinesis", endpoint_url=address)
        kinesis.create_stream(StreamName="recorded", ShardCount=1)
        shard = kinesis.list_shards(StreamName="recorded")["Shards"][0]["ShardId"]
        start = kinesis.get_shard_iterator(StreamName="recorded", ShardId=shard, ShardIteratorType="TRIM_HORIZON")
        kinesis.get_records(ShardIterator=start["ShardIterator"])
        s3.close()
        kinesis.close()
    stream = "arn:aws:kinesis:us-east-1:123456789012:stream/recorded"
    assert Call("refresh", "s3:PutObject", OBJECT) in recorder.calls
    assert Call("refresh", "kinesis:GetRecords", stream) in recorder.calls


def test_a_grant_is_of_an_action_on_a_resource() -> None:
    policy = '{"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": ["arn:aws:s3:::lake/a/*"]}]}'
    (grant,) = grants([{"role": "reader", "policy": policy}])
    assert grant == Grant("reader", "s3:GetObject", "arn:aws:s3:::lake/a/*")
    assert grant.allows("s3:GetObject", OBJECT)
    assert not grant.allows("s3:PutObject", OBJECT)
    assert not grant.allows("s3:GetObject", "arn:aws:s3:::lake/c")
