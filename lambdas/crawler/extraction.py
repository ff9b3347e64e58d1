"""What CSS selectors find on a page."""

from typing import Final
from urllib.parse import urljoin

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

MOST_FOUND: Final = 1_000
"""Elements that one selector is read from."""
MOST_TEXT: Final = 200_000
"""Letters of one text."""


def is_selector(text: str) -> bool:
    """Whether it is a CSS selector that can be used here."""
    try:
        LexborHTMLParser("<p></p>").css(text)
    except (SelectolaxError, ValueError):
        return False
    return text.isprintable()


def is_present(tree: LexborHTMLParser, selector: str) -> bool:
    return tree.css_first(selector) is not None


def texts(tree: LexborHTMLParser, selector: str) -> list[str]:
    """The texts of all that match and have one, white space made single."""
    found = (text_of(node) for node in tree.css(selector)[:MOST_FOUND])
    return [text for text in found if text]


def text_of(node: LexborNode) -> str:
    return " ".join(node.text(deep=True, separator=" ", strip=False)[:MOST_TEXT].split())


def links(tree: LexborHTMLParser, selector: str, *, base: str) -> list[str]:
    """The http and https addresses that all that match link to, whole, without fragment, each once, in their order.

    An element without ``href`` of its own is asked for the first within it.
    """
    found: dict[str, None] = {}
    for node in tree.css(selector)[:MOST_FOUND]:
        href = _href(node)
        whole = _whole(base, href) if href else None
        if whole:
            found.setdefault(whole)
    return list(found)


def base_of(tree: LexborHTMLParser, url: str) -> str:
    """What the page's links are relative to: its ``<base>``, else its own address."""
    node = tree.css_first("base[href]")
    return (_whole(url, _href(node) or "") or url) if node else url


def _href(node: LexborNode) -> str | None:
    href = node.attributes.get("href")
    if href is None:
        inner = node.css_first("a[href]")
        href = inner.attributes.get("href") if inner else None
    return href.strip() if href else None


def _whole(base: str, href: str) -> str | None:
    try:
        whole = urljoin(base, href).partition("#")[0]
    except ValueError:
        return None
    return whole if whole.lower().startswith(("http://", "https://")) and whole.isprintable() else None
