"""What Terraform says of the Lambdas is what their code reads: handlers, variables, sources, kinds, a log's level."""

import logging
import re
from collections.abc import Iterator

import boto3
import pytest

from cli.lambda_ import DAILY, HANDLERS, QUEUED
from lambdas.crawler import task_file
from lambdas.crawler.guard import Guard
from lambdas.enrich.objects import SCORED_KINDS
from lambdas.news.handler import ADDRESSES as NEWS
from lambdas.social.handler import ADDRESSES as SOCIAL
from tapehouse import logs
from tapehouse.landing import KINDS
from tests.infra.conftest import INFRA, ROOT

MODULE = INFRA / "modules/lambdas"
MAIN, IAM, QUEUES, VARIABLES = ((MODULE / f"{name}.tf").read_text() for name in ("main", "iam", "queues", "variables"))
CODE = "\n".join(path.read_text() for path in sorted((ROOT / "lambdas").rglob("*.py")))
SAGEMAKER = (ROOT / "lambdas/enrich/sagemaker.py").read_text()


def words(pattern: str, text: str) -> set[str]:
    return set(re.findall(r'"([\w-]+)"', "".join(re.findall(pattern, text))))


def test_a_function_is_the_handler_that_runs_at_home_by_the_same_name() -> None:
    found = re.findall(r'(?m)^    ([\w-]+) = \{\n      when .*\n      about .*\n      handler +=  *"([\w.]+)"', MAIN)
    assert dict(found) == {name: ".".join(place) for name, place in HANDLERS.items()}
    assert words(r"for name in (\[.*?\]) : name => \{ function", (MODULE / "schedules.tf").read_text()) == set(DAILY)
    assert set(re.findall(r'\{ function = "([\w-]+)", batch_size', QUEUES)) == set(QUEUED)


def test_every_variable_that_a_function_gets_is_read() -> None:
    named = set(re.findall(r"TAPEHOUSE_\w+", MAIN)) | words(r"secret_variables = (\{.*\})", MAIN) - {""}
    assert len(named) >= 10
    assert {name for name in named if f'"{name}"' not in CODE} == set()


def test_every_source_and_no_other_may_be_named() -> None:
    assert words(r"setsubtract\(var\.sources, (\[.*?\])\)", VARIABLES) == set(NEWS)
    assert words(r"setsubtract\(var\.social_sources, (\[.*?\])\)", VARIABLES) == set(SOCIAL)


def test_what_is_told_of_the_landing_is_what_is_scored_and_kinds_are_kinds() -> None:
    assert words(r"scored = (\[.*\])", QUEUES) == SCORED_KINDS
    written = words(r"writes = (\[.*?\])", IAM)
    assert written == set(KINDS)


def test_the_call_to_a_model_is_the_action_that_enrich_may() -> None:
    """The deployment that the end-to-end tests make has no endpoint: all other calls are seen there."""
    operations = boto3.client("sagemaker-runtime", region_name="us-east-1").meta.method_to_api_mapping
    asked = {operations[name] for name in re.findall(r"\.(\w+)\(", SAGEMAKER) if name in operations}
    assert {f"sagemaker:{each}" for each in asked} == set(re.findall(r'"(sagemaker:\w+)"', IAM)) != set()


def test_the_example_of_tasks_is_one_and_has_the_schedule_of_the_example() -> None:
    path = MODULE / "examples/basic/tasks.yaml"
    tasks = task_file.read(str(path), place=Guard().place, s3=lambda: pytest.fail("it is a file"))
    main = path.with_name("main.tf").read_text()
    assert all(f'crawl            = {{ {name} = "cron(' in main for name in tasks.schedules)


# -- logs -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def root_of_lambda() -> Iterator[list[str]]:
    """Python's root logger as Lambda's runtime leaves it before it imports a handler; the lines that it then shows."""
    root, shown = logging.getLogger(), []
    before, level = root.handlers[:], root.level

    class Shows(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            shown.append(record.getMessage())

    root.handlers[:] = [Shows()]
    yield shown
    root.handlers[:] = before
    root.setLevel(level)


@pytest.mark.parametrize(("level", "lines"), [("INFO", ["event=source_asked source=coindesk"]), ("WARNING", [])])
def test_lambdas_runtime_shows_our_lines_by_the_level_that_it_is_told(
    root_of_lambda: list[str], level: str, lines: list[str]
) -> None:
    """*Source*: awslambdaric, ``bootstrap.py``: it always adds a handler, and sets a level where it is told one."""
    logging.getLogger().setLevel(level)
    logs.set_up()
    logs.of("lambdas.batch").info("source_asked", source="coindesk")
    assert root_of_lambda == lines
    assert 'log_format            = "JSON"' in MAIN and 'application_log_level = "INFO"' in MAIN
