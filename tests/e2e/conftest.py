"""One deployment to the emulator for all tests that look at what Terraform made; it costs minutes."""

import json
import shutil
from collections.abc import Iterator

import pytest

from tests.e2e.deployment import METABASE, METABASE_SECRETS, Deployment, Runs, copy_checkout, running
from tests.e2e.functions import SECRETS, VARIABLES, Functions, calling, tasks
from tests.infra.conftest import Terraform, absent
from tests.lambdas.crawler.site import Site, serving


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    """What the deployment's crawler reads."""
    with serving() as served:
        yield served


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory, site: Site) -> Iterator[Deployment]:
    """What ``tapehouse deploy`` makes at home of a fresh checkout, with all news, and Metabase.

    Skips where there is no Terraform or provider.
    """
    if shutil.which("terraform") is None:
        absent("there is no terraform on PATH")
    made = Deployment(copy_checkout(tmp_path_factory.mktemp("deployed") / "checkout"))
    made.stack.up()
    certificate = made.client("acm").request_certificate(DomainName=METABASE["host"])["CertificateArn"]
    metabase = json.dumps({**METABASE, "certificate_arn": certificate})
    (made.checkout / "infra/local.local.tfvars").write_text(f"{VARIABLES}metabase = {metabase}\n")
    (made.checkout / "infra/tasks.yaml").write_text(tasks(site))
    given = {"TF_VAR_keys": json.dumps(SECRETS), "TF_VAR_metabase_secrets": json.dumps(METABASE_SECRETS)}
    made.environment = {**made.environment, **given}
    Terraform(made.checkout / "infra").init()
    try:
        made.tapehouse("deploy", "--target", "local", "--yes")
        yield made
    finally:
        made.stack.down()


@pytest.fixture(scope="session")
def functions(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Functions:
    """Every function as its schedule or queue calls it, and the daily ones once more, by hand."""
    with calling(deployment, tmp_path_factory.mktemp("functions")) as here:
        day = here.start("news")["date"]
        here.start("social")
        here.start("crawl-hourly")
        here.work_off("crawl")
        here.work_off("enrich")
        here.call("news", {"date": day})
        here.call("social", {"date": day})
    return here


@pytest.fixture(scope="session")
def runs(deployment: Deployment, functions: Functions, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    """A producer and every job, once or more, in this order; what each said is in ``said``. News have landed before."""
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
