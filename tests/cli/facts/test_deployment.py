"""Facts of a deployment, each as it should be and in every way in which it is not."""

from typing import Any

import pytest

from cli.facts import DEPLOYMENT, Asked, Finding, examine
from tapehouse.settings import Settings
from tapehouse.tables import REGISTRY
from tests.cli.facts.stubbed import SETTINGS, asked

ARN = "arn:aws:iam::123456789012:role/operator"


def found(name: str, by: Asked) -> Finding:
    """What is found of one fact, errors of AWS turned into words."""
    return dict(examine({name: DEPLOYMENT[name]}, by))[name]


def settings(**changes: Any) -> Settings:
    return SETTINGS.model_copy(update=changes)


def stream(status: str) -> dict[str, Any]:
    return {
        "StreamDescriptionSummary": {
            **{"StreamName": "tapehouse-dev-trades", "StreamARN": "arn:aws:kinesis:eu-west-1:1:stream/x"},
            **{"StreamStatus": status, "RetentionPeriodHours": 24, "StreamCreationTimestamp": 0},
            **{"EnhancedMonitoring": [], "OpenShardCount": 2},
        }
    }


def open_to_iam(*what: str, principal: str = "IAM_ALLOWED_PRINCIPALS") -> dict[str, Any]:
    allowed = [{"Principal": {"DataLakePrincipalIdentifier": principal}, "Permissions": ["ALL"]}]
    return {"DataLakeSettings": {f"Create{each}DefaultPermissions": allowed for each in what}}


def workgroup(state: str = "ENABLED", output: str | None = "s3://results/", limit: int = 10**11) -> dict[str, Any]:
    configuration: dict[str, Any] = {"BytesScannedCutoffPerQuery": limit}
    if output:
        configuration["ResultConfiguration"] = {"OutputLocation": output}
    return {"WorkGroup": {"Name": "tapehouse-dev", "State": state, "Configuration": configuration}}


IDENTITY = {"Account": "123456789012", "Arn": ARN, "UserId": "U"}

CASES: list[tuple[str, dict[str, list[tuple[str, Any]]], str, str]] = [
    ("credentials", {"sts": [("get_caller_identity", IDENTITY)]}, "ok", ARN),
    ("credentials", {"sts": [("get_caller_identity", "ExpiredToken")]}, "fault", "The AWS credentials have expired"),
    ("bucket", {"s3": [("head_bucket", {})]}, "ok", "a-bucket"),
    ("bucket", {"s3": [("head_bucket", "404")]}, "fault", "there is no bucket a-bucket"),
    ("bucket", {"s3": [("head_bucket", "403")]}, "fault", "a-bucket is closed to us"),
    ("bucket", {"s3": [("head_bucket", "301")]}, "fault", "a-bucket is in another region"),
    ("stream", {"kinesis": [("describe_stream_summary", stream("ACTIVE"))]}, "ok", "is ACTIVE, 2 shards"),
    ("stream", {"kinesis": [("describe_stream_summary", stream("UPDATING"))]}, "ok", "is UPDATING"),
    ("stream", {"kinesis": [("describe_stream_summary", stream("DELETING"))]}, "fault", "is DELETING"),
    ("stream", {"kinesis": [("describe_stream_summary", "ResourceNotFoundException")]}, "fault", "there is no stream"),
    ("stream", {"kinesis": [("describe_stream_summary", "AccessDeniedException")]}, "unknown", "DescribeStreamSummary"),
    (
        "lake formation",
        {"lakeformation": [("get_data_lake_settings", open_to_iam("Database", "Table"))]},
        "ok",
        "IAM rules new databases and tables",
    ),
    (
        "lake formation",
        {"lakeformation": [("get_data_lake_settings", open_to_iam("Database"))]},
        "fault",
        "new tables are ruled by Lake Formation alone",
    ),
    (
        "lake formation",
        {"lakeformation": [("get_data_lake_settings", open_to_iam("Database", "Table", principal=ARN))]},
        "fault",
        "new databases and tables are ruled by Lake Formation alone",
    ),
    (
        "lake formation",
        {"lakeformation": [("get_data_lake_settings", {"DataLakeSettings": {}})]},
        "fault",
        "new databases and tables are ruled",
    ),
    ("workgroup", {"athena": [("get_work_group", workgroup())]}, "ok", "tapehouse-dev, at most 100 GB a query"),
    ("workgroup", {"athena": [("get_work_group", workgroup("DISABLED"))]}, "fault", "tapehouse-dev is DISABLED"),
    ("workgroup", {"athena": [("get_work_group", workgroup(output=None))]}, "fault", "has no place for results"),
    ("workgroup", {"athena": [("get_work_group", "InvalidRequestException")]}, "fault", "there is no workgroup"),
]


@pytest.mark.parametrize(("name", "answers", "state", "told"), CASES, ids=[f"{c[0]}: {c[3]}" for c in CASES])
def test_a_fact(name: str, answers: dict[str, list[tuple[str, Any]]], state: str, told: str) -> None:
    said = found(name, asked(answers))
    assert said.state == state
    assert told in said.told
    assert bool(said.mend) is (state != "ok")
    assert "\n" not in said.told + said.mend


def test_a_region_of_the_environment_that_is_another_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    assert found("region", asked({})).state == "ok"
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    said = found("region", asked({}))
    assert (said.state, said.told) == ("fault", "AWS_DEFAULT_REGION=us-east-1, and tapehouse-dev is in eu-west-1")
    assert said.mend == "set AWS_DEFAULT_REGION to eu-west-1, or unset it."


def test_behind_wrong_credentials_nothing_is_asked() -> None:
    by = asked({"sts": [("get_caller_identity", "ExpiredToken")]})
    said = dict(examine(DEPLOYMENT, by))
    assert said.pop("credentials").state == "fault"
    assert {each.told for each in said.values()} == {"not asked: see credentials"}


# -- the catalog -------------------------------------------------------------------------------------------------------


def catalogued(**changes: Any) -> list[tuple[str, Any]]:
    """Every table as Terraform makes it from its declaration; ``changes`` are those of the first one."""
    answers: list[tuple[str, Any]] = []
    for table in REGISTRY.values():
        found = {
            "Name": table.short_name,
            "DatabaseName": table.layer,
            "Parameters": {"EXTERNAL": "TRUE", "spark.sql.sources.provider": "delta"},
            "StorageDescriptor": {
                "Columns": [{"Name": column.name, "Type": column.type.lower()} for column in table.columns],
                "Location": f"s3://a-bucket/lake/{table.layer}/{table.short_name}/",
            },
        }
        if not answers:
            found |= changes
        answers.append(("get_table", {"Table": found}))
    return answers


def test_a_catalog_as_declared_is_right_also_by_s3a() -> None:
    for lake in ("s3://a-bucket/lake", "s3a://a-bucket/lake"):
        said = found("catalog", asked({"glue": catalogued()}, settings(lake=lake)))
        assert (said.state, said.told) == ("ok", f"{len(REGISTRY)} tables as they are declared")


FIRST = next(iter(REGISTRY.values()))
COLUMNS = [{"Name": column.name, "Type": column.type.lower()} for column in FIRST.columns]
WHERE = f"s3://a-bucket/lake/{FIRST.layer}/{FIRST.short_name}"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"StorageDescriptor": {"Columns": COLUMNS[1:], "Location": WHERE}},
            "has other columns than declared (payload)",
        ),
        (
            {"StorageDescriptor": {"Columns": [{"Name": "col", "Type": "array<string>"}], "Location": WHERE}},
            "has other columns than declared (arrival_date",
        ),
        (
            {"StorageDescriptor": {"Columns": [{**COLUMNS[0], "Type": "string"}, *COLUMNS[1:]], "Location": WHERE}},
            f"has other columns than declared ({COLUMNS[0]['Name']})",
        ),
        ({"StorageDescriptor": {"Columns": COLUMNS, "Location": "s3://other/x"}}, "lies at s3://other/x, not s3://a-b"),
        ({"Parameters": {}}, "is no Delta table there"),
    ],
)
def test_a_table_that_differs_from_its_declaration_is_named(changes: dict[str, Any], told: str) -> None:
    said = found("catalog", asked({"glue": catalogued(**changes)}))
    assert said.state == "fault"
    assert f"{FIRST.name} {told}" in said.told


def test_a_table_that_is_not_there_is_named_beside_the_others() -> None:
    answers = catalogued()
    answers[0] = ("get_table", "EntityNotFoundException")
    said = found("catalog", asked({"glue": answers}))
    assert (said.state, said.told) == ("fault", f"{FIRST.name} is not there")


# -- secrets -----------------------------------------------------------------------------------------------------------


def test_secrets_that_are_named_are_there() -> None:
    assert found("secrets", asked({})).state == "unknown"
    named = settings(finnhub_secret="tapehouse-dev/finnhub#token")
    there = {"ARN": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:a", "Name": "tapehouse-dev/finnhub"}
    said = found("secrets", asked({"secretsmanager": [("describe_secret", there)]}, named))
    assert (said.state, said.told) == ("ok", "tapehouse-dev/finnhub")
    gone = {**there, "DeletedDate": "2026-11-28T00:00:00Z"}
    assert found("secrets", asked({"secretsmanager": [("describe_secret", gone)]}, named)).state == "fault"
    absent = asked({"secretsmanager": [("describe_secret", "ResourceNotFoundException")]}, named)
    assert found("secrets", absent).told == "there is no secret tapehouse-dev/finnhub"
