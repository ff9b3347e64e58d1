"""XML of strangers: its charset settled, no entity of its own, and well-formed, if need be after small repairs."""

import codecs
import html.entities
import re
from collections.abc import Container, Sized
from typing import Final
from xml.parsers import expat
from xml.sax.saxutils import escape

from tapehouse.documents.item import UnfitError

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark begins this one
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_BARE: Final = {b"<\0?\0": "utf-16-le", b"\0<\0?": "utf-16-be"}
"""A declaration in UTF-16 without a mark."""
_CHARSETS: Final = re.compile(
    r"utf-(?:8|16|32)(?:-[lb]e)?|iso8859-\d{1,2}|cp125\d|koi8-[ru]|ascii|shift_jis|euc_(?:jp|kr)|gb2312|gbk|gb18030|big5"
)
"""Python's names of those that the web uses: it decodes others too (punycode), which are slow or no charsets at all."""
_IN_HEADER: Final = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)
_IN_XML: Final = re.compile(rb"\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._:-]{1,40})")
_DECLARATION: Final = re.compile(r"\s*<\?xml(?=\s)[^>]*>")
_REFERENCE: Final = re.compile(r"&(?:#([0-9]{1,7});|#[xX]([0-9A-Fa-f]{1,6});|([A-Za-z][A-Za-z0-9]{0,31};))?")
_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PREDEFINED: Final = frozenset({"amp;", "lt;", "gt;", "quot;", "apos;"})
_PEOPLE: Final = frozenset({"author", "creator", "publisher", "webmaster", "managingeditor", "contributor", "owner"})
_MOST_NAME: Final = 500
"""feedparser looks for an email address in these with a pattern that takes time by the square of their length."""
_ITEMS: Final = frozenset({"item", "entry"})
_TAGS: Final = frozenset({"category", "subject"})
_MOST_TAGS: Final = 500
_MOST_ATTRIBUTES: Final = 100
"""Of one item, of one element: it looks for each among those before it."""
_OPEN: Final = "<![CDATA["
_CLOSE: Final = "]]>"


def text_of(body: bytes, content_type: str) -> tuple[str, list[str]]:
    """The body's text, without its declaration, and a fault where it is not in the charset that it says.

    The byte order mark says it, else the header, else the declaration; else it is UTF-8 (RFC 7303). What is none of
    these is read as windows-1252, its gaps as U+FFFD.
    """
    for mark, name in _BOMS:
        if body.startswith(mark):
            body, said = body[len(mark) :], [name]
            break
    else:
        said = _said(body, content_type)
    for charset in dict.fromkeys([*said, "utf-8"]):
        try:
            text = body.decode(charset)
        except UnicodeDecodeError:
            continue
        wrong = bool(said) and charset != said[0]
        break
    else:
        text, wrong = body.decode("cp1252", "replace"), True
    declaration = _DECLARATION.match(text)
    if declaration is not None:  # its lines stay, for errors name a line of the body
        text = "\n" * declaration[0].count("\n") + text[declaration.end() :]
    return text, ["body: not in the charset that it says"] if wrong else []


def _said(body: bytes, content_type: str) -> list[str]:
    if body[:4] in _BARE:
        return [_BARE[body[:4]]]
    found = []
    header, declared = _IN_HEADER.search(content_type), _IN_XML.match(body)
    for name in (header[1] if header else "", declared[1].decode("ascii") if declared else ""):
        try:
            charset = codecs.lookup(name).name
        except LookupError:
            continue
        if _CHARSETS.fullmatch(charset):
            found.append("cp1252" if charset in ("iso8859-1", "ascii") else charset)  # as browsers have it
    return found


def checked(text: str, *, roots: Container[str]) -> tuple[str, list[str]]:
    """The root element's text, well-formed, and a fault where it had to be mended for that.

    Raises UnfitError: entities are declared, the root is none of ``roots``, or it cannot be mended.
    """
    first = _Reading(text, roots)
    if first.broken is None:
        return first.root, []
    second = _Reading(mended(text), roots)
    if second.broken is not None:
        raise UnfitError("body", f"no well-formed XML: {second.broken}")
    return second.root, [f"body: no well-formed XML ({first.broken}): stray references and characters were mended"]


class _Reading:
    """One pass of expat over a text. Entities are never expanded: the first that is declared ends it."""

    def __init__(self, text: str, roots: Container[str]) -> None:
        self.broken: str | None = None
        """Why it is not well-formed."""
        self.root = ""
        """The text from the root on: feedparser takes time by the square of the lines before it."""
        self._roots = roots
        self._start = -1
        self._named = 0
        """Elements open that hold a person's name, and the characters in them so far."""
        self._characters = 0
        self._tags = 0
        self._parser = expat.ParserCreate("utf-8", " ")
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.EntityDeclHandler = self._entity
        self._parser.StartElementHandler = self._open
        self._parser.EndElementHandler = self._close
        self._parser.CharacterDataHandler = self._text
        content = text.encode("utf-8", "replace")
        try:
            self._parser.Parse(content, True)
        except expat.ExpatError as error:
            if self._start < 0:
                raise UnfitError("body", "no feed") from error
            self.broken = f"{expat.ErrorString(error.code)}, line {error.lineno}"
        self.root = content[self._start :].decode("utf-8")

    def _doctype(self, _name: str, _system: str | None, _public: str | None, inner: object) -> None:
        if inner:
            raise UnfitError("body", "a DOCTYPE that declares something of its own, as entities: not read")

    def _entity(self, *_: object) -> None:
        raise UnfitError("body", "entities are declared: not read")

    def _open(self, name: str, attributes: Sized) -> None:
        local = name.rpartition(" ")[2]
        if self._start < 0:
            if local not in self._roots:
                raise UnfitError("body", "no feed")
            self._start = self._parser.CurrentByteIndex
        local = local.lower()
        self._tags = 0 if local in _ITEMS else self._tags + (local in _TAGS)
        if self._tags > _MOST_TAGS or len(attributes) > _MOST_ATTRIBUTES:
            raise UnfitError("body", f"more than {_MOST_TAGS} categories or {_MOST_ATTRIBUTES} attributes: not read")
        if local in _PEOPLE:
            self._characters = self._characters if self._named else 0
            self._named += 1

    def _close(self, name: str) -> None:
        self._named -= name.rpartition(" ")[2].lower() in _PEOPLE

    def _text(self, text: str) -> None:
        if self._named:
            self._characters += len(text)
            if self._characters > _MOST_NAME:
                raise UnfitError("body", f"a person's name of more than {_MOST_NAME} characters: not read")


def mended(text: str) -> str:
    """Names that only HTML knows (``&nbsp;``) as what they stand for, ``&`` alone escaped, no characters that XML
    forbids. What is in CDATA has no references, and keeps its ``&``."""
    pieces: list[str] = []
    text, at = _NO_XML.sub("", text), 0
    while (start := text.find(_OPEN, at)) >= 0:
        end = text.find(_CLOSE, start)
        if end < 0:
            break
        pieces += [_REFERENCE.sub(_mended, text[at:start]), text[start : end + len(_CLOSE)]]
        at = end + len(_CLOSE)
    return "".join([*pieces, _REFERENCE.sub(_mended, text[at:])])


def _mended(reference: re.Match[str]) -> str:
    decimal, hexadecimal, name = reference.groups()
    if decimal or hexadecimal:
        number = int(decimal) if decimal else int(hexadecimal, 16)
        known = number <= 0x10FFFF and not _NO_XML.match(chr(number))
        return f"&#{number};" if known else "\ufffd"
    if name in _PREDEFINED:
        return reference[0]
    seen = html.entities.html5.get(name) if name else None
    return escape(seen) if seen is not None else f"&amp;{name or ''}"
