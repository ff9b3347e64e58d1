"""A mapping is read strictly: each fault is noted with its place and line, and the reading goes on."""

from tapehouse import strict_yaml
from tapehouse.fields import Faults, Fields

TEXT = b"""\
name: A

kind: pear
flag: no
list:
  - inner: 1
  - colour: red
"""


class Lined(Faults):
    def add(self, where: str, what: str, *, line: int = 0) -> None:
        self.found.append(f"{line} {where}: {what}")


def test_faults_know_the_line_of_their_field() -> None:
    faults = Lined()
    fields = Fields(strict_yaml.load(TEXT), "file", faults, known=("name", "kind", "flag", "list", "size"))
    assert fields.text("name") == "A"
    assert fields.choice("kind", ("peach", "plum")) == ""
    assert fields.flag("flag") is False
    assert fields.text("size") == ""
    for at, each in fields.items("list", most=5):
        Fields(each, at, faults, known=("inner",))
    assert faults.found == [
        "3 file: kind: 'pear' is not known: did you mean peach?",
        "4 file: flag: it has to be true or false",
        "1 file: size: it is missing, and has to be text",
        "7 file: list[1]: 'colour' is not known here: there is inner",
    ]


def test_a_mapping_that_was_in_no_text_has_no_lines() -> None:
    faults = Lined()
    Fields({"b": 1}, "file", faults, known=("a",)).text("a", what="a word")
    Fields(["b"], "file", faults, known=("a",))
    assert faults.found == [
        "0 file: 'b' is not known here: there is a",
        "0 file: a: it is missing, and has to be a word",
        "0 file: it has to be a mapping with a",
    ]
