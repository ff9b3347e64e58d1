"""What is at which path: each source below its name, health, and the fault switches."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from embedded.newsroom.alphavantage import AlphaVantage
from embedded.newsroom.desk import COINDESK, COINTELEGRAPH, Desk
from embedded.newsroom.faults import NewsFaults
from embedded.newsroom.fear_greed import FearGreed
from embedded.newsroom.finnhub import Finnhub
from embedded.newsroom.forum import Forum
from embedded.newsroom.gazette import Gazette
from embedded.newsroom.page import Asked, Page, Source, as_json
from embedded.newsroom.recordings import bodies, folder_of
from embedded.newsroom.reddit import Reddit
from embedded.newsroom.rss import Rss

PATHS: Final[Mapping[str, str]] = {
    "alphavantage": "/query",
    "finnhub": "/news",
    "coindesk": "/rss",
    "cointelegraph": "/rss",
    "reddit": "",
    "fear-greed": "/fng/",
}
"""Source → what its address ends with, behind its name."""


class Site:
    """The sources of one seed, or of one folder of recordings; ``faults`` are theirs."""

    def __init__(self, *, seed: int, recordings: Path | None) -> None:
        """Raises DamagedBodyError."""
        self.faults = NewsFaults()
        desk, forum, recorded = Desk(seed), Forum(seed), _recorded(recordings)
        self._sources: Mapping[str, Source] = {
            "alphavantage": AlphaVantage(desk, recorded["alphavantage"]),
            "finnhub": Finnhub(desk, recorded["finnhub"]),
            "coindesk": Rss(COINDESK, desk, recorded["coindesk"], markup=False),
            "cointelegraph": Rss(COINTELEGRAPH, desk, recorded["cointelegraph"], markup=True),
            "reddit": Reddit(forum, recorded["reddit"]),
            "fear-greed": FearGreed(seed, recorded["fear-greed"]),
            "gazette": Gazette(seed, desk),
        }
        self._answered: Counter[str] = Counter()

    def answer(self, asked: Asked) -> tuple[Page, bool]:
        """The answer, and whether it breaks off in the middle."""
        name, _, rest = asked.path.removeprefix("/").partition("/")
        source = self._sources.get(name)
        if source is None:
            return self._own(asked), False
        self._answered[name] += 1
        inner = Asked(asked.method, f"/{rest}", asked.query, asked.headers, asked.body, asked.now_us)
        page = self.faults.taken(name, asked.query.get("apikey", "")) or source.answer(inner)
        return page, self.faults.take_half(name)

    def _own(self, asked: Asked) -> Page:
        if asked.method != "GET":
            return as_json({"error": "GET only"}, 405)
        if asked.path == "/health":
            return as_json({"status": "ok", "answered": dict(self._answered)})
        if asked.path == "/faults":
            return self._set_faults(asked.query)
        return as_json({"error": "not found"}, 404)

    def _set_faults(self, query: Mapping[str, str]) -> Page:
        try:
            self.faults.set(query)
        except ValueError as error:
            return as_json({"error": str(error)}, 400)
        return as_json(self.faults.as_json())


def _recorded(recordings: Path | None) -> Mapping[str, Any]:
    """Source → its bodies; None for each where nothing is to be played."""
    if recordings is None:
        return dict.fromkeys(PATHS)
    folder = folder_of(recordings)
    return {name: bodies(folder, name) for name in PATHS}
