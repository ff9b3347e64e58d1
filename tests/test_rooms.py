"""The rooms keep their borders: who may import whom, and that importing does nothing."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("tapehouse", "producers", "glue_jobs", "lambdas", "metabase")
SPARK = ("pyspark", "delta", "py4j")


def sources() -> list[Path]:
    return sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def imports(tree: ast.Module) -> Iterator[tuple[str, int, bool]]:
    """(top-level package, line, whether it is imported late: inside a function) of each absolute import."""
    late: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            late.update(ast.walk(node))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield name.name.partition(".")[0], node.lineno, node in late
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0], node.lineno, node in late


def fault(room: str, package: str, *, in_cli: bool, late: bool) -> str | None:
    """Why this import breaks a border; None where it does not."""
    if package in SPARK and room != "glue_jobs":
        return "Spark is glue_jobs' alone"
    if package not in ROOMS or package in (room, "tapehouse"):
        return None
    if room != "tapehouse":
        return "rooms do not import each other"
    return None if in_cli and late else "tapehouse imports a room only in the CLI, and late"


def faults_of(path: Path) -> list[str]:
    room = path.relative_to(ROOT).parts[0]
    in_cli = path.is_relative_to(ROOT / "tapehouse" / "cli")
    found = ((fault(room, p, in_cli=in_cli, late=late), line) for p, line, late in imports(ast.parse(path.read_text())))
    return [f"{path.relative_to(ROOT)}:{line}: {why}" for why, line in found if why]


def test_no_room_imports_another_nor_spark() -> None:
    paths = sources()
    assert len(paths) > 20
    assert [text for path in paths for text in faults_of(path)] == []


@pytest.mark.parametrize(
    ("room", "code", "in_cli", "kept"),
    [
        ("producers", "import glue_jobs.delta", False, False),
        ("producers", "from tapehouse.record import Trade", False, True),
        ("producers", "def f():\n    from metabase import x", False, False),
        ("tapehouse", "import producers", True, False),
        ("tapehouse", "def f():\n    import producers", True, True),
        ("tapehouse", "def f():\n    import producers", False, False),
        ("tapehouse", "def f():\n    from pyspark.sql import functions", True, False),
        ("glue_jobs", "from pyspark.sql import functions", False, True),
        ("lambdas", "from delta import tables", False, False),
        ("lambdas", "from . import handler", False, True),
    ],
)
def test_what_breaks_a_border(room: str, code: str, in_cli: bool, kept: bool) -> None:
    found = [fault(room, package, in_cli=in_cli, late=late) for package, _, late in imports(ast.parse(code))]
    assert (not any(found)) is kept


def test_the_commands_words_are_read_without_any_room_or_heavy_library() -> None:
    code = (
        "import sys; from tapehouse.cli.main import parser; parser().format_help();"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    heavy = {
        "producers",
        "glue_jobs",
        "pyspark",
        "boto3",
        "duckdb",
        "pandas",
        "pyarrow",
        "rich",
        "awswrangler",
        "sqlglot",
    }
    assert heavy & set(done.stdout.split()) == set()
