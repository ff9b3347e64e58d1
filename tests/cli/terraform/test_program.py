"""Terraform's process: found or told to be missing, interrupted once, its failure named."""

import os
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from cli.terraform.program import Terraform, find
from tapehouse.errors import TerminalError, UnpreparedError


def program(folder: Path, text: str) -> Path:
    """A ``terraform`` of our own, by Python."""
    path = folder / "terraform"
    path.write_text(f"#!{sys.executable} -S\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_no_terraform_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UnpreparedError, match=r"^There is no Terraform here: install Terraform 1\.11 or newer") as told:
        find({"PATH": str(tmp_path)})
    assert "\n" not in str(told.value)


def test_an_old_terraform_is_one_sentence_with_its_version(tmp_path: Path) -> None:
    program(tmp_path, """print('{"terraform_version": "1.9.8"}')""")
    with pytest.raises(UnpreparedError, match=r"is Terraform 1\.9\.8: install Terraform 1\.11 or newer"):
        find({"PATH": str(tmp_path)})


@pytest.mark.parametrize("version", ["1.11.0", "1.11.4", "1.12.0-beta2", "2.0.0"])
def test_a_terraform_that_will_do_is_found(tmp_path: Path, version: str) -> None:
    path = program(tmp_path, f"""print('{{"terraform_version": "{version}"}}')""")
    assert find({"PATH": str(tmp_path)}) == str(path)


def test_a_terraform_that_fails_is_told_with_its_words(tmp_path: Path) -> None:
    program(tmp_path, "import sys; sys.stderr.write('cannot read\\n  its configuration'); sys.exit(1)")
    with pytest.raises(UnpreparedError, match=r"does not tell its version .cannot read its configuration."):
        find({"PATH": str(tmp_path)})


def test_a_failed_step_shows_its_output_and_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = program(tmp_path, "import sys; sys.stderr.write('Error: no such thing\\n'); sys.exit(3)")
    with pytest.raises(TerminalError, match="`terraform plan` failed with 3: see above"):
        Terraform(str(path), tmp_path, os.environ).run("plan", quiet=True)
    assert "Error: no such thing" in capsys.readouterr().err


def test_a_held_lock_is_one_sentence_with_its_id(tmp_path: Path) -> None:
    said = "Error: Error acquiring the state lock\\n  ID:        1234-abcd\\n"
    path = program(tmp_path, f"import sys; sys.stderr.write('{said}'); sys.exit(1)")
    with pytest.raises(TerminalError, match=r"another run of Terraform holds the state's lock \(1234-abcd\)"):
        Terraform(str(path), tmp_path, os.environ).run("apply", quiet=True)


SLOW = """
import signal, sys, time
told = open(sys.argv[1].removeprefix("-chdir=") + "/told", "a")
def on(*_): told.write("interrupt\\n"); told.flush()
signal.signal(signal.SIGINT, on)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(9))
told.write("began\\n"); told.flush()
until = time.monotonic() + 1.5
while time.monotonic() < until: time.sleep(0.05)
told.write("ended\\n"); told.flush()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_is_passed_on_once_and_terraform_ends_in_good_order(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], number: int
) -> None:
    path = program(tmp_path, SLOW)

    def interrupt() -> None:
        while not (tmp_path / "told").exists() or "began" not in (tmp_path / "told").read_text():
            time.sleep(0.02)
        for _ in range(3):
            os.kill(os.getpid(), number)
            time.sleep(0.2)

    sender = threading.Thread(target=interrupt)
    before = signal.getsignal(signal.SIGINT)
    sender.start()
    with pytest.raises(KeyboardInterrupt):
        Terraform(str(path), tmp_path, os.environ).run("apply")
    sender.join()
    assert (tmp_path / "told").read_text().split() == ["began", "interrupt", "ended"]
    assert capsys.readouterr().err.count("cut off now, it would leave the state locked") == 2
    assert signal.getsignal(signal.SIGINT) is before


def test_a_ctrl_c_at_the_terminal_reaches_terraform_through_us_alone(tmp_path: Path) -> None:
    """A terminal sends it to the whole foreground group: Terraform must not be in ours."""
    path = program(tmp_path, SLOW)
    code = (
        "import os; from pathlib import Path; from cli.terraform.program import Terraform\n"
        f"Terraform({str(path)!r}, Path({str(tmp_path)!r}), os.environ).run('apply')"
    )
    running = subprocess.Popen(
        [sys.executable, "-c", code], start_new_session=True, stderr=subprocess.PIPE, cwd=Path(__file__).parents[3]
    )
    while not (tmp_path / "told").exists() or "began" not in (tmp_path / "told").read_text():
        time.sleep(0.02)
    os.killpg(running.pid, signal.SIGINT)
    running.communicate()
    assert (tmp_path / "told").read_text().split() == ["began", "interrupt", "ended"]
