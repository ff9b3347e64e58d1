"""The lakehouse as Terraform made it on the emulator, in a checkout of the test's own; its jobs as Glue runs them."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import boto3

from cli.terraform.place import Place
from cli.terraform.work import prepared
from embedded import Stack
from tests.e2e.recorder import Call, Recorder
from tests.infra.jobs import arguments_of

ROOT = Path(__file__).parents[2]
SOURCES = ("infra", "scripts", "tapehouse", "glue_jobs", "producers", "lambdas")
_SETTINGS = ("TARGET", "LAKE", "FEED", "FEEDS", "RECORDINGS", "ONCE", "SYMBOLS")
MADE = shutil.ignore_patterns(
    *(".terraform", ".state", ".settings", "*.tfstate*", "backend_override.tf", "backend.hcl"),
    *("aws.tfvars", "aws.*.tfvars", "__pycache__"),
)
METABASE: Mapping[str, Any] = {
    "host": "metabase.example.com",
    "allowed_cidrs": ["10.8.0.0/24"],
    "image": f"metabase/metabase:v0.64.6.2@sha256:{'0' * 64}",
    "admin_email": "data@example.com",
    "deletion_protection": False,
    "secret_recovery_days": 0,
}
"""Metabase as it is deployed here, beside its certificate; nothing of it runs."""
METABASE_SECRETS: Mapping[str, str] = {
    "encryption-key": "no-key-of-metabase-at-all",
    "admin-password": "no-password-of-metabase-1",
}


def copy_checkout(folder: Path) -> Path:
    """What git has of the project, as far as a deployment reads it; wheels that were fetched once are not again."""
    folder.mkdir()
    for name in SOURCES:
        if (ROOT / name).exists():
            shutil.copytree(ROOT / name, folder / name, ignore=MADE)
    for path in (*ROOT.glob("requirements*.txt"), ROOT / "pyproject.toml", ROOT / "README.md"):
        shutil.copy(path, folder)
    (ROOT / "build").mkdir(exist_ok=True)
    (folder / "build").symlink_to(ROOT / "build")
    return folder


@dataclass
class Deployment:
    """One deployment to the emulator."""

    checkout: Path
    environment: Mapping[str, str] = field(init=False)
    """Of commands: nothing of whoever runs the tests but its PATH and the like."""

    def __post_init__(self) -> None:
        theirs = ("AWS_", "TF_", "TAPEHOUSE_")
        ours = {name: value for name, value in os.environ.items() if not name.startswith(theirs)}
        self.environment = {name: value for name, value in ours.items() if name not in _SETTINGS}

    @property
    def stack(self) -> Stack:
        return Stack(self.checkout / ".lake/s3/_aws")

    def tapehouse(self, *words: str) -> str:
        """What the command said on stdout. Raises AssertionError where it failed."""
        done = subprocess.run(
            [str(Path(sys.executable).with_name("tapehouse")), *words],
            cwd=self.checkout,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=1_500,
            check=False,
        )
        assert done.returncode == 0, f"{done.stdout[-3_000:]}\n{done.stderr[-6_000:]}"
        return done.stdout

    @cached_property
    def settings(self) -> Mapping[str, Any]:
        """Terraform's output, as the deployment told it."""
        found: dict[str, Any] = json.loads((self.checkout / "infra/.settings/local.json").read_text())
        return found

    @cached_property
    def state(self) -> Sequence[Mapping[str, Any]]:
        """What Terraform's state holds of each resource: type, name in the configuration, attributes."""
        told = json.loads((self.checkout / "infra/.state/local/terraform.tfstate").read_text())
        return [
            {"type": each["type"], "name": each["name"], **instance}
            for each in told["resources"]
            if each["mode"] == "managed"
            for instance in each["instances"]
        ]

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        """Attributes of all resources of a type."""
        return [each["attributes"] for each in self.state if each["type"] == kind]

    def client(self, service: str) -> Any:
        server = "kinesis" if service == "kinesis" else "aws"
        return boto3.client(
            service,
            endpoint_url=self.stack.endpoint(server),
            region_name="us-east-1",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )

    def second_plan(self) -> Mapping[str, Mapping[str, tuple[Any, Any]]]:
        """What a plan would change now: address → attribute → (is, would be)."""
        return {change["address"]: _differences(change["change"]) for change in self._planned()}

    def removed_by(self, variables: Mapping[str, Any]) -> Mapping[str, Sequence[str]]:
        """What a plan with these variables would delete or replace: address → its actions. Asks AWS nothing."""
        told = self.checkout / "changed.tfvars.json"
        told.write_text(json.dumps(variables))
        found = {
            change["address"]: change["change"]["actions"]
            for change in self._planned("-refresh=false", f"-var-file={told}")
        }
        return {address: actions for address, actions in found.items() if "delete" in actions}

    def _planned(self, *words: str) -> Sequence[Mapping[str, Any]]:
        """The changes of a plan made now."""
        place = Place("local", self.checkout)
        with prepared(place, environment_name=None, region=None, state_bucket=None) as work:
            if work.plan(words=words) is None:
                return []
            shown = work.terraform.json("show", "-json", str(place.plan.absolute()))
        return [each for each in shown["resource_changes"] if each["change"]["actions"] not in (["no-op"], ["read"])]


def _differences(change: Mapping[str, Any]) -> Mapping[str, tuple[Any, Any]]:
    before, after, unknown = (change[name] or {} for name in ("before", "after", "after_unknown"))
    if change["actions"] != ["update"]:
        return {"(itself)": (change["actions"], None)}
    return {
        name: (before.get(name), "?" if unknown.get(name) else after.get(name))
        for name in {*before, *after}
        if unknown.get(name) or before.get(name) != after.get(name)
    }


@dataclass
class Runs:
    """Runs jobs as Glue would, and producers as ECS: scripts, packages, arguments and environment are the state's."""

    deployment: Deployment
    folder: Path
    """Where it puts what it fetched."""
    aws: Recorder
    kinesis: Recorder
    environment: Mapping[str, str] = field(default_factory=dict)
    """Of what runs: it leads to the emulator past the recorders."""
    said: list[dict[str, Any]] = field(default_factory=list)
    """The last line of each run, with all that it printed as ``printed``."""
    process: "subprocess.Popen[str]" = field(init=False)
    s3: Any = field(init=False)

    @property
    def calls(self) -> set[Call]:
        """All that was asked of the emulator until now."""
        return self.aws.calls | self.kinesis.calls

    def job(self, job: str) -> Mapping[str, Any]:
        """The job's attributes in the state."""
        name = f"{self.deployment.settings['deployment']}-{job}"
        (found,) = [each for each in self.deployment.of_type("aws_glue_job") if each["name"] == name]
        return found

    def run(self, job: str, *, until: str | None = None, **arguments: str) -> None:
        """One run, with arguments of this run alone; ended by SIGTERM once it wrote below ``until``."""
        self.aws.who = self.kinesis.who = job
        declared = self.job(job)
        script = self.fetch(declared["command"][0]["script_location"])
        given = arguments_of(declared, {f"--{name}": value for name, value in arguments.items()})
        own = ["--JOB_NAME", declared["name"], "--JOB_RUN_ID", f"jr_{job}"]
        words = [str(script), *own, *(word for pair in given.items() for word in pair)]
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()
        if until is not None:
            self._await_write(job, until)
            self.process.send_signal(signal.SIGTERM)
        printed = ""
        for line in self.process.stdout:
            printed += line
            if line.startswith('{"job"'):
                self.said.append({**json.loads(line), "printed": printed})
                return
        raise AssertionError(f"the process that runs the jobs ended: {printed}")

    def _await_write(self, job: str, below: str) -> None:
        deadline = time.monotonic() + 300
        while not any((c.who, c.action) == (job, "s3:PutObject") and below in c.resource for c in list(self.aws.calls)):
            assert time.monotonic() < deadline and self.process.poll() is None, f"{job} writes nothing below {below}"
            time.sleep(0.2)

    def produce(self, feed: str, *words: str) -> None:
        """One producer to its end, as its task says, with more words."""
        self.aws.who = self.kinesis.who = f"producer-{feed}"
        family = f"{self.deployment.settings['deployment']}-producer-{feed}"
        (task,) = [each for each in self.deployment.of_type("aws_ecs_task_definition") if each["family"] == family]
        fetching, container = json.loads(task["container_definitions"])
        asked = fetching["command"][0].split()  # aws s3api get-object --bucket …
        of = dict(pairwise(asked))
        self.fetch(f"s3://{of['--bucket']}/{of['--key']}", VersionId=of["--version-id"])
        told = {each["name"]: each["value"].replace("/work", str(self.folder)) for each in container["environment"]}
        (self.folder / "tmp").mkdir(exist_ok=True)
        done = subprocess.run(
            [sys.executable, "-m", *container["command"], *words],
            cwd=self.folder / "tmp",
            env={**told, **self.environment, "TAPEHOUSE_STATE_FOLDER": str(self.folder / "state")},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def fetch(self, uri: str, **version: str) -> Path:
        """A package, from where Terraform put it; of a version (VersionId) if it is named."""
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        path = self.folder / key.rpartition("/")[2]
        path.write_bytes(self.s3.get_object(Bucket=bucket, Key=key, **version)["Body"].read())
        return path


@contextmanager
def running(deployment: Deployment, folder: Path) -> Iterator[Runs]:
    """A process that is Glue's, with the wheel that the jobs name."""
    stack = deployment.stack
    aws, kinesis = Recorder(stack.endpoint("aws")), Recorder(stack.endpoint("kinesis"))
    with aws.serving() as aws_address, kinesis.serving() as kinesis_address:
        environment = {
            **stack.environment(deployment.environment),
            "AWS_ENDPOINT_URL": aws_address,
            "AWS_ENDPOINT_URL_KINESIS": kinesis_address,
            "PYTHONPATH": str(folder / "wheel"),
        }
        here = Runs(deployment, folder, aws, kinesis, environment)
        here.s3 = boto3.client(
            "s3",
            endpoint_url=aws_address,
            region_name="us-east-1",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )
        for job in deployment.of_type("aws_glue_job"):
            aws.who = job["name"].rpartition("-")[2]
            packages = [here.fetch(uri) for uri in arguments_of(job)["--additional-python-modules"].split(",")]
        (wheel,) = [path for path in packages if path.suffix == ".whl"]
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder / "wheel")
        with (folder / "glue.log").open("w") as errors:
            here.process = subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("as_glue.py"))],
                cwd=folder,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        try:
            yield here
        finally:
            assert here.process.stdin is not None and here.process.stdout is not None
            here.process.stdin.close()
            try:
                here.process.wait(60)
            finally:
                here.process.kill()
                here.process.wait()
                here.process.stdout.close()
