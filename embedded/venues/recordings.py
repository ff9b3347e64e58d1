"""Recorded connections, played exactly as they came: raw text unchanged, in order, one file a connection.

A recording is a folder with ``<venue>/<name>.jsonl.gz`` (or ``.jsonl``): one JSON object a line,
``{"received": <epoch seconds>, "raw": "<message>"}``. ``requests.json`` beside the venues, where there is one, tells
the address and the messages that the client sent; the markets are read from it.
"""

import asyncio
import gzip
import json
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, cast

VENUES: Final = ("coinbase", "kraken", "binance")
_QUOTES: Final = (
    *("USDT", "USDC", "BUSD", "TUSD", "FDUSD", "USD", "DAI"),
    *("BTC", "ETH", "BNB"),
    *("EUR", "GBP", "AUD", "BRL", "TRY", "RUB"),
)
_STREAM = re.compile(r"([a-z0-9]{3,24})@(?:trade|aggTrade)\b")
_NAMES: Final = {"XBT": "BTC", "XDG": "DOGE"}
_SCANNED_LINES: Final = 2000
"""How far into a file its markets are looked for where no request names them."""


class DamagedRecordingError(ValueError):
    """A line of a recording cannot be read."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One recorded connection."""

    feed: str
    path: str
    """Where the simulator serves it: /replay/<venue>/<name>."""
    file: Path
    symbols: tuple[str, ...]
    """Canonical, as far as the requests (or the stream names) show them."""

    def as_json(self) -> dict[str, Any]:
        return {"feed": self.feed, "path": self.path, "file": self.file.name, "symbols": list(self.symbols)}


def recordings_in(folder: Path) -> list[Recording]:
    """The recordings of a folder, by venue and name. Raises FileNotFoundError when it holds none."""
    requests = _requests(folder)
    found = []
    for venue in VENUES:
        for file in sorted([*folder.glob(f"{venue}/*.jsonl.gz"), *folder.glob(f"{venue}/*.jsonl")]):
            request = requests.get(f"{venue}/{file.name}")
            request = request if isinstance(request, dict) else {}
            name = file.name.partition(".jsonl")[0]
            found.append(Recording(_feed(venue, name), f"/replay/{venue}/{name}", file, _symbols(venue, file, request)))
    if not found:
        raise FileNotFoundError(f"{folder} holds no recordings: no .jsonl or .jsonl.gz under {', '.join(VENUES)}")
    return found


def messages(file: Path) -> Iterator[tuple[float, str]]:
    """(seconds since the epoch, text) of each message. Raises DamagedRecordingError naming the line."""
    number = 0
    try:
        with _opened(file) as lines:
            for line in lines:
                number += 1
                entry = json.loads(line)
                yield float(entry["received"]), str(entry["raw"])
    except (ValueError, KeyError, TypeError, EOFError, gzip.BadGzipFile) as error:
        raise DamagedRecordingError(f"{file.name}: line {number + 1} cannot be read: {error}") from error


async def play(
    file: Path,
    send: Callable[[str], Awaitable[None]],
    *,
    speed: float | None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> int:
    """Send a whole file: at ``speed`` times the recorded pace, or as fast as it is read with None. Returns how many."""
    sent, last_s = 0, None
    for received_s, text in messages(file):
        if speed is not None and last_s is not None and received_s > last_s:
            await sleep((received_s - last_s) / speed)
        last_s = received_s if last_s is None else max(last_s, received_s)
        await send(text)
        sent += 1
    return sent


def _opened(file: Path) -> IO[str]:
    if file.suffix == ".gz":
        return cast(IO[str], gzip.open(file, "rt", encoding="utf-8"))
    return file.open(encoding="utf-8")


def _requests(folder: Path) -> Mapping[str, Any]:
    path = folder / "requests.json"
    if not path.is_file():
        return {}
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DamagedRecordingError(f"{path} is not JSON: {error}") from error
    return value if isinstance(value, dict) else {}


def _feed(venue: str, name: str) -> str:
    return "coinbase-advanced" if venue == "coinbase" and name.startswith("advanced") else venue


def _symbols(venue: str, file: Path, request: Mapping[str, Any]) -> tuple[str, ...]:
    if venue == "binance":
        named = _STREAM.findall(str(request.get("url") or "")) or _streams_seen(file)
        found = [_split_pair(name.upper()) for name in named]
    else:
        found = [_canonical(name) for sent in request.get("sent", ()) for name in _products(sent)]
    return tuple(dict.fromkeys(symbol for symbol in found if symbol))


def _streams_seen(file: Path) -> list[str]:
    named: dict[str, None] = {}
    for number, (_, text) in enumerate(messages(file)):
        if number >= _SCANNED_LINES:
            break
        named.update(dict.fromkeys(_STREAM.findall(text[:100])))
    return list(named)


def _products(sent: Any) -> list[str]:
    try:
        wish = json.loads(sent["raw"])
        names = wish.get("product_ids") or wish.get("pair") or wish.get("params", {}).get("symbol")
    except (ValueError, KeyError, TypeError, AttributeError):
        return []
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def _canonical(name: str) -> str:
    return "-".join(_NAMES.get(leg, leg) for leg in name.replace("/", "-").upper().split("-"))


def _split_pair(joined: str) -> str | None:
    """BTCUSDT → BTC-USDT, by the longest quote that fits."""
    fitting = [quote for quote in _QUOTES if joined.endswith(quote) and len(joined) > len(quote)]
    quote = max(fitting, key=len, default="")
    return f"{joined[: -len(quote)]}-{quote}" if quote else None
