"""The documents say what is so: commands, paths, tables, columns, links and questions are held against the project."""

import argparse
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from cli.main import parser
from glue_jobs.jobs.arguments import JOBS, parse
from tapehouse import settings
from tapehouse.query.dialect import MACROS, tables_of, translate
from tapehouse.query.dialect.types import Type, of_duckdb
from tapehouse.tables import REGISTRY
from tests.project_scripts import script

ROOT = Path(__file__).parent.parent
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
TABLE = re.compile(r"\b((?:bronze|silver|gold)\.[a-z_]+)(?:\.([a-z_]+))?")
NAMES = {page: page.relative_to(ROOT).as_posix() for page in PAGES}
every_page = pytest.mark.parametrize("page", PAGES, ids=NAMES.values())


@dataclass(frozen=True)
class Command:
    """One command of a page: its variables, its words, and whether it is only mentioned inside a sentence."""

    variables: tuple[str, ...]
    words: tuple[str, ...]
    mentioned: bool


def blocks(text: str) -> list[tuple[str, str]]:
    """(language, content) of the fenced blocks."""
    return FENCE.findall(text)


def spans(text: str) -> list[str]:
    """The code inside sentences and tables."""
    return SPAN.findall(FENCE.sub("", text))


def commands(text: str) -> Iterator[Command]:
    """The commands that a reader may copy, and those that a sentence names."""
    for language, content in blocks(text):
        for line in content.splitlines() if language in ("", "sh") else ():
            if re.search(r"(^|\s)(\.venv/bin/)?(tapehouse|make)\s", f"{line} "):
                yield from _commands_of(line.removeprefix("$ "), mentioned=False)
    for span in spans(text):
        yield from _commands_of(span, mentioned=True)


def _commands_of(line: str, *, mentioned: bool) -> Iterator[Command]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|")
    lexer.whitespace_split, lexer.commenters = True, "#"
    try:
        words = list(lexer)
    except ValueError:  # an apostrophe in a span of text
        return
    while words:
        end = words.index("|") if "|" in words else len(words)
        part, words = words[:end], words[end + 1 :]
        variables = [word.partition("=")[0] for word in part if re.match(r"[A-Z_]+=", word)]
        rest = tuple(word for word in part if not re.match(r"[A-Z_]+=", word))
        if rest and rest[0].removeprefix(".venv/bin/") in ("tapehouse", "make"):
            yield Command(tuple(variables), (rest[0].removeprefix(".venv/bin/"), *rest[1:]), mentioned)
        elif not rest and variables:
            yield Command(tuple(variables), (), mentioned)


def named(page: Path, program: str) -> list[Command]:
    found = [command for command in commands(page.read_text(encoding="utf-8")) if command.words[:1] == (program,)]
    return [command for command in found if len(command.words) > 1]


def subcommands() -> dict[str, argparse.ArgumentParser]:
    (action,) = (action for action in parser()._actions if isinstance(action, argparse._SubParsersAction))
    return dict(action.choices)


def questions(text: str) -> list[str]:
    """The SQL of a page, fenced or behind ``tapehouse query``."""
    asked = [content for language, content in blocks(text) if language == "sql"]
    for command in commands(text):
        if command.words[:2] == ("tapehouse", "query") and not command.mentioned:
            asked += [word for word in command.words[2:] if not word.startswith("--")]
    return asked


def anchors(page: Path) -> set[str]:
    """The names by which headings are linked to."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.fixture(scope="module")
def empty_lake() -> Any:
    """Every declared table, without rows."""
    connection = duckdb.connect(":memory:")
    connection.execute("SET TimeZone = 'UTC'")
    for macro in MACROS:
        connection.execute(macro)
    for table in REGISTRY.values():
        types = {"TIMESTAMP": "TIMESTAMPTZ", "ARRAY<STRING>": "VARCHAR[]"}
        columns = ", ".join(f'"{column.name}" {types.get(column.type, column.type)}' for column in table.columns)
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {table.layer}")
        connection.execute(f"CREATE TABLE {table.name} ({columns})")
    return connection


def _columns(connection: Any, name: str) -> dict[str, Type]:
    return {row[0]: of_duckdb(row[1]) for row in connection.execute(f"DESCRIBE {name}").fetchall()}


def test_the_pages_are_found() -> None:
    assert {"README.md", "docs/design.md", "docs/operations.md", "docs/tables.md"} <= set(NAMES.values())
    assert sum(name.startswith("docs/decisions/") for name in NAMES.values()) >= 3


@every_page
def test_every_make_target_named_is_in_the_makefile(page: Path) -> None:
    (phony,) = re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    unknown = [word for command in named(page, "make") for word in command.words[1:] if word not in phony.split()]
    assert unknown == []


@every_page
def test_every_variable_set_is_a_setting_or_of_the_makefile(page: Path) -> None:
    known = {settings.variable_of(name) for name in settings.Settings.model_fields}
    known |= set(re.findall(r"^([A-Z]+) \?=", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    found = [name for command in commands(page.read_text(encoding="utf-8")) for name in command.variables]
    assert [name for name in found if name not in known] == []


@every_page
def test_every_tapehouse_command_is_understood(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One to copy is read by the command's own parser; of one in a sentence the subcommand and its words are known."""
    known = subcommands()
    for command in named(page, "tapehouse"):
        name, *words = command.words[1:]
        if name.startswith("-"):
            assert name in parser()._option_string_actions
            continue
        assert name in known, f"{NAMES[page]}: tapehouse {name}"
        if name == "job" and words:  # what follows is the job's own
            if "-h" not in words:
                parse(words[0], ["--lake", "lake", *words[1:]])
            assert words[0] in JOBS
            continue
        flags = [word for word in words if word.startswith("-") and word != "-"]
        assert [flag for flag in flags if flag not in known[name]._option_string_actions] == []
        if not command.mentioned:
            try:
                parser().parse_args(command.words[1:])
            except SystemExit:
                pytest.fail(f"{NAMES[page]}: {shlex.join(command.words)}: {capsys.readouterr().err}")


@every_page
def test_every_path_named_exists(page: Path) -> None:
    """Paths begin with a folder of the project or end in .py or .md; ``path::test`` names a test that is there."""
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")}
    missing = []
    for word in (word for span in spans(page.read_text(encoding="utf-8")) for word in span.split()):
        path, _, test = word.partition("::")
        if not re.fullmatch(r"[\w./-]+", path) or not (path.split("/")[0] in folders or path.endswith((".py", ".md"))):
            continue
        found = ROOT / path
        if not found.exists() or (test and f"def {test}(" not in found.read_text(encoding="utf-8")):
            missing.append(word)
    assert missing == []


@every_page
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = []
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        if not there.exists() or (anchor and anchor not in anchors(there)):
            broken.append(target)
    assert broken == []


@every_page
def test_every_table_and_column_named_is_declared(page: Path) -> None:
    unknown = [
        f"{name}.{column}" if column else name
        for name, column in TABLE.findall(page.read_text(encoding="utf-8"))
        if name not in REGISTRY or (column and column not in REGISTRY[name].column_names)
    ]
    assert unknown == []


@every_page
def test_every_question_can_be_answered(page: Path, empty_lake: Any) -> None:
    for sql in questions(page.read_text(encoding="utf-8")):
        assert set(tables_of(sql)) <= REGISTRY.keys()
        asked = translate(sql, lambda name: _columns(empty_lake, name))
        assert empty_lake.execute(asked.sql).fetchall() == []


@every_page
def test_no_page_names_this_machine_or_an_address(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert re.findall(r"(?:^|[\s`\"'(=])/(?:home|work|tmp|root|usr|opt|mnt|Users)/\S*", text, re.MULTILINE) == []
    assert re.findall(r"https?://(?!127\.0\.0\.1)\S+", text) == []


def test_the_table_page_is_what_the_declarations_make() -> None:
    made = script("tables_page").page()
    assert (ROOT / "docs" / "tables.md").read_text(encoding="utf-8") == made, "run scripts/tables_page.py"
    for table in REGISTRY.values():
        assert f"## {table.name}\n" in made
        assert all(f"| `{column.name}` | {column.type} |" in made for column in table.columns)


def test_the_table_page_s_check_tells_a_page_that_is_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = script("tables_page")
    monkeypatch.setattr(made, "PAGE", tmp_path / "tables.md")
    assert made.main(["--check"]) == 1
    assert "run `.venv/bin/python scripts/tables_page.py`" in capsys.readouterr().err
    assert made.main([]) == 0
    assert made.main(["--check"]) == 0
    (tmp_path / "tables.md").write_text(made.page() + "more\n", encoding="utf-8")
    assert made.main(["--check"]) == 1


def test_the_page_of_costs_is_what_the_script_reckons(capsys: pytest.CaptureFixture[str]) -> None:
    cost = script("cost")
    assert cost.main(["--check"]) == 0, capsys.readouterr().err
    assert cost.main(["--trades-per-s", "10", "--markets", "10", "--producers", "2"]) == 0
    said = capsys.readouterr().out
    assert f"| **in all** | **{sum(cost.lines(cost.SIZES[0], 60).values()):,.2f}** |" in said


def test_a_fresher_table_costs_requests_alone_and_a_fuller_stream_more() -> None:
    cost = script("cost")
    small, _, large = cost.SIZES
    slow, fast = cost.lines(small, 600), cost.lines(small, 1)
    assert {name for name in slow if slow[name] != fast[name]} == {"S3: requests"}
    assert fast["S3: requests"] == pytest.approx(600 * slow["S3: requests"])
    assert all(cost.lines(large, 60)[name] >= cost.lines(small, 60)[name] for name in slow)
    assert cost.Aggregates.of(small).per_s * cost.Aggregates.of(small).bytes == pytest.approx(10 * cost.RECORD_BYTES)


def test_the_rooms_that_the_design_draws_are_there() -> None:
    text = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    drawn = re.findall(r"^(\w+)/ {2,}", text, re.MULTILINE)
    assert len(drawn) >= 5
    assert [name for name in drawn if not (ROOT / name).is_dir()] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("so `make test ARGS=-q` it", [Command(("ARGS",), ("make", "test"), True)]),
        ("```\n$ ONCE=1 make run-app  # all\nout\n```\n", [Command(("ONCE",), ("make", "run-app"), False)]),
        ("```\n$ echo '{}' | tapehouse parse kraken\n```\n", [Command((), ("tapehouse", "parse", "kraken"), False)]),
        ("`LAKE=x` we make it", [Command(("LAKE",), (), True)]),
        ("```\nlogger=embedded it's\n```\n", []),
    ],
)
def test_commands_are_told_from_text(text: str, expected: Sequence[Command]) -> None:
    assert list(commands(text)) == expected
