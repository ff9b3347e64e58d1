"""``make`` and its scripts: what they say when the machine is not right, and that a second run does nothing."""

import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project_scripts import script

ROOT = Path(__file__).parent.parent


def executable(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The project's own set-up files in a folder of their own, with a uv that only writes down what it is asked."""
    for folder in ("benchmarks", "cli"):
        (tmp_path / folder).mkdir()
    for name in (
        *("Makefile", "pyproject.toml", "requirements.txt", "benchmarks/requirements.txt"),
        *("cli/__init__.py", "cli/machine.py"),
    ):
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    executable(tmp_path / "bin/java", "#!/bin/sh\necho 'openjdk version \"17.0.15\" 2025-04-15' >&2\n")
    uv = f"""#!/bin/sh
echo "$*" >> {tmp_path}/uv.log
case "$1" in
  venv) for folder; do :; done; mkdir -p "$folder/bin" && ln -sf {sys.executable} "$folder/bin/python" ;;
  pip) [ ! -e {tmp_path}/fail ] || {{ echo "no matching hash"; exit 1; }} ;;
esac
"""
    executable(tmp_path / "bin/uv", uv)
    return tmp_path


def make(checkout: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    path = f"{checkout}/bin:{Path(sys.executable).parent}:/usr/bin:/bin"
    base = {"PATH": path, "HOME": str(checkout), **environment}
    return subprocess.run(["make", *words], cwd=checkout, env=base, capture_output=True, text=True, check=False)


def setup(checkout: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return make(checkout, "setup", f"PYTHON={sys.executable}", **environment)


def asked(checkout: Path) -> list[str]:
    log = checkout / "uv.log"
    words = log.read_text().splitlines() if log.exists() else []
    return [line for line in words if line != "--version"]


def test_bare_make_prints_grouped_help_and_starts_nothing(checkout: Path) -> None:
    done = make(checkout)
    assert done.returncode == 0
    assert re.search(r"^Start\n  make help ", done.stdout, re.MULTILINE)
    assert re.search(r"^Work on it\n  make test ", done.stdout, re.MULTILINE)
    assert done.stdout.index("make run-app") < done.stdout.index("Variables") < done.stdout.index("RECORDINGS=folder")
    assert asked(checkout) == []
    assert not (checkout / ".venv").exists()


def test_every_target_of_the_makefile_is_in_the_help(checkout: Path) -> None:
    (phony,) = re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    shown = re.findall(r"^  make (\S+)", make(checkout).stdout, re.MULTILINE)
    assert sorted(shown) == sorted(phony.split())


def test_setup_installs_with_hashes_and_a_second_one_does_nothing(checkout: Path) -> None:
    assert setup(checkout).returncode == 0
    first = asked(checkout)
    assert [line.split()[0] for line in first] == ["venv", "pip", "pip"]
    assert "--require-hashes -r requirements.txt" in first[1]
    assert first[2].endswith("--no-deps --no-build-isolation -e .")
    done = setup(checkout)
    assert (done.returncode, done.stderr) == (0, "")
    assert asked(checkout) == first


def test_a_link_to_another_checkouts_environment_is_refused_and_left_whole(checkout: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    executable(theirs / "bin/python", "#!/bin/sh\n")
    (checkout / ".venv").symlink_to(theirs)
    done = setup(checkout)
    assert done.returncode != 0
    assert f"is a link to {theirs}, which would be emptied: remove the link." in done.stderr
    assert (theirs / "bin/python").exists()
    assert asked(checkout) == []


def test_a_changed_lock_is_installed_into_the_same_venv(checkout: Path) -> None:
    setup(checkout)
    with (checkout / "requirements.txt").open("a") as lock:
        lock.write("# changed\n")
    setup(checkout)
    assert [line.split()[0] for line in asked(checkout)] == ["venv", "pip", "pip", "pip", "pip"]


def test_an_install_that_failed_says_so_and_is_done_again(checkout: Path) -> None:
    (checkout / "fail").touch()
    done = setup(checkout)
    assert done.returncode != 0
    assert "no matching hash" in done.stderr
    assert "Installing the requirements failed (see above): mend the cause, then run `make setup` again." in done.stderr
    (checkout / "fail").unlink()
    assert setup(checkout).returncode == 0


def test_bench_installs_the_rivals_apart_and_once(checkout: Path) -> None:
    setup(checkout)
    first = asked(checkout)
    assert not (checkout / ".venv-rivals").exists()
    assert make(checkout, "bench", f"PYTHON={sys.executable}").returncode == 0
    made, installed = asked(checkout)[len(first) :]
    assert (made.split()[0], made.split()[-1]) == ("venv", str(checkout / ".venv-rivals"))
    assert f"--python {checkout}/.venv-rivals/bin/python --require-hashes -r " in installed
    assert installed.endswith(str(checkout / "benchmarks/requirements.txt"))
    make(checkout, "bench", f"PYTHON={sys.executable}")
    assert asked(checkout) == [*first, made, installed]


def test_a_changed_lock_of_the_rivals_is_installed_into_a_new_folder_of_theirs(checkout: Path) -> None:
    make(checkout, "bench", f"PYTHON={sys.executable}")
    (checkout / ".venv-rivals/stale").touch()
    first = asked(checkout)
    with (checkout / "benchmarks/requirements.txt").open("a") as lock:
        lock.write("# changed\n")
    make(checkout, "bench", f"PYTHON={sys.executable}")
    assert [line.split()[0] for line in asked(checkout)[len(first) :]] == ["venv", "pip"]
    assert not (checkout / ".venv-rivals/stale").exists()


def test_benchmarks_run_without_rivals_that_cannot_be_installed_and_the_next_bench_tries_again(checkout: Path) -> None:
    setup(checkout)
    (checkout / "benchmarks/one.py").write_text("print('ran')\n")
    (checkout / "fail").touch()
    done = make(checkout, "bench", f"PYTHON={sys.executable}")
    assert (done.returncode, done.stdout) == (0, "ran\n")
    assert "Installing the rivals failed (see above): mend the cause, then run `make bench` again." in done.stderr
    assert "Going on without" in done.stderr
    (checkout / "fail").unlink()
    assert "Going on" not in make(checkout, "bench", f"PYTHON={sys.executable}").stderr
    assert (checkout / ".venv-rivals/.installed").exists()


def test_checkov_is_installed_apart_from_its_own_lock(checkout: Path) -> None:
    setup(checkout)
    first = asked(checkout)
    (checkout / "infra").mkdir()
    (checkout / "infra/requirements.txt").write_text("checkov==3.3.30\n")
    command = [sys.executable, "scripts/environment.py", "--keep-python", "--checkov"]
    environment = {"PATH": f"{checkout}/bin:/usr/bin:/bin", "HOME": str(checkout)}
    for _ in range(2):  # the second finds it made
        subprocess.run(command, cwd=checkout, env=environment, check=True)
    made, installed = asked(checkout)[len(first) :]
    assert made.split()[-1] == str(checkout / ".venv-checkov")
    assert installed.endswith(str(checkout / "infra/requirements.txt"))


def test_lock_compiles_the_rivals_apart_from_everything_else(checkout: Path) -> None:
    setup(checkout)
    first = asked(checkout)
    make(checkout, "lock", f"PYTHON={sys.executable}", "ARGS=--upgrade")
    ours, producers, glue, lambdas, rivals, judges = asked(checkout)[len(first) :]
    assert "pyproject.toml --all-extras --upgrade -o requirements.txt" in ours
    assert "pyproject.toml --extra producers --constraint requirements.txt" in producers
    assert producers.endswith("-o requirements-producers.txt")
    assert "pyproject.toml --extra documents --constraint requirements.txt" in glue
    assert "--no-emit-package boto3 " in glue
    assert glue.endswith("--upgrade -o requirements-glue.txt")
    assert "pyproject.toml --extra lambdas --constraint requirements.txt" in lambdas
    assert lambdas.endswith("-o requirements-lambdas.txt")
    assert rivals.endswith("--group bench --upgrade -o benchmarks/requirements.txt")
    assert "pyproject.toml" not in rivals  # its dependencies would come along
    assert judges.endswith("infra/requirements.in --upgrade -o infra/requirements.txt")
    for line in (ours, producers, glue, lambdas, rivals, judges):
        assert {"--universal", "--generate-hashes", "--no-emit-index-url", "--no-emit-find-links"} <= set(line.split())


def test_a_moved_checkout_gets_a_new_venv(checkout: Path) -> None:
    setup(checkout)
    (checkout / ".venv" / ".made").write_text("3.13 /elsewhere/.venv\n")
    (checkout / ".venv" / "stale").touch()
    assert setup(checkout).returncode == 0
    assert not (checkout / ".venv" / "stale").exists()
    assert [line.split()[0] for line in asked(checkout)].count("venv") == 2


@pytest.mark.parametrize(
    ("java", "said"),
    [
        ("#!/bin/sh\necho 'openjdk version \"11.0.2\"' >&2\n", "is Java 11"),
        ("#!/bin/sh\necho 'java version \"1.8.0_392\"' >&2\n", "is Java 8"),
        ("#!/bin/sh\necho 'openjdk version \"24\" 2025-03-18' >&2\n", "is Java 24"),
        ("#!/bin/sh\nexit 1\n", "is no working Java"),
    ],
)
def test_a_wrong_java_is_one_sentence_with_the_mend(checkout: Path, java: str, said: str) -> None:
    executable(checkout / "bin/java", java)
    done = setup(checkout)
    assert done.returncode != 0
    (sentence,) = [line for line in done.stderr.splitlines() if not line.startswith("make:")]
    assert said in sentence
    assert sentence.endswith("install Java 17 (or 21), or point JAVA_HOME at one.")
    assert asked(checkout) == []


def test_a_java_home_without_java_is_named(checkout: Path) -> None:
    done = setup(checkout, JAVA_HOME=str(checkout / "nowhere"))
    assert done.returncode != 0
    assert f"JAVA_HOME is {checkout}/nowhere, which holds no working java" in done.stderr


def test_an_interpreter_that_is_not_there_is_one_sentence(checkout: Path) -> None:
    done = make(checkout, "setup", "PYTHON=python9.9")
    assert done.returncode != 0
    assert "There is no python9.9 here: install Python 3.11, 3.12 or 3.13, or name one by PYTHON=." in done.stderr


@pytest.mark.parametrize("name", ["cli/machine.py", "cli/__init__.py", "scripts/environment.py"])
def test_what_sets_up_is_read_by_an_old_python(name: str) -> None:
    """The oldest grammar that this Python can check; 3.7 is the oldest it knows."""
    import ast

    ast.parse((ROOT / name).read_text(), feature_version=(3, 7))
    text = (ROOT / name).read_text()
    assert "from __future__" not in text  # 3.6 does not know annotations there
    assert not re.search(r"def \w+\([^)]*: (?!\")", text)  # an unquoted list[str] would be evaluated


def test_uv_is_told_what_pip_knows_and_never_fetches_a_python() -> None:
    environment = script("environment")
    told = environment.uv_environment({"PIP_INDEX_URL": "here", "PIP_CERT": "a.pem", "SSL_CERT_FILE": "b.pem"})
    assert told["UV_DEFAULT_INDEX"] == "here"
    assert told["SSL_CERT_FILE"] == "b.pem"
    assert told["UV_PYTHON_DOWNLOADS"] == "never"


def test_clean_removes_nothing_outside_and_no_lake(checkout: Path) -> None:
    setup(checkout)
    (checkout / ".lake/demo").mkdir(parents=True)
    (checkout / ".venv-rivals").mkdir()
    outside = checkout.parent / "outside"
    outside.mkdir(exist_ok=True)
    (checkout / "build").symlink_to(outside)
    (outside / "kept").touch()
    assert make(checkout, "clean").returncode == 0
    assert not (checkout / ".venv").exists()
    assert not (checkout / ".venv-rivals").exists()
    assert (checkout / ".lake/demo").is_dir()
    assert (outside / "kept").exists()


def test_ci_runs_the_checks_and_ends_with_the_tests(checkout: Path) -> None:
    """The last thing printed is what ``make test`` prints last, and its status is the run's."""
    shutil.copytree(ROOT / ".ci", checkout / ".ci")
    (checkout / "Makefile").write_text(
        "setup:\n\t@echo setup $(PYTHON)\ncheck:\n\t@echo check $$CI\ntest:\n\t@echo summary $(ARGS); exit 3\n"
    )
    (checkout / "scripts/environment.py").write_text("import sys\nprint('environment', *sys.argv[1:])\n")
    python = executable(checkout / ".pyenv/versions/3.13.9/bin/python3.13", f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    executable(checkout / "bin/python3.13", "#!/bin/sh\nexit 127\n")  # a version manager's shim that fails
    environment = {"PATH": f"{checkout}/bin:/usr/bin:/bin", "HOME": str(checkout)}
    environment |= {"CHROMIUM": "chromium"}  # so that a test installs none
    done = subprocess.run([".ci/run"], cwd=checkout, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2  # make's own for a failed recipe
    lines = [line for line in done.stdout.splitlines() if not line.startswith("==")]
    assert lines == [f"setup {python}", "environment --keep-python --checkov", "check true", "summary -q"]


def test_scripts_that_are_run_are_executable() -> None:
    assert os.access(ROOT / ".ci/run", os.X_OK)
