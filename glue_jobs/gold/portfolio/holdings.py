"""What is held, as its owner wrote it down: ``portfolio.yaml`` read and judged.

::

    holdings:
      - symbol: BTC-USD              # or asset: BTC and quote: USD
        exchange: kraken             # whose price counts; left out: ALL, every venue of the symbol together
        portfolio: default           # left out: default
        transactions:
          - buy: 0.5                 # or sell: how many units
            at: 2026-11-02T09:30:00Z
            price: 61250.00          # of a unit, in the quote currency; left out: the close of that hour
            fee: 12.25               # in the quote currency; left out: none

Every scalar is taken as the text that stands there, so an amount is exact with quotes and without.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import yaml

from tapehouse.errors import TerminalError
from tapehouse.intervals import HOUR_US, micros_of
from tapehouse.market import Market
from tapehouse.record import EARLIEST_US
from tapehouse.tables import ALL_EXCHANGES

UNIT: Final = 10**12
"""Amounts, prices and fees are whole numbers of this part: twelve decimals."""
MOST_BYTES: Final = 1024 * 1024
MOST_HOLDINGS: Final = 1_000
MOST_TRANSACTIONS: Final = 10_000
MOST_BOUGHT: Final = 10**13
"""Units that all purchases of a file are below, added up. With prices below 10^16, a sum over its rows of one hour
stays below 10^30, which is what decimal(38,8) holds."""
_LATEST_US: Final = 7_258_118_400_000_000
"""2200-01-01."""
_MOST_FAULTS: Final = 20
_SHOWN: Final = 80
_DECIMAL = re.compile(r"([0-9]{1,16})(?:\.([0-9]{1,12}))?")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}")
_EXCHANGE = re.compile(rf"{ALL_EXCHANGES}|[a-z0-9][a-z0-9._-]{{0,31}}")
_PART = re.compile(r"[A-Z0-9.]{1,24}")
_HOLDING: Final = ("symbol", "asset", "quote", "exchange", "portfolio", "transactions")
_TRANSACTION: Final = ("buy", "sell", "at", "price", "fee")


class HoldingsError(TerminalError):
    """The file says nothing that can be computed; every fault is listed, by line."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__(faults)
        self.faults = tuple(faults)

    def __str__(self) -> str:
        more = len(self.faults) - _MOST_FAULTS
        return "; ".join((*self.faults[:_MOST_FAULTS], *((f"and {more} more",) if more > 0 else ())))


@dataclass(frozen=True, slots=True, order=True)
class Transaction:
    """A purchase or a sale. They are in the order in which they count, whatever the file's: of one instant, purchases
    are first."""

    at_us: int
    is_sale: bool
    units: int
    """In parts of 10^-12, as all numbers here; above 0."""
    price: int = -1
    """Of a whole unit; -1 where the hour's close is to count."""
    fee: int = 0

    @property
    def hour(self) -> int:
        """Start of its hour, µs UTC."""
        return self.at_us // HOUR_US * HOUR_US


@dataclass(frozen=True, slots=True)
class Holding:
    """One market in one portfolio."""

    portfolio: str
    market: Market
    """Its exchange may be ALL."""
    transactions: tuple[Transaction, ...]
    """In order."""

    @property
    def quote(self) -> str:
        return self.market.symbol.partition("-")[2]

    @property
    def group(self) -> tuple[str, str]:
        """The portfolio and quote within which weights add up."""
        return self.portfolio, self.quote


def holdings_of(content: bytes) -> tuple[Holding, ...]:
    """The holdings of a file, those without a transaction left out.

    Raises:
        HoldingsError: what is wrong, in which line and holding, and what would be right. Selling more than is held is
            a fault: there are no short positions here.
    """
    if len(content) > MOST_BYTES:
        raise HoldingsError([f"the file has {len(content):,} bytes; {MOST_BYTES:,} are read at most"])
    try:
        root = yaml.compose(content.decode("utf-8-sig"), Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise HoldingsError([f"{line}this is not YAML: {error.problem}"]) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise HoldingsError([f"this is not YAML in UTF-8: {str(error).splitlines()[0]}"]) from error
    except RecursionError as error:
        raise HoldingsError(["this is nested too deeply for holdings"]) from error
    reader = _Reader()
    found = reader.file(root)
    if reader.faults:
        raise HoldingsError(reader.faults)
    return tuple(each for each in found if each.transactions)


@dataclass(slots=True)
class _Reader:
    """Takes the nodes of a document apart, and notes what is wrong with them."""

    faults: list[str] = field(default_factory=list)
    transactions: int = 0

    def fault(self, node: yaml.Node, where: str, text: str) -> None:
        self.faults.append(f"line {node.start_mark.line + 1}: {where}{text}")

    def file(self, root: yaml.Node | None) -> list[Holding]:
        if root is None:
            self.faults.append("the file is empty: to hold nothing, write `holdings: []`")
            return []
        fields = self._fields(root, "", ("holdings",))
        if fields is None or "holdings" not in fields:
            if fields is not None and not self.faults:
                self.fault(root, "", "`holdings` is missing: to hold nothing, write `holdings: []`")
            return []
        nodes = self._list(fields["holdings"], "holdings: ", "holdings", MOST_HOLDINGS)
        found: dict[tuple[str, Market], Holding] = {}
        for number, node in enumerate(nodes, 1):
            holding = self._holding(node, f"holding {number}")
            if holding is None:
                continue
            key = (holding.portfolio, holding.market)
            if key in found:
                what = f"{holding.market} of portfolio {holding.portfolio}"
                self.fault(node, f"holding {number}: ", f"{what} is there already: write its transactions into one")
            found[key] = holding
        bought = sum(t.units for each in found.values() for t in each.transactions if not t.is_sale)
        if bought >= MOST_BOUGHT * UNIT:
            self.faults.append(f"all purchases add up to {_text(bought)} units; they must stay below {MOST_BOUGHT:,}")
        return list(found.values())

    def _holding(self, node: yaml.Node, where: str) -> Holding | None:
        fields = self._fields(node, f"{where}: ", _HOLDING)
        if fields is None:
            return None
        before = len(self.faults)
        market = self._market(node, fields, where)
        portfolio = "default"
        if "portfolio" in fields:
            portfolio = self._matched(fields, "portfolio", where, _NAME, "1-64 letters, digits, spaces or ._-")
        where = f"{where} ({market})"
        if "transactions" not in fields:
            self.fault(node, f"{where}: ", "`transactions` is missing: what was bought, and when")
            return None
        nodes = self._list(fields["transactions"], f"{where}: transactions: ", "transactions", MOST_TRANSACTIONS)
        self.transactions += len(nodes)
        if self.transactions > MOST_TRANSACTIONS:  # before they are read: aliases may repeat a list very often
            self.fault(node, f"{where}: ", f"more than {MOST_TRANSACTIONS:,} transactions in one file")
            return None
        told = [self._transaction(each, f"{where}, transaction {at}") for at, each in enumerate(nodes, 1)]
        if market is None or len(self.faults) > before:
            return None
        ordered = sorted((each, at) for at, each in enumerate(told) if each is not None)
        self._check_sold(ordered, nodes, where)
        return Holding(portfolio, market, tuple(each for each, _ in ordered))

    def _market(self, node: yaml.Node, fields: Mapping[str, yaml.Node], where: str) -> Market | None:
        exchange = ALL_EXCHANGES
        if "exchange" in fields:
            allowed = "ALL, or a venue's name in lower case, as kraken"
            exchange = self._matched(fields, "exchange", where, _EXCHANGE, allowed)
        named = {"asset", "quote"} & fields.keys()
        if ("symbol" in fields) == bool(named) or len(named) == 1:
            self.fault(node, f"{where}: ", "name the market by `symbol: BTC-USD`, or by `asset: BTC` and `quote: USD`")
            return None
        if named:
            base, quote = (self._scalar(fields[name], where, name) for name in ("asset", "quote"))
            at = fields["asset"]
        else:
            at = fields["symbol"]
            base, _, quote = self._scalar(at, where, "symbol").partition("-")
        if not (_PART.fullmatch(base) and _PART.fullmatch(quote)):
            self.fault(at, f"{where}: ", f"{_shown(f'{base}-{quote}')} is no market; write it as BTC-USD")
            return None
        return Market(exchange, f"{base}-{quote}")

    def _transaction(self, node: yaml.Node, where: str) -> Transaction | None:
        fields = self._fields(node, f"{where}: ", _TRANSACTION)
        if fields is None:
            return None
        before = len(self.faults)
        kinds = [name for name in ("buy", "sell") if name in fields]
        if len(kinds) != 1:
            self.fault(node, f"{where}: ", "one of `buy` and `sell` says how many units")
        if "at" not in fields:
            self.fault(node, f"{where}: ", "`at` is missing: when it was, as 2026-11-02T09:30:00Z")
        units = [self._number(fields, name, where) for name in kinds]
        if 0 in units and len(self.faults) == before:
            self.fault(fields[kinds[0]], f"{where}: ", f"{kinds[0]}: it is nothing; leave the transaction out")
        price = self._number(fields, "price", where) if "price" in fields else -1
        fee = self._number(fields, "fee", where) if "fee" in fields else 0
        at_us = self._instant(fields["at"], where) if "at" in fields else 0
        if len(self.faults) > before:
            return None
        return Transaction(at_us, kinds[0] == "sell", units[0], price, fee)

    def _check_sold(self, ordered: Sequence[tuple[Transaction, int]], nodes: Sequence[yaml.Node], where: str) -> None:
        held = 0
        for each, at in ordered:
            if each.is_sale and each.units > held:
                self.fault(
                    nodes[at],
                    f"{where}, transaction {at + 1}: ",
                    f"{_text(each.units)} are sold when {_text(held)} are held; short positions are not kept: mend the "
                    f"amounts or the times",
                )
                return
            held += -each.units if each.is_sale else each.units

    # -- nodes --------------------------------------------------------------------------------------------------------

    def _fields(self, node: yaml.Node, where: str, known: Sequence[str]) -> dict[str, yaml.Node] | None:
        if not isinstance(node, yaml.MappingNode):
            self.fault(node, where, f"this is no mapping; known keys are {', '.join(known)}")
            return None
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else "?"
            if name not in known:
                self.fault(key, where, f"there is no key {_shown(name)}; known are {', '.join(known)}")
            elif name in found:
                self.fault(key, where, f"{name} is there twice; leave one out")
            else:
                found[name] = value
        return found

    def _list(self, node: yaml.Node, where: str, of: str, most: int) -> list[yaml.Node]:
        if not isinstance(node, yaml.SequenceNode):
            self.fault(node, where, "this is no list; each entry begins with `- `")
            return []
        if len(node.value) > most:
            self.fault(node, where, f"{len(node.value):,} are too many; {most:,} {of} at most in one file")
            return []
        return list(node.value)

    def _scalar(self, node: yaml.Node, where: str, name: str) -> str:
        if isinstance(node, yaml.ScalarNode):
            return str(node.value).strip()
        self.fault(node, f"{where}: ", f"{name}: this is no single value")
        return ""

    def _matched(
        self, fields: Mapping[str, yaml.Node], name: str, where: str, pattern: re.Pattern[str], allowed: str
    ) -> str:
        text = self._scalar(fields[name], where, name)
        if not pattern.fullmatch(text):
            self.fault(fields[name], f"{where}: ", f"{name}: {_shown(text)} is not {allowed}")
        return text

    def _number(self, fields: Mapping[str, yaml.Node], name: str, where: str) -> int:
        text = self._scalar(fields[name], where, name)
        match = _DECIMAL.fullmatch(text)
        if match is None:
            what = "is no plain decimal of up to 16 digits before the point and 12 behind it, as 0.25"
            self.fault(fields[name], f"{where}: ", f"{name}: {_shown(text)} {what}")
            return 0
        return int(match[1]) * UNIT + int((match[2] or "").ljust(12, "0"))

    def _instant(self, node: yaml.Node, where: str) -> int:
        text = self._scalar(node, where, "at")
        at: datetime | None
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            at = None
        if at is None or at.tzinfo is None:
            self.fault(node, f"{where}: ", f"at: {_shown(text)} is no instant with its zone, as 2026-11-02T09:30:00Z")
            return 0
        at_us = micros_of(at)
        if not EARLIEST_US <= at_us < _LATEST_US:
            self.fault(node, f"{where}: ", f"at: {_shown(text)} is not within 2009-01-03 to 2199")
        return at_us


def markets_of(book: Sequence[Holding]) -> list[Market]:
    """The markets that are held, each once, in order."""
    return sorted({each.market for each in book})


def _text(units: int) -> str:
    whole, part = divmod(units, UNIT)
    return f"{whole}.{part:012d}".rstrip("0").rstrip(".")


def _shown(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…")
