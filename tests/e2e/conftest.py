"""One deployment to the emulator for all tests that look at what Terraform made; it costs minutes."""

import shutil
from collections.abc import Iterator

import pytest

from tests.e2e.deployment import Deployment, Runs, copy_checkout, running
from tests.infra.conftest import Terraform, absent


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """What ``tapehouse deploy`` makes at home of a fresh checkout. Skips where there is no Terraform or provider."""
    if shutil.which("terraform") is None:
        absent("there is no terraform on PATH")
    made = Deployment(copy_checkout(tmp_path_factory.mktemp("deployed") / "checkout"))
    Terraform(made.checkout / "infra").init()
    try:
        made.tapehouse("deploy", "--target", "local", "--yes")
        yield made
    finally:
        made.stack.down()


@pytest.fixture(scope="session")
def runs(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    """A producer and every job, once or more, in this order; what each said is in ``said``."""
    with running(deployment, tmp_path_factory.mktemp("runs")) as here:
        here.produce("coinbase", "--feed", "synthetic", "--count", "400", "--seed", "1")
        here.run("refresh")
        here.produce("coinbase", "--feed", "synthetic", "--count", "100", "--seed", "2")
        here.run("stream", until="/lake/gold/candles/_delta_log/")
        here.run("refresh")
        here.run("maintain")
        here.run("rebuild", table="gold.candles")
        here.run("requeue")
        here.run("audit", full="true")
        here.run("smoke")
    yield here
