"""Every call is allowed by the role that makes it, and a role may do nothing that nobody does.

The calls are those that the jobs, the functions and a producer made of the emulator here: by boto3, by Hadoop's S3A
and by Arrow. What AWS itself does as the role, and what only an accident needs, is in a list with its reason.
"""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from cli.lambda_ import HANDLERS
from glue_jobs.jobs.arguments import JOBS
from tests.e2e.deployment import Deployment, Runs
from tests.e2e.functions import Functions
from tests.e2e.policies import Grant, grants
from tests.e2e.recorder import Call

pytestmark = [pytest.mark.e2e, pytest.mark.spark, pytest.mark.timeout(1_800)]

UNSEEN: Mapping[tuple[str, str], str] = {
    ("glue", "logs:CreateLogGroup"): "Glue makes its own groups, as the job's role",
    ("glue", "logs:CreateLogStream"): "Glue's log agent",
    ("glue", "logs:PutLogEvents"): "Glue's log agent",
    ("glue", "cloudwatch:PutMetricData"): "Glue's metrics of a run",
    ("glue", "s3:AbortMultipartUpload"): "S3A, when a write fails half way",
    ("glue", "s3:DeleteObject"): "the vacuum; in a lake of minutes nothing is old enough for most jobs",
    ("glue", "s3:ListBucketVersions"): "maintain, where a document is to be forgotten",
    ("glue", "s3:DeleteObjectVersion"): "the same",
    ("glue", "s3:GetBucketLocation"): "AWS' own policy for jobs has it; whether Glue asks is not known here",
    ("producer", "kinesis:DescribeStreamSummary"): "the marks of a venue's feed; the synthetic market keeps none",
    ("producer", "s3:ListBucket"): "without it S3 says of a marker that is not there that it is forbidden",
    ("producer", "elasticfilesystem:ClientMount"): "ECS mounts the folder of the marks, as the task's role",
    ("producer", "elasticfilesystem:ClientWrite"): "NFS, not HTTP",
    ("lambda", "logs:CreateLogStream"): "Lambda itself, as the function's role",
    ("lambda", "logs:PutLogEvents"): "Lambda itself, as the function's role",
    ("lambda", "sqs:ReceiveMessage"): "Lambda asks the queue as the role of the function that it is for",
    ("lambda", "sqs:DeleteMessage"): "the same, of what was worked off",
    ("lambda", "sqs:GetQueueAttributes"): "the same, to see how much waits",
}
"""What no request of ours shows, by kind of role and action."""
TEMPORARY = "/glue/"
"""In the results' bucket: what Glue and Spark put down in --TempDir."""
UNTOUCHED: Mapping[tuple[str, str], str] = {
    ("s3:ListBucket", "lambda-crawler"): "without it S3 says of tasks that are not there that they are forbidden",
    ("s3:ListBucket", "lambda-crawler-schedule"): "the same",
    ("s3:ListBucket", "lambda-enrich"): "the same, of an object that was told of and is gone",
    **{
        ("sqs:SendMessage", f"lambda-{name}"): "Lambda sends what failed to the dead letters, as the function's role"
        for name in ("crawler-schedule", "news", "social")
    },
}
"""The same of one function, where others make such a call."""


def role_of(who: str, deployment: str) -> str:
    return f"{deployment}-glue-{who}" if who in JOBS else f"{deployment}-{who}"


def with_letters(call: Call, secrets: Mapping[str, str]) -> Call:
    """Of a secret a call says the name alone, and its ARN ends with six letters."""
    return replace(call, resource=secrets.get(call.resource, call.resource))


@pytest.fixture(scope="module")
def granted(deployment: Deployment) -> list[Grant]:
    return list(grants(deployment.of_type("aws_iam_role_policy")))


@pytest.fixture(scope="module")
def calls(runs: Runs, functions: Functions, deployment: Deployment) -> list[Call]:
    secrets = {each["arn"].rpartition("-")[0]: each["arn"] for each in deployment.of_type("aws_secretsmanager_secret")}
    return sorted(with_letters(call, secrets) for call in runs.calls | functions.calls)


def test_every_call_is_allowed(granted: list[Grant], calls: list[Call], deployment: Deployment) -> None:
    name = deployment.settings["deployment"]
    assert {call.who for call in calls} == {*JOBS, "producer-coinbase", *(f"lambda-{each}" for each in HANDLERS)}
    refused = [
        call
        for call in calls
        if not any(g.role == role_of(call.who, name) and g.allows(call.action, call.resource) for g in granted)
    ]
    assert refused == []


def test_nothing_is_allowed_that_nobody_does(granted: list[Grant], calls: list[Call], deployment: Deployment) -> None:
    name = deployment.settings["deployment"]
    ran = {role_of(call.who, name): [c for c in calls if c.who == call.who] for call in calls}
    idle = {
        grant
        for grant in granted
        if grant.role in ran
        and (_kind(grant), grant.action) not in UNSEEN
        and (grant.action, grant.role.removeprefix(f"{name}-")) not in UNTOUCHED
        and TEMPORARY not in grant.resource
        and not any(grant.allows(call.action, call.resource) for call in ran[grant.role])
    }
    assert idle == set()
    seen = {(_kind(grant), grant.action) for grant in granted}
    assert set(UNSEEN) - seen == set(), "remove the reasons for what is not allowed any more"


def test_other_producers_and_the_backfill_may_do_no_more(granted: list[Grant], deployment: Deployment) -> None:
    """Only one producer ran here; the others send by the same code. The backfill reads the keys of vendors' feeds."""
    name = deployment.settings["deployment"]
    ran, other, backfill = (
        {(grant.action, grant.resource) for grant in granted if grant.role == f"{name}-{role}"}
        for role in ("producer-coinbase", "producer-kraken", "backfill")
    )
    assert ran == other
    keys = {each for each in backfill if each[0] == "secretsmanager:GetSecretValue"}
    assert [resource.rpartition("-")[0].rpartition("/")[2] for _, resource in keys] == ["finnhub"]
    assert backfill - keys == {each for each in ran if not each[0].startswith("elasticfilesystem:")}


def _kind(grant: Grant) -> str:
    return next((kind for kind in ("glue", "lambda") if f"-{kind}-" in grant.role), "producer")
