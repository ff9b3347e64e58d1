"""Text of strangers as plain text: HTML without its marks, entities decoded, whitespace folded.

A scanner of its own in place of ``html.parser``: that one takes time by the square of what is never closed (50 kB of
``<a `` took it 52 s, Python 3.13.0), and a source may send anything. This one reads each character a few times at
most. It is no sanitizer: what comes out is text, to be escaped by whoever shows it.
"""

import html
import re
from typing import Final

_INLINE: Final = re.compile(
    "a|abbr|b|bdi|bdo|big|cite|code|data|del|dfn|em|font|i|ins|kbd|mark|q|s|samp|small|span|strike|strong|su[bp]|time"
    "|tt|u|var|wbr"
)
"""Elements that a word goes on through; every other one ends it."""
_TAG: Final = re.compile(r"</?([A-Za-z][A-Za-z0-9:-]*)")
_STEP: Final = re.compile(r"=\s*([\"'])|>")
_HIDDEN: Final = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in ("script", "style")}
"""Elements whose content nobody reads → what ends them."""
_ENDLESS: Final = re.compile(r"&#(?:[0-9]{20,}|[xX][0-9a-fA-F]{20,});?")
"""No character's number: ``html.unescape`` raises ValueError for one of more than 4,300 digits."""
_UNSEEN: Final = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u200b\ufeff]")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def folded(text: str, *, most: int) -> str:
    """On one line, each run of whitespace one space, cut at ``most`` characters.

    Control characters, soft hyphens and spaces without width are left out, and a lone surrogate, which no file could
    hold, becomes U+FFFD.
    """
    seen = _SURROGATE.sub("\ufffd", _UNSEEN.sub("", text))
    return " ".join(seen.split())[:most].rstrip()


def plain(markup: str, *, most: int) -> str:
    """What a reader of this HTML sees, ``folded``. What is no HTML (``a < b & c``) is left as it is."""
    return folded("".join(_pieces(markup)), most=most)


def unescaped(text: str) -> str:
    """Entities decoded, once. Raises nothing."""
    return html.unescape(_ENDLESS.sub("\ufffd", text))


def _pieces(markup: str) -> list[str]:
    pieces: list[str] = []
    at, quotes = 0, True
    while (start := markup.find("<", at)) >= 0:
        pieces.append(unescaped(markup[at:start]))
        tag = _TAG.match(markup, start)
        if tag is not None:
            end = _end_of_tag(markup, tag.end()) if quotes else -1
            if end < 0:  # a quote is not closed: from here on none counts, so that this is found out once only
                quotes, end = False, markup.find(">", tag.end())
            if end < 0:  # no tag ends any more
                return [*pieces, unescaped(markup[start:])]
            name = tag[1].lower()
            pieces.append("" if _INLINE.fullmatch(name) else " ")
            at = _end_of_hidden(markup, name, end + 1) if markup[start + 1] != "/" else end + 1
        elif markup.startswith(("<!", "<?", "</"), start):
            mark = "-->" if markup.startswith("<!--", start) else ">"
            end = markup.find(mark, start + 2)
            if end < 0:
                return pieces
            at = end + len(mark)
        else:
            pieces.append("<")
            at = start + 1
    return [*pieces, unescaped(markup[at:])]


def _end_of_tag(markup: str, at: int) -> int:
    """Where the ``>`` is that no attribute's quotes hold; -1 where there is none."""
    while (step := _STEP.search(markup, at)) is not None:
        if step[1] is None:
            return step.start()
        close = markup.find(step[1], step.end())
        if close < 0:
            return -1
        at = close + 1
    return -1


def _end_of_hidden(markup: str, name: str, at: int) -> int:
    """Where what is read goes on behind a tag of this name."""
    if name not in _HIDDEN:
        return at
    end = _HIDDEN[name].search(markup, at)
    return len(markup) if end is None else end.start()
