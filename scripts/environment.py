#!/usr/bin/env python3
"""Makes ``.venv``: uv, the locked requirements with their hashes, the project itself, Spark's jars.

uv is taken from PATH where it works, else pip fetches it into ``.venv/bootstrap``: the system's Python is never
written to. A stamp, written last, names what was installed: a run that finds it true changes nothing, a run after a
kill or a new ``requirements.txt`` installs again. Two runs at once wait for each other. ``.venv-rivals`` (what the
benchmarks run beside us) and ``.venv-checkov`` (what judges ``infra/``) are made only when asked for: they may need
other versions than the project.

Standard library and old syntax only, as in ``cli/machine.py``, which judges the machine first.
"""
# ruff: noqa: S603 - every command here is spelled out in this file

import argparse
import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from cli import machine  # noqa: E402 - run as a script, Python looks for modules beside it alone

UV = "uv>=0.8,<1"
"""Only fetched where the machine has none; what it installs is fixed by requirements.txt alone."""


class SetupError(Exception):
    """The environment cannot be made; the message is one sentence with the mend."""


def refuse(fault: "str | None") -> "None":
    if fault:
        raise SetupError(fault)


def say(text: "str") -> "None":
    sys.stderr.write("setup: " + text + "\n")


def venv_python(venv: "Path") -> "str":
    return str(venv / "bin" / "python")


def works(command: "list") -> "bool":
    """Whether the command can be run: a shim of a version manager may exist and still fail."""
    try:
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60, check=False)
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0


def version_of(python: "str") -> "str":
    """'3.13' for a Python that can be run, '' for one that cannot."""
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        return subprocess.check_output([python, "-c", code], stderr=subprocess.DEVNULL, timeout=60).decode().strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def digest(paths: "list") -> "str":
    sha = hashlib.sha256()
    for path in paths:
        sha.update(path.read_bytes())
    return sha.hexdigest()


def read_stamp(path: "Path") -> "str":
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def write_stamp(path: "Path", text: "str") -> "None":
    path.with_suffix(".new").write_text(text + "\n")
    path.with_suffix(".new").replace(path)


def uv_environment(environment: "dict") -> "dict":
    """What uv is told: never fetch a Python, and the package sources that pip is set to, which it does not read."""
    told = dict(environment)
    told["UV_PYTHON_DOWNLOADS"] = "never"
    told.pop("VIRTUAL_ENV", None)
    for ours, theirs in (
        ("PIP_INDEX_URL", "UV_DEFAULT_INDEX"),
        ("PIP_EXTRA_INDEX_URL", "UV_INDEX"),
        ("PIP_FIND_LINKS", "UV_FIND_LINKS"),
        ("PIP_CERT", "SSL_CERT_FILE"),
    ):
        if environment.get(ours) and theirs not in told:
            told[theirs] = environment[ours]
    return told


def find_uv(venv: "Path") -> "list":
    """The uv on PATH, or one that pip (or a new venv's pip) puts into ``.venv/bootstrap``.

    Raises SetupError where there is no pip to fetch it with, or the fetch fails.
    """
    if works(["uv", "--version"]):
        return ["uv"]
    bootstrap = venv / "bootstrap"
    binary = str(bootstrap / "bin" / "uv")
    if works([binary, "--version"]):
        return [binary]
    say("fetching uv")
    if works([sys.executable, "-m", "pip", "--version"]):
        pip = [sys.executable, "-m", "pip"]
    else:  # Debian's python3 comes without pip; its python3-venv brings one along
        helper = bootstrap / "pip"
        if not works([sys.executable, "-m", "venv", str(helper)]):
            raise SetupError(
                f"{sys.executable} has neither pip nor venv to fetch uv with: install python3-pip, python3-venv or uv."
            )
        pip = [venv_python(helper), "-m", "pip"]
    run([*pip, "install", "--quiet", "--disable-pip-version-check", "--target", str(bootstrap), "--upgrade", UV], "uv")
    return [binary]


def run(command: "list", what: "str", environment: "dict | None" = None, again: "str" = "make setup") -> "None":
    """Runs a step; its output is shown only when it fails, with the command that does it again."""
    done = subprocess.run(
        command, cwd=str(ROOT), env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    if done.returncode != 0:
        sys.stderr.write(done.stdout.decode(errors="replace"))
        raise SetupError(f"Installing {what} failed (see above): mend the cause, then run `{again}` again.")


def empty(folder: "Path") -> "None":
    """Empties ``.venv`` without removing it: the lock is held on the folder itself."""
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(str(path))
        else:
            path.unlink()


@contextlib.contextmanager
def locked(folder: "Path"):  # type: ignore[no-untyped-def]
    """Holds the folder's lock; the system lets go of it when the process ends, however it ends."""
    handle = os.open(str(folder), os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("waiting for another setup to end")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def install(venv: "Path", keep_python: "bool") -> "None":
    """Brings ``.venv`` up to requirements.txt and pyproject.toml; does nothing where it is."""
    found = version_of(venv_python(venv))
    wanted = version_of(sys.executable)
    usable = bool(found) and tuple(int(part) for part in found.split(".")) in machine.PYTHONS
    version = found if keep_python and usable else wanted
    inputs = [ROOT / "requirements.txt", ROOT / "pyproject.toml"]
    made = venv / ".made"
    kept = found == version and read_stamp(made) == f"{version} {venv}"  # a moved folder breaks what is in bin/
    stamp, state = venv / ".installed", digest(inputs)
    if kept and read_stamp(stamp) == state:
        return
    refuse(machine.disk_fault(str(ROOT)))
    if not kept:
        refuse(machine.python_fault())
        version = wanted
        empty(venv)
    uv, environment = find_uv(venv), uv_environment(dict(os.environ))
    if not kept:
        say(f"making .venv with Python {version}")
        run([*uv, "venv", "--quiet", "--allow-existing", "--python", sys.executable, str(venv)], ".venv", environment)
        write_stamp(made, f"{version} {venv}")
    python = venv_python(venv)
    say("installing the locked requirements (about 1 GB, once)")
    install_command = [*uv, "pip", "install", "--quiet", "--python", python]
    run([*install_command, "--require-hashes", "-r", "requirements.txt"], "the requirements", environment)
    run([*install_command, "--no-deps", "--no-build-isolation", "-e", "."], "the project", environment)
    write_stamp(stamp, state)


def install_beside(folder: "Path", lock: "Path", venv: "Path", what: "str", again: "str") -> "None":
    """Brings an environment beside ``.venv`` up to its lock, with the same Python; nothing where it is."""
    version = version_of(venv_python(venv))
    stamp, state = folder / ".installed", f"{version} {folder} {digest([lock])}"
    if version_of(venv_python(folder)) == version and read_stamp(stamp) == state:
        return
    refuse(machine.disk_fault(str(ROOT)))
    uv, environment = find_uv(venv), uv_environment(dict(os.environ))
    say(f"installing {what} into {folder.name}")
    if folder.exists():  # made anew each time: nothing of an older lock is left in it
        shutil.rmtree(str(folder))
    run([*uv, "venv", "--quiet", "--python", venv_python(venv), str(folder)], folder.name, environment, again)
    command = [*uv, "pip", "install", "--quiet", "--python", venv_python(folder), "--require-hashes", "-r", str(lock)]
    run(command, what, environment, again)
    write_stamp(stamp, state)


def warm(venv: "Path") -> "None":
    """Fetches Spark's jars once, so that the first session starts quietly."""
    session = ROOT / "glue_jobs" / "engine" / "session.py"
    if not session.exists():
        return
    stamp, state = venv / ".warmed", digest([session, ROOT / "requirements.txt"])
    if read_stamp(stamp) == state:
        return
    say("fetching Delta's jars through Spark (once)")
    run([venv_python(venv), "-m", "glue_jobs.engine"], "Delta's jars")
    write_stamp(stamp, state)


def main(arguments: "list | None" = None) -> "int":
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument(
        "--keep-python", action="store_true", help="keep an existing .venv whatever its Python is, if it is supported"
    )
    parser.add_argument("--rivals", action="store_true", help="then make .venv-rivals of benchmarks/requirements.txt")
    parser.add_argument("--checkov", action="store_true", help="then make .venv-checkov of infra/requirements.txt")
    parser.add_argument("--uv", nargs=argparse.REMAINDER, help="then run uv with these words")
    options = parser.parse_args(arguments)
    try:
        venv = ROOT / ".venv"
        if venv.is_symlink():  # the other checkout's packages would go, and its own code be replaced by this one's
            refuse(f"{venv} is a link to {os.path.realpath(venv)}, which would be emptied: remove the link.")
        if not Path(venv_python(venv)).exists():
            refuse(machine.python_fault())
        refuse(machine.java_fault())
        venv.mkdir(exist_ok=True)
        with locked(venv):
            install(venv, options.keep_python)
            if options.rivals:
                lock = ROOT / "benchmarks" / "requirements.txt"
                install_beside(ROOT / ".venv-rivals", lock, venv, "the rivals", "make bench")
            if options.checkov:
                lock = ROOT / "infra" / "requirements.txt"
                install_beside(ROOT / ".venv-checkov", lock, venv, "checkov", "scripts/environment.py --checkov")
            if options.uv:
                return subprocess.call(
                    [*find_uv(venv), *options.uv], cwd=str(ROOT), env=uv_environment(dict(os.environ))
                )
            warm(venv)
    except SetupError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
