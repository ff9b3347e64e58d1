"""Every test starts from a known environment: no real account, no setting of the developer's shell, only loopback."""

import gc
import os
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

pytest.register_assert_rewrite("tests.glue_jobs.layers")  # before any test imports it

pytest_plugins = ["tests.small_lake"]

# The JVMs that tests start by commands live for seconds: the second compiler would take half of their processor time,
# and be done when they end. (Session, six writes and six reads of a Delta table: 42 s of it with both, 23 s without.)
_SHORT_LIVED = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
os.environ.setdefault("SPARK_SUBMIT_OPTS", _SHORT_LIVED)

_SETTINGS = ("TARGET", "LAKE", "FEEDS", "RECORDINGS", "ONCE", "SYMBOLS")
_DUMMY = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    # Nothing listens on the discard port: a client that a test forgot to point somewhere fails at once, on loopback.
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
}
_KEPT = frozenset({"AWS_CA_BUNDLE"})
_OF_ONE_DEPLOYMENT = ("tests/e2e/test_functions.py", "tests/e2e/test_iam.py")


@pytest.fixture(autouse=True)
def scrubbed_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes away the settings and credentials of whoever runs the tests, and puts in dummies that reach loopback."""
    for name in list(os.environ):
        ours = name in _SETTINGS or name.startswith("TAPEHOUSE_")
        if ours or (name.startswith("AWS_") and name not in _KEPT):
            monkeypatch.delenv(name)
    for name, value in _DUMMY.items():
        monkeypatch.setenv(name, value)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--record", action="store_true", help="with -m athena: keep what Trino answers to the corpus")


def _uses_spark(item: pytest.Item) -> bool:
    return any(item.get_closest_marker(name) for name in ("spark", "chaos"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """py4j leaves the sockets of finished foreachBatch calls to the garbage collector: its warning is not about us."""
    for item in items:
        if _uses_spark(item):
            item.add_marker(pytest.mark.filterwarnings("ignore:Exception ignored in. <socket.socket"))
            item.add_marker(pytest.mark.filterwarnings("ignore:unclosed <socket.socket:ResourceWarning"))


@pytest.fixture(autouse=True)
def sockets_of_py4j(request: pytest.FixtureRequest) -> Iterator[None]:
    """Collects them with the test that left them, so that no other test is blamed."""
    yield
    if _uses_spark(request.node):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Whole files to a process, and what asks of one deployment to one: each would make its own."""
    from xdist.scheduler.loadfile import LoadFileScheduling

    class ByFile(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            scope = super()._split_scope(nodeid)
            return "tests/e2e/test_deployment.py" if scope in _OF_ONE_DEPLOYMENT else scope

    return ByFile(config, log)


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    """moto's endpoint, on loopback."""
    from tests.moto_server import moto_server

    with moto_server() as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A real session with Delta: UTC, two partitions, quiet."""
    from glue_jobs.engine import DELTA_PACKAGES, S3A_PACKAGES, build_session

    # The workers inherit this: no test reaches beyond loopback, and every client has credentials that open nothing.
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        os.environ[name] = "testing"
    os.environ["AWS_DEFAULT_REGION"] = "us-east-1"
    with pytest.MonkeyPatch.context() as patch:
        if os.environ.get("SPARK_SUBMIT_OPTS") == _SHORT_LIVED:
            patch.delenv("SPARK_SUBMIT_OPTS")  # this JVM lives as long as all tests, and is worth compiling for
        session = build_session(
            app_name="tapehouse-tests",
            packages=(*DELTA_PACKAGES, *S3A_PACKAGES),
            extra_conf={"spark.sql.warehouse.dir": str(tmp_path_factory.mktemp("warehouse"))},
        )
    yield session
    session.stop()
