"""Tags and optional parts are read as Metabase reads them, and what it would put a value into by mistake is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metabase.template import OptionalPart, Tag, Template, TemplateError, parse

SQL = "SELECT a[b[1]] FROM t WHERE x = {{ symbol }} [[ AND y = {{exchange}} AND z = '[[' ]] -- it's [[ no"


def test_tags_and_optional_parts_are_told_apart() -> None:
    found = parse(SQL)
    assert found.parts[1] == Tag("symbol")
    assert found.parts[3] == OptionalPart((" AND y = ", Tag("exchange"), " AND z = '[[' "))
    assert (found.names, found.always) == (("symbol", "exchange"), ("symbol",))


def test_a_part_whose_tag_has_no_value_is_left_out() -> None:
    found = parse(SQL)
    with_both = "SELECT a[b[1]] FROM t WHERE x = 'A'  AND y = 'B' AND z = '['  -- it's [[ no"
    assert found.filled({"symbol": "'A'", "exchange": "'B'"}) == with_both.replace("'['", "'[['")
    assert found.filled({"symbol": "'A'"}) == "SELECT a[b[1]] FROM t WHERE x = 'A'  -- it's [[ no"
    with pytest.raises(TemplateError, match="symbol has no value"):
        found.filled({"exchange": "'B'"})


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("SELECT '{{a}}'", "line 1 of the SQL: a tag stands inside"),
        ('SELECT "{{a}}"', "a tag stands inside"),
        ("SELECT 1 -- {{a}}", "a tag stands inside"),
        ("SELECT 1\n/* \n{{a}} */", "line 2 of the SQL: a tag stands inside"),
        ("SELECT {{A}}", "is no tag"),
        ("SELECT {{#12-card}}", "is no tag"),
        ("SELECT {{}}", "is no tag"),
        ("SELECT {{a", "a tag is not whole"),
        ("SELECT 1,\n a}}", "line 2 of the SQL: a tag is not whole"),
        ("SELECT 1 [[ AND {{a}}", "has no end"),
        ("SELECT 1 [[ AND [[ {{a}} ]] ]]", "inside another"),
        ("SELECT ARRAY[[1], [2]]", "has no tag"),
    ],
)
def test_what_would_not_be_what_it_looks_like_is_refused(sql: str, why: str) -> None:
    with pytest.raises(TemplateError, match=why):
        parse(sql)


@given(
    st.lists(st.sampled_from(["a ", "{{x}}", "[[ {{y}} ]]", "'it''s'", "]]", "--c\n", "/* [[ */", "\n"]), max_size=12)
)
def test_every_letter_is_kept(words: list[str]) -> None:
    text = "".join(words)
    found = parse(text)
    whole = "".join(_text(found, part) for part in found.parts)
    assert whole == text


def _text(found: Template, part: object) -> str:
    if isinstance(part, Tag):
        return f"{{{{{part.name}}}}}"
    return f"[[{''.join(_text(found, each) for each in part.parts)}]]" if isinstance(part, OptionalPart) else str(part)
