"""The types of the settings: how text, or a value in a TOML file, becomes each, and what it may be.

Each reads what pydantic does not read by itself (lists with commas, ``500ms``, pairs) and leaves the judging to
pydantic wherever it can. ``Allowed`` says in words what a setting may be, for help and for faults.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from tapehouse.loopback import is_loopback

NAME: Final = r"[a-z0-9][a-z0-9._-]{0,31}"
SYMBOL: Final = rf"({NAME}:)?[A-Z0-9.]{{1,24}}-[A-Z0-9.]{{1,24}}"
_KEY = re.compile(r"[!-~]{1,512}")
_LAKE = re.compile(
    r"\A(s3a?://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?|file:/.*|(?![a-z][a-z0-9+.-]*://).+)\Z", re.DOTALL
)
_FILE = re.compile(
    r"\A(|s3a?://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/.*[^/]|(?![a-z][a-z0-9+.-]*:/)[^\0]*[^/\0])\Z", re.DOTALL
)
_SPAN = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*(ms|s|m|h)?\s*")
_DECIMAL: Final = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]{1,3})?"
_UNITS_S: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a setting may be, in words."""

    text: str


# -- text -------------------------------------------------------------------------------------------------------------


def _spelled(value: Any) -> Any:
    """The exchange before a colon in lower case, the pair in upper case."""
    if not isinstance(value, str):
        return value
    exchange, colon, pair = value.rpartition(":")
    return f"{exchange.lower()}{colon}{pair.upper()}"


def _at_home(value: Any) -> Any:
    """A path from the working directory or ~ on; what lies in a bucket as it is."""
    is_path = isinstance(value, str) and value != "" and ":/" not in value and "\0" not in value
    return str(Path(value).expanduser().absolute()) if is_path and not value.endswith("/") else value


def _secure(value: str) -> str:
    """A password goes there: it is read by nobody on the way, or does not leave the machine."""
    try:
        parts, host_is_here = urlsplit(value), is_loopback(value)
        port_is_good = parts.port is None or parts.port > 0
    except ValueError as error:
        raise ValueError("is no address") from error
    if not value:
        return value
    if not parts.hostname or not port_is_good or "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError("is no address of a server alone")
    if parts.scheme != "https" and not (parts.scheme == "http" and host_is_here):
        raise ValueError("is not https, and a password would be read on the way")
    return value.rstrip("/")


def _key(value: Any) -> Any:
    """A line's end behind a key, as files have, is not part of it."""
    if isinstance(value, SecretStr):
        return value
    if not isinstance(value, str) or not _KEY.fullmatch(value.strip()):
        raise ValueError("is not 1-512 visible ASCII characters")
    return value.strip()


Name = Annotated[str, Field(pattern=f"^{NAME}$")]
Symbol = Annotated[str, BeforeValidator(_spelled), Field(pattern=f"^{SYMBOL}$")]
LakeUri = Annotated[str, Field(pattern=_LAKE), Allowed("a folder, file:///…, s3a://bucket/… or s3://bucket/…")]
LandingUri = Annotated[
    str,
    Field(pattern=re.compile(rf"\A\Z|{_LAKE.pattern}", re.DOTALL)),
    BeforeValidator(_at_home),
    Allowed("a folder, file:///…, s3a://bucket/… or s3://bucket/…"),
]
FileUri = Annotated[
    str, Field(pattern=_FILE), BeforeValidator(_at_home), Allowed("a file, or s3://bucket/key or s3a://bucket/key")
]
Region = Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$"), Allowed("a region, as us-east-1")]
AwsName = Annotated[str, Field(pattern="^[a-zA-Z0-9_.-]{1,128}$"), Allowed("1-128 of a-z A-Z 0-9 _ . -")]
ProducerName = Annotated[str, Field(pattern="^([a-z0-9][a-z0-9._-]{0,31})?$"), Allowed("up to 32 of a-z 0-9 . _ -")]
DatabasePrefix = Annotated[
    str, Field(pattern="^([a-z][a-z0-9_]{0,31})?$"), Allowed("up to 32 of a-z 0-9 _, beginning with a letter")
]
Deployment = Annotated[
    str, Field(pattern="^[a-z][a-z0-9-]{1,39}$"), Allowed("tapehouse-<environment>, 2-40 of a-z 0-9 -")
]
Key = Annotated[SecretStr, BeforeValidator(_key), Allowed("an account's key, or a password")]
Host = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9.:-]{1,253}$"), Allowed("an address or name of this machine; 0.0.0.0 is all")
]
SecureUrl = Annotated[str, AfterValidator(_secure), Allowed("https://…, or http:// of this machine")]
Email = Annotated[str, Field(pattern=r"^([^@\s]{1,64}@[^@\s]{1,190})?$"), Allowed("an address of mail")]
SecretName = Annotated[
    str,
    Field(pattern=r"^[a-zA-Z0-9/_+=.@:-]{1,2048}(#[^#\s]{1,256})?$"),
    Allowed("a secret's name or ARN; behind # the key of its JSON"),
]

# -- numbers ----------------------------------------------------------------------------------------------------------


def _number(value: Any) -> Any:
    """pydantic takes true for 1."""
    if isinstance(value, bool):
        raise ValueError("is not a number")  # noqa: TRY004 - a value of the wrong type is a wrong value
    return value


def _span_s(value: Any) -> Any:
    """``5``, ``5s``, ``500ms``, ``2m`` or ``1h`` in seconds."""
    if not isinstance(value, str):
        return _number(value)
    match = _SPAN.fullmatch(value)
    if not match:
        raise ValueError("is not a span of time")
    return float(match[1]) * _UNITS_S[match[2] or "s"]


def _flag(value: Any) -> Any:
    """An empty text is no."""
    return (value.strip() or False) if isinstance(value, str) else value


Whole = Annotated[int, BeforeValidator(_number)]
Number = Annotated[float, BeforeValidator(_number), Field(allow_inf_nan=False)]
SpanS = Annotated[
    float, BeforeValidator(_span_s), Field(ge=0.1, le=86_400), Allowed("0.1-86400 seconds, or 500ms, 5s, 2m")
]
Port = Annotated[Whole, Field(ge=0, le=65_535), Allowed("0-65535; 0 is any free one")]
Flag = Annotated[bool, BeforeValidator(_flag), Allowed("1 or 0 (true/false, yes/no, on/off)")]

# -- paths ------------------------------------------------------------------------------------------------------------


def _none_if_empty(value: Any) -> Any:
    return None if value == "" else value


def _absolute(path: Path | None) -> Path | None:
    if path is not None and "\0" in str(path):
        raise ValueError("is not a path")
    return path if path is None else path.expanduser().absolute()


def _existing(path: Path | None) -> Path | None:
    if path is not None and not path.is_dir():
        raise ValueError("is no folder here")
    return path if path is None else path.resolve()


_AnyPath = Annotated[Path | None, BeforeValidator(_none_if_empty), AfterValidator(_absolute)]
File = Annotated[_AnyPath, Allowed("a file")]
Folder = Annotated[_AnyPath, Allowed("a folder")]
ExistingFolder = Annotated[_AnyPath, AfterValidator(_existing), Allowed("a folder")]

# -- several ----------------------------------------------------------------------------------------------------------


def _parts(value: Any) -> Any:
    """Text with commas, or a TOML array."""
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple):
        return value
    stripped = [part.strip() if isinstance(part, str) else part for part in parts]
    return tuple(part for part in stripped if part != "")


def _different(parts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(parts))


def _pairs(value: Any) -> Any:
    """``name=value`` with commas, or a TOML table, which may be nested: its names are joined by dots."""
    if isinstance(value, Mapping):
        return dict(_flat(value))
    if not isinstance(value, str):
        return value
    pairs = (part.partition("=") for part in value.split(",") if part.strip())
    return {name.strip(): text.strip() for name, _, text in pairs}


def _flat(table: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value


def _whole(value: Any) -> Any:
    """Digits alone: pydantic takes ``3.0`` and true for numbers of days."""
    text = str(value).strip()
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,9}", text):
        raise ValueError("is not a whole number")
    return int(text)


def _text(value: Any) -> Any:
    """A number as text; true is none."""
    return value if isinstance(value, bool) else str(value).strip().lower()


def _whole_ticks(sizes: Mapping[str, Decimal]) -> Mapping[str, Decimal]:
    if broken := [name for name, size in sizes.items() if name.startswith("tick") and size != int(size)]:
        raise ValueError(f"has a broken number of trades for {broken[0]}")
    return sizes


_BarName = Annotated[
    str, Field(pattern=rf"^(tick|volume|dollar)(\.({NAME}:)?[A-Z0-9.]{{1,24}}(-[A-Z0-9.]{{1,24}})?)?$")
]
_BarSize = Annotated[Decimal, BeforeValidator(_text), Field(ge=0, max_digits=28, decimal_places=12)]
_TableName = Annotated[str, Field(pattern=r"^[a-z_]{1,32}\.[a-z0-9_]{1,64}$")]
_Days = Annotated[int, BeforeValidator(_whole), Field(ge=1, le=36_500)]
"""Its table knows how few they may be."""
_LimitName = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,32}(\.[a-z_]{1,40}){1,2}$")]
_Limit = Annotated[str, BeforeValidator(_text), Field(pattern=rf"^(none|{_DECIMAL})$")]
"""Its feed knows whether there is such a limit."""
Names = Annotated[
    tuple[Name, ...],
    BeforeValidator(_parts),
    AfterValidator(_different),
    Allowed("names, as coinbase,kraken,binance"),
]
Symbols = Annotated[
    tuple[Symbol, ...],
    BeforeValidator(_parts),
    AfterValidator(_different),
    Allowed("BASE-QUOTE, as BTC-USD,ETH-USD; a vendor's with the exchange in front, as binance:BTC-USDT,us:AAPL-USD"),
]
SpansS = Annotated[
    tuple[SpanS, ...], BeforeValidator(_parts), Field(min_length=1, max_length=12), Allowed("1-12 spans, as 5m,15m,1h")
]
Sources = Annotated[
    Mapping[Name, Name], BeforeValidator(_pairs), Allowed("exchange=source pairs, as binance=binance-agg")
]
BarSizes = Annotated[
    Mapping[_BarName, _BarSize],
    BeforeValidator(_pairs),
    AfterValidator(_whole_ticks),
    Allowed("KIND.WHAT=size pairs, as tick=500,volume.BTC=10,dollar.EUR=100000,dollar.kraken:BTC-USD=50000; 0 is none"),
]
Retention = Annotated[
    Mapping[_TableName, _Days],
    BeforeValidator(_pairs),
    Allowed("TABLE=days pairs of 1-36500 days, as bronze.trades=30,silver.trades=365"),
]
Limits = Annotated[
    Mapping[_LimitName, _Limit],
    BeforeValidator(_pairs),
    Allowed(
        "FEED.LIMIT=number pairs, as binance.connection_age_s=80000,kraken.rest.calls_per_s=0.5; none lifts a bound"
    ),
]
