"""Where cards lie."""

from metabase.dashboard import Place, TextCard
from metabase.preview.board import bands


def test_a_page_is_parted_where_no_card_is_cut() -> None:
    places = [Place(12, 3, 12, 7), Place(0, 0, 24, 3), Place(0, 3, 12, 4), Place(0, 7, 12, 3), Place(0, 12, 24, 2)]
    found = bands([TextCard(str(at), each) for at, each in enumerate(places)])
    assert [[card.text for card in band if isinstance(card, TextCard)] for band in found] == [
        ["1"],
        ["2", "0", "3"],
        ["4"],
    ]
