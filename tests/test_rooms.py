"""The rooms keep their borders: who may import whom, by faces alone, and importing does nothing."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal, TypeAlias

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("tapehouse", "producers", "glue_jobs", "embedded", "cli", "lambdas", "metabase")
SPARK = ("pyspark", "delta", "py4j")
EDGES: Mapping[str, frozenset[str]] = {
    package: frozenset(imported.split())
    for package, imported in {
        # tapehouse: the floor that all stand on
        "tapehouse": "",
        "lambdas": "lambdas.http",
        "lambdas.http": "",
        "lambdas.news": "lambdas lambdas.http",
        "lambdas.social": "lambdas lambdas.http",
        "lambdas.crawler": "lambdas.http",
        "lambdas.enrich": "lambdas.enrich.words",
        "lambdas.enrich.words": "",
        "tapehouse.tables": "tapehouse",
        "tapehouse.query": "tapehouse tapehouse.query.dialect",
        "tapehouse.query.dialect": "tapehouse",
        "tapehouse.documents": "tapehouse",
        # producers: source and counters are the seam between what reads and what sends
        "producers": "producers.health producers.run",  # __main__ alone: see test_the_seam_imports_no_package
        "producers.feeds": "",
        "producers.gaps": "producers.feeds",
        "producers.recovery": "producers producers.feeds producers.gaps",
        "producers.websocket": "producers producers.feeds producers.gaps producers.recovery",
        "producers.sink": "producers",
        "producers.files": "producers producers.sink",
        "producers.synthetic": "producers",
        "producers.health": "",
        "producers.run": "producers producers.feeds producers.files producers.health producers.recovery "
        "producers.sink producers.synthetic producers.websocket",
        # glue_jobs: engine, the three layers upon it, and what puts them together
        "glue_jobs.engine": "",
        "glue_jobs.bronze": "glue_jobs.engine",
        "glue_jobs.silver": "",
        "glue_jobs.silver.stories": "glue_jobs.engine glue_jobs.bronze",
        "glue_jobs.silver.trades": "glue_jobs.engine glue_jobs.bronze",
        "glue_jobs.gold": "glue_jobs.engine glue_jobs.gold.candles",
        "glue_jobs.gold.candles": "glue_jobs.engine",
        "glue_jobs.gold.bars": "glue_jobs.engine glue_jobs.gold.candles",
        "glue_jobs.gold.data_quality": "glue_jobs.engine",
        "glue_jobs.gold.forecast": "glue_jobs.engine glue_jobs.gold.candles",
        "glue_jobs.gold.news": "glue_jobs.engine glue_jobs.gold.candles",
        "glue_jobs.gold.portfolio": "glue_jobs.engine",
        "glue_jobs.audit": "glue_jobs.engine glue_jobs.bronze glue_jobs.gold.news glue_jobs.silver.stories "
        "glue_jobs.silver.trades",
        "glue_jobs": "glue_jobs.engine glue_jobs.bronze glue_jobs.silver.stories glue_jobs.silver.trades "
        "glue_jobs.gold glue_jobs.gold.bars glue_jobs.gold.candles glue_jobs.gold.data_quality glue_jobs.gold.forecast "
        "glue_jobs.gold.news glue_jobs.gold.portfolio",
        "glue_jobs.smoke": "glue_jobs.engine",
        "glue_jobs.jobs": "glue_jobs glue_jobs.engine glue_jobs.audit glue_jobs.smoke",
        # the command's own packages: no edge is listed, since all of them import rooms late
        "cli.facts": "",
        "cli.remote": "",
        "cli.terraform": "",
        # metabase: the files, which the preview reads too, and the provisioner upon them
        "metabase": "",
        "metabase.preview": "metabase",
        "metabase.server": "metabase",
        # what stands in at home
        "embedded": "",
        "embedded.kinesis": "",
        "embedded.venues": "",
        "embedded.newsroom": "embedded embedded.newsroom.words",
        "embedded.newsroom.words": "",
    }.items()
}
"""Package → the packages of its own room that it may import. Every package is here; what is not said is forbidden."""


def packages() -> list[str]:
    found = {path.parent.relative_to(ROOT) for room in ROOMS for path in (ROOT / room).rglob("*.py")}
    return sorted(".".join(folder.parts) for folder in found)


def modules(package: str) -> list[Path]:
    return sorted((ROOT / package.replace(".", "/")).glob("*.py"))


When: TypeAlias = Literal["at once", "late", "never"]


def imports(tree: ast.Module, package: str) -> Iterator[tuple[str, int, When]]:
    """(module, line, when) of each import: late inside a function, never where it is for annotations alone."""
    when: dict[ast.AST, When] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            when.update(dict.fromkeys(ast.walk(node), "late"))
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            when.update({inner: "never" for each in node.body for inner in ast.walk(each)})
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield name.name, node.lineno, when.get(node, "at once")
        elif isinstance(node, ast.ImportFrom):
            base = ".".join([*package.split(".")[: len(package.split(".")) - node.level + 1]]) if node.level else ""
            module = ".".join(part for part in (base, node.module or "") if part)
            for name in node.names:  # ``from package import module`` names a module too
                inner = f"{module}.{name.name}"
                yield (inner if _is_module(inner) else module), node.lineno, when.get(node, "at once")


def _is_module(name: str) -> bool:
    path = ROOT / name.replace(".", "/")
    return path.is_dir() or path.with_suffix(".py").is_file()


def package_of(module: str) -> str:
    """The package that a module of ours lies in; a package lies in itself."""
    return module if (ROOT / module.replace(".", "/")).is_dir() else module.rpartition(".")[0]


def fault(package: str, module: str, *, when: When) -> str | None:
    """Why this import breaks a border; None where it does not."""
    room, other = package.partition(".")[0], module.partition(".")[0]
    if other in SPARK and room != "glue_jobs" and (room, when) != ("cli", "never"):
        return "Spark is glue_jobs' alone; the command passes a session on, and may name its type"
    if other not in ROOMS:
        return None
    if other == "cli" and room != "cli":
        return "nobody imports the command"
    if room == "cli":
        light = ("cli", "tapehouse", "embedded", "producers.run.arguments")
        kept, why = when != "at once" or module.startswith(light), "the command imports rooms late: -h must be instant"
    elif other != room:
        kept, why = other == "tapehouse", f"{room} does not import {other}"
    else:
        theirs = package_of(module)
        kept, why = theirs == package or theirs in EDGES[package], f"{package} does not import {theirs}"
    return None if kept else why


def faults_of(package: str, path: Path) -> list[str]:
    found = ((fault(package, m, when=when), line) for m, line, when in imports(ast.parse(path.read_text()), package))
    return [f"{path.relative_to(ROOT)}:{line}: {why}" for why, line in found if why]


def test_every_package_has_its_place_in_the_graph() -> None:
    assert {package for package in packages() if package != "cli"} == set(EDGES)


def test_no_import_leaves_the_graph() -> None:
    assert len(packages()) > 15
    assert [text for package in packages() for path in modules(package) for text in faults_of(package, path)] == []


def test_the_graph_has_no_circle_but_that_of_main() -> None:
    left = {package: set(imported) for package, imported in EDGES.items()}
    left["producers"] = set()  # python -m producers stands above the packages, source and counters below
    left["glue_jobs.gold"] = set()
    while left:
        free = {package for package, imported in left.items() if not imported & set(left)}
        assert free, f"these import each other: {sorted(left)}"
        left = {package: imported for package, imported in left.items() if package not in free}


def test_the_seam_imports_no_package() -> None:
    for name in ("source", "counters"):
        tree = ast.parse((ROOT / "producers" / f"{name}.py").read_text())
        assert not [m for m, _, _ in imports(tree, "producers") if package_of(m).startswith("producers.")]


def test_a_face_only_re_exports() -> None:
    for package in packages():
        tree = ast.parse((ROOT / package.replace(".", "/") / "__init__.py").read_text())
        said = [
            node
            for node in tree.body
            if not isinstance(node, ast.ImportFrom | ast.Import)
            and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
            and not (isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name))
        ]
        assert ast.get_docstring(tree), package
        if package != "tapehouse.tables":
            assert not said, package


def test_what_spark_and_delta_do_not_promise_is_called_nowhere() -> None:
    private = re.compile(r"\._(jvm|jsparkSession|jsc|jdf|jc)\b")
    found = {
        str(path.relative_to(ROOT))
        for room in (*ROOMS, "benchmarks", "scripts")
        for path in (ROOT / room).rglob("*.py")
        if private.search(path.read_text())
    }
    assert not found


@pytest.mark.parametrize(
    ("package", "code", "kept"),
    [
        ("producers.sink", "import glue_jobs.engine.delta", False),
        ("producers.feeds", "from tapehouse.record import Trade", True),
        ("producers.run", "def f():\n    from embedded import Stack", False),
        ("producers.feeds", "from producers.sink import KinesisSink", False),
        ("producers.feeds", "from producers import sink", False),
        ("producers.sink", "def f():\n    from cli import main", False),
        ("tapehouse", "import producers", False),
        ("tapehouse", "def f():\n    from pyspark.sql import functions", False),
        ("cli", "import producers.run.wiring", False),
        ("cli", "def f():\n    import producers.run.wiring", True),
        ("cli", "def f():\n    from pyspark.sql import functions", False),
        ("cli", "if TYPE_CHECKING:\n    from pyspark.sql import SparkSession", True),
        ("cli", "if TYPE_CHECKING:\n    import producers.run.wiring", True),
        ("cli", "if TYPE_CHECKING:\n    pass\nelse:\n    import producers.run.wiring", False),
        ("tapehouse", "if TYPE_CHECKING:\n    from pyspark.sql import SparkSession", False),
        ("producers.run", "if TYPE_CHECKING:\n    from glue_jobs.refresh import Refresh", False),
        ("glue_jobs.engine", "from pyspark.sql import functions", True),
        ("glue_jobs.engine", "from glue_jobs.bronze import BronzeLoop", False),
        ("glue_jobs.gold.candles", "from glue_jobs.silver.trades import SilverBatch", False),
        ("embedded.venues", "from producers.feeds import FEEDS", False),
        ("embedded.kinesis", "from . import frame", True),
    ],
)
def test_what_breaks_a_border(package: str, code: str, kept: bool) -> None:
    found = [fault(package, module, when=when) for module, _, when in imports(ast.parse(code), package)]
    assert (not any(found)) is kept


HEAVY = {"pyspark", "boto3", "duckdb", "pandas", "pyarrow", "awswrangler", "sqlglot", "websockets", "numpy"}
NOT_FOR_HELP = {"pydantic", "pydantic_settings", "pydantic_core", "structlog", "rich", "yaml", "requests"}


def loaded(code: str) -> set[str]:
    """The modules that a fresh Python has after the code."""
    code += "\nimport sys; print('loaded', *sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.rpartition("loaded ")[2].split())


def test_the_commands_words_are_read_without_any_room_or_heavy_library() -> None:
    found = loaded("from cli.main import parser; parser().format_help()")
    assert {"pydantic", "cli.run_app"} <= found
    assert HEAVY & {name.partition(".")[0] for name in found} == set()
    rooms = {name for name in found if name.partition(".")[0] in ("producers", "glue_jobs")}
    assert rooms <= {"producers", "producers.run", "producers.run.arguments"}


@pytest.mark.parametrize("words", [["-h"], ["--version"], ["bogus"], []])
def test_help_is_instant(words: list[str]) -> None:
    """No library beyond Python's own, no room, and of ours nothing but the list of subcommands."""
    found = loaded(f"import contextlib\nfrom cli.main import main\nwith contextlib.suppress(SystemExit): main({words})")
    assert (HEAVY | NOT_FOR_HELP) & {name.partition(".")[0] for name in found} == set()
    ours = {name for name in found if name.partition(".")[0] in ROOMS}
    assert ours == {"cli", "cli.main", "tapehouse"}


def test_a_command_imports_no_other() -> None:
    """But for those whose parts it uses: the words of one are not paid for by all."""
    found = loaded(
        "import contextlib\nfrom cli.main import main\nwith contextlib.suppress(SystemExit): main(['query', '-h'])"
    )
    assert not {"cli.run_app", "cli.backfill", "cli.produce", "embedded.venues"} & found


def test_the_health_check_reads_no_settings_where_the_environment_names_the_file(tmp_path: Path) -> None:
    """It runs twice a minute beside each producer, in a container that is small."""
    found = loaded(
        f"import os; os.environ['TAPEHOUSE_HEARTBEAT'] = '{tmp_path}/none'\n"
        "from producers.health.check import main; main()"
    )
    assert (HEAVY | NOT_FOR_HELP) & {name.partition(".")[0] for name in found} == set()
