"""The steps that deploy and destroy share: prepare, plan, ask, apply exactly that plan, tell the settings."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cli.terraform.account import Account, account_of, region_of
from cli.terraform.emulator import Emulator
from cli.terraform.place import Place
from cli.terraform.plan import Plan
from cli.terraform.program import Terraform, find
from embedded import Stack
from tapehouse import aws, deployed
from tapehouse.errors import SettingsError, TerminalError, UnpreparedError
from tapehouse.settings import Settings

PACKAGES: Final = Path("dist", "packages.json")
CHANGES: Final = 2
"""The exit status of ``plan -detailed-exitcode`` that says so."""


@dataclass(frozen=True, slots=True)
class Work:
    """One target, reached and ready; ``prepared`` makes it."""

    place: Place
    terraform: Terraform
    deployment: str
    where: str
    """In words: account and region, or the emulator."""
    region: str
    environment: Mapping[str, str]
    """Of a process that reaches the target."""
    variables: tuple[str, ...]
    """The files of variables, and what the command knows better than any of them, as words."""

    def plan(self, *, destroy: bool = False, words: Sequence[str] = ()) -> Plan | None:
        """The saved plan, and its whole text in a file; None where there is nothing to do."""
        status, _ = self.terraform.run(
            *("plan", "-detailed-exitcode", f"-out={self.place.plan.absolute()}", *self.variables, *words),
            *(("-destroy",) if destroy else ()),
            quiet=True,
            allowed=(0, CHANGES),
        )
        if status != CHANGES:
            return None
        shown = self.terraform.run("show", "-no-color", str(self.place.plan.absolute()), quiet=True)[1]
        self.place.plan_text.write_text(shown, encoding="utf-8")
        return Plan.of(self.terraform.json("show", "-json", str(self.place.plan.absolute())))

    def let_go(self, kept: Sequence[str]) -> None:
        """Lets these be removed, with all that is in them and whatever protects them; nothing else is touched."""
        self.plan(words=("-var=force_destroy=true", *(f"-target={address}" for address in kept)))
        if self.place.plan.exists():
            self.apply()

    def apply(self) -> None:
        """Exactly the saved plan. Raises TerminalError where Terraform stopped half way."""
        try:
            self.terraform.run("apply", str(self.place.plan.absolute()))
        except TerminalError as error:
            raise TerminalError(f"{error} What was made until then is in the state: run the same again.") from error

    def write_settings(self) -> Path:
        """The outputs, into the files that ``TARGET=aws`` reads; their path.

        Raises SettingsError for a name that is no setting: this checkout is older than what was deployed.
        """
        outputs = self.terraform.json("output", "-json")
        try:
            found: dict[str, Any] = outputs["settings"]["value"]
        except (KeyError, TypeError) as error:
            raise TerminalError("The configuration has no output `settings`: is infra/ of this version?") from error
        path = deployed.path_of(self.place.target, self.place.checkout)
        unknown = sorted(set(found) - set(Settings.model_fields))
        if unknown:
            raise SettingsError([f"{name} (from Terraform's output settings): no such setting" for name in unknown])
        deployed.write(path, found)
        others = {name: each["value"] for name, each in outputs.items() if name != "settings" and not each["sensitive"]}
        deployed.write(deployed.outputs_of(self.place.target, self.place.checkout), others)
        return path

    def forget_settings(self) -> None:
        """What was deployed is no more. What the files tell of another deployment stays."""
        told = deployed.read(deployed.path_of(self.place.target, self.place.checkout))
        if told.get("deployment", self.deployment) != self.deployment:
            return
        for path in (deployed.path_of, deployed.outputs_of):
            path(self.place.target, self.place.checkout).unlink(missing_ok=True)


@contextlib.contextmanager
def prepared(
    place: Place, *, environment_name: str | None, region: str | None, state_bucket: str | None
) -> Iterator[Work]:
    """The target reached, its packages built, Terraform initialised.

    Raises UnpreparedError for whatever is missing, before anything is begun; TerminalError where a step failed.
    """
    binary = find(os.environ)
    environment_name = environment_name or ("dev" if place.target == "aws" else "local")
    deployment = f"tapehouse-{environment_name}"
    files = place.var_files(environment_name)
    if place.target == "aws":
        named = region_of(region, os.environ)
        account = account_of(named)
        reach = {**os.environ, "AWS_REGION": named, "AWS_DEFAULT_REGION": named}
        where, emulator = f"account {account.id}, {named}", None
    else:
        named = region or "us-east-1"
        emulator = Emulator(Stack(place.checkout / ".lake/s3/_aws", region=named), place)
        reach, where = emulator.environment(os.environ), "the emulator"
    packages = build_packages(place.checkout)
    # From the root on: with this machine's path in it, another checkout's plan would put every package there again.
    told = {
        "environment": environment_name,
        "region": named,
        "packages_file": os.path.relpath(packages, place.root.absolute()),
    }
    variables = (*(f"-var-file={path}" for path in files), *(f"-var={name}={value}" for name, value in told.items()))
    terraform = Terraform(binary, place.root, {**reach, "TF_DATA_DIR": str(place.data.absolute())})
    with place.ours():
        state = state_of(account, named, deployment, state_bucket) if emulator is None else {}
        terraform.run("init", "-reconfigure", *place.backend_words(state), quiet=True)
        if emulator is not None:
            emulator.forget_what_died(terraform)
        yield Work(place, terraform, deployment, where, named, reach, variables)


def state_of(account: Account, region: str, deployment: str, bucket: str | None) -> dict[str, str]:
    """Where the state is. Raises UnpreparedError where the bucket is not there."""
    bucket = bucket or state_bucket(account, region)
    if not bucket_is_there(bucket, region):
        raise UnpreparedError(
            f"There is no bucket {bucket} for Terraform's state yet: run `make bootstrap-terraform` once."
        )
    return {"bucket": bucket, "key": f"{deployment.removeprefix('tapehouse-')}.tfstate", "region": region}


def bucket_is_there(bucket: str, region: str) -> bool:
    """Whether the bucket of the state is ours to use. Raises UnpreparedError where it is somebody else's."""
    from botocore.exceptions import ClientError

    try:
        aws.client("s3", region=region).head_bucket(Bucket=bucket)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in ("404", "NoSuchBucket"):
            return False
        raise UnpreparedError(
            f"The bucket of Terraform's state, {bucket}, cannot be used ({code}): see who owns it, or name another one "
            "by --state-bucket."
        ) from error
    return True


def state_bucket(account: Account, region: str) -> str:
    """The name that ``make bootstrap-terraform`` gives the state's bucket: one an account and region."""
    return f"tapehouse-state-{account.id}-{region}"


def build_packages(checkout: Path, run: Callable[..., "subprocess.CompletedProcess[str]"] = subprocess.run) -> Path:
    """Builds what is uploaded, before the plan: its keys hold the content's hash. The list of what was built.

    Raises TerminalError where the build failed.
    """
    script = checkout / "scripts" / "package.py"
    sys.stderr.write("Building the packages.\n")
    done = run([sys.executable, str(script)], cwd=checkout, check=False)
    if done.returncode != 0:
        raise TerminalError(f"{script.name} failed with {done.returncode}: see above. Nothing was planned.")
    return (checkout / PACKAGES).absolute()


def confirm(question: str, *, wanted: str, yes: bool) -> bool:
    """Whether ``wanted`` was typed, or confirmed beforehand. Raises UnpreparedError where nobody can be asked."""
    if yes:
        return True
    if not sys.stdin.isatty():
        raise UnpreparedError("Nobody is here to confirm this: look at the plan, then say --yes (make: CONFIRM=1).")
    sys.stderr.write(f"{question} Type {wanted} to go on: ")
    sys.stderr.flush()
    return sys.stdin.readline().strip() == wanted
