"""Of YAML only the plain part is read."""

import time

import pytest

from tapehouse.strict_yaml import MOST_BYTES, YamlError, load

BOMB = b"a: &a [x,x,x,x,x,x,x,x,x]\n" + b"".join(
    b"%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n" % ((ord("a") + n, ord("a") + n) + (ord("a") + n - 1,) * 9)
    for n in range(1, 12)
)


def test_scalars_are_text_but_for_true_false_and_nothing() -> None:
    said = load(b"{a: NO, b: 1:30, c: 2026-11-29, d: true, e: 'true', f: 0x1f, g: ~, h: null, i: , j: off}")
    assert said == {
        "a": "NO", "b": "1:30", "c": "2026-11-29", "d": True, "e": "true", "f": "0x1f", "g": None, "h": None,
        "i": None, "j": "off",
    }  # fmt: skip


def test_lists_and_mappings_nest() -> None:
    assert load(b"a: [{b: c}, [d]]\n") == {"a": [{"b": "c"}, ["d"]]}
    assert load(b"") is None


def test_an_alias_bomb_is_refused_at_once() -> None:
    began = time.thread_time()
    with pytest.raises(YamlError, match="line 1: aliases"):
        load(BOMB)
    assert time.thread_time() - began < 1


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"a: 1\nb: 2\na: 3\n", "line 3: the key 'a' is there twice"),
        (b"x: {a: 1, a: 2}", "twice"),
        (b"a: &x 1\n", "anchors"),
        (b"a: *x\n", "aliases"),
        (b"a: !!python/object/apply:os.system [ls]\n", "tags"),
        (b"a: !x 1\n", "tags"),
        (b"a: !!binary aGk=\n", "tags"),
        (b"? [a, b]\n: c\n", "a key has to be a word"),
        (b"a: [1\n", "no YAML"),
        (b"a: 1\n--- \nb: 2\n", "no YAML"),
        (b"\xff\xfe\xfa", "not UTF-8"),
        (b"a: \x00", "no YAML"),
        (b"[" * 100, "deeper|no YAML"),
        (b"[" * 3_000, "deeper|no YAML"),
        (b"- " * 1_000, "deeper|no YAML"),
        (b"a: " + b"x" * MOST_BYTES, "more than"),
    ],
)
def test_what_is_more_than_plain_is_refused(text: bytes, why: str) -> None:
    with pytest.raises(YamlError, match=why):
        load(text)


def test_a_fault_shows_no_line_of_the_file() -> None:
    with pytest.raises(YamlError) as caught:
        load(b"token: hunter2: hunter2\n")
    assert "hunter2" not in str(caught.value)
