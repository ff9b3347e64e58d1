"""The plan that AWS would get, by the real provider: the emulator only says who we are and which zones there are."""

import json
import os
import subprocess
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from glue_jobs.engine.session import SQL_SETTINGS
from glue_jobs.jobs.arguments import JOBS, parse
from tapehouse.settings import Settings, load
from tapehouse.tables import REGISTRY
from tests.infra.checkov import SKIP, excused, failed
from tests.infra.conftest import ROOT, Terraform, absent
from tests.infra.jobs import arguments_of
from tests.project_scripts import script

FULL: Mapping[str, Any] = {
    "mode": "schedule",
    "audit_cron": "cron(0 3 ? * SUN *)",
    "gold_sources": {"binance": "binance-agg"},
    "retention": {"bronze.trades": 30, "silver.trades": 365},
    "bar_sizes": {"tick": "500", "volume.BTC": "0.000001"},
    "forecast": {"every_s": 60, "horizons_s": [300, 900], "band": 0.95},
    "nat": True,
    "producers": {"kraken": {"symbols": ["BTC-USD"]}, "finnhub": {"symbols": ["us:AAPL-USD"]}},
    "producer_image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/tapehouse:1",
    "producer_repository_arn": "arn:aws:ecr:us-east-1:123456789012:repository/tapehouse",
    "secret_versions": {"finnhub": 1, "alphavantage": 1, "reddit": 1, "hook": 1},
    "keys": {"finnhub": "not-a-key"},
    "news": {
        "crawl": {
            "schedules": {"hourly": "cron(0 * * * ? *)"},
            "tasks_file": "modules/lambdas/examples/basic/tasks.yaml",
            "secrets": ["hook"],
        },
        "sentiment_endpoint": "finbert",
        "reserved_concurrency": 2,
    },
    "emails": ["desk@example.com"],
    "budget": {"usd": 200},
    "readers": ["arn:aws:iam::123456789012:role/analyst"],
    "operators": ["arn:aws:iam::123456789012:role/data-engineer"],
    "metabase": {
        "host": "metabase.example.com",
        "certificate_arn": "arn:aws:acm:us-east-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef",
        "allowed_cidrs": ["10.8.0.0/24"],
        "image": f"metabase/metabase:v0.64.6.2@sha256:{'0' * 64}",
        "admin_email": "data@example.com",
    },
    "metabase_secrets": {"encryption-key": "no-key-of-metabase-at-all", "admin-password": "no-password-of-metabase-1"},
}
"""All that is not there by default."""
CODE = ("--scriptLocation", "--additional-python-modules", "--python-modules-installer-option", "--conf")
"""What decides which code a run is, of the arguments that Glue reads."""
PLACE = ("lake", "region", "stream_name", "gold_seconds_days")
"""What is the deployment's and no run's."""
UNSEEN = {("aws_eip", "CKV2_AWS_19"), *(("aws_iam_role_policy", check) for check in ("CKV_AWS_290", "CKV_AWS_355"))}
"""What checkov fails in the text alone: a plan shows what the address is for, and does not know yet what a policy will
say that holds ARNs of things still to be made."""
NEWS_ALARMS = ("day-missed-", "dead-letters-", "function-", "queue-waits-")
CHECKOV = ROOT / ".venv-checkov/bin/checkov"
pytestmark = pytest.mark.timeout(1_800)  # a plan starts the provider twice, which takes seconds of a core


@dataclass(frozen=True)
class Planner:
    """Makes plans as JSON files."""

    terraform: Terraform
    moto: str

    def plan(self, name: str, **variables: Any) -> Path:
        """The plan of everything with these variables, the others at their defaults."""
        told = {
            "packages_file": "tests/packages/packages.json",
            "emulator_endpoint": self.moto,
            "emulator_kinesis_endpoint": self.moto,
            "max_retries": "2",
            **{key: value if isinstance(value, str) else json.dumps(value) for key, value in variables.items()},
        }
        done = self.terraform.run(["plan", "-no-color", "-input=false", f"-out={name}"], variables=told)
        assert done.returncode == 0, done.stderr
        path = self.terraform.folder / f"{name}.json"
        path.write_text(self.terraform.run(["show", "-json", name]).stdout)
        return path


@pytest.fixture(scope="module")
def planner(terraform: Terraform, moto: str) -> Planner:
    packages = terraform.folder / "tests/packages"
    for package in json.loads((packages / "packages.json").read_text()).values():
        (packages / package["file"]).touch()
    (terraform.folder / "backend_override.tf").write_text('terraform {\n  backend "local" {}\n}\n')
    terraform.init(backend=True)
    return Planner(terraform, moto)


@pytest.fixture(scope="module")
def plan_file(planner: Planner) -> Path:
    """What is made where nobody says anything."""
    return planner.plan("plan")


@pytest.fixture(scope="module")
def full_plan_file(planner: Planner) -> Path:
    """What is made with all that can be added."""
    return planner.plan("full", **FULL)


@pytest.fixture(scope="module")
def planned(plan_file: Path) -> Mapping[str, Mapping[str, Any]]:
    """What each resource is to be, by its address; what only AWS knows is not there."""
    plan = json.loads(plan_file.read_text())
    return {change["address"]: change["change"]["after"] for change in plan["resource_changes"]}


@pytest.fixture(scope="module")
def jobs(planned: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Mapping[str, Any]]:
    return {job: planned[f'module.glue.aws_glue_job.this["{job}"]'] for job in JOBS}


def outputs(plan_file: Path) -> Mapping[str, Any]:
    found = json.loads(plan_file.read_text())["planned_values"]["outputs"]
    return {name: each.get("value") for name, each in found.items()}


# -- what the code reads ----------------------------------------------------------------------------------------------


def test_the_settings_are_settings(plan_file: Path) -> None:
    told = outputs(plan_file)["settings"]
    settings = Settings.model_validate({"target": "aws", **told})
    assert settings.lake == "s3://tapehouse-dev-lake-123456789012/lake"
    assert set(told) <= set(Settings.model_fields)
    assert load(environ={}, arguments={"target": "aws", **told}).stream_name == "tapehouse-dev-trades"


@pytest.mark.parametrize("job", JOBS)
def test_each_job_reads_the_arguments_that_it_is_given(
    jobs: Mapping[str, Mapping[str, Any]], plan_file: Path, job: str
) -> None:
    words = [word for pair in arguments_of(jobs[job]).items() for word in pair]
    given = parse(job, [*words, *(["--table", "gold.candles"] if job == "rebuild" else [])])
    told = outputs(plan_file)["settings"]
    assert given.names_region
    for name in ("lake", "stream_name", "region", "gold_seconds_days"):
        assert str(getattr(given.settings, name)) == str(told[name])
    assert given.settings.retention == told["retention"]
    if job == "stream":
        assert given.settings.refresh_every_s == told["refresh_every_s"]


@pytest.mark.parametrize("job", JOBS)
def test_a_run_may_say_what_the_commands_say_and_neither_code_nor_place(
    jobs: Mapping[str, Mapping[str, Any]], job: str
) -> None:
    fixed = set(jobs[job]["non_overridable_arguments"])
    assert {f"--{argument.name}" for argument in JOBS[job] if argument.name not in PLACE} & fixed == set()
    other = dict.fromkeys((*CODE, *(f"--{name}" for name in PLACE)), "s3://elsewhere/of/mine")
    told = arguments_of(jobs[job], other)
    assert {name for name in other if told[name] == other[name]} == set()


def test_there_is_a_job_for_each_script_and_no_other(planned: Mapping[str, Mapping[str, Any]]) -> None:
    made = {address.split('"')[1] for address in planned if ".aws_glue_job." in address}
    assert made == set(JOBS)


def test_the_jobs_spark_settings_are_the_sessions(jobs: Mapping[str, Mapping[str, Any]]) -> None:
    for job in jobs.values():
        chained = arguments_of(job)["--conf"].split(" --conf ")
        assert dict(setting.split("=", 1) for setting in chained) == SQL_SETTINGS


def test_the_stream_job_has_no_timeout(plan_file: Path) -> None:
    changes = json.loads(plan_file.read_text())["resource_changes"]
    stream = next(each for each in changes if each["address"] == 'module.glue.aws_glue_job.this["stream"]')
    assert stream["change"]["after"].get("timeout") is None
    assert stream["change"]["after"]["command"][0]["name"] == "gluestreaming"


def test_every_table_is_in_the_catalog_with_its_columns(planned: Mapping[str, Mapping[str, Any]]) -> None:
    for name, table in REGISTRY.items():
        entry = planned[f'module.catalog.aws_glue_catalog_table.this["{name}"]']
        columns = entry["storage_descriptor"][0]["columns"]
        assert [column["name"] for column in columns] == list(table.column_names)
        assert [column["type"] for column in columns] == [column.type.lower() for column in table.columns]


def test_the_page_of_costs_counts_the_alarms_that_are_made(planned: Mapping[str, Mapping[str, Any]]) -> None:
    """An alarm on several metrics is billed for each."""
    cost = script("cost")
    billed = {
        address.split('"')[1]: len([each for each in after.get("metric_query") or () if each["metric"]]) or 1
        for address, after in planned.items()
        if ".aws_cloudwatch_metric_alarm." in address
    }
    news = {name: count for name, count in billed.items() if name.startswith(NEWS_ALARMS)}
    assert sum(news.values()) == cost.NEWS_ALARMS
    assert abs(sum(billed.values()) - sum(news.values()) - cost.ALARMS) <= 4


def test_the_page_of_costs_counts_what_metabase_is_by_default(full_plan_file: Path) -> None:
    changes = json.loads(full_plan_file.read_text())["resource_changes"]
    made = [each for each in changes if each["address"].startswith("module.metabase[0].")]
    (task,) = [each["change"]["after"] for each in made if each["type"] == "aws_ecs_task_definition"]
    (database,) = [each["change"]["after"] for each in made if each["type"] == "aws_db_instance"]
    counted = {kind: sum(each["type"] == kind for each in made) for kind in ("aws_cloudwatch_metric_alarm", "aws_lb")}
    cost = script("cost")
    assert (int(task["cpu"]), int(task["memory"])) == (cost.METABASE_VCPU * 1_024, cost.METABASE_GB * 1_024)
    assert (database["allocated_storage"], database["instance_class"]) == (cost.METABASE_DISK_GB, "db.t4g.micro")
    assert counted == {"aws_cloudwatch_metric_alarm": cost.METABASE_ALARMS, "aws_lb": 1}
    secrets = sum(each["type"] == "aws_secretsmanager_secret" for each in made)
    assert secrets + 1 == cost.METABASE_SECRETS, "RDS keeps one more"


def test_a_key_is_in_no_plan(full_plan_file: Path) -> None:
    assert "aws_secretsmanager_secret_version" in full_plan_file.read_text()
    for given in (*FULL["keys"].values(), *FULL["metabase_secrets"].values()):
        assert given not in full_plan_file.read_text()
        with zipfile.ZipFile(full_plan_file.with_suffix("")) as saved:
            assert {each for each in saved.namelist() if given.encode() in saved.read(each)} == set()


def test_all_that_is_said_reaches_the_jobs(full_plan_file: Path) -> None:
    plan = json.loads(full_plan_file.read_text())
    after = {change["address"]: change["change"]["after"] for change in plan["resource_changes"]}
    told = arguments_of(after['module.glue.aws_glue_job.this["refresh"]'])
    words = [word for pair in told.items() for word in pair]
    settings = parse("refresh", words).settings
    assert settings.gold_sources == {"binance": "binance-agg"}
    assert settings.bar_sizes == {"tick": 500, "volume.BTC": Decimal("0.000001")}
    assert (settings.forecast_every_s, settings.forecast_horizons_s, settings.forecast_band) == (60, (300, 900), 0.95)
    outside = load(environ={}, arguments={"target": "aws", **outputs(full_plan_file)["settings"]})
    for name in ("gold_sources", "bar_sizes", "retention", "forecast_every_s", "forecast_horizons_s", "forecast_band"):
        assert getattr(outside, name) == getattr(settings, name)
    assert outputs(full_plan_file)["owner"] == "refresh"
    assert (outside.metabase_url, outside.metabase_email) == ("https://metabase.example.com", "data@example.com")
    assert outside.metabase_secret == "tapehouse-dev/metabase-admin-password"
    assert outside.metabase_workgroup == outputs(full_plan_file)["workgroups"]["reader"]


# -- what checkov says ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def checkov() -> Path:
    if not CHECKOV.exists():
        absent("there is no checkov: `python3 scripts/environment.py --checkov` makes .venv-checkov")
    return CHECKOV


def test_checkov_fails_nothing_without_a_written_reason(
    plan_file: Path, full_plan_file: Path, checkov: Path, terraform: Terraform
) -> None:
    found = {**failed(checkov, plan_file), **failed(checkov, full_plan_file)}
    reasons = excused(terraform.folder)
    unexcused = {verdict: found[verdict] for verdict in sorted(set(found) - set(reasons))}
    assert unexcused == {}, "mend it, or write #checkov:skip=CHECK:why into the block"
    stale = {each for each in set(reasons) - set(found) if (each.block.partition(".")[0], each.check) not in UNSEEN}
    assert sorted(stale) == [], "remove the reasons for what is not failed any more"


def test_the_states_bucket_fails_nothing_either(checkov: Path, terraform: Terraform) -> None:
    folder = terraform.folder / "bootstrap"
    done = subprocess.run(
        [checkov, "-d", folder, "--framework", "terraform", "--compact", "--output", "json", "--skip-download"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env={**os.environ, "LOG_LEVEL": "ERROR"},
        check=False,
    )
    results = json.loads(done.stdout)["results"]
    assert [each["check_id"] for each in results["failed_checks"]] == []
    reasons = {check for check, _ in SKIP.findall((folder / "main.tf").read_text())}
    assert {each["check_id"] for each in results["skipped_checks"]} == reasons
