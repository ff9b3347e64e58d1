"""What this machine lacks is one sentence with the mend. A wrong Java is told by ``make``: tests/test_makefile.py."""

import pytest

from cli import machine


@pytest.mark.parametrize("version", [(3, 8), (3, 10), (3, 14)])
def test_a_python_out_of_range_is_one_sentence(version: tuple[int, int]) -> None:
    said = machine.python_fault(version)
    assert said is not None
    assert said.startswith(f"Python {version[0]}.{version[1]} cannot run Tapehouse: install Python 3.11, 3.12 or 3.13")
    assert "\n" not in said


@pytest.mark.parametrize("version", [(3, 11), (3, 12), (3, 13)])
def test_supported_pythons_pass(version: tuple[int, int]) -> None:
    assert machine.python_fault(version) is None


def test_a_full_disk_is_one_sentence() -> None:
    assert machine.disk_fault(".", free_bytes=3_000_000_000) is None
    assert (machine.disk_fault(".", free_bytes=1_500_000_000) or "").startswith("Only 1.5 GB are free in ")
