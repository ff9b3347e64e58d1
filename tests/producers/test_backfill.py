"""``python -m producers.backfill``: gaps told by words, as a task is told them."""

import pytest

from producers.backfill import main
from producers.feeds import feed
from producers.recovery import RequestedGap
from producers.run import backfill
from tapehouse.errors import TerminalError
from tapehouse.record import Gap
from tapehouse.settings import Settings

GAP = Gap(
    exchange="kraken",
    symbol="BTC-USD",
    source="kraken",
    gap_id="kraken:kraken:BTC-USD:7-9",
    from_id="7",
    to_id="9",
    from_us=1_700_000_000_000_001,
    to_us=1_700_000_000_000_009,
    reason='a "drop"',
    received_time_us=1_700_000_000_000_010,
)


@pytest.mark.parametrize("name", ["kraken", None])
@pytest.mark.parametrize("recorded", [True, False])
def test_a_gap_is_the_same_behind_a_word(name: str | None, recorded: bool) -> None:
    by = None if name is None else feed(name)
    found = backfill.of_text(backfill.as_text(RequestedGap(gap=GAP, feed=by, recorded=recorded)), Settings())
    assert (found.gap, found.recorded) == (GAP, recorded)
    assert (found.feed.name if found.feed else None) == name


@pytest.mark.parametrize("text", ["", "[]", "{", '{"gap": {}, "feed": null, "recorded": true}', '{"gap": {"a": 1}}'])
def test_what_is_no_gap_is_one_sentence(text: str) -> None:
    with pytest.raises(TerminalError, match="is no gap as `tapehouse backfill` tells it to a task"):
        backfill.of_text(text, Settings())


def test_the_command_tells_it_and_ends_with_1(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tapehouse.logs.set_up", lambda **_: None)
    assert main(["--gap", "{}"]) == 1
    assert capsys.readouterr().err.startswith("backfill: ")
    with pytest.raises(SystemExit):
        main([])
