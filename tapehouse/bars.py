"""The sizes of bars: after how much trading a bar ends, of each market and kind."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from tapehouse.market import Market

TICK: Final = "tick"
"""A bar of so many trades."""
VOLUME: Final = "volume"
"""A bar of so many base units."""
DOLLAR: Final = "dollar"
"""A bar of so many quote units, whatever the quote is."""
KINDS: Final = (TICK, VOLUME, DOLLAR)

DEFAULTS: Final[Mapping[str, Decimal]] = {
    name: Decimal(size)
    for name, size in {
        "tick": 250,
        "volume.BTC": 5,
        "volume.ETH": 100,
        "volume.SOL": 2_000,
        "volume.XRP": 500_000,
        "volume.DOGE": 2_500_000,
        "dollar": 250_000,
        "dollar.JPY": 40_000_000,
        "dollar.KRW": 350_000_000,
        "dollar.BTC": 5,
        "dollar.ETH": 100,
    }.items()
}
"""Some thousand bars a day in the busiest markets of a large venue, a handful in its quiet ones, and about one a minute
in a market of the demo, whose trades are worth 825 quote units each, three to seven a second."""


@dataclass(frozen=True, slots=True)
class BarSizes:
    """``DEFAULTS``, and what a setting says in their place.

    A name is a kind, and behind a point what it is for: ``dollar``, ``dollar.JPY`` (volume: the base, dollar: the
    quote), ``tick.BTC-USD``, ``tick.kraken:BTC-USD``. The narrowest that fits counts. Where none does, as for the
    volume of a base without a size, there are no such bars, and none where the size is 0.
    """

    given: Mapping[str, Decimal] = field(default_factory=dict)

    def of(self, market: Market) -> dict[str, Decimal]:
        """Kind → size of the market's bars: trades, base units, quote units."""
        base, _, quote = market.symbol.partition("-")
        found = {}
        for kind, asset in ((TICK, ""), (VOLUME, base), (DOLLAR, quote)):
            for name in (f"{market.exchange}:{market.symbol}", market.symbol, asset, ""):
                size = self._of(f"{kind}.{name}" if name else kind)
                if size is not None:
                    if size:
                        found[kind] = size
                    break
        return found

    def _of(self, name: str) -> Decimal | None:
        return self.given.get(name, DEFAULTS.get(name))
