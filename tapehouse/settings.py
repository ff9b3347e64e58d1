"""The settings: one frozen, typed object, read once at the edge and passed on.

::

    defaults  <-  tapehouse.toml  <-  environment  <-  command line

The file is ``tapehouse.toml`` of the working directory, or what ``TAPEHOUSE_CONFIG`` names; its keys are the fields'
names. In the environment the everyday ones are bare (``TARGET``, ``LAKE``, ``FEEDS``, ``RECORDINGS``, ``ONCE``,
``SYMBOLS``), the others ``TAPEHOUSE_<FIELD>``. An empty variable is an unset one, save that ``ONCE=`` is false.

Every fault of every source is told at once, in one ``SettingsError``. No field is a secret; a key that is not known is
named without its value, since it may be one.
"""
# ruff: noqa: TRY004, RUF009 - a value of the wrong type is a wrong value; ``_setting`` gives a field, as ``field`` does

import difflib
import math
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final, TypeAlias

from tapehouse.errors import SettingsError

CONFIG_NAME: Final = "tapehouse.toml"
_SHOWN: Final = 80
"""A wrong value is shown up to this many characters."""

_Rule: TypeAlias = Callable[[Any], Any]
"""Reads text or a TOML value; raises ValueError saying what is wrong with it."""

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")
_SYMBOL = re.compile(r"[A-Z0-9.]{1,24}-[A-Z0-9.]{1,24}")
_STREAM = re.compile(r"[a-zA-Z0-9_.-]{1,128}")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
_LAKE = re.compile(r"(s3a?://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?|file:/.*|(?![a-z][a-z0-9+.-]*://).+)", re.DOTALL)
_TRUE: Final = frozenset({"1", "true", "yes", "on"})
_FALSE: Final = frozenset({"0", "false", "no", "off", ""})


def _one_of(*choices: str) -> _Rule:
    def rule(value: Any) -> str:
        if value not in choices:
            raise ValueError("is not one of them")
        return str(value)

    return rule


def _matching(pattern: re.Pattern[str]) -> _Rule:
    def rule(value: Any) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise ValueError("does not have this form")
        return value

    return rule


def _several(pattern: re.Pattern[str], *, upper: bool = False) -> _Rule:
    def rule(value: Any) -> tuple[str, ...]:
        parts = value.split(",") if isinstance(value, str) else value
        if not isinstance(parts, list | tuple) or not all(isinstance(part, str) for part in parts):
            raise ValueError("is not a list of names")
        names = [part.strip().upper() if upper else part.strip() for part in parts]
        wrong = [name for name in names if name and not pattern.fullmatch(name)]
        if wrong:
            raise ValueError(f"holds {wrong[0]!r}")
        return tuple(dict.fromkeys(name for name in names if name))

    return rule


def _flag(value: Any) -> bool:
    """``bool("False")`` is true, so words are compared, and a word that is none of them is a fault."""
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word not in _TRUE | _FALSE:
        raise ValueError("is neither yes nor no")
    return word in _TRUE


def _whole(least: int, most: int) -> _Rule:
    def rule(value: Any) -> int:
        if isinstance(value, str) and re.fullmatch(r"\s*[+-]?[0-9]{1,18}\s*", value):
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError("is not a whole number")
        if not least <= value <= most:
            raise ValueError("is out of range")
        return value

    return rule


def seconds(value: Any) -> float:
    """A span in seconds out of a number, ``5``, ``5s``, ``500ms`` or ``2m``. Raises ValueError."""
    if isinstance(value, str):
        match = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*(ms|s|m|h)?\s*", value)
        if not match:
            raise ValueError("is not a span of time")
        value = float(match[1]) * {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}[match[2] or "s"]
    return _number(value)


def _number(value: Any) -> float:
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            raise ValueError("is not a number") from None
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise ValueError("is not a number")
    return float(value)


def _between(least: float, most: float, reads: Callable[[Any], float] = _number) -> _Rule:
    def rule(value: Any) -> float:
        number = reads(value)
        if not least <= number <= most:
            raise ValueError("is out of range")
        return number

    return rule


def _folder(value: Any) -> Path | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str | Path):
        raise ValueError("is not a path")
    path = Path(value).expanduser()
    if not path.is_dir():
        raise ValueError("is no folder here")
    return path.resolve()


def _pairs(value: Any) -> Mapping[str, str]:
    if isinstance(value, str):
        items = [part.partition("=")[::2] for part in value.split(",") if part.strip()]
    elif isinstance(value, Mapping):
        items = list(value.items())
    else:
        raise ValueError("is not a list of pairs")
    pairs = {}
    for left, right in items:
        if not isinstance(right, str) or not _NAME.fullmatch(left.strip()) or not _NAME.fullmatch(right.strip()):
            raise ValueError(f"holds {f'{left}={right}'!r}")
        pairs[left.strip()] = right.strip()
    return pairs


def _setting(default: Any, rule: _Rule, allowed: str, about: str, variable: str | None = None) -> Any:
    metadata = {"rule": rule, "allowed": allowed, "about": about, "variable": variable}
    if isinstance(default, dict):
        return field(default_factory=lambda: dict(default), metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a process of Tapehouse is told. ``load`` makes one; a test may make one by hand."""

    target: str = _setting("local", _one_of("local", "aws"), "local or aws", "where the data is", "TARGET")
    lake: str = _setting(
        "", _matching(_LAKE), "a folder, file:///…, s3a://bucket/… or s3://bucket/…", "where the tables are", "LAKE"
    )
    """Empty until ``load`` puts in the origin's own: .lake/demo, .lake/recorded or .lake/live."""
    feeds: tuple[str, ...] = _setting(
        (), _several(_NAME), "names, as coinbase,kraken,binance", "real venues to connect to; none by default", "FEEDS"
    )
    recordings: Path | None = _setting(
        None, _folder, "a folder", "recorded messages to play instead of the synthetic market", "RECORDINGS"
    )
    once: bool = _setting(False, _flag, "1 or 0 (true/false, yes/no, on/off)", "one bounded pass, then audit", "ONCE")
    symbols: tuple[str, ...] = _setting(
        (),
        _several(_SYMBOL, upper=True),
        "BASE-QUOTE, as BTC-USD,ETH-USD",
        "markets; the source's own if none",
        "SYMBOLS",
    )
    stream_name: str = _setting("trades", _matching(_STREAM), "1-128 of a-z A-Z 0-9 _ . -", "the Kinesis stream")
    shards: int = _setting(2, _whole(1, 500), "1-500", "shards of a stream that is made here")
    region: str = _setting("us-east-1", _matching(_REGION), "a region, as us-east-1", "the AWS region")
    refresh_every_s: float = _setting(
        5.0, _between(0.1, 86_400, seconds), "0.1-86400 seconds, or 500ms, 5s, 2m", "seconds between two refreshes"
    )
    trades_per_s: float = _setting(
        20.0, _between(0.01, 100_000), "0.01-100000", "trades a second of the synthetic market, all markets together"
    )
    seed: int = _setting(1, _whole(0, 2**63 - 1), "0 or more", "seed of the synthetic market")
    spark_memory_mb: int = _setting(1_536, _whole(512, 1_048_576), "512 or more, in MB", "memory of the Spark driver")
    kinesis_port: int = _setting(0, _whole(0, 65_535), "0-65535; 0 is any free one", "port of the embedded Kinesis")
    aws_port: int = _setting(0, _whole(0, 65_535), "0-65535; 0 is any free one", "port of the other embedded services")
    athena_workgroup: str = _setting(
        "primary", _matching(_STREAM), "1-128 of a-z A-Z 0-9 _ . -", "the Athena workgroup that answers on AWS"
    )
    gold_sources: Mapping[str, str] = _setting(
        {}, _pairs, "exchange=source pairs, as binance=binance-agg", "which source gold counts an exchange from"
    )

    @property
    def origin(self) -> str:
        """What kind of trades the lake holds: demo, recorded or live. Lakes of different origin never mix."""
        if self.recordings is not None:
            return "recorded"
        return "live" if self.feeds or self.target == "aws" else "demo"


def variable_of(name: str) -> str:
    """The environment variable of a field."""
    spec = {f.name: f.metadata for f in fields(Settings)}[name]
    return str(spec["variable"] or f"TAPEHOUSE_{name.upper()}")


def about(name: str) -> str:
    """One line of help on a field: what it is, what is allowed, its default, its variable."""
    spec = {f.name: f for f in fields(Settings)}[name]
    default = f"; default {spec.default}" if isinstance(spec.default, str | int | float) and spec.default != "" else ""
    return f"{spec.metadata['about']} ({spec.metadata['allowed']}{default}; {variable_of(name)})"


def _shown(value: Any) -> str:
    text = repr(str(value) if isinstance(value, Path) else value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _file_values(path: Path, named: bool, faults: list[str]) -> dict[str, Any]:
    """The file's keys; a file that was named must be there, the working directory's need not."""
    try:
        with path.open("rb") as file:
            found = tomllib.load(file)
    except FileNotFoundError:
        if named:
            faults.append(f"TAPEHOUSE_CONFIG: there is no file {path}; name an existing one, or unset it.")
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        faults.append(f"{path}: cannot be read as TOML: {error}.")
        return {}
    known = {f.name for f in fields(Settings)}
    for key in sorted(found.keys() - known):
        close = difflib.get_close_matches(key, known, n=1)
        mend = f"did you mean {close[0]}?" if close else f"known are {', '.join(sorted(known))}."
        faults.append(f"{key} (from {path}): there is no such setting; {mend}")
    return {key: value for key, value in found.items() if key in known}


def _environment_values(environ: Mapping[str, str]) -> dict[str, str]:
    variables = {f.name: variable_of(f.name) for f in fields(Settings)}
    return {name: environ[v] for name, v in variables.items() if v in environ and (environ[v] or name == "once")}


def load(
    *,
    environ: Mapping[str, str],
    arguments: Mapping[str, Any] | None = None,
    folder: Path | None = None,
    origin: str | None = None,
) -> Settings:
    """The settings of this process.

    ``arguments`` is the command line, by field; None there means that the word was not given. ``folder`` is the
    working directory. ``origin`` names whose lake is the default where it is known better than by the settings.

    Raises SettingsError with every fault of every source, also of values that a later source overrides.
    """
    faults: list[str] = []
    named = environ.get("TAPEHOUSE_CONFIG", "")
    path = Path(named).expanduser() if named else (folder or Path.cwd()) / CONFIG_NAME
    given = {name: value for name, value in (arguments or {}).items() if value is not None}
    sources: tuple[tuple[Callable[[str], str], Mapping[str, Any]], ...] = (
        (lambda _: str(path), _file_values(path, bool(named), faults)),
        (lambda name: f"environment, {variable_of(name)}", _environment_values(environ)),
        (lambda name: f"command line, --{name.replace('_', '-')}", given),
    )
    specs = {f.name: f.metadata for f in fields(Settings)}
    values: dict[str, Any] = {}
    for where, found in sources:
        for name, value in found.items():
            try:
                values[name] = specs[name]["rule"](value)
            except ValueError as error:
                allowed = specs[name]["allowed"]
                faults.append(f"{name} (from {where(name)}): {_shown(value)} {error}; allowed: {allowed}.")
    faults.extend(_clashes(values))
    if faults:
        raise SettingsError(faults)
    settings = Settings(**values)
    return settings if settings.lake else Settings(**{**values, "lake": f".lake/{origin or settings.origin}"})


def _clashes(values: Mapping[str, Any]) -> list[str]:
    """Faults that need two settings to see."""
    faults = []
    if values.get("feeds") and values.get("recordings"):
        faults.append("feeds and recordings: both are set; unset FEEDS to play recordings, or RECORDINGS to go live.")
    if values.get("target") == "aws":
        if values.get("recordings"):
            faults.append("recordings: only the local target plays them; unset RECORDINGS, or TARGET.")
        if not str(values.get("lake", "")).startswith("s3"):
            faults.append("lake: TARGET=aws needs the bucket, as LAKE=s3://bucket/lake (`terraform output` names it).")
    return faults
