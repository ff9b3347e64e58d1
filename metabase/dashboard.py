"""A dashboard: a file of YAML that says which questions lie where, in which tabs, and which filters they share.

::

    title: Markets
    description: Prices and trades of every market.
    filters:
      - name: symbol                 # as the questions' parameter; a card may say otherwise
        title: Market
        type: text                   # or number, date
        default: BTC-USD
        values: [BTC-USD, ETH-USD]   # what is offered; any value may be typed where it is left out
    tabs:                            # or cards, where there is one page only
      - title: Prices
        cards:
          - {heading: Now, x: 0, y: 0, w: 24, h: 1}
          - {question: market_summary, columns: [symbol, last_price], x: 0, y: 1, w: 24, h: 8}
          - question: candles
            title: Candles           # in the place of the question's own
            filters: {pair: symbol, exchange: null}   # the parameter pair gets symbol, exchange gets none
            x: 0
            y: 9
            w: 18
            h: 9
          - {text: "All times are **UTC**.", x: 18, y: 9, w: 6, h: 3}

The grid has 24 columns; a row is about as high as a column is wide. ``dashboard_reader.py`` reads it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias, get_args

from metabase.param import ParamType

COLUMNS: Final = 24
Width: TypeAlias = Literal["fixed", "full"]
WIDTHS: Final = get_args(Width)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a card lies on the grid."""

    x: int
    y: int
    w: int
    h: int

    def overlaps(self, other: "Place") -> bool:
        return (
            self.x < other.x + other.w
            and other.x < self.x + self.w
            and self.y < other.y + other.h
            and other.y < self.y + self.h
        )


@dataclass(frozen=True, slots=True)
class Filter:
    """What a reader chooses for several cards at once."""

    name: str
    title: str
    type: ParamType
    default: str | None = None
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QuestionCard:
    """A question on the grid."""

    question: str
    place: Place
    title: str | None = None
    filters: Mapping[str, str | None] = field(default_factory=dict)
    """Parameter → filter, where they are not of the same name; None is none."""
    columns: tuple[str, ...] = ()
    """Of a table: those that are shown, in their order. None named is all."""


@dataclass(frozen=True, slots=True)
class TextCard:
    """Words on the grid: Markdown, or a heading."""

    text: str
    place: Place
    is_heading: bool = False


Card: TypeAlias = QuestionCard | TextCard


@dataclass(frozen=True, slots=True)
class Tab:
    """A page of a dashboard. The only one of a dashboard without tabs has no title."""

    title: str
    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class Dashboard:
    """One dashboard."""

    name: str
    """Of the file, without its ending."""
    title: str
    description: str
    tabs: tuple[Tab, ...]
    filters: tuple[Filter, ...] = ()
    width: Width = "full"

    @property
    def cards(self) -> tuple[Card, ...]:
        return tuple(card for tab in self.tabs for card in tab.cards)

    @property
    def questions(self) -> tuple[str, ...]:
        """Their names, each once."""
        return tuple(dict.fromkeys(card.question for card in self.cards if isinstance(card, QuestionCard)))

    def filter_of(self, card: QuestionCard, param: str) -> Filter | None:
        """The filter that gives a card's parameter its value."""
        name = card.filters.get(param, param)
        return next((each for each in self.filters if each.name == name), None)
