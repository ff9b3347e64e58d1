"""A text's language is told by its script or its small words, and otherwise said not to be known."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.enrich import language
from lambdas.enrich.stop_words import STOP_WORDS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The price of bitcoin has fallen to its lowest level since June, as traders wait for the Fed.", "en"),
        ("SEC drops its lawsuit against Coinbase", "en"),
        ("El precio del bitcoin cae por debajo de los 60.000 dólares tras los datos de inflación", "es"),
        ("Der Bitcoin-Kurs ist nach der Entscheidung der Fed auf ein neues Hoch gestiegen", "de"),
        ("Le prix du bitcoin a chuté après les annonces de la Fed et les marchés sont inquiets", "fr"),
        ("O preço do bitcoin não para de subir e os analistas já falam em uma nova máxima", "pt"),
        ("Il prezzo del bitcoin è sceso dopo la decisione della Fed e gli analisti sono preoccupati", "it"),
        ("De prijs van bitcoin is gedaald na het besluit van de Fed, en dat is niet goed voor de markt", "nl"),
        ("Биткоин упал ниже 60 000 долларов", "ru"),
        ("比特币价格跌破6万美元", "zh"),
        ("ビットコインの価格が下落", "ja"),
        ("비트코인 가격이 급락했다", "ko"),
        ("انخفض سعر البيتكوين", "ar"),
        ("Bitcoin BTC ETF", "und"),
        ("", "und"),
        ("🚀🚀 100%", "und"),
        ("Bitcoin ETF inflows surge — Метавселенная", "ru"),
        ("Bitcoin and the price of gold are at a high, says Иван", "en"),
    ],
)
def test_language_is_told(text: str, expected: str) -> None:
    assert language.language(text) == expected


@pytest.mark.parametrize(
    ("text", "latin"), [("Bitcoin", True), ("🚀 5%", True), ("Šta ima", True), ("Биткоин BTC", False)]
)
def test_latin_letters_are_known(text: str, latin: bool) -> None:
    assert language.is_latin(text) is latin


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_has_a_language(text: str) -> None:
    assert language.language(text) in {*STOP_WORDS, "ru", "zh", "ja", "ko", "ar", "und"}
