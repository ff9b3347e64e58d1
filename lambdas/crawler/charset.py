"""The text of a page, from its bytes: the byte order mark says its charset, else the header, else the page's meta.

Where none says one that is known here, it is UTF-8 if it can be, and Windows' Western European if not. What cannot be
decoded becomes a replacement sign. Source: the encoding sniffing of HTML 5, without its guesses by language.
"""

import codecs
import re
from typing import Final

_MARKS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_KNOWN: Final = frozenset(
    [
        *("utf-8", "utf-16-le", "utf-16-be", "koi8-r", "koi8-u", "gbk", "gb18030", "big5", "euc_jp", "iso2022_jp"),
        *("shift_jis", "euc_kr", "mac-roman", "cp866", "cp874"),
        *(f"cp{number}" for number in range(1250, 1259)),
        *(f"iso8859-{number}" for number in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)),
    ]
)
"""Python's names. Its other codecs are no charsets of pages, and some (zlib) are no charsets at all."""
_MEANT: Final = {
    "iso8859-1": "cp1252", "ascii": "cp1252", "iso8859-9": "cp1254", "iso8859-11": "cp874", "gb2312": "gbk",
    "utf-16": "utf-16-le", "cp949": "euc_kr", "cp932": "shift_jis", "x-sjis": "shift_jis", "utf8mb4": "utf-8",
}  # fmt: skip
_IN_HEADER: Final = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_IN_META: Final = re.compile(rb"<meta[^>]{0,500}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_WHERE_META_IS: Final = 4_096
_LABEL_OF_UTF_16: Final = "utf-16"


def known(label: str) -> str | None:
    """Python's name of the charset that a label means; None for one that is not known here."""
    lower = label.strip().lower()
    try:
        name = codecs.lookup(_MEANT.get(lower, lower)).name
    except (LookupError, ValueError):
        return None
    name = _MEANT.get(name, name)
    return name if name in _KNOWN else None


def charset(body: bytes, content_type: str) -> str | None:
    """What the page or its header says of itself."""
    for mark, name in _MARKS:
        if body.startswith(mark):
            return name
    in_header = _IN_HEADER.search(content_type)
    said = known(in_header[1]) if in_header else None
    if said:
        return said
    in_meta = _IN_META.search(body[:_WHERE_META_IS])
    said = known(in_meta[1].decode("ascii", "replace")) if in_meta else None
    return "utf-8" if said and said.startswith(_LABEL_OF_UTF_16) else said  # a meta that can be read is no UTF-16


def text(body: bytes, content_type: str) -> str:
    """The body as text, without its byte order mark."""
    said = charset(body, content_type)
    if said is None:
        try:
            return body.decode("utf-8")
        except UnicodeDecodeError:
            said = "cp1252"
    return body.decode(said, "replace").removeprefix("\ufeff")
