"""Terraform's root and modules: formatted, valid, documented, and each plan as its own tests want it."""

import re
from pathlib import Path

import pytest

from tests.infra.conftest import INFRA, Terraform
from tests.project_scripts import script

FOLDERS = sorted(
    path.parent.relative_to(INFRA).as_posix()
    for path in INFRA.rglob("variables.tf")
    if not {".terraform", "examples"} & set(path.parts)
)
MODULES = [folder for folder in FOLDERS if folder.startswith("modules/")]
every_folder = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: "root" if folder == "." else folder)
every_module = pytest.mark.parametrize("module", MODULES)


def written(folder: str, pattern: str) -> str:
    """All text of a folder's files of that kind."""
    return "\n".join(path.read_text() for path in sorted((INFRA / folder).glob(pattern)))


# -- what Terraform itself says ---------------------------------------------------------------------------------------


def test_everything_is_formatted(terraform: Terraform) -> None:
    done = terraform.run(["fmt", "-check", "-recursive", "-diff"])
    assert done.returncode == 0, f"run `terraform fmt -recursive infra`:\n{done.stdout}{done.stderr}"


@pytest.mark.timeout(1_800)  # each plan starts the provider, which takes seconds of a core
@every_folder
def test_plans_with_a_mocked_provider_are_as_the_folders_tests_want_them(terraform: Terraform, folder: str) -> None:
    terraform.init(folder)
    valid = terraform.run(["validate", "-no-color"], inside=folder)
    assert valid.returncode == 0, valid.stdout + valid.stderr
    assert "Warning" not in valid.stdout, valid.stdout
    done = terraform.run(["test", "-no-color"], inside=folder)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-6000:]
    assert re.search(r"Success! [1-9]\d* passed, 0 failed\.", done.stdout), done.stdout[-500:]


# -- what a module is made of -----------------------------------------------------------------------------------------


@every_module
def test_a_module_has_its_parts(module: str) -> None:
    folder = INFRA / module
    parts = ("versions.tf", "variables.tf", "outputs.tf", "README.md", "examples/basic/main.tf")
    assert [part for part in parts if not (folder / part).is_file()] == []
    assert list((folder / "tests").glob("*.tftest.hcl"))


@every_module
def test_only_the_root_has_provider_and_backend(module: str) -> None:
    text = written(module, "*.tf")
    assert not re.search(r"(?m)^provider |^\s+backend ", text)


@every_module
def test_the_example_is_under_test(module: str) -> None:
    assert 'source = "./examples/basic"' in written(module, "tests/*.tftest.hcl")


@every_folder
def test_every_variable_is_typed_described_and_never_null_by_chance(folder: str) -> None:
    for block in script("terraform_docs").blocks(INFRA / folder, "variable"):
        assert block.description.endswith((".", ")")), block.name
        kind = block.arguments["type"]
        assert "any" not in re.findall(r"\w+", kind), f"{block.name}: {kind}"
        optional = block.arguments.get("default") == "null"
        assert optional or block.arguments.get("nullable") == "false", f"{block.name} wants nullable = false"
        assert block.arguments.get("default") != '""' or "prefix" in block.name, f"{block.name}: absent is null"


@every_folder
def test_every_validation_is_seen_to_refuse(folder: str) -> None:
    tests = written(folder, "tests/*.tftest.hcl")
    refused = set(re.findall(r"var\.(\w+)", " ".join(re.findall(r"expect_failures = \[(.*?)\]", tests, re.DOTALL))))
    text = written(folder, "*.tf")
    validated = {
        match[1]
        for match in re.finditer(r'(?ms)^variable "(\w+)" \{\n(.*?)^\}', text)
        if re.search(r"(?m)^  validation \{", match[2])
    }
    assert validated - refused == set()


@every_folder
def test_every_refusal_shows_the_value_unless_it_is_secret(folder: str) -> None:
    for match in re.finditer(r'(?ms)^variable "(\w+)" \{\n(.*?)^\}', written(folder, "*.tf")):
        if "sensitive   = true" in match[2]:
            continue
        for message in re.findall(r"error_message = (.+)", match[2]):
            shown = f"var.{match[1]}" in message or message.startswith(f'"{match[1]}: null')
            assert shown, f"{match[1]}: {message}"


# -- what is made of the project's own declarations -------------------------------------------------------------------


def test_the_readmes_tables_are_current(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = script("terraform_docs").main(["--check"])
    assert outcome == 0, capsys.readouterr().err


def test_the_catalogs_columns_and_sparks_settings_are_those_of_the_code(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = script("terraform_data").main(["--check"])
    assert outcome == 0, capsys.readouterr().err


def test_a_drifted_file_is_named_with_the_command_that_mends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = script("terraform_data")
    stale = tmp_path / "tables.json"
    stale.write_text(data.files()[data.TABLES].replace("decimal(28,12)", "double"))
    monkeypatch.setattr(data, "ROOT", tmp_path)
    monkeypatch.setattr(data, "TABLES", stale)
    assert data.main(["--check"]) == 1
    assert "tables.json is not current: run `.venv/bin/python scripts/terraform_data.py`" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("spark", "hive"),
    [("STRING", "string"), ("DECIMAL(38,0)", "decimal(38,0)"), ("ARRAY<ARRAY<INT>>", "array<array<int>>")],
)
def test_a_type_is_spelled_as_hive_spells_it(spark: str, hive: str) -> None:
    assert script("terraform_data").hive_type(spark) == hive


def test_a_type_that_hive_may_spell_otherwise_is_refused() -> None:
    with pytest.raises(ValueError, match=r"MAP<STRING,INT>: say in scripts/terraform_data\.py"):
        script("terraform_data").hive_type("MAP<STRING,INT>")


def test_a_variable_without_a_description_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docs = script("terraform_docs")
    monkeypatch.setattr(docs, "ROOT", tmp_path)
    (tmp_path / "variables.tf").write_text('variable "size" {\n  type = number\n}\n')
    with pytest.raises(ValueError, match=r"variables\.tf: variable size has no description"):
        docs.section(tmp_path)
