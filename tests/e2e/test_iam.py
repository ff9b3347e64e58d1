"""Every call is allowed by the role that makes it, and a role may do nothing that nobody does.

The calls are those that the jobs and a producer made of the emulator here: by boto3, by Hadoop's S3A
and by Arrow. What AWS itself does as the role, and what only an accident needs, is in a list with its reason.
"""

from collections.abc import Mapping

import pytest

from glue_jobs.jobs.arguments import JOBS
from tests.e2e.deployment import Deployment, Runs
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
    ("glue", "s3:GetBucketLocation"): "AWS' own policy for jobs has it; whether Glue asks is not known here",
    ("producer", "kinesis:DescribeStreamSummary"): "the marks of a venue's feed; the synthetic market keeps none",
    ("producer", "s3:ListBucket"): "without it S3 says of a marker that is not there that it is forbidden",
    ("producer", "elasticfilesystem:ClientMount"): "ECS mounts the folder of the marks, as the task's role",
    ("producer", "elasticfilesystem:ClientWrite"): "NFS, not HTTP",
}
"""What no request of ours shows, by kind of role and action."""
TEMPORARY = "/glue/"
"""In the results' bucket: what Glue and Spark put down in --TempDir."""


def role_of(who: str, deployment: str) -> str:
    return f"{deployment}-glue-{who}" if who in JOBS else f"{deployment}-{who}"


@pytest.fixture(scope="module")
def granted(deployment: Deployment) -> list[Grant]:
    return list(grants(deployment.of_type("aws_iam_role_policy")))


@pytest.fixture(scope="module")
def calls(runs: Runs) -> list[Call]:
    return sorted(runs.calls)


def test_every_call_is_allowed(granted: list[Grant], calls: list[Call], deployment: Deployment) -> None:
    name = deployment.settings["deployment"]
    assert {call.who for call in calls} == {*JOBS, "producer-coinbase"}
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
        and TEMPORARY not in grant.resource
        and not any(grant.allows(call.action, call.resource) for call in ran[grant.role])
    }
    assert idle == set()
    seen = {(_kind(grant), grant.action) for grant in granted}
    assert set(UNSEEN) - seen == set(), "remove the reasons for what is not allowed any more"


def test_other_producers_and_the_backfill_may_do_no_more(granted: list[Grant], deployment: Deployment) -> None:
    """Only one producer ran here; the others send by the same code."""
    name = deployment.settings["deployment"]
    ran, other, backfill = (
        {(grant.action, grant.resource) for grant in granted if grant.role == f"{name}-{role}"}
        for role in ("producer-coinbase", "producer-kraken", "backfill")
    )
    assert ran == other
    assert backfill == {each for each in ran if not each[0].startswith("elasticfilesystem:")}


def _kind(grant: Grant) -> str:
    return "glue" if "-glue-" in grant.role else "producer"
