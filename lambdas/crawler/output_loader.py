"""What a task reads as a price, and where its pages go, as they are written."""

import re
from collections.abc import Callable
from typing import Final, get_args
from urllib.parse import urlsplit

from lambdas.crawler.addresses import LOOPBACK
from lambdas.crawler.extraction import is_selector
from lambdas.crawler.guard import ForbiddenAddressError, Place
from lambdas.crawler.model import Locale, Reading, Secret, Webhook
from tapehouse.fields import Fields

_HEADER: Final = "[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}"
_SECRET: Final = re.compile(r"(?P<before>[A-Za-z]+ )?secret:(?P<name>[A-Za-z0-9/_+=.@-]{1,512}(#[^\s#]{1,128})?)")
_OURS: Final = frozenset(
    [
        "host",
        "content-length",
        "content-type",
        "content-encoding",
        "transfer-encoding",
        "connection",
        "expect",
        "te",
        "trailer",
        "upgrade",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "idempotency-key",
        "user-agent",
        "accept-encoding",
    ]
)
_CREDENTIAL: Final = re.compile(r"authorization|cookie|.*(api-?key|token|secret|passw|signature).*", re.IGNORECASE)


def read_reading(fields: Fields, *, is_price: bool) -> tuple[Reading | None, str, str]:
    """Reading, symbol and unit of a price; none of a page, which may not have them."""
    if not is_price:
        for name in ("value", "symbol", "unit"):
            if fields.has(name):
                fields.fault(name, "it is for kind price alone")
        return None, "", ""
    symbol = fields.text("symbol", shape="[A-Z0-9]{1,20}-[A-Z0-9]{2,10}", what="a symbol: BTC-USD")
    quote = symbol.partition("-")[2]
    unit = fields.text("unit", shape="[A-Z0-9]{2,10}", what="a currency: USD", required=False) or quote
    if quote and unit != quote:
        fields.fault("unit", f"{symbol} has the unit {quote}, and not {unit}")
    if not fields.has("value"):
        fields.fault("value", "it is missing, and says where the price stands: {selector: …}")
        return None, symbol, unit
    value = Fields(fields.raw("value"), fields.at("value"), fields.faults, known=("selector", "pattern", "locale"))
    selector = value.text("selector", what="a CSS selector")
    if selector and not is_selector(selector):
        value.fault("selector", f"{selector[:60]!r} is no CSS selector")
    said = value.choice("locale", get_args(Locale), required=False)
    locale: Locale | None = next((each for each in get_args(Locale) if each == said), None)
    return Reading(selector, _pattern(value), locale), symbol, unit


def _pattern(value: Fields) -> str | None:
    text = value.text("pattern", what="a regular expression", required=False, most=200)
    if not text:
        return None
    try:
        compiled = re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        value.fault("pattern", f"it is no regular expression ({error})")
        return None
    named = set(compiled.groupindex)
    if (named and (named - {"whole", "fraction"} or "whole" not in named)) or (not named and compiled.groups > 1):
        value.fault("pattern", "it has one group at most, or the named groups whole and fraction")
    return text


def read_webhook(fields: Fields, place: Callable[[str], Place]) -> Webhook | None:
    """Where ``output`` says to send the pages; None: to the landing."""
    if not fields.has("output") or fields.raw("output") == "landing":
        return None
    said = fields.raw("output")
    if not isinstance(said, dict):
        fields.fault("output", "it has to be landing, or a mapping with webhook and headers")
        return None
    output = Fields(said, fields.at("output"), fields.faults, known=("webhook", "headers"))
    url = output.text("webhook", what="an http or https address", most=2_048)
    headers = _headers(output)
    try:
        host = place(url).host if url else ""
    except ForbiddenAddressError as error:
        output.fault("webhook", str(error))
        return Webhook(url, headers)
    is_secret = any(isinstance(value, Secret) for value in headers.values())
    if is_secret and urlsplit(url).scheme != "https" and host not in {str(each) for each in LOOPBACK}:
        output.fault("webhook", "a secret is sent by https alone")
    return Webhook(url, headers)


def _headers(output: Fields) -> dict[str, str | Secret]:
    if not output.has("headers"):
        return {}
    said = output.raw("headers")
    if not isinstance(said, dict):
        output.fault("headers", "it has to be a mapping of names and values")
        return {}
    found: dict[str, str | Secret] = {}
    for name, value in said.items():
        where = f"headers.{name[:64]}"
        if not re.fullmatch(_HEADER, name):
            output.fault("headers", f"{name[:64]!r} is no header's name")
        elif name.lower() in _OURS:
            output.fault(where, "the crawler sets it")
        elif name.lower() in {each.lower() for each in found}:
            output.fault(where, "it is there twice")
        elif not isinstance(value, str) or not value.isascii() or not value.isprintable() or len(value) > 1_000:
            output.fault(where, "it has to be text of ASCII's letters and signs")
        else:
            found[name] = _header(output, where, name, value)
    return found


def _header(output: Fields, where: str, name: str, value: str) -> str | Secret:
    secret = _SECRET.fullmatch(value)
    if secret:
        return Secret(secret["name"], secret["before"] or "")
    if "secret:" in value:
        output.fault(where, "a secret is named as secret:NAME or secret:NAME#KEY, with one word in front at most")
    elif _CREDENTIAL.fullmatch(name):
        output.fault(where, "a credential does not stand in this file: name it as secret:NAME#KEY")
    return value
