"""The settings: one frozen, typed object, read once at the edge and passed on.

::

    defaults  <-  tapehouse.toml  <-  environment  <-  command line

The file is ``tapehouse.toml`` of the working directory, or what ``TAPEHOUSE_CONFIG`` names; its keys are the fields'
names. In the environment the everyday ones are bare (``TARGET``, ``LAKE``, ``FEEDS``, ``RECORDINGS``, ``ONCE``,
``SYMBOLS``, ``FEED``), the others ``TAPEHOUSE_<FIELD>``. An empty variable is an unset one, save that ``ONCE=`` is
false.

Every fault of every source is told at once, in one ``SettingsError``. Secrets (``finnhub_token``, ``polygon_key``) are
shown by no fault and no repr, and have no word on the command line, where every user of the machine would see them. A
key that is not known is named without its value, since it may be one.
"""
# ruff: noqa: RUF009 - ``_setting`` gives a field, as ``field`` does

import difflib
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from tapehouse import setting_rules as rules
from tapehouse.errors import SettingsError

CONFIG_NAME: Final = "tapehouse.toml"
_SHOWN: Final = 80
"""A wrong value is shown up to this many characters."""


def _setting(
    default: Any, rule: rules.Rule, allowed: str, about: str, variable: str | None = None, *, secret: bool = False
) -> Any:
    metadata = {"rule": rule, "allowed": allowed, "about": about, "variable": variable, "secret": secret}
    if isinstance(default, dict):
        return field(default_factory=lambda: dict(default), metadata=metadata)
    return field(default=default, metadata=metadata, repr=not secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a process of Tapehouse is told. ``load`` makes one; a test may make one by hand."""

    target: str = _setting("local", rules.one_of("local", "aws"), "local or aws", "where the data is", "TARGET")
    lake: str = _setting(
        "",
        rules.matching(rules.LAKE),
        "a folder, file:///…, s3a://bucket/… or s3://bucket/…",
        "where the tables are",
        "LAKE",
    )
    """Empty until ``load`` puts in the origin's own: .lake/demo, .lake/recorded or .lake/live."""
    feeds: tuple[str, ...] = _setting(
        (),
        rules.several(rules.NAME),
        "names, as coinbase,kraken,binance",
        "real venues to connect to; none by default",
        "FEEDS",
    )
    recordings: Path | None = _setting(
        None, rules.folder, "a folder", "recorded messages to play instead of the synthetic market", "RECORDINGS"
    )
    once: bool = _setting(
        False, rules.flag, "1 or 0 (true/false, yes/no, on/off)", "one bounded pass, then audit", "ONCE"
    )
    symbols: tuple[str, ...] = _setting(
        (),
        rules.several(rules.SYMBOL, rules.symbol),
        "BASE-QUOTE, as BTC-USD,ETH-USD; a vendor's with the exchange in front, as binance:BTC-USDT,us:AAPL-USD",
        "markets; the source's own if none",
        "SYMBOLS",
    )
    feed: str = _setting(
        "", rules.matching(rules.NAME), "a venue's feed, synthetic, or file", "the one source to read", "FEED"
    )
    feed_limits: Mapping[str, str] = _setting(
        {},
        rules.limits,
        "FEED.LIMIT=number pairs, as binance.connection_age_s=80000,kraken.rest.calls_per_s=0.5; none lifts a bound",
        "other values for the venues' limits",
    )
    finnhub_token: str = _setting("", rules.secret, "an account's key", "Finnhub's key", secret=True)
    finnhub_secret: str = _setting(
        "",
        rules.matching(rules.SECRET_NAME),
        "a secret's name or ARN; behind # the key of its JSON",
        "the Secrets Manager secret that holds Finnhub's key",
    )
    polygon_key: str = _setting("", rules.secret, "an account's key", "Polygon's key", secret=True)
    polygon_secret: str = _setting(
        "",
        rules.matching(rules.SECRET_NAME),
        "a secret's name or ARN; behind # the key of its JSON",
        "the Secrets Manager secret that holds Polygon's key",
    )
    state_folder: Path | None = _setting(
        None, rules.path, "a folder", "where producers keep their marks; beside a local lake if none"
    )
    heartbeat: Path | None = _setting(None, rules.path, "a file", "where a producer writes every 5 s that it is alive")
    metrics_every_s: float = _setting(
        10.0,
        rules.between(0.1, 86_400, rules.seconds),
        "0.1-86400 seconds, or 500ms, 5s, 2m",
        "seconds between two metrics lines",
    )
    stream_name: str = _setting(
        "trades", rules.matching(rules.STREAM), "1-128 of a-z A-Z 0-9 _ . -", "the Kinesis stream"
    )
    shards: int = _setting(2, rules.whole(1, 500), "1-500", "shards of a stream that is made here")
    region: str = _setting("us-east-1", rules.matching(rules.REGION), "a region, as us-east-1", "the AWS region")
    refresh_every_s: float = _setting(
        5.0,
        rules.between(0.1, 86_400, rules.seconds),
        "0.1-86400 seconds, or 500ms, 5s, 2m",
        "seconds between two refreshes",
    )
    trades_per_s: float = _setting(
        20.0,
        rules.between(0.01, 100_000),
        "0.01-100000",
        "trades a second of the synthetic market, all markets together",
    )
    seed: int = _setting(1, rules.whole(0, 2**63 - 1), "0 or more", "seed of the synthetic market")
    spark_memory_mb: int = _setting(
        1_536, rules.whole(512, 1_048_576), "512 or more, in MB", "memory of the Spark driver"
    )
    kinesis_port: int = _setting(
        0, rules.whole(0, 65_535), "0-65535; 0 is any free one", "port of the embedded Kinesis"
    )
    aws_port: int = _setting(
        0, rules.whole(0, 65_535), "0-65535; 0 is any free one", "port of the other embedded services"
    )
    athena_workgroup: str = _setting(
        "primary",
        rules.matching(rules.STREAM),
        "1-128 of a-z A-Z 0-9 _ . -",
        "the Athena workgroup that answers on AWS",
    )
    gold_sources: Mapping[str, str] = _setting(
        {}, rules.pairs, "exchange=source pairs, as binance=binance-agg", "which source gold counts an exchange from"
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
                allowed, shown = specs[name]["allowed"], "the value" if specs[name]["secret"] else _shown(value)
                faults.append(f"{name} (from {where(name)}): {shown} {error}; allowed: {allowed}.")
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
    for direct, stored in (("finnhub_token", "finnhub_secret"), ("polygon_key", "polygon_secret")):
        if values.get(direct) and values.get(stored):
            faults.append(f"{direct} and {stored}: both are set; unset one of them.")
    if values.get("target") == "aws":
        if values.get("recordings"):
            faults.append("recordings: only the local target plays them; unset RECORDINGS, or TARGET.")
        if not str(values.get("lake", "")).startswith("s3"):
            faults.append("lake: TARGET=aws needs the bucket, as LAKE=s3://bucket/lake (`terraform output` names it).")
    return faults
