"""Facts of a deployment: what Terraform made is there, is as it was declared, and runs what was applied."""

import os
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from cli.facts.code import code, script, stream_run
from cli.facts.finding import DEPLOY, Asked, Fact, Finding, fault, ok, unknown
from cli.facts.functions import functions
from cli.facts.metabase import metabase, metabase_task
from cli.facts.producers import producers
from cli.remote.calls import or_none
from tapehouse.errors import UnpreparedError
from tapehouse.lake import Lake
from tapehouse.tables import REGISTRY, Table

_ALLOWED = "IAM_ALLOWED_PRINCIPALS"


def credentials(asked: Asked) -> Finding:
    from cli.terraform.account import account_of

    def client(service: str, **_: Any) -> Any:
        return asked.client(service)

    try:
        return ok(account_of(asked.settings.region, client=client).arn)
    except UnpreparedError as error:
        what, _, mend = str(error).rpartition(": ")
        return fault(what or str(error), mend or "log in, or set others.")


def region(asked: Asked) -> Finding:
    """Whether other tools, which read the environment, look where we do."""
    wanted = asked.settings.region
    others = {name: os.environ[name] for name in ("AWS_REGION", "AWS_DEFAULT_REGION") if os.environ.get(name)}
    astray = [f"{name}={value}" for name, value in others.items() if value != wanted]
    if astray:
        return fault(
            f"{', '.join(astray)}, and {asked.settings.deployment} is in {wanted}",
            f"set {' and '.join(name.partition('=')[0] for name in astray)} to {wanted}, or unset it.",
        )
    return ok(wanted)


def bucket(asked: Asked) -> Finding:
    from botocore.exceptions import ClientError

    from tapehouse.kinesis import code_of

    name = asked.settings.lake.partition("://")[2].partition("/")[0]
    try:
        asked.client("s3").head_bucket(Bucket=name)
    except ClientError as error:
        found = code_of(error)
        if found in ("404", "NoSuchBucket"):
            return fault(f"there is no bucket {name}", DEPLOY)
        if found in ("301", "PermanentRedirect"):
            return fault(f"{name} is in another region", "set TAPEHOUSE_REGION to the bucket's region.")
        if found == "403":
            return fault(f"{name} is closed to us", "use a role that may read it, as the deployment's reader role.")
        raise
    return ok(name)


def stream(asked: Asked) -> Finding:
    name = asked.settings.stream_name
    ask = partial(asked.client("kinesis").describe_stream_summary, StreamName=name)
    if (answer := or_none(ask, "ResourceNotFoundException")) is None:
        return fault(f"there is no stream {name}", DEPLOY)
    found = answer["StreamDescriptionSummary"]
    told = f"{name} is {found['StreamStatus']}, {found['OpenShardCount']} shards"
    if found["StreamStatus"] in ("ACTIVE", "UPDATING"):  # a stream that is resharded serves
        return ok(told)
    return fault(told, "wait until it is active; a stream that stays so is told by its events in CloudTrail.")


def lake_formation(asked: Asked) -> Finding:
    """Where Lake Formation rules alone, roles that IAM allows everything still see no database."""
    found = asked.client("lakeformation").get_data_lake_settings()["DataLakeSettings"]
    closed = [
        what
        for what in ("database", "table")
        if not any(
            each.get("Principal", {}).get("DataLakePrincipalIdentifier") == _ALLOWED
            for each in found.get(f"Create{what.capitalize()}DefaultPermissions", ())
        )
    ]
    if not closed:
        return ok("IAM rules new databases and tables")
    return fault(
        f"new {' and '.join(f'{what}s' for what in closed)} are ruled by Lake Formation alone, not by IAM",
        "in Lake Formation grant Super on the databases and their tables to IAMAllowedPrincipals, or switch its "
        "default permissions to IAM and deploy again: they hold for what is made after that.",
    )


def workgroup(asked: Asked) -> Finding:
    name = asked.settings.athena_workgroup
    answer = or_none(partial(asked.client("athena").get_work_group, WorkGroup=name), "InvalidRequestException")
    if answer is None:
        return fault(f"there is no workgroup {name}", DEPLOY)
    found = answer["WorkGroup"]
    if found.get("State") != "ENABLED":
        return fault(f"{name} is {found.get('State')}", "enable it in Athena, or run `make deploy-terraform`.")
    configuration = found.get("Configuration", {})
    if not configuration.get("ResultConfiguration", {}).get("OutputLocation"):
        return fault(f"{name} has no place for results", DEPLOY)
    limit = configuration.get("BytesScannedCutoffPerQuery")
    return ok(f"{name}, " + (f"at most {limit / 1e9:,.0f} GB a query" if limit else "without a scan limit"))


def catalog(asked: Asked) -> Finding:
    """Every declared table, with its columns, where the lake keeps it."""
    glue, faults = asked.client("glue"), []
    for table in REGISTRY.values():
        database = f"{asked.settings.database_prefix}{table.layer}"
        ask = partial(glue.get_table, DatabaseName=database, Name=table.short_name)
        if (answer := or_none(ask, "EntityNotFoundException")) is None:
            faults.append(f"{table.name} is not there")
            continue
        faults += [f"{table.name} {each}" for each in differences(table, answer["Table"], asked.settings.lake)]
    if faults:
        return fault("; ".join(faults), DEPLOY)
    return ok(f"{len(REGISTRY)} tables as they are declared")


def differences(table: Table, found: Mapping[str, Any], lake: str) -> list[str]:
    """How a table of the catalog differs from its declaration; [] where it does not."""
    descriptor = found.get("StorageDescriptor", {})
    declared = [(column.name, _plain(column.type)) for column in table.columns]
    catalogued = [
        (column["Name"], _plain(column.get("Type", "")))
        for column in (*descriptor.get("Columns", ()), *found.get("PartitionKeys", ()))
    ]
    faults = []
    if sorted(catalogued) != sorted(declared):
        names = sorted({name for name, _ in set(declared) ^ set(catalogued)})
        faults.append(f"has other columns than declared ({', '.join(names)})")
    if found.get("Parameters", {}).get("spark.sql.sources.provider") != "delta":
        faults.append("is no Delta table there")
    wanted, there = Lake(lake).table_uri(table.name), str(descriptor.get("Location", ""))
    if _place(there) != _place(wanted):
        faults.append(f"lies at {there or 'no place'}, not {wanted}")
    return faults


def _plain(type_name: str) -> str:
    return type_name.lower().replace(" ", "")


def _place(uri: str) -> str:
    """s3 and s3a name the same."""
    return uri.partition("://")[2].rstrip("/")


def secrets(asked: Asked) -> Finding:
    """The secrets that the settings name can be seen; their values are not read."""
    settings = asked.settings
    names = [name.partition("#")[0] for name in (settings.finnhub_secret, settings.polygon_secret) if name]
    for name in names:
        ask = partial(asked.client("secretsmanager").describe_secret, SecretId=name)
        if (found := or_none(ask, "ResourceNotFoundException")) is None:
            return fault(f"there is no secret {name}", DEPLOY)
        if found.get("DeletedDate"):
            return fault(f"{name} is to be deleted", "restore it, or name another one.")
    return ok(", ".join(names)) if names else unknown("no feed with a key is set up")


DEPLOYMENT: Final[Mapping[str, Fact]] = {
    "credentials": credentials,
    "region": region,
    "bucket": bucket,
    "stream": stream,
    "lake formation": lake_formation,
    "catalog": catalog,
    "workgroup": workgroup,
    "glue scripts": script,
    "glue code": code,
    "stream job": stream_run,
    "producers": producers,
    "secrets": secrets,
    "functions": functions,
    "metabase task": metabase_task,
    "metabase": metabase,
}
"""Name → fact, in the order in which they are told: what the later ones need comes first."""
