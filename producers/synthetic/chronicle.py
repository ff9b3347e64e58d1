"""What of the market's time is told, over stops and kills: so that a new market gets a past, and none is told twice.

One small JSON file, written whole. It holds one of three things:

==========  ============================================================================================================
a stretch   it is being told; whoever finds it tells it again, the same trades, of which silver takes none twice
an end      all up to this instant is told: what lies between it and the next start is the next stretch
live        the market is live, and all up to an instant some seconds ago is told. After a kill nobody knows how much
            more is, so nothing is told of the time up to the next start: no coverage spans it, and no candle in it is
            called complete. A clock that was set back meanwhile is waited for
==========  ============================================================================================================
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from producers.synthetic.market import EXCHANGE
from producers.synthetic.past import Stretch
from tapehouse import logs
from tapehouse.errors import TerminalError
from tapehouse.market import MarketKey
from tapehouse.price_walk import start_price
from tapehouse.write_once import write_over

log = logs.of(__name__)

FORMAT: Final = 1
LIVE_EVERY_US: Final = 10_000_000
"""How much of a live market's time is told until it is written down."""


def chronicle_path(lake: Path) -> Path:
    """Where the chronicle of a lake is that is a folder here: it goes with the lake."""
    return lake / "_producers" / "synthetic.json"


class BrokenChronicleError(TerminalError):
    """The file cannot be read or written. Going on without it could tell a time twice."""

    def __init__(self, path: str, detail: str) -> None:
        super().__init__(path, detail)
        self.path, self.detail = path, detail

    def __str__(self) -> str:
        return (
            f"{self.path}: what is told of the synthetic market cannot be kept: {self.detail}. Mend that, or remove it "
            "and leave --history-h out (as run-app does then), or begin a new lake."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """Up to where all is told."""

    at_us: int
    """µs UTC, exclusive."""
    prices: Mapping[str, str]
    """Each market's last price as exact decimal text; one that is not named is at its start price."""


class Mark(Protocol):
    """What it asks of a sink's mark of a market."""

    @property
    def covered_through_us(self) -> int | None:
        """The end of the last coverage up to which all is confirmed; exclusive."""


class Chronicle:
    """Keeps it for one producer. Raises BrokenChronicleError wherever the file is read or written."""

    def __init__(self, path: Path, *, history_us: int) -> None:
        """``history_us``: how much of the past is told at most, µs; 0: only what was begun is told to its end."""
        self._path, self._history_us = path, history_us
        self._is_new = not path.exists()
        self._stretch: Stretch | None = None
        self._end: End | None = None
        self._live_us = 0
        if not self._is_new:
            try:
                self._stretch, self._end, self._live_us = _read(json.loads(path.read_bytes()))
            except (ValueError, TypeError, KeyError, AttributeError, OSError) as error:
                raise BrokenChronicleError(str(path), f"{type(error).__name__}: {error}") from error

    def begins_us(self, wanted_us: int) -> int:
        """When the live market begins: not before the end of what is told."""
        edge = self._stretch.until_us if self._stretch else self._end.at_us if self._end else self._live_us
        return max(wanted_us, edge)

    def next(self, start_us: int, *, seed: int, symbols: tuple[str, ...], traders: int) -> Stretch | None:
        """What is to be told before the market goes live at ``start_us``; it is durable. None: nothing more."""
        if self._stretch is not None:
            return self._stretch
        earliest_us = start_us - self._history_us
        prices: dict[str, str] = {}
        if self._is_new:
            from_us = earliest_us
        elif self._end is not None:
            from_us = max(self._end.at_us, earliest_us)
            if self._end.at_us >= earliest_us:
                prices = {symbol: self._end.prices.get(symbol, start_price(symbol)) for symbol in symbols}
        else:
            return None
        if from_us >= start_us:
            return None
        self._write(
            Stretch(from_us=from_us, until_us=start_us, seed=seed, symbols=symbols, traders=traders, prices=prices)
        )
        return self._stretch

    @property
    def is_told(self) -> bool:
        """Whether no stretch is left of which not all is confirmed."""
        return self._stretch is None

    def go_live(self, start_us: int) -> None:
        """To be called before anything of the live market, which begins then, is sent."""
        self._write(live_us=start_us)

    def close(self, end: End) -> None:
        """All up to the end is confirmed."""
        self._write(end=end)

    # -- as the runner keeps marks

    def load(self) -> None:
        """It is read already."""

    def owes(self) -> bool:
        """What was begun is durable before anything of it is given."""
        return False

    def save(self, marks: Mapping[MarketKey, Mark], *, now: bool = False) -> bool:
        """What of it is confirmed is told: a stretch once it is that wholly, a live market every ten seconds or so.

        True when that was written; a disk that refuses is asked again. ``now`` says nothing here.
        """
        if self._stretch is not None:
            through = [self._through(marks, symbol) for symbol in self._stretch.symbols]
            if min(through, default=0) < self._stretch.until_us:
                return False
            return self._try_to_write(end=End(at_us=self._stretch.until_us, prices={}))
        if not self._live_us:
            return False
        live_us = max((self._through(marks, each.symbol) for each in marks if each.exchange == EXCHANGE), default=0)
        return live_us >= self._live_us + LIVE_EVERY_US and self._try_to_write(live_us=live_us)

    @staticmethod
    def _through(marks: Mapping[MarketKey, Mark], symbol: str) -> int:
        mark = marks.get(MarketKey(EXCHANGE, symbol, EXCHANGE))
        return (mark.covered_through_us or 0) if mark else 0

    def _try_to_write(self, *, end: End | None = None, live_us: int = 0) -> bool:
        try:
            self._write(end=end, live_us=live_us)
        except BrokenChronicleError as error:
            log.warning("chronicle_not_saved", path=self._path, error=error)
            return False
        return True

    def _write(self, stretch: Stretch | None = None, *, end: End | None = None, live_us: int = 0) -> None:
        body = {
            "format": FORMAT,
            "stretch": None if stretch is None else asdict(stretch),
            "end": None if end is None else asdict(end),
            "live_us": live_us,
        }
        try:
            write_over(self._path, json.dumps(body, indent=1).encode() + b"\n", new_mode=0o644)
        except OSError as error:
            raise BrokenChronicleError(str(self._path), error.strerror or str(error)) from error
        self._stretch, self._end, self._live_us, self._is_new = stretch, end, live_us, False


def _read(body: Any) -> tuple[Stretch | None, End | None, int]:
    if body["format"] != FORMAT:
        raise ValueError(f"format {body['format']} is not {FORMAT}")
    stretch, end = body["stretch"], body["end"]
    return (
        None if stretch is None else Stretch(**{**stretch, "symbols": tuple(stretch["symbols"])}),
        None if end is None else End(**end),
        int(body["live_us"]),
    )
