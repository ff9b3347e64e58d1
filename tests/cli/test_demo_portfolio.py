"""The demo's holdings: the example of the project, moved to now, and never over somebody's own."""

from cli.demo_portfolio import EXAMPLE, put, shifted
from embedded.venues.registry import BY_DEFAULT, MARKETS
from glue_jobs.gold.portfolio import FOLDER, NAME, holdings_of
from producers.synthetic import SyntheticConfig
from tapehouse.intervals import HOUR_US
from tapehouse.lake import Lake
from tapehouse.settings import Settings
from tapehouse.tables import ALL_EXCHANGES

NOW_S = 1_795_420_800


def test_the_example_is_good_and_holds_what_the_demo_trades() -> None:
    played = {(name, symbol) for name in BY_DEFAULT for symbol in MARKETS[name]}
    played |= {("ALL", symbol) for _, symbol in played} | {("ALL", symbol) for symbol in SyntheticConfig().symbols}
    book = holdings_of(EXAMPLE.read_bytes())
    assert {each.market for each in book} <= played
    assert {each.portfolio for each in book} == {"default", "savings"}


def test_the_newest_transaction_is_now_and_the_others_keep_their_distance() -> None:
    before, after = (holdings_of(text.encode()) for text in (EXAMPLE.read_text(), shifted(EXAMPLE.read_text(), NOW_S)))
    apart = {
        new.at_us - old.at_us
        for one, other in zip(before, after, strict=True)
        for old, new in zip(one.transactions, other.transactions, strict=True)
    }
    assert len(apart) == 1
    assert max(each.at_us for one in after for each in one.transactions) == NOW_S * 1_000_000


def test_what_is_held_was_bought_within_the_demos_history() -> None:
    book = holdings_of(shifted(EXAMPLE.read_text(), NOW_S).encode())
    bought = [min(each.at_us for each in one.transactions) for one in book]
    history_us = Settings().history_h * HOUR_US
    assert NOW_S * 1_000_000 - history_us < min(bought) < NOW_S * 1_000_000 - history_us / 2
    of_venues = [at_us for one, at_us in zip(book, bought, strict=True) if one.market.exchange != ALL_EXCHANGES]
    assert min(of_venues) >= NOW_S * 1_000_000 - HOUR_US, "venues have no past, and what has no price has no value"


def test_a_file_that_is_there_is_left_alone(lake: Lake) -> None:
    put(lake, clock=lambda: NOW_S)
    target = lake.path / FOLDER / NAME
    assert holdings_of(target.read_bytes())
    target.write_text("holdings: []")
    put(lake, clock=lambda: NOW_S)
    assert target.read_text() == "holdings: []"
    assert [each.name for each in target.parent.iterdir()] == [NAME]
