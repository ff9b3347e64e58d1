"""A price, from how a page writes it: exact decimal text, or nothing at all.

| written         | read                                                                      |
|-----------------|---------------------------------------------------------------------------|
| $64,000.12      | 64000.12                                                                  |
| 64000.123       | 64000.123                                                                 |
| 64.000,12 €     | refused; 64000.12 with ``locale: de``                                     |
| 1,234 and 1.234 | refused: a thousand or one; by the locale with one                        |
| 1.2M, 5 %, 5e3  | refused: what stands beside the number must be a currency                 |
| 64,000 – 65,000 | refused: two numbers; a ``pattern`` may say which                         |

What is refused is a fault of the task, never a guess: a price that is wrong by a thousand looks like any other.
"""

import re
import unicodedata
from typing import Final

from lambdas.crawler.model import Locale, Reading
from tapehouse.errors import TerminalError

MOST_LETTERS: Final = 500
MOST_DIGITS: Final = 28
_SPACES: Final = " \u00a0\u2009\u202f"
_FORMS: Final[dict[Locale, tuple[str, str]]] = {
    "en": (",", "."), "de": (".", ","), "fr": (_SPACES, ","), "ch": ("'’", "."),
}  # fmt: skip
"""Locale → what stands between its thousands, and before its fraction."""
_NUMBER: Final = re.compile(rf"[0-9](?:[0-9.,'’]|[{_SPACES}](?=[0-9]))*")
_THOUSANDS: Final = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]{3}")
_WORD: Final = re.compile(r"[^\W\d_]+")
_SIGNS: Final = {
    "$": "USD USDT USDC AUD CAD NZD SGD HKD MXN BRL TWD", "€": "EUR EURC", "£": "GBP", "¥": "JPY CNY", "₹": "INR",
    "₩": "KRW", "₿": "BTC", "₽": "RUB", "₺": "TRY", "₫": "VND", "₴": "UAH", "฿": "THB",
}  # fmt: skip
_HARMLESS: Final = ":=/\u200b\u200e\u200f"


class PriceError(TerminalError):
    """A text is no price, or may be several."""

    def __init__(self, text: str, why: str) -> None:
        super().__init__(text, why)
        self.text, self.why = text, why

    def __str__(self) -> str:
        return f"{self.text[:80]!r} is not read as a price: {self.why}"


def read(text: str, reading: Reading, *, unit: str, symbol: str) -> str:
    """The number that the text tells, above 0. Raises PriceError."""
    if len(text) > MOST_LETTERS:
        raise PriceError(text, f"it has more than {MOST_LETTERS} letters: choose a smaller element")
    if reading.pattern is not None:
        return _checked(text, _by_pattern(text, reading))
    flat = unicodedata.normalize("NFC", text).strip()
    found = _NUMBER.findall(flat)
    if len(found) != 1:
        raise PriceError(text, f"it has {len(found) or 'no'} numbers: give a pattern that says which")
    before, _, after = flat.partition(found[0])
    for beside in (before, after):
        _check_beside(text, beside, unit=unit, symbol=symbol)
    return _checked(text, _number(text, found[0].rstrip(".,'’"), reading.locale))


def _by_pattern(text: str, reading: Reading) -> str:
    match = re.search(reading.pattern or "", text)
    if match is None:
        raise PriceError(text, "the pattern is not found in it")
    named = match.groupdict()
    if "whole" in named:
        whole = re.sub("[^0-9]", "", named["whole"] or "")
        fraction = re.sub("[^0-9]", "", named.get("fraction") or "")
        return f"{whole}.{fraction}" if fraction else whole
    number = (match[1] if match.re.groups else match[0]) or ""
    return _number(text, number.strip(), reading.locale)


def _number(text: str, number: str, locale: Locale | None) -> str:
    """Plain digits with a point, from a number in a locale's form."""
    if locale is None and _THOUSANDS.fullmatch(number):
        raise PriceError(text, "its separator may stand before thousands or before a fraction: give a locale")
    between, point = _FORMS[locale or "en"]
    grouped = f"[0-9]{{1,3}}(?:[{re.escape(between)}][0-9]{{3}})+"
    if not re.fullmatch(f"(?:{grouped}|[0-9]+)(?:{re.escape(point)}[0-9]+)?", number):
        hint = f"it is not written as in {locale}" if locale else "it is not written as 1,234.5: give a locale"
        raise PriceError(text, hint)
    whole, _, fraction = number.partition(point)
    if len({letter for letter in whole if not letter.isdigit()}) > 1:
        raise PriceError(text, "its thousands are separated in two ways")
    digits = re.sub("[^0-9]", "", whole)
    return f"{digits}.{fraction}" if fraction else digits


def _check_beside(text: str, beside: str, *, unit: str, symbol: str) -> None:
    """What is not a number has to be the unit, the symbol, or a currency's sign that is not another unit's."""
    own = {unit.lower(), unit[:2].lower(), *symbol.lower().split("-")}  # US$ 5 as well as USD 5
    for word in _WORD.findall(beside):
        if word.lower() not in own:
            raise PriceError(text, f"{word[:20]!r} stands beside the number: give a pattern that picks the number out")
    for letter in _WORD.sub("", beside):
        if letter in _SIGNS and unit not in _SIGNS[letter].split():
            raise PriceError(text, f"it has the sign {letter}, and is read as {unit}")
        if not letter.isspace() and unicodedata.category(letter) != "Sc" and letter not in _HARMLESS:
            raise PriceError(text, f"{letter!r} stands beside the number: give a pattern that picks the number out")


def _checked(text: str, number: str) -> str:
    whole, point, fraction = number.partition(".")
    whole = whole.lstrip("0") or "0"
    if not re.fullmatch("[0-9]+", whole + fraction) or len(whole + fraction) > MOST_DIGITS:
        raise PriceError(text, f"a price has 1 to {MOST_DIGITS} digits")
    if not (whole + fraction).strip("0"):
        raise PriceError(text, "a price is above 0")
    return f"{whole}{point}{fraction}"
