"""A page's text, by what its bytes, header and meta say of its charset."""

import pytest

from lambdas.crawler.charset import known, text

EURO = "Größe 5 €"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (EURO.encode(), "text/html; charset=utf-8"),
        (EURO.encode(), "text/html"),
        (EURO.encode(), ""),
        (EURO.encode("cp1252"), "text/html; charset=windows-1252"),
        (EURO.encode("cp1252"), "text/html; charset=ISO-8859-1"),
        (EURO.encode("cp1252"), 'text/html; Charset="latin1"'),
        (EURO.encode("cp1252"), "text/html"),
        (b"\xef\xbb\xbf" + EURO.encode(), "text/html; charset=latin1"),
        (b"\xff\xfe" + EURO.encode("utf-16-le"), "text/html; charset=utf-8"),
        (b"\xfe\xff" + EURO.encode("utf-16-be"), ""),
        (EURO.encode("utf-16-le"), "text/html; charset=utf-16"),
        (EURO.encode(), "text/html; charset=nonsense"),
        (EURO.encode(), "text/html; charset=zlib_codec"),
        (EURO.encode(), "text/html; charset=utf-7"),
    ],
)
def test_the_text_is_what_was_written(body: bytes, content_type: str) -> None:
    assert text(body, content_type) == EURO


@pytest.mark.parametrize(
    ("meta", "charset"),
    [
        ('<meta charset="windows-1251">', "cp1251"),
        ('<META http-equiv="Content-Type" content="text/html; charset=koi8-r">', "koi8-r"),
        ("<meta charset=shift_jis>", "shift_jis"),
        ('<meta charset="utf-16">', "utf-8"),
    ],
)
def test_the_pages_meta_says_it_where_the_header_does_not(meta: str, charset: str) -> None:
    said = {"shift_jis": "日本"}.get(charset, "Цена")
    assert said in text(f"{meta}<p>{said}".encode(charset), "text/html")


def test_what_cannot_be_decoded_is_replaced() -> None:
    assert text(b"a\xffb", "text/html; charset=utf-8") == "a\ufffdb"


@pytest.mark.parametrize(
    "label", ["", "rot13", "hex", "idna", "unicode_escape", "mbcs", "undefined", "a\x00b", "x" * 99]
)
def test_a_codec_that_is_no_pages_charset_is_not_known(label: str) -> None:
    assert known(label) is None
