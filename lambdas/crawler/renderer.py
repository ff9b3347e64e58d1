"""The port for pages: an address goes in, markup comes out. ``Fetched`` is the page as it was sent."""

from dataclasses import dataclass, field
from typing import Final, Protocol

from lambdas.crawler import charset, markup
from lambdas.crawler.guard import shown
from lambdas.crawler.robots import Sends
from lambdas.http import Request
from tapehouse.errors import TerminalError

MOST_BYTES: Final = 2 * 1024 * 1024
"""Of one page, unpacked."""
_PAGES: Final = ("text/html", "application/xhtml+xml")


class NotAPageError(TerminalError):
    """What an address answered is no page that can be read."""

    def __init__(self, shown_url: str, why: str) -> None:
        super().__init__(shown_url, why)
        self.shown_url, self.why = shown_url, why

    def __str__(self) -> str:
        return f"{self.shown_url} is not read: {self.why}."


@dataclass(frozen=True, slots=True)
class Rendered:
    """One page."""

    url: str
    """Where it came from in the end, as it may be shown."""
    html: str = field(repr=False)
    fetched_at_us: int


class Renderer(Protocol):
    """Gives the page of an address. Raises LakehouseError where there is none."""

    def render(self, url: str) -> Rendered: ...


class Fetched:
    """The page as it is sent, by ``http``, whose session the guard is in."""

    def __init__(self, http: Sends, *, name: str) -> None:
        self._http, self._name = http, name

    def render(self, url: str) -> Rendered:
        """Raises NotAPageError; the client's and the guard's errors pass through."""
        headers = {"Accept": "text/html,application/xhtml+xml;q=0.9"}
        answer = self._http.send(Request(url=url, headers=headers, name=self._name))
        kind = answer.content_type.partition(";")[0].strip().lower()
        if kind and kind not in _PAGES:
            raise NotAPageError(shown(url), f"it is {kind[:60]}, and no page")
        html = charset.text(answer.body, answer.content_type)
        return Rendered(answer.url, readable(html, url), answer.fetched_at_us)


def readable(html: str, url: str) -> str:
    """The markup, where it may be parsed. Raises NotAPageError."""
    why = markup.refusal(html)
    if why:
        raise NotAPageError(shown(url), why)
    return html
