"""A state whose emulator was started again since: what died is forgotten, what is on disk stays."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.terraform.emulator import Emulator
from cli.terraform.place import Place
from embedded import Stack
from embedded.servers import Server

SERVER = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
    def log_message(self, *_): pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
STATE = """data.aws_caller_identity.this
aws_budgets_budget.this
terraform_data.note
module.stream.aws_kinesis_stream.this
module.catalog.aws_glue_catalog_table.this["gold.candles"]
module.catalog.data.aws_iam_policy_document.this["a.b"]
module.producers["coinbase.advanced"].aws_ecs_service.this
"""


class FakeTerraform:
    """Writes down what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []

    def run(self, *words: str, quiet: bool = False) -> tuple[int, str]:
        self.asked.append(words)
        return 0, STATE if words == ("state", "list") else ""


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[Emulator]:
    servers = [Server(n, n, "/", lambda port, _: ["-S", "-c", SERVER, str(port)]) for n in ("kinesis", "aws")]
    stack = Stack(tmp_path / "_aws", servers=servers)
    place = Place("local", tmp_path)
    place.folder.mkdir(parents=True)
    stack.up()
    yield Emulator(stack, place)
    stack.down()


def forget(emulator: Emulator) -> list[tuple[str, ...]]:
    terraform: Any = FakeTerraform()
    emulator.forget_what_died(terraform)
    asked: list[tuple[str, ...]] = terraform.asked
    return asked


def restart(emulator: Emulator) -> None:
    process = emulator.stack.members()["aws"].process
    process.signal(signal.SIGKILL)
    while process.alive:
        time.sleep(0.01)
    emulator.stack.up()


def test_what_was_in_memory_is_forgotten_once_and_streams_data_and_notes_stay(emulator: Emulator) -> None:
    assert forget(emulator) == []  # nothing was deployed
    emulator.place.state.touch()
    assert forget(emulator) == []  # by the process that runs
    restart(emulator)
    assert forget(emulator) == [
        ("state", "list"),
        (
            *("state", "rm", "aws_budgets_budget.this"),
            'module.catalog.aws_glue_catalog_table.this["gold.candles"]',
            'module.producers["coinbase.advanced"].aws_ecs_service.this',
        ),
    ]
    assert forget(emulator) == []


def test_a_state_of_an_unknown_process_is_of_one_that_ended(emulator: Emulator) -> None:
    emulator.place.state.touch()
    assert len(forget(emulator)) == 2


def test_the_environment_leads_to_the_emulator_and_opens_nothing_else(emulator: Emulator) -> None:
    found = emulator.environment({"AWS_PROFILE": "work", "HOME": "/home/a", "AWS_ACCESS_KEY_ID": "AKIA"})
    assert found["AWS_ACCESS_KEY_ID"] == "tapehouse"
    assert "AWS_PROFILE" not in found
    assert found["AWS_ENDPOINT_URL"] == found["TF_VAR_emulator_endpoint"] == emulator.stack.endpoint("aws")
    assert found["TF_VAR_emulator_kinesis_endpoint"] == emulator.stack.endpoint("kinesis")
