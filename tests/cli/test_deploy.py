"""Deploying and destroying by the real Terraform, on a root that needs no provider, at both targets.

What stands in for AWS is moto, also for the bucket of the state. The real configuration: tests/infra.
"""

import functools
import json
import os
import pty
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests

from cli.bootstrap import lacking
from cli.main import main
from cli.terraform.place import Place
from embedded import Stack
from metabase import book
from metabase.server.client import MetabaseClient
from metabase.server.errors import RefusedError
from tapehouse import deployed
from tapehouse.errors import TerminalError, UnpreparedError
from tests.metabase.fake import FakeMetabase
from tests.metabase.fake_state import EMAIL, PASSWORD

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(
    shutil.which("terraform") is None and "CI" not in os.environ, reason="there is no Terraform here"
)
CONFIGURATION = """
variable "environment" { type = string }
variable "region" { type = string }
variable "packages_file" { type = string }
variable "word" {
  type    = string
  default = "one"
}
resource "terraform_data" "this" {
  input            = "${var.environment} ${var.word} ${filesha256(var.packages_file)}"
  triggers_replace = [var.word == "broken" ? file("/nosuch") : var.word]
}
output "settings" {
  value = {
    lake        = "s3://tapehouse-${var.environment}-lake/lake"
    deployment  = "tapehouse-${var.environment}"
    region      = var.region
    stream_name = "tapehouse-${var.environment}-trades"
    finnhub_secret = null
  }
}
output "addresses" { value = { lake = "the lake of ${var.environment}" } }
"""
PACKAGE = """
import pathlib
pathlib.Path("dist").mkdir(exist_ok=True)
pathlib.Path("dist/packages.json").write_text("{}")
"""


def examined(target: str) -> int:
    print(f"asked the doctor of {target}")
    return 0


@pytest.fixture(autouse=True)
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project with a configuration of its own; the doctor is asked elsewhere."""
    (tmp_path / "infra").mkdir()
    (tmp_path / "scripts").mkdir()
    (tmp_path / "infra/main.tf").write_text(CONFIGURATION)
    (tmp_path / "scripts/package.py").write_text(PACKAGE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tapehouse.logs.set_up", lambda **_: None)
    monkeypatch.setattr("cli.doctor.examine_deployment", examined)
    before = dict(os.environ)
    yield tmp_path
    os.environ.clear()  # a command that deployed looks where it deployed to
    os.environ.update(before)


@pytest.fixture
def aws(moto: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """moto as an account with the state's bucket; a client of its S3."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("TF_CLI_ARGS_init", "-backend-config=use_path_style=true")  # a bucket is no host name here
    client = boto3.client("s3")
    client.create_bucket(Bucket="tapehouse-state-123456789012-us-east-1")
    yield client
    requests.post(f"{moto}/moto-api/reset", timeout=10)  # what moto keeps outlives its server


def state(aws: Any, environment: str = "dev") -> dict[str, Any]:
    found = aws.get_object(Bucket="tapehouse-state-123456789012-us-east-1", Key=f"{environment}.tfstate")
    content: dict[str, Any] = json.loads(found["Body"].read())
    return content


@pytest.fixture(scope="module")
def metabase() -> Iterator[FakeMetabase]:
    with FakeMetabase().running() as fake:
        yield fake


@pytest.fixture
def with_metabase(aws: Any, checkout: Path, metabase: FakeMetabase) -> FakeMetabase:
    """A configuration that tells of a Metabase that nobody has set up; its workgroup and password are at AWS."""
    metabase.reset(is_set_up=False)
    told = {"url": metabase.url, "email": EMAIL, "secret": "tapehouse-dev/metabase-admin-password"}
    lines = "".join(f'    metabase_{name} = "{value}"\n' for name, value in {**told, "workgroup": "desk"}.items())
    output = 'output "metabase" { value = { address = "told" } }\n'
    (checkout / "infra/main.tf").write_text(CONFIGURATION.replace("    finnhub_secret = null\n", lines) + output)
    boto3.client("secretsmanager").create_secret(Name=told["secret"], SecretString=PASSWORD)
    results = {"ResultConfiguration": {"OutputLocation": "s3://desk-results/athena/"}}
    boto3.client("athena").create_work_group(Name="desk", Configuration=results)
    return metabase


def test_deploy_ends_with_the_dashboards_in_metabase(
    with_metabase: FakeMetabase, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["deploy", "--target", "aws", "--yes"]) == 0
    said = capsys.readouterr().out
    assert f"All {len(book.read().questions)} questions run.\nasked the doctor of aws\n" in said
    assert PASSWORD not in said
    state = with_metabase.state
    assert {each["name"] for each in state.dashboards.values()} >= {"Markets", "Pipeline health"}
    (database,) = state.databases.values()
    assert database["details"]["workgroup"] == "desk"
    made = len(state.writes)
    assert main(["deploy", "--target", "aws", "--yes"]) == 0
    assert len(state.writes) == made, "a second deployment changes nothing"


def test_a_metabase_that_is_not_reached_from_here_is_told_and_fails_nothing(
    with_metabase: FakeMetabase, checkout: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.metabase._ANSWERS_WITHIN_S", 0.0)
    monkeypatch.setattr("metabase.server.client.MetabaseClient", functools.partial(MetabaseClient, tries=1))
    configuration = (checkout / "infra/main.tf").read_text()
    (checkout / "infra/main.tf").write_text(configuration.replace(with_metabase.url, "http://127.0.0.1:9"))
    assert main(["deploy", "--target", "aws", "--yes"]) == 0
    said = capsys.readouterr()
    assert said.out.endswith("asked the doctor of aws\n")
    assert "The dashboards are not in Metabase yet. Metabase does not answer (GET /api/health)" in said.err
    assert "`TARGET=aws tapehouse metabase apply`" in said.err


def test_a_sign_in_before_metabase_is_told_and_fails_nothing(
    with_metabase: FakeMetabase, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def elsewhere(*_: Any, **__: Any) -> None:
        raise RefusedError("GET /api/health", 302, "it is somewhere else")

    monkeypatch.setattr("metabase.server.sign_in.wait_until_up", elsewhere)
    assert main(["deploy", "--target", "aws", "--yes"]) == 0
    said = capsys.readouterr()
    assert said.out.endswith("asked the doctor of aws\n")
    assert "A sign-in stands before it: do it from a network of machine_cidrs." in said.err


def test_who_does_not_prove_to_be_metabase_is_a_failure(
    with_metabase: FakeMetabase, checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The fake speaks no TLS."""
    configuration = (checkout / "infra/main.tf").read_text()
    secure = with_metabase.url.replace("http:", "https:")
    (checkout / "infra/main.tf").write_text(configuration.replace(with_metabase.url, secure))
    with_metabase.reset()
    assert main(["deploy", "--target", "aws", "--yes"]) == 1
    assert f"{secure} does not prove that it is Metabase" in capsys.readouterr().err


def test_a_metabase_that_was_not_deployed_is_left_alone(
    aws: Any, metabase: FakeMetabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = metabase.reset()
    monkeypatch.setenv("TAPEHOUSE_METABASE_URL", metabase.url)
    assert main(["deploy", "--target", "aws", "--yes"]) == 0
    assert state.writes == []


def test_dashboards_that_cannot_be_put_are_a_failure_and_the_doctor_is_asked_all_the_same(
    with_metabase: FakeMetabase, capsys: pytest.CaptureFixture[str]
) -> None:
    boto3.client("secretsmanager").put_secret_value(
        SecretId="tapehouse-dev/metabase-admin-password", SecretString="another-password-1"
    )
    with_metabase.reset()
    assert main(["deploy", "--target", "aws", "--yes"]) == 1
    said = capsys.readouterr()
    assert said.out.endswith("asked the doctor of aws\n")
    assert "The dashboards are not in Metabase: " in said.err
    assert "another-password-1" not in said.out + said.err


def test_deploy_to_aws_applies_tells_the_settings_and_asks_the_doctor(
    aws: Any, checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["deploy", "--target", "aws", "--yes"]) == 0
    said = capsys.readouterr().out
    assert "tapehouse-dev (account 123456789012, us-east-1): 1 to make." in said
    assert "The whole plan: infra/.state/aws/plan.txt" in said
    assert said.rstrip().endswith("asked the doctor of aws")
    assert "terraform_data.this will be created" in (checkout / "infra/.state/aws/plan.txt").read_text()
    assert state(aws)["resources"][0]["name"] == "this"
    assert deployed.read(deployed.path_of("aws")) == {
        "lake": "s3://tapehouse-dev-lake/lake",
        "deployment": "tapehouse-dev",
        "region": "us-east-1",
        "stream_name": "tapehouse-dev-trades",
    }
    assert deployed.read(deployed.outputs_of("aws")) == {"addresses": {"lake": "the lake of dev"}}
    left = {path.name for path in (checkout / "infra").iterdir()}
    assert left <= {"main.tf", ".state", ".settings", ".terraform.lock.hcl"}
    assert not (checkout / "infra/.state/aws/plan").exists()  # it holds what is sensitive

    assert main(["deploy", "--target", "aws", "--yes"]) == 0
    assert "nothing to change" in capsys.readouterr().out


def test_services_that_were_replaced_are_told_last_with_what_starts_them(
    aws: Any, checkout: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.terraform.plan.SERVICE", "terraform_data")
    monkeypatch.setattr("cli.terraform.plan.PRODUCER", "terraform_data.this")
    told = "New, and stopped until `make run-app TARGET=aws` starts them: terraform_data.this."
    for word, last in (("one", told), ("two", told), ("two", "asked the doctor of aws")):
        (checkout / "infra/aws.tfvars").write_text(f'word = "{word}"\n')
        assert main(["deploy", "--target", "aws", "--yes"]) == 0
        assert capsys.readouterr().out.splitlines()[-1] == last
    (checkout / "infra/aws.tfvars").write_text('word = "three"\n')
    (checkout / "infra/main.tf").write_text(CONFIGURATION.replace("finnhub_secret", "nosuch"))
    assert main(["deploy", "--target", "aws", "--yes"]) == 1  # applied, and a later step failed
    assert capsys.readouterr().out.splitlines()[-1] == told


def test_what_would_stop_it_half_way_is_refused_before_it_begins(
    aws: Any, checkout: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["deploy", "--target", "aws", "--yes"]) == 0
    made = state(aws)
    protected = made["resources"][0]["instances"][0]["attributes"]["input"]["value"]
    monkeypatch.setattr("cli.terraform.plan._REFUSES", {"terraform_data": ("input", protected)})
    (checkout / "infra/main.tf").write_text(CONFIGURATION.replace('"one"', '"two"'))
    assert main(["deploy", "--target", "aws", "--yes", "--lose-data"]) == 1
    assert "terraform_data.this would stop it half way" in capsys.readouterr().err
    assert main(["destroy", "--target", "aws", "--yes"]) == 1
    assert "terraform_data.this would stop it, by what is in there or by a protection" in capsys.readouterr().err
    assert state(aws)["serial"] == made["serial"]


def test_destroy_stops_what_runs_before_it_removes_anything(
    aws: Any, checkout: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["deploy", "--target", "aws", "--yes"]) == 0
    stops: list[tuple[str, bool]] = []

    def scale(producers: Any, count: int) -> list[str]:
        stops.append((f"{producers._cluster} to {count}", bool(state(aws)["resources"])))
        return ["tapehouse-dev-producer-kraken"]

    def goes_on(_: Any, jobs: Any) -> None:
        stops.append((" ".join(jobs), bool(state(aws)["resources"])))
        raise TerminalError("tapehouse-dev-stream jr_7 did not stop within 600 s.")

    monkeypatch.setattr("cli.remote.producers.Producers.scale", scale)
    with monkeypatch.context() as patched:
        patched.setattr("cli.remote.runs.Runs.end", goes_on)
        assert main(["destroy", "--target", "aws", "--yes"]) == 1
    assert stops == [("tapehouse-dev to 0", True), ("stream refresh maintain rebuild requeue audit smoke", True)]
    said = capsys.readouterr()
    assert "tapehouse-dev-producer-kraken: stops, once what it read is confirmed" in said.out
    assert "jr_7 did not stop within 600 s. Nothing was removed: run the same again." in said.err
    assert main(["destroy", "--target", "aws", "--yes"]) == 0  # by moto, where no job and no cluster is
    assert state(aws)["resources"] == []


def test_each_environment_has_its_own_state(aws: Any, checkout: Path) -> None:
    assert main(["deploy", "--target", "aws", "--yes"]) == 0
    assert main(["deploy", "--target", "aws", "--yes", "--environment", "prod"]) == 0
    serials = [state(aws, name)["lineage"] for name in ("dev", "prod")]
    assert serials[0] != serials[1]
    assert deployed.read(deployed.path_of("aws"))["deployment"] == "tapehouse-prod"
    assert main(["destroy", "--target", "aws", "--yes"]) == 0
    assert state(aws, "dev")["resources"] == []
    assert len(state(aws, "prod")["resources"]) == 1


def test_an_environment_has_variables_of_its_own_beside_those_of_all(
    aws: Any, checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (checkout / "infra/aws.tfvars").write_text('word = "all"\n')
    (checkout / "infra/aws.prod.tfvars").write_text('word = "prod"\n')
    for environment, word in (("dev", "all"), ("prod", "prod")):
        assert main(["deploy", "--target", "aws", "--yes", "--environment", environment]) == 0
        made = state(aws, environment)["resources"][0]["instances"][0]["attributes"]["input"]["value"]
        assert made.startswith(f"{environment} {word} ")


@pytest.mark.parametrize("name", ["aws.tfvars", "aws.prod.tfvars"])
@pytest.mark.parametrize("variable", ["environment", "region", "packages_file"])
def test_a_file_that_sets_what_the_command_does_is_refused(
    name: str, variable: str, aws: Any, checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It would be passed over, and another deployment made than the file says."""
    (checkout / "infra" / name).write_text(f'word = "two"\n{variable}   = "eu-west-1"\n')
    assert main(["deploy", "--target", "aws", "--yes", "--environment", "prod"]) == 2
    assert capsys.readouterr().err == (
        f"tapehouse deploy: infra/{name} sets {variable}, which the command itself tells Terraform: take it out, and "
        "say --environment or --region instead.\n"
    )
    assert not (checkout / "dist").exists()


@pytest.mark.parametrize(
    "text",
    [
        '  environment = "prod"\n',
        '\tenvironment="prod"',
        'tags = { region = "x" }\n  environment = "prod"\n',
        'emails = [\n  "{", # }\n]\nenvironment = "prod"\n',
        'tags = { note = "a \\" {" }\r\n environment = "prod"\r\n',
        'note = <<-END\n  {\n  END\n environment = "prod"\n',
        '/* region = "x"\n*/ environment = "prod"\n',
        'environment /* of all */ = "prod"\n',
    ],
)
def test_a_variable_is_found_wherever_it_stands(text: str, checkout: Path) -> None:
    (checkout / "infra/aws.tfvars").write_text(text, newline="")
    with pytest.raises(UnpreparedError, match="sets environment, "):
        Place("aws", checkout).var_files("dev")


@pytest.mark.parametrize(
    "text",
    [
        'tags = {\n  environment = "x"\n}\nregions = 1\n# region = "x"\n',
        'tags = {\n  note = "}"\nenvironment = "x"\n}\n',
        'note = <<END\nenvironment = "x"\n  END of it\nregion = "x"\nEND\n',
        'note = "environment = 1"\n// region = "x"\n/*\nregion = "x"\n*/\n',
        "my_region = 1\nthe-region = 1\n",
        "",
    ],
)
def test_a_map_s_own_key_is_no_variable_nor_is_a_word_in_a_text(text: str, checkout: Path) -> None:
    path = checkout / "infra/aws.tfvars"
    path.write_text(text)
    assert Place("aws", checkout).var_files("dev") == (path,)


def test_a_plan_that_was_not_confirmed_changes_nothing(aws: Any, checkout: Path) -> None:
    """At a terminal the word must be typed; without one it must be given beforehand."""
    assert main(["deploy", "--target", "aws"]) == 2
    assert not deployed.path_of("aws").exists()
    for typed, status, made in (("no", 1, False), ("", 1, False), ("yes", 0, True)):
        assert at_a_terminal(["deploy", "--target", "aws"], typed) == status
        assert deployed.path_of("aws").exists() is made
    assert at_a_terminal(["destroy", "--target", "aws"], "yes") == 1  # not the name
    assert deployed.path_of("aws").exists()
    assert at_a_terminal(["destroy", "--target", "aws"], "tapehouse-dev") == 0
    assert not deployed.path_of("aws").exists()
    assert not deployed.outputs_of("aws").exists()


def at_a_terminal(words: list[str], typed: str) -> int:
    """The command as a process whose stdin is a terminal, on which one line is typed; without a doctor."""
    ours, theirs = pty.openpty()
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "import cli.doctor; cli.doctor.examine_deployment = lambda target: 0\n"
        f"from cli.main import main; sys.exit(main({words!r}))"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=theirs, stdout=subprocess.PIPE) as running:
        os.write(ours, f"{typed}\n".encode())
        running.communicate()
    for end in (ours, theirs):
        os.close(end)
    return running.returncode


def test_the_target_is_asked_for_at_a_terminal_and_never_guessed(
    aws: Any, checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["deploy", "--yes"]) == 2
    said = capsys.readouterr().err
    assert said == "tapehouse deploy: Say what to deploy to: TARGET=local (the emulator, here) or TARGET=aws.\n"
    assert main(["destroy", "--yes"]) == 2
    assert main(["deploy", "--yes", "--target", "moon"]) == 2
    assert "TARGET=moon is no target" in capsys.readouterr().err
    assert at_a_terminal(["deploy", "--yes"], "moon") == 2
    assert at_a_terminal(["deploy", "--yes"], "aws") == 0
    assert deployed.path_of("aws").exists()


def test_a_plan_only_changes_nothing(aws: Any, checkout: Path) -> None:
    assert main(["deploy", "--target", "aws", "--plan"]) == 0
    assert not deployed.path_of("aws").exists()
    assert aws.list_objects_v2(Bucket="tapehouse-state-123456789012-us-east-1")["KeyCount"] == 0


def test_without_the_state_s_bucket_the_way_is_told_and_bootstrap_makes_it_once(
    aws: Any, checkout: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    aws.delete_bucket(Bucket="tapehouse-state-123456789012-us-east-1")
    assert main(["deploy", "--target", "aws", "--yes"]) == 2
    assert "There is no bucket tapehouse-state-123456789012-us-east-1 for Terraform's state yet: run `make boot" in (
        capsys.readouterr().err
    )
    (checkout / "infra/bootstrap").mkdir()
    (checkout / "infra/bootstrap/main.tf").write_text(
        'variable "region" { type = string }\nresource "terraform_data" "this" { input = var.region }\n'
    )
    monkeypatch.delenv("TF_CLI_ARGS_init")  # its own state is a file
    assert main(["bootstrap", "--yes"]) == 0
    assert "tapehouse-state-123456789012-us-east-1 (account 123456789012, us-east-1): 1 to make." in (
        capsys.readouterr().out
    )
    made = checkout / "infra/.state/bootstrap-123456789012-us-east-1/terraform.tfstate"
    assert made.exists()
    aws.create_bucket(Bucket="tapehouse-state-123456789012-us-east-1")
    guard(aws)
    assert main(["bootstrap", "--yes"]) == 0
    assert "is there: nothing to do" in capsys.readouterr().out


def guard(aws: Any) -> None:
    """Gives the state's bucket all that infra/bootstrap gives it, as far as it is looked for."""
    bucket = "tapehouse-state-123456789012-us-east-1"
    aws.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    block = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    aws.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=dict.fromkeys(block, True))
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": f"arn:aws:s3:::{bucket}/*"}
    tls = {**deny, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    aws.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [tls]}))
    rule = {"ID": "a", "Status": "Enabled", "Filter": {}, "NoncurrentVersionExpiration": {"NoncurrentDays": 9}}
    aws.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})


@pytest.mark.parametrize("known", [True, False])
def test_a_bootstrap_that_was_killed_after_the_bucket_is_finished_by_the_next_one(
    known: bool, aws: Any, checkout: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether or not the killed one came to write the bucket into its state."""
    monkeypatch.setattr("cli.bootstrap.STATES", "terraform_data.states")
    monkeypatch.delenv("TF_CLI_ARGS_init")
    (checkout / "infra/bootstrap").mkdir()
    bucket = 'variable "region" { type = string }\nresource "terraform_data" "states" {}\n'
    (checkout / "infra/bootstrap/main.tf").write_text(bucket)
    if known:
        assert main(["bootstrap", "--yes"]) == 0
    (checkout / "infra/bootstrap/main.tf").write_text(f'{bucket}resource "terraform_data" "guard" {{}}\n')
    capsys.readouterr()
    assert main(["bootstrap", "--yes"]) == 0
    assert capsys.readouterr().out.splitlines()[:2] == [
        "tapehouse-state-123456789012-us-east-1 is there, without versions, a block of public access, a policy that "
        "wants TLS, an end of old versions.",
        "tapehouse-state-123456789012-us-east-1 (account 123456789012, us-east-1): 1 to make.",
    ]


def test_what_the_state_s_bucket_lacks_is_named(aws: Any) -> None:
    bucket, region = "tapehouse-state-123456789012-us-east-1", "us-east-1"
    guard(aws)
    assert lacking(bucket, region) == []
    aws.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    assert lacking(bucket, region) == ["versions"]
    aws.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={"BlockPublicAcls": True})
    assert lacking(bucket, region) == ["versions", "a block of public access"]
    with pytest.raises(TerminalError, match=r"S3 does not tell what guards nosuch: .*NoSuchBucket"):
        lacking("nosuch", region)


def test_an_output_that_is_no_setting_is_told_and_writes_nothing(
    aws: Any, checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (checkout / "infra/main.tf").write_text(CONFIGURATION.replace("finnhub_secret", "nosuch"))
    assert main(["deploy", "--target", "aws", "--yes"]) == 1
    assert "nosuch (from Terraform's output settings): no such setting" in capsys.readouterr().err
    assert not deployed.path_of("aws").exists()


def test_a_build_that_failed_plans_nothing(aws: Any, checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (checkout / "scripts/package.py").write_text("raise SystemExit(4)")
    assert main(["deploy", "--target", "aws", "--yes"]) == 1
    assert "package.py failed with 4: see above. Nothing was planned." in capsys.readouterr().err


def test_without_terraform_or_a_checkout_one_sentence_and_2(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(checkout))
    assert main(["deploy", "--target", "aws", "--yes"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("tapehouse deploy: There is no Terraform here: install Terraform 1.11")
    assert said.count("\n") == 1
    (checkout / "infra/main.tf").unlink()
    assert main(["deploy", "--target", "aws", "--yes"]) == 2
    assert "There is no infra/ with Terraform's files" in capsys.readouterr().err


def test_two_runs_at_once_do_not_share_the_root(aws: Any, checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Place("local", checkout).ours():
        assert main(["deploy", "--target", "aws", "--yes"]) == 2
    assert "Another deploy or destroy works in this checkout" in capsys.readouterr().err


# -- the emulator ------------------------------------------------------------------------------------------------------


@pytest.fixture
def stack(checkout: Path) -> Iterator[Stack]:
    found = Stack(checkout / ".lake/s3/_aws")
    yield found
    found.down()


def test_deploy_to_the_emulator_starts_it_and_keeps_its_state_apart(
    stack: Stack, checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (checkout / "infra/local.tfvars").write_text('word = "of the emulator"\n')
    (checkout / "infra/main.tf").write_text(
        CONFIGURATION
        + textwrap.dedent(
            """
            variable "emulator" { type = bool }
            variable "emulator_endpoint" { type = string }
            variable "emulator_kinesis_endpoint" { type = string }
            resource "terraform_data" "reached" {
              input = "${var.emulator} ${var.emulator_endpoint} ${var.emulator_kinesis_endpoint}"
            }
            """
        )
    )
    assert main(["deploy", "--target", "local", "--yes"]) == 0
    said = capsys.readouterr().out
    assert "tapehouse-local (the emulator): 2 to make." in said
    assert "asked the doctor of local" in said
    kept = (checkout / "infra/.state/local/terraform.tfstate").read_text()
    assert f"true {stack.endpoint('aws')} {stack.endpoint('kinesis')}" in kept
    assert "local of the emulator" in kept
    assert deployed.path_of("local").exists()
    assert not deployed.path_of("aws").exists()
    assert main(["destroy", "--target", "local", "--yes"]) == 0
    assert "tapehouse-local is gone." in capsys.readouterr().out
    assert not deployed.path_of("local").exists()
