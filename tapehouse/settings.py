"""The settings: one frozen, typed model, read once at the edge and passed on.

::

    defaults  <-  what was deployed  <-  tapehouse.toml  <-  environment  <-  command line

What was deployed is read with ``TARGET=aws`` alone (``tapehouse/deployed.py``). The file is ``tapehouse.toml`` of the
working directory, or what ``TAPEHOUSE_CONFIG`` names; its keys are the fields' names.
In the environment the everyday ones are bare (``TARGET``, ``LAKE``, ``FEEDS``, ``RECORDINGS``, ``ONCE``,
``SYMBOLS``, ``FEED``), the others ``TAPEHOUSE_<FIELD>``. An empty variable is an unset one, save that ``ONCE=`` is
false.

Every fault of every source is told at once, in one ``SettingsError``. So each of pydantic-settings' sources is judged
by itself: its own ``BaseSettings`` merges them first, and then knows neither what was overridden nor where it came
from. Secrets (``finnhub_token``, ``polygon_key``, Metabase's, ``dashboards_password``) are shown by no fault and no
repr, and have no word on the command line, where every user of the machine would see them. A key that is not known is
named without its value, since it may be one.
"""

import difflib
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    InitSettingsSource,
    SettingsConfigDict,
)

from tapehouse import deployed
from tapehouse import setting_types as types
from tapehouse.errors import SettingsError
from tapehouse.intervals import BY_NAME, SECOND_US
from tapehouse.setting_types import Allowed

CONFIG_NAME: Final = "tapehouse.toml"
EVERYDAY: Final = frozenset({"target", "lake", "feeds", "recordings", "once", "symbols", "feed"})
"""The fields whose variables are bare."""
MOST_STEPS: Final = 1_440
"""Of a forecast: a day of minutes."""
_KEYS: Final = (
    ("finnhub_token", "finnhub_secret"),
    ("polygon_key", "polygon_secret"),
    ("metabase_password", "metabase_secret"),
    ("metabase_api_key", "metabase_api_secret"),
)
"""A key, or where it is stored."""
_USER: Final = re.compile(r"//[^/]*@")
"""Of an address: there may be a password."""
_SHOWN: Final = 80
"""A wrong value is shown up to this many characters."""


class Settings(BaseModel):
    """What a process of Tapehouse is told. ``load`` makes one; made by hand, it reads nothing but its arguments."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    target: Annotated[Literal["local", "aws"], Allowed("local or aws")] = Field(
        default="local", description="where the data is"
    )
    lake: types.LakeUri = Field(default="", description="where the tables are")
    """Empty until ``load`` puts in the origin's own: .lake/demo, .lake/recorded or .lake/live."""
    feeds: types.Names = Field(default=(), description="real venues to connect to; none by default")
    recordings: types.ExistingFolder = Field(
        default=None, description="recorded messages to play instead of the synthetic market"
    )
    once: types.Flag = Field(default=False, description="one bounded pass, then audit")
    symbols: types.Symbols = Field(default=(), description="markets; the source's own if none")
    feed: Annotated[types.Name, Allowed("a venue's feed, synthetic, or file")] = Field(
        default="", description="the one source to read"
    )
    feed_limits: types.Limits = Field(default={}, description="other values for the venues' limits")
    finnhub_token: types.Key = Field(default=SecretStr(""), description="Finnhub's key")
    finnhub_secret: types.SecretName = Field(
        default="", description="the Secrets Manager secret that holds Finnhub's key"
    )
    polygon_key: types.Key = Field(default=SecretStr(""), description="Polygon's key")
    polygon_secret: types.SecretName = Field(
        default="", description="the Secrets Manager secret that holds Polygon's key"
    )
    state_folder: types.Folder = Field(
        default=None, description="where producers keep their marks; beside a local lake if none"
    )
    heartbeat: types.File = Field(default=None, description="where a producer writes every 5 s that it is alive")
    metrics_every_s: types.SpanS = Field(default=10.0, description="seconds between two metrics lines")
    stream_name: types.AwsName = Field(default="trades", description="the Kinesis stream")
    shards: Annotated[types.Whole, Allowed("1-500")] = Field(
        default=2, ge=1, le=500, description="shards of a stream that is made here"
    )
    producer: types.ProducerName = Field(
        default="", description="what tells a producer from others of its feed in metrics; empty is the feed"
    )
    shard_share: Annotated[types.Number, Allowed("0.01-1")] = Field(
        default=1.0,
        ge=0.01,
        le=1,
        description="the part of each shard's limits that this producer may use, where several share a stream",
    )
    region: types.Region = Field(default="us-east-1", description="the AWS region")
    refresh_every_s: types.SpanS = Field(default=1.0, description="seconds from one look at the stream to the next")
    trades_per_s: Annotated[types.Number, Allowed("0.01-100000")] = Field(
        default=20.0, ge=0.01, le=100_000, description="trades a second of the synthetic market, all markets together"
    )
    history_h: Annotated[types.Number, Allowed("0-168 hours")] = Field(
        default=26.0,
        ge=0,
        le=168,
        description="hours of its past that the synthetic market of a demo tells at most, before it is live; 0: none",
    )
    seed: Annotated[types.Whole, Allowed("0 or more")] = Field(
        default=1, ge=0, le=2**63 - 1, description="seed of the synthetic market"
    )
    spark_memory_mb: Annotated[types.Whole, Allowed("512 or more, in MB")] = Field(
        default=1_536, ge=512, le=1_048_576, description="memory of the Spark driver"
    )
    kinesis_port: types.Port = Field(default=0, description="port of the embedded Kinesis")
    kinesis_timing: Annotated[Literal["immediate", "aws"], Allowed("immediate or aws")] = Field(
        default="immediate", description="how the embedded Kinesis answers: at once, or with AWS' latency and limits"
    )
    aws_port: types.Port = Field(default=0, description="port of the other embedded services")
    dashboards_port: types.Port = Field(default=0, description="port of the dashboards at home; 8200 where it is free")
    dashboards_host: types.Host = Field(
        default="127.0.0.1", description="where the dashboards listen; beyond this machine only with a password"
    )
    dashboards_password: types.Key = Field(default=SecretStr(""), description="the password of the dashboards at home")
    deployment: types.Deployment = Field(
        default="tapehouse-dev", description="what Terraform made on AWS: every name there begins with it"
    )
    athena_workgroup: types.AwsName = Field(default="primary", description="the Athena workgroup that answers on AWS")
    database_prefix: types.DatabasePrefix = Field(
        default="", description="what stands before the databases' names bronze, silver and gold on AWS"
    )
    gold_sources: types.Sources = Field(default={}, description="which source gold counts an exchange from")
    gold_seconds_days: Annotated[types.Whole, Allowed("0-36500")] = Field(
        default=0, ge=0, le=36_500, description="days that candles of less than a minute are kept, 0 for ever"
    )
    bar_sizes: types.BarSizes = Field(default={}, description="what bars count to, in the place of the declared sizes")
    portfolio: types.FileUri = Field(
        default="", description="what is held, for gold.portfolio; _portfolio/portfolio.yaml of the lake if none"
    )
    forecast_every_s: types.SpanS = Field(
        default=900.0, description="seconds from one forecast of a market to the next"
    )
    forecast_interval: Annotated[
        Literal["1s", "5s", "15s", "1m", "5m", "15m", "30m", "1h"], Allowed("1s 5s 15s 1m 5m 15m 30m 1h")
    ] = Field(default="1m", description="the candles that forecasts are made of; a step is as long")
    forecast_window_s: types.SpanS = Field(
        default=86_400.0, description="seconds before a forecast whose candles it is made of"
    )
    forecast_horizons_s: types.SpansS = Field(
        default=(300.0, 900.0, 1800.0, 3600.0),
        description="how far forecasts look ahead; 5m, 15m, 30m and 1h if not set",
    )
    forecast_band: Annotated[types.Number, Allowed("0.01-0.99")] = Field(
        default=0.9, ge=0.01, le=0.99, description="the share of the paths that a forecast's band holds"
    )
    forecast_paths: Annotated[types.Whole, Allowed("100-1000000")] = Field(
        default=10_000, ge=100, le=1_000_000, description="paths that are simulated for a forecast"
    )
    forecast_least_returns: Annotated[types.Whole, Allowed("3-86399")] = Field(
        default=30, ge=3, le=86_399, description="returns in the window below which a market is not forecast"
    )
    landing: types.LandingUri = Field(
        default="", description="where the Lambdas land what they fetch; _landing/ of the lake if none"
    )
    retention: types.Retention = Field(default={}, description="days that rows of a table are kept, else for ever")
    metabase_url: types.SecureUrl = Field(default="", description="Metabase's address")
    metabase_email: types.Email = Field(default="", description="who administers Metabase")
    metabase_password: types.Key = Field(default=SecretStr(""), description="the administrator's password")
    metabase_secret: types.SecretName = Field(
        default="", description="the Secrets Manager secret that holds the administrator's password"
    )
    metabase_api_key: types.Key = Field(
        default=SecretStr(""), description="a key of Metabase's administrators, in the place of a password"
    )
    metabase_api_secret: types.SecretName = Field(
        default="", description="the Secrets Manager secret that holds that key"
    )
    metabase_workgroup: Annotated[
        str, Field(pattern="^[a-zA-Z0-9_.-]{0,128}$"), Allowed("1-128 of a-z A-Z 0-9 _ . -")
    ] = Field(default="", description="the Athena workgroup that answers Metabase; athena_workgroup if none")

    @property
    def origin(self) -> str:
        """What kind of trades the lake holds: demo, recorded or live. Lakes of different origin never mix."""
        if self.recordings is not None:
            return "recorded"
        return "live" if self.feeds or self.target == "aws" else "demo"


def variable_of(name: str) -> str:
    """The environment variable of a field."""
    return name.upper() if name in EVERYDAY else f"TAPEHOUSE_{name.upper()}"


def is_secret(name: str) -> bool:
    """Whether the field holds what nobody may see."""
    return Settings.model_fields[name].annotation is SecretStr


def about(name: str) -> str:
    """One line of help on a field: what it is, what is allowed, its default, its variable."""
    field = Settings.model_fields[name]
    default = (
        f"; default {field.default}" if isinstance(field.default, str | int | float) and field.default != "" else ""
    )
    return f"{field.description} ({_allowed(field)}{default}; {variable_of(name)})"


def _allowed(field: FieldInfo) -> str:
    return next(each.text for each in reversed(field.metadata) if isinstance(each, Allowed))


# -- the sources ------------------------------------------------------------------------------------------------------


Source: TypeAlias = tuple[Callable[[str], str], dict[str, Any]]
"""Where a field's value is from, in words, and the values by field."""


class _Fields(Settings, BaseSettings):
    """The same fields as pydantic-settings' sources want them."""

    model_config = SettingsConfigDict(case_sensitive=True, enable_decoding=False)


class _Environment(EnvSettingsSource):
    """The given environment, by our names."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        super().__init__(_Fields)
        self.env_vars = environ

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        text = self.env_vars.get(variable_of(field_name))
        return (text if text or field_name == "once" else None), field_name, False


def _file_values(path: Path, named: bool, faults: list[str]) -> dict[str, Any]:
    """The file's keys; a file that was named must be there, the working directory's need not."""
    try:
        with path.open("rb") as file:  # not by is_file: a pipe can be named too
            found = tomllib.load(file)
    except FileNotFoundError:
        if named:
            faults.append(f"TAPEHOUSE_CONFIG: there is no file {path}; name an existing one, or unset it.")
        return {}
    except (OSError, ValueError) as error:
        faults.append(f"{path}: cannot be read as TOML: {error}.")
        return {}
    return InitSettingsSource(_Fields, found)()


def _deployed_values(path: Path, faults: list[str]) -> dict[str, Any]:
    """What the last deployment told; nothing where there was none."""
    try:
        found = deployed.read(path)
    except SettingsError as error:
        faults.extend(error.faults)
        return {}
    return InitSettingsSource(_Fields, found)()


def load(
    *,
    environ: Mapping[str, str],
    arguments: Mapping[str, Any] | None = None,
    folder: Path | None = None,
    origin: str | None = None,
    word: Callable[[str], str] = lambda name: f"command line, --{name.replace('_', '-')}",
) -> Settings:
    """The settings of this process.

    ``arguments`` is the command line, by field; None there means that the word was not given. ``folder`` is the
    working directory. ``origin`` names whose lake is the default where it is known better than by the settings.
    ``word`` spells a field as the arguments have it, for faults.

    Raises SettingsError with every fault of every source, also of values that a later source overrides.
    """
    faults: list[str] = []
    named = environ.get("TAPEHOUSE_CONFIG", "")
    path = Path(named).expanduser() if named else (folder or Path.cwd()) / CONFIG_NAME
    given = {name: value for name, value in (arguments or {}).items() if value is not None}
    made = deployed.path_of("aws", folder)
    told: tuple[Source, ...] = (
        (lambda _: str(path), _file_values(path, bool(named), faults)),
        (lambda name: f"environment, {variable_of(name)}", _Environment(environ)()),
        (word, InitSettingsSource(_Fields, given)()),
    )
    on_aws = next((found["target"] for _, found in reversed(told) if "target" in found), None) == "aws"
    sources = ((lambda _: str(made), _deployed_values(made, faults) if on_aws else {}), *told)
    values: dict[str, Any] = {}
    for where, found in sources:
        problems = _problems(found)
        wrong = {str(problem["loc"][0]) for problem in problems}
        faults += [_fault(problem, found, where) for problem in problems]
        values |= {name: value for name, value in found.items() if name not in wrong}
    settings = Settings.model_validate(values)
    faults += _clashes(settings)
    if faults:
        raise SettingsError(faults)
    return settings if settings.lake else settings.model_copy(update={"lake": f".lake/{origin or settings.origin}"})


# -- faults -----------------------------------------------------------------------------------------------------------

_WORDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("bool_parsing", "bool_type"), "is neither yes nor no"),
    **dict.fromkeys(("float_parsing", "float_type", "finite_number"), "is not a number"),
    **dict.fromkeys(("greater_than_equal", "less_than_equal"), "is out of range"),
    **dict.fromkeys(("int_parsing", "int_from_float", "int_type"), "is not a whole number"),
    "literal_error": "is not one of them",
    "mapping_type": "is not a list of pairs",
    "path_type": "is not a path",
    **dict.fromkeys(("string_pattern_mismatch", "string_type"), "does not have this form"),
    "tuple_type": "is not a list of names",
}
"""pydantic's errors in our words; a validator of ours brings its own."""


def _problems(found: Mapping[str, Any]) -> list[ErrorDetails]:
    """What pydantic finds wrong with one source's values, unknown keys first."""
    try:
        Settings.model_validate(found)
    except ValidationError as error:
        return sorted(error.errors(include_url=False), key=lambda problem: problem["type"] != "extra_forbidden")
    return []


def _fault(problem: ErrorDetails, found: Mapping[str, Any], where: Callable[[str], str]) -> str:
    """The problem in one sentence; a secret's value, and that of a key that is not known, is no part of it."""
    name, *inside = map(str, problem["loc"])
    known = Settings.model_fields
    if problem["type"] == "extra_forbidden":
        close = difflib.get_close_matches(name, known, n=1)
        mend = f"did you mean {close[0]}?" if close else f"known are {', '.join(sorted(known))}."
        return f"{name} (from {where(name)}): there is no such setting; {mend}"
    words = _WORDS.get(problem["type"], problem["msg"].removeprefix("Value error, "))
    if inside:
        words = f"holds {_shown(problem['input'])}, which {words}"
    shown = "the value" if is_secret(name) else _shown(found[name])
    return f"{name} (from {where(name)}): {shown} {words}; allowed: {_allowed(known[name])}."


def _shown(value: Any) -> str:
    text = _USER.sub("//***@", repr(str(value) if isinstance(value, Path) else value))
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _clashes(settings: Settings) -> Iterator[str]:
    """Faults that need two settings to see."""
    if settings.feeds and settings.recordings:
        yield "feeds and recordings: both are set; unset FEEDS to play recordings, or RECORDINGS to go live."
    for direct, stored in _KEYS:
        if getattr(settings, direct) and getattr(settings, stored):
            yield f"{direct} and {stored}: both are set; unset one of them."
    yield from _forecast_clashes(settings)
    if settings.target == "aws":
        if settings.recordings:
            yield "recordings: only the local target plays them; unset RECORDINGS, or TARGET."
        if not settings.lake.startswith("s3"):
            yield (
                f"lake: TARGET=aws needs the bucket: `make deploy-terraform TARGET=aws` writes it into "
                f"{deployed.path_of('aws')}, or name it as LAKE=s3://bucket/lake."
            )


def _forecast_clashes(settings: Settings) -> Iterator[str]:
    interval_us = BY_NAME[settings.forecast_interval].length_us
    spans = [(name, getattr(settings, name)) for name in ("forecast_every_s", "forecast_window_s")]
    spans += [("forecast_horizons_s", each) for each in settings.forecast_horizons_s]
    for name, span_s in spans:
        if round(span_s * SECOND_US) % interval_us:
            yield f"{name} and forecast_interval: {span_s:g} s are no whole intervals of {settings.forecast_interval}."
    steps = round(max(settings.forecast_horizons_s) * SECOND_US) // interval_us
    if steps > MOST_STEPS:
        yield (
            f"forecast_horizons_s and forecast_interval: the longest has {steps} steps, and {MOST_STEPS} is the most; "
            f"name a longer forecast_interval."
        )
    most = round(settings.forecast_window_s * SECOND_US) // interval_us - 1
    if settings.forecast_least_returns > most:
        yield (
            f"forecast_least_returns and forecast_window_s: the window holds {max(most, 0)} returns of "
            f"{settings.forecast_interval} at most; ask for fewer, or name a longer forecast_window_s."
        )
