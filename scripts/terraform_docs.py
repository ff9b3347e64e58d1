#!/usr/bin/env python3
"""Writes the tables of inputs and outputs into the READMEs of Terraform's root and modules; ``--check`` only tells
whether they are current (exit 1 if not).

A README has the two marks below; what is between them is made here, what is around them is written by hand. Read are
only blocks as ``terraform fmt`` leaves them (a block begins and ends in the first column, its arguments in the third),
which ``make check`` sees to: that is little enough of HCL to need no parser of it.
"""

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BEGIN = "<!-- made by scripts/terraform_docs.py from here -->"
END = "<!-- to here -->"
_BLOCK = re.compile(r'^(variable|output) "([a-z0-9_]+)" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)
_ARGUMENT = re.compile(r"^  (\w+) += (.*?)(?=^  \w+ += |^  \w+ \{|^  #|\Z)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One variable or output: its arguments as they are written."""

    kind: str
    name: str
    arguments: dict[str, str]
    where: Path

    @property
    def description(self) -> str:
        """Raises ValueError where there is none: everyone who reads the table needs it."""
        text = self.arguments.get("description", "")
        if not re.fullmatch(r'".+"', text):
            raise ValueError(f"{self.where.relative_to(ROOT)}: {self.kind} {self.name} has no description of one line")
        return text[1:-1].replace('\\"', '"').replace("<", "&lt;")


def modules() -> list[Path]:
    """The folders that have a README: the root, the bootstrap and each module."""
    return sorted({path.parent for path in (ROOT / "infra").rglob("variables.tf") if ".terraform" not in path.parts})


def blocks(folder: Path, kind: str) -> list[Block]:
    """All variables, or all outputs, of a module, by name."""
    found = []
    for path in sorted(folder.glob("*.tf")):
        for match in _BLOCK.finditer(path.read_text(encoding="utf-8")):
            if match[1] == kind:
                arguments = {each[1]: each[2].strip() for each in _ARGUMENT.finditer(match[3])}
                found.append(Block(match[1], match[2], arguments, path))
    return sorted(found, key=lambda block: block.name)


def section(folder: Path) -> str:
    """What stands between the marks: required inputs first. Raises ValueError for a block without a description."""
    return "\n".join([BEGIN, "", *_inputs(folder), *_outputs(folder), END])


def _inputs(folder: Path) -> Iterator[str]:
    inputs = sorted(blocks(folder, "variable"), key=lambda block: "default" in block.arguments)
    if not inputs:
        return
    yield from ("| input | type | default | meaning |", "|---|---|---|---|")
    for block in inputs:
        default = block.arguments.get("default")
        told = "required" if default is None else f"`{_one_line(default)}`"
        kind = f"`{_one_line(block.arguments['type'])}`"
        yield f"| `{block.name}` | {_cell(kind)} | {_cell(told)} | {_cell(block.description)} |"
    yield ""


def _outputs(folder: Path) -> Iterator[str]:
    outputs = blocks(folder, "output")
    if not outputs:
        return
    yield from ("| output | meaning |", "|---|---|")
    for block in outputs:
        yield f"| `{block.name}` | {_cell(block.description)} |"
    yield ""


def _one_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if not line.strip().startswith("#")]
    joined = re.sub(r"(?<=[\w)\"\]}])\n(?=\w)", ", ", "\n".join(lines))
    return re.sub(r"\s+", " ", joined)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def readme(folder: Path) -> str:
    """The README as it should be. Raises ValueError where it is missing, or lacks the marks."""
    path = folder / "README.md"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise ValueError(
            f"{path.relative_to(ROOT)}: write it, with the lines {BEGIN} and {END} where the tables belong"
        )
    before, rest = text.split(BEGIN)
    return before + section(folder) + rest.split(END)[1]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Write the tables of inputs and outputs into Terraform's READMEs.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where a README is not current")
    options = parser.parse_args(arguments)
    faults = []
    for folder in modules():
        path = folder / "README.md"
        try:
            text = readme(folder)
        except ValueError as error:
            faults.append(str(error))
            continue
        if path.read_text(encoding="utf-8") == text:
            continue
        if options.check:
            faults.append(f"{path.relative_to(ROOT)} is not current: run `python3 scripts/terraform_docs.py`.")
        else:
            path.write_text(text, encoding="utf-8")
    for fault in faults:
        sys.stderr.write(f"{fault}\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
