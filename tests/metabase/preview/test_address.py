"""What is chosen, and the address."""

from urllib.parse import parse_qsl, urlsplit

import pytest

from metabase.dashboard import Dashboard, Filter, Place, QuestionCard, Tab
from metabase.param import Param
from metabase.preview import address
from tests.metabase.preview.asked import question

CARD = QuestionCard("candles", Place(0, 0, 24, 9), filters={"pair": "symbol", "kind": None})
MARKETS = Dashboard(
    "markets",
    "Markets",
    "",
    (Tab("Now", (CARD,)), Tab("Mood & price", ())),
    (Filter("symbol", "Market", "text", "BTC-USD"), Filter("from", "From", "date"), Filter("side", "Side", "text")),
)
FLOW = Dashboard("flow", "Flow", "", (Tab("", ()),), (Filter("symbol", "Market", "text"),))


def words(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))


def test_an_address_says_the_choice_and_reading_it_gives_the_choice_again() -> None:
    choice = address.read(MARKETS, {})
    for each, value in zip(MARKETS.filters, ("", "2026-11-29", "a&b=c"), strict=True):
        choice = choice.chosen(each, value)
    choice = choice.in_tab("Mood & price").in_theme("dark")
    told = words(choice.address())
    assert told == {"symbol": "", "from": "2026-11-29", "side": "a&b=c", "_tab": "Mood & price", "_theme": "dark"}
    assert address.read(MARKETS, told) == choice


def test_defaults_are_not_in_the_address() -> None:
    choice = address.read(MARKETS, {"symbol": "ETH-USD"})
    assert choice.chosen(MARKETS.filters[0], "BTC-USD").address() == "/markets"


def test_another_dashboard_gets_the_filters_that_it_has_too_and_not_the_tab() -> None:
    choice = address.read(MARKETS, {"symbol": "ETH-USD", "side": "buy", "_tab": "Mood & price", "_theme": "light"})
    assert words(choice.address(FLOW)) == {"symbol": "ETH-USD", "_theme": "light"}


@pytest.mark.parametrize(
    "told",
    [
        {"from": "tomorrow"},
        {"nothing": "x"},
        {"_tab": "None"},
        {"_theme": "blue"},
        {"side": "x" * 201},
        {"side": "a\nb"},
    ],
)
def test_what_an_address_says_wrongly_it_does_not_say(told: dict[str, str]) -> None:
    assert address.read(MARKETS, told) == address.read(MARKETS, {})


def test_a_card_gets_the_filters_of_its_parameters_and_its_own_defaults_for_the_rest() -> None:
    asked = question("table", params=tuple(Param(name, "text") for name in ("pair", "kind", "side", "from")))
    assert address.read(MARKETS, {}).of_card(CARD, asked) == {"pair": "BTC-USD"}
    told = {"symbol": "", "side": "buy", "kind": "tick"}
    assert address.read(MARKETS, told).of_card(CARD, asked) == {"pair": "", "side": "buy"}
