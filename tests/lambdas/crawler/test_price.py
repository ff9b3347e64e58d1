"""A price is read exactly, or refused."""

import pickle
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.crawler.model import Locale, Reading
from lambdas.crawler.price import PriceError, read

Form = tuple[str | None, Locale | None]


def price(text: str, pattern: str | None = None, locale: Locale | None = None, unit: str = "USD") -> str:
    return read(text, Reading("#p", pattern, locale), unit=unit, symbol=f"BTC-{unit}")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$64,000.12", "64000.12"),
        ("64000", "64000"),
        ("64000.120", "64000.120"),
        ("1,234,567.8", "1234567.8"),
        ("64,000,000", "64000000"),
        ("0.00000123", "0.00000123"),
        ("0.123", "0.123"),
        ("12345.678", "12345.678"),
        ("  USD 64000.5 ", "64000.5"),
        ("64000.5 usd.", None),
        ("US$ 64000.5", "64000.5"),
        ("BTC/USD: 64000.5", "64000.5"),
        ("64000.5\u00a0$", "64000.5"),
        ("007.5", "7.5"),
    ],
)
def test_a_number_of_one_meaning_is_read(text: str, value: str | None) -> None:
    if value is None:
        with pytest.raises(PriceError):
            price(text)
    else:
        assert price(text) == value


@pytest.mark.parametrize(
    ("text", "locale", "value"),
    [
        ("64.000,12 €", "de", "64000.12"),
        ("64.000 €", "de", "64000"),
        ("1.234", "de", "1234"),
        ("1,234", "de", "1.234"),
        ("1,234", "en", "1234"),
        ("1.234", "en", "1.234"),
        ("64 000,12 €", "fr", "64000.12"),
        ("64\u202f000,12\u00a0€", "fr", "64000.12"),
        ("64'000.12", "ch", "64000.12"),
        ("64’000", "ch", "64000"),
    ],
)
def test_a_locale_says_how_it_is_meant(text: str, locale: Locale, value: str) -> None:
    assert price(text, locale=locale, unit="EUR") == value


@pytest.mark.parametrize(
    "text",
    [
        "", "n/a", "-", "$", "64.000,12 $", "1,234", "1.234", "64,000", "12,34", "1,2,3", "1,23,456", "1.234.567",
        "64 000.12", "64'000.12", "64,000.12 - 65,000.12", "$64,000.12 (+2.1%)", "1.2M", "64.2k", "5 %", "1e5", "5e",
        "-64000.12", "+64000", "~64000", "(64000)", "0", "0.00", "$0", "64,000.12 €", "£64000.5", "about 64000.5",
        "٦٤٠٠٠", "６４０００", "64000.5½", "x" * 501, "1" * 29, "64000.5 EUR", "1 234 567", "64,000 .12",
        "1,234 567.8", "Infinity", "NaN", "0x10", "64_000", "\x0064000", "64000\u0660",
    ],
)  # fmt: skip
def test_what_is_ambiguous_or_no_price_is_refused(text: str) -> None:
    with pytest.raises(PriceError):
        price(text)


@pytest.mark.parametrize("text", ["64,000.12", "64.00,12", "64.000,12,1", "6.4000,12", "64.000.12"])
def test_a_number_in_another_form_than_the_locales_is_refused(text: str) -> None:
    with pytest.raises(PriceError, match="not written as in de"):
        price(text, locale="de")


@pytest.mark.parametrize(
    ("text", "pattern", "value"),
    [
        ("Last 64,000.12 (+2.1%)", r"Last ([0-9,.]+)", "64000.12"),
        ("Last 64,000.12 (+2.1%)", r"[0-9]+,[0-9]+\.[0-9]+", "64000.12"),
        ("64.000,12 €", r"(?P<whole>[0-9.]+),(?P<fraction>[0-9]+)", "64000.12"),
        ("64.000 €", r"(?P<whole>[0-9.]+)(?:,(?P<fraction>[0-9]+))?", "64000"),
    ],
)
def test_a_pattern_picks_the_number_out(text: str, pattern: str, value: str) -> None:
    assert price(text, pattern) == value


@pytest.mark.parametrize(
    "pattern", ["Last ([a-z]+)", "First ([0-9]+)", "(x)?Last", r"Last ([0-9]),000", "Last (1,234)"]
)
def test_a_pattern_that_finds_no_number_or_an_ambiguous_one_is_refused(pattern: str) -> None:
    with pytest.raises(PriceError):
        price("Last zero, then 1,234", pattern)


def test_the_error_shows_the_text_in_short_and_survives_pickling() -> None:
    error = PriceError("y" * 400, "why")
    assert len(str(error)) < 150
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


GROUPED = st.decimals(min_value="0.01", max_value="999999999999", places=2)


@settings(deadline=None)
@given(GROUPED)
def test_what_python_writes_is_read_back(value: Decimal) -> None:
    assert Decimal(price(f"${value:,.2f}")) == value
    german = f"{value:,.2f}".translate(str.maketrans(",.", ".,"))
    assert Decimal(price(f"{german} €", locale="de", unit="EUR")) == value


@settings(deadline=None)
@given(st.text(max_size=40), st.sampled_from([None, "en", "de", "fr", "ch"]))
def test_any_text_gives_plain_digits_or_is_refused(text: str, locale: Locale | None) -> None:
    try:
        found = price(text, locale=locale)
    except PriceError:
        return
    assert Decimal(found) > 0
    assert set(found) <= set("0123456789.")
