"""Defaults, file, environment, command line: who wins, and what is said when a setting cannot be used."""

import os
import pickle
import threading
import traceback
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tapehouse import deployed
from tapehouse import settings as s
from tapehouse.errors import SettingsError
from tapehouse.settings import Settings


def load(folder: Path, file: str = "", environ: dict[str, str] | None = None, **arguments: Any) -> Settings:
    if file:
        (folder / s.CONFIG_NAME).write_text(file)
    return s.load(environ=environ or {}, arguments=arguments, folder=folder)


def faults(folder: Path, file: str = "", environ: dict[str, str] | None = None, **arguments: Any) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        load(folder, file, environ, **arguments)
    return caught.value.faults


def test_nothing_set_gives_the_demo_lake_and_no_venue(tmp_path: Path) -> None:
    found = load(tmp_path)
    assert (found.target, found.lake, found.feeds, found.origin) == ("local", ".lake/demo", (), "demo")
    assert (found.stream_name, found.shards, found.region, found.once) == ("trades", 2, "us-east-1", False)


def test_file_beats_default(tmp_path: Path) -> None:
    assert load(tmp_path, "shards = 7").shards == 7


def deploy(folder: Path, text: str) -> Path:
    """What a deployment to AWS left there; its path."""
    path = deployed.path_of("aws", folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


AWS = {"TARGET": "aws", "LAKE": "s3://a-bucket/lake"}


def test_what_was_deployed_beats_default(tmp_path: Path) -> None:
    deploy(
        tmp_path,
        '{"lake": "s3://made/lake", "stream_name": "tapehouse-dev-trades", "refresh_every_s": 60,'
        ' "region": "eu-west-1", "gold_sources": {"binance": "binance-agg"}, "finnhub_secret": null}',
    )
    found = load(tmp_path, "", {"TARGET": "aws"})
    assert (found.lake, found.stream_name, found.refresh_every_s) == ("s3://made/lake", "tapehouse-dev-trades", 60)
    assert (found.region, found.gold_sources, found.finnhub_secret) == ("eu-west-1", {"binance": "binance-agg"}, "")


def test_file_beats_what_was_deployed(tmp_path: Path) -> None:
    deploy(tmp_path, '{"shards": 6}')
    assert load(tmp_path, "", AWS).shards == 6
    assert load(tmp_path, "shards = 7", AWS).shards == 7


def test_what_was_deployed_is_read_with_target_aws_alone_whoever_says_so(tmp_path: Path) -> None:
    deploy(tmp_path, '{"shards": 6, "lake": "s3://made/lake"}')
    assert load(tmp_path).shards == 2
    assert load(tmp_path, "", {"TARGET": "local"}).shards == 2
    assert load(tmp_path, "", {"TARGET": "aws"}, target="local").shards == 2
    assert load(tmp_path, "", {}, target="aws").shards == 6
    assert load(tmp_path, 'target = "aws"').shards == 6


def test_what_was_deployed_is_judged_as_any_source(tmp_path: Path) -> None:
    path = deploy(tmp_path, '{"shard": 6, "shards": 0}')
    unknown, wrong = faults(tmp_path, "", AWS)
    assert unknown == f"shard (from {path}): there is no such setting; did you mean shards?"
    assert wrong.startswith(f"shards (from {path}): 0 is out of range")


@pytest.mark.parametrize(("text", "said"), [("{", "cannot be read as JSON"), ("[1]", "holds no settings by name")])
def test_a_damaged_file_of_a_deployment_is_a_fault_that_names_it_and_who_writes_it(
    tmp_path: Path, text: str, said: str
) -> None:
    path = deploy(tmp_path, text)
    (fault,) = faults(tmp_path, "", AWS)
    assert str(path) in fault
    assert said in fault
    assert "`make deploy-terraform` writes it" in fault


def test_without_a_deployment_aws_needs_no_file(tmp_path: Path) -> None:
    assert load(tmp_path, "", AWS).deployment == "tapehouse-dev"


@pytest.mark.parametrize("name", ["", "Tapehouse-dev", "tapehouse_dev", "-dev", "t" * 41])
def test_what_is_no_name_of_a_deployment_is_refused(tmp_path: Path, name: str) -> None:
    assert len(faults(tmp_path, "", AWS, deployment=name)) == 1


def test_environment_beats_file(tmp_path: Path) -> None:
    assert load(tmp_path, "shards = 7", {"TAPEHOUSE_SHARDS": "8"}).shards == 8


def test_command_line_beats_environment(tmp_path: Path) -> None:
    assert load(tmp_path, "", {"TAPEHOUSE_SHARDS": "8"}, shards=9).shards == 9


def test_word_not_given_on_the_command_line_leaves_the_environment_alone(tmp_path: Path) -> None:
    assert load(tmp_path, "", {"TAPEHOUSE_SHARDS": "8"}, shards=None).shards == 8


def test_an_empty_variable_is_an_unset_one(tmp_path: Path) -> None:
    assert load(tmp_path, 'lake = "there"', {"LAKE": ""}).lake == "there"


def test_an_empty_once_is_no(tmp_path: Path) -> None:
    assert load(tmp_path, "once = true", {"ONCE": ""}).once is False


@pytest.mark.parametrize(
    ("word", "meant"),
    [("1", True), ("true", True), ("YES", True), ("0", False), ("false", False), ("False", False), ("no", False)],
)
def test_words_for_yes_and_no(tmp_path: Path, word: str, meant: bool) -> None:
    assert load(tmp_path, "", {"ONCE": word}).once is meant


def test_another_word_is_neither_yes_nor_no(tmp_path: Path) -> None:
    assert faults(tmp_path, "", {"ONCE": "maybe"}) == (
        "once (from environment, ONCE): 'maybe' is neither yes nor no; allowed: 1 or 0 (true/false, yes/no, on/off).",
    )


def test_every_fault_of_every_source_is_told_at_once(tmp_path: Path) -> None:
    found = faults(tmp_path, "shards = 0\nshard = 3", {"TARGET": "moon", "TAPEHOUSE_SEED": "x"}, refresh_every_s="soon")
    assert [fault.split(" ")[0] for fault in found] == ["shard", "shards", "target", "seed", "refresh_every_s"]
    assert "command line, --refresh-every-s" in found[-1]
    assert "allowed: 1-500" in found[1]


def test_a_bad_value_is_told_also_where_a_better_one_overrides_it(tmp_path: Path) -> None:
    assert len(faults(tmp_path, "shards = 0", {"TAPEHOUSE_SHARDS": "2"})) == 1


def test_an_unknown_key_is_named_with_the_nearest_one_and_without_its_value(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, 'stream_nam = "hunter2"')
    assert "stream_nam " in fault
    assert "did you mean stream_name?" in fault
    assert "hunter2" not in fault


def test_an_unknown_key_like_no_other_lists_the_known_ones(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, "zzzz = 1")
    assert (
        "known are athena_workgroup, aws_port, bar_sizes, dashboards_host, dashboards_password, dashboards_port, "
        "database_prefix, deployment, feed, feed_limits, feeds" in fault
    )


def test_broken_file_is_a_fault_that_names_the_line(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, "shards = = 1")
    assert "line 1" in fault


def test_named_file_is_read_instead_of_the_folders(tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text("shards = 3")
    assert load(tmp_path, "shards = 7", {"TAPEHOUSE_CONFIG": str(other)}).shards == 3


def test_named_file_must_be_there(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, "", {"TAPEHOUSE_CONFIG": str(tmp_path / "none.toml")})
    assert fault.startswith("TAPEHOUSE_CONFIG: there is no file")


def test_lists_come_as_text_or_as_toml_arrays(tmp_path: Path) -> None:
    assert load(tmp_path, 'symbols = ["btc-usd", "ETH-USD"]').symbols == ("BTC-USD", "ETH-USD")
    assert load(tmp_path, "", {"SYMBOLS": " btc-usd,,BTC-USD "}).symbols == ("BTC-USD",)


def test_sources_of_gold_come_as_a_table_or_as_pairs(tmp_path: Path) -> None:
    assert load(tmp_path, '[gold_sources]\nbinance = "binance-agg"').gold_sources == {"binance": "binance-agg"}
    environ = {"TAPEHOUSE_GOLD_SOURCES": "binance=binance-agg, us=polygon"}
    assert load(tmp_path, "", environ).gold_sources == {"binance": "binance-agg", "us": "polygon"}
    assert len(faults(tmp_path, "", {"TAPEHOUSE_GOLD_SOURCES": "binance"})) == 1


def test_sizes_of_bars_come_as_a_table_or_as_pairs(tmp_path: Path) -> None:
    sizes = {"tick": Decimal(500), "volume.BTC": Decimal("0.5")}
    assert load(tmp_path, "[bar_sizes]\ntick = 500\nvolume.BTC = 0.5").bar_sizes == sizes
    environ = {"TAPEHOUSE_BAR_SIZES": "tick=500, volume.BTC=0.5"}
    assert load(tmp_path, "", environ).bar_sizes == sizes
    for wrong in ("tick=0.5", "tick=-1", "ticks=5", "dollar.eur=5", "dollar=1e-13", "dollar=nan", "tick", "tick=many"):
        assert len(faults(tmp_path, "", {"TAPEHOUSE_BAR_SIZES": wrong})) == 1, wrong


def test_the_file_of_holdings_is_a_path_from_here_on_or_in_a_bucket(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    assert load(tmp_path).portfolio == ""
    assert load(tmp_path, 'portfolio = "mine.yaml"').portfolio == str(tmp_path / "mine.yaml")
    assert load(tmp_path, "", {"TAPEHOUSE_PORTFOLIO": "s3://bucket/mine.yaml"}).portfolio == "s3://bucket/mine.yaml"
    for wrong in ("s3://bucket/", "s3://bucket", "ftp://host/mine.yaml", "file:///mine.yaml", "folder/"):
        assert len(faults(tmp_path, "", {"TAPEHOUSE_PORTFOLIO": wrong})) == 1, wrong


@pytest.mark.parametrize(
    ("file", "days"),
    [
        ('[retention]\n"bronze.trades" = 30', {"bronze.trades": 30}),
        ("[retention.bronze]\ntrades = 30\n[retention.silver]\ntrades = 365",
         {"bronze.trades": 30, "silver.trades": 365}),
    ],
)  # fmt: skip
def test_retention_comes_as_a_table_or_as_pairs(tmp_path: Path, file: str, days: dict[str, int]) -> None:
    assert load(tmp_path, file).retention == days
    pairs = ",".join(f"{name}={count}" for name, count in days.items())
    assert load(tmp_path, "", {"TAPEHOUSE_RETENTION": pairs}).retention == days


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("bronze.trades", "is not a whole number"),
        ("bronze.trades=1.5", "is not a whole number"),
        ("bronze.trades=true", "is not a whole number"),
        ("bronze.trades=0", "is out of range"),
        ("bronze.trades=36501", "is out of range"),
        ("trades=30", "does not have this form"),
    ],
)
def test_what_cannot_be_kept_so_is_told(tmp_path: Path, text: str, says: str) -> None:
    (fault,) = faults(tmp_path, "", {"TAPEHOUSE_RETENTION": text})
    assert says in fault
    assert "allowed: TABLE=days pairs" in fault


def test_a_vendors_symbol_names_its_exchange_in_lower_case(tmp_path: Path) -> None:
    found = load(tmp_path, "", {"SYMBOLS": "binance:btc-usdt, US:AAPL-USD,btc-usd"})
    assert found.symbols == ("binance:BTC-USDT", "us:AAPL-USD", "BTC-USD")


@pytest.mark.parametrize("text", [":BTC-USD", "a:b:BTC-USD", "us:", "us:AAPL", "bad name:BTC-USD"])
def test_what_is_no_symbol_of_a_vendor_is_refused(tmp_path: Path, text: str) -> None:
    assert len(faults(tmp_path, "", {"SYMBOLS": text})) == 1


LIMITS = {"binance.connection_age_s": "80000", "kraken.rest.calls_per_s": "0.5"}


@pytest.mark.parametrize(
    ("file", "environ"),
    [
        ("", {"TAPEHOUSE_FEED_LIMITS": "binance.connection_age_s=80000, kraken.rest.calls_per_s=0.5"}),
        ('[feed_limits]\n"binance.connection_age_s" = 80000\n"kraken.rest.calls_per_s" = "0.5"', {}),
        ("[feed_limits]\nbinance.connection_age_s = 80000\nkraken.rest.calls_per_s = 0.5", {}),
    ],
)
def test_limits_of_feeds_come_as_pairs_or_as_a_table(tmp_path: Path, file: str, environ: dict[str, str]) -> None:
    assert load(tmp_path, file, environ).feed_limits == LIMITS


def test_a_limit_may_be_none(tmp_path: Path) -> None:
    found = load(tmp_path, "", {"TAPEHOUSE_FEED_LIMITS": "binance.connection_age_s=None"})
    assert found.feed_limits == {"binance.connection_age_s": "none"}


@pytest.mark.parametrize("text", ["binance=3", "binance.x", "a.b=many", "a.b=nan", "a.b=inf", "a.b.c.d=1"])
def test_what_is_no_limit_is_refused(tmp_path: Path, text: str) -> None:
    assert len(faults(tmp_path, "", {"TAPEHOUSE_FEED_LIMITS": text})) == 1
    assert len(faults(tmp_path, "[feed_limits]\nbinance.max_symbols = true")) == 1


SECRETS = ("finnhub_token", "polygon_key", "metabase_password", "metabase_api_key", "dashboards_password")


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_shown_by_no_repr_no_fault_and_no_help(tmp_path: Path, name: str) -> None:
    found = load(tmp_path, "", {s.variable_of(name): "hunter2\n"})
    assert getattr(found, name).get_secret_value() == "hunter2"
    assert "hunter2" not in repr(found) + str(found) + str(getattr(found, name)) + found.model_dump_json()
    wrong = faults(tmp_path, f'{name} = "hun ter2"', {s.variable_of(name): "hun\tter2", "TARGET": "moon"})
    assert len(wrong) == 3
    assert not any("ter2" in fault for fault in wrong)
    assert f"{name} (from environment, {s.variable_of(name)}): the value is not" in wrong[2]
    assert "default" not in s.about(name)


@pytest.mark.parametrize("name", SECRETS)
def test_a_wrong_secret_is_in_no_traceback(tmp_path: Path, name: str) -> None:
    values = {name: "hun\tter2"}
    with pytest.raises(SettingsError) as loading:
        load(tmp_path, "", {s.variable_of(name): values[name]})
    with pytest.raises(ValidationError) as making:
        Settings(**values)  # type: ignore[arg-type]
    for error in (loading.value, making.value):
        shown = "".join(traceback.format_exception(error))
        assert name in shown
        assert "ter2" not in shown
    assert b"ter2" not in pickle.dumps(loading.value)


def test_a_key_comes_from_one_place(tmp_path: Path) -> None:
    environ = {"TAPEHOUSE_FINNHUB_TOKEN": "hunter2", "TAPEHOUSE_FINNHUB_SECRET": "tapehouse/finnhub#token"}
    (fault,) = faults(tmp_path, "", environ)
    assert fault == "finnhub_token and finnhub_secret: both are set; unset one of them."


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://metabase.example.com/", True),
        ("https://metabase.example.com:8443/bi", True),
        ("http://127.0.0.1:3000", True),
        ("http://localhost", True),
        ("http://metabase.internal", False),
        ("http://127.0.0.1.example.com", False),
        ("https://me:hunter2@metabase.example.com", False),
        ("https://metabase.example.com?x=1", False),
        ("https://metabase.example.com:99999", False),
        ("ftp://127.0.0.1", False),
        ("https://[::1", False),
        ("metabase.example.com", False),
    ],
)
def test_a_password_goes_over_https_or_stays_on_the_machine(tmp_path: Path, url: str, good: bool) -> None:
    environ = {"TAPEHOUSE_METABASE_URL": url}
    if good:
        assert load(tmp_path, "", environ).metabase_url == url.rstrip("/")
    else:
        (fault,) = faults(tmp_path, "", environ)
        assert "; allowed: https://…, or http:// of this machine." in fault
        assert "hunter2" not in fault


def test_a_folder_of_state_need_not_be_there_yet(tmp_path: Path) -> None:
    found = load(tmp_path, "", {"TAPEHOUSE_STATE_FOLDER": str(tmp_path / "new")})
    assert found.state_folder == tmp_path / "new"


@pytest.mark.parametrize(("text", "span_s"), [("5", 5.0), ("5s", 5.0), ("500ms", 0.5), ("2m", 120.0), ("1.5h", 5400.0)])
def test_spans_of_time_have_units(tmp_path: Path, text: str, span_s: float) -> None:
    assert load(tmp_path, refresh_every_s=text).refresh_every_s == span_s


@pytest.mark.parametrize("value", ["nan", "inf", "-1", "0", "5 fortnights", True, [1], float("nan")])
def test_what_is_no_span_of_time_is_refused(tmp_path: Path, value: Any) -> None:
    assert len(faults(tmp_path, refresh_every_s=value)) == 1


def test_true_is_no_number_of_shards(tmp_path: Path) -> None:
    assert len(faults(tmp_path, "shards = true")) == 1


@pytest.mark.parametrize("value", ["0", "-0.1", "1.01", "1.5", "nan", True])
def test_what_is_no_share_of_a_shard_is_refused(tmp_path: Path, value: Any) -> None:
    assert load(tmp_path, shard_share="0.5").shard_share == 0.5
    assert load(tmp_path).shard_share == 1
    assert len(faults(tmp_path, shard_share=value)) == 1


def test_made_by_hand_they_read_neither_environment_nor_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TAPEHOUSE_SHARDS", "7")
    monkeypatch.setenv("LAKE", "elsewhere")
    (tmp_path / s.CONFIG_NAME).write_text("seed = 3")
    assert Settings(feed="kraken").lake == ""
    assert Settings(feed="kraken") == Settings(feed="kraken", shards=2, seed=1)


def test_the_given_environment_is_read_and_not_the_process_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAPEHOUSE_SHARDS", "7")
    assert load(tmp_path).shards == 2


@pytest.mark.parametrize("name", ["tapehouse_shards", "shards", "SHARDS", "TAPEHOUSE_shards"])
def test_a_variable_has_one_spelling(tmp_path: Path, name: str) -> None:
    assert load(tmp_path, "", {name: "7", "lake": "x", "TAPEHOUSE_LAKE": "y"}) == load(tmp_path)


def test_a_table_of_the_environment_takes_the_place_of_the_file_s(tmp_path: Path) -> None:
    file = '[gold_sources]\nbinance = "binance-agg"'
    assert load(tmp_path, file, {"TAPEHOUSE_GOLD_SOURCES": "us=polygon"}).gold_sources == {"us": "polygon"}


def test_each_wrong_part_of_a_list_is_told(tmp_path: Path) -> None:
    found = faults(tmp_path, "", {"FEEDS": "kraken,No Name,,-x"})
    assert found == (
        "feeds (from environment, FEEDS): 'kraken,No Name,,-x' holds 'No Name', which does not have this form; "
        "allowed: names, as coinbase,kraken,binance.",
        "feeds (from environment, FEEDS): 'kraken,No Name,,-x' holds '-x', which does not have this form; "
        "allowed: names, as coinbase,kraken,binance.",
    )


def test_each_origin_has_its_own_lake(tmp_path: Path) -> None:
    assert load(tmp_path, "", {"FEEDS": "coinbase,kraken"}).lake == ".lake/live"
    assert load(tmp_path, "", {"RECORDINGS": str(tmp_path)}).lake == ".lake/recorded"


def test_recordings_and_venues_exclude_each_other(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, "", {"FEEDS": "coinbase", "RECORDINGS": str(tmp_path)})
    assert "unset FEEDS" in fault


def test_recordings_must_be_a_folder(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, "", {"RECORDINGS": str(tmp_path / "none")})
    assert "is no folder here" in fault


def test_aws_needs_a_lake_in_a_bucket(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, "", {"TARGET": "aws"})
    assert "LAKE=s3://" in fault
    assert load(tmp_path, "", {"TARGET": "aws", "LAKE": "s3://a-bucket/lake"}).origin == "live"


def test_a_lake_of_an_unknown_scheme_is_a_fault(tmp_path: Path) -> None:
    assert len(faults(tmp_path, "", {"LAKE": "gs://bucket/lake"})) == 1


def test_a_long_wrong_value_is_cut(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, "", {"TARGET": "x" * 10_000})
    assert len(fault) < 300


def test_every_field_tells_what_it_is_and_how_to_set_it() -> None:
    for name in Settings.model_fields:
        assert s.variable_of(name) in s.about(name)
    assert s.variable_of("lake") == "LAKE"
    assert s.variable_of("shards") == "TAPEHOUSE_SHARDS"
    assert s.about("shards") == "shards of a stream that is made here (1-500; default 2; TAPEHOUSE_SHARDS)"


def test_settings_are_frozen_and_survive_pickling(tmp_path: Path) -> None:
    found = load(tmp_path)
    with pytest.raises(ValidationError, match="frozen"):
        found.shards = 3
    assert pickle.loads(pickle.dumps(found)) == found


def test_a_settings_file_may_be_a_pipe_and_a_folder_is_no_file(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writing = threading.Thread(target=pipe.write_text, args=("seed = 5",))
    writing.start()
    assert s.load(environ={"TAPEHOUSE_CONFIG": str(pipe)}, folder=tmp_path).seed == 5
    writing.join()
    (tmp_path / "tapehouse.toml").mkdir()
    environments: tuple[dict[str, str], ...] = ({}, {"TAPEHOUSE_CONFIG": str(tmp_path)})
    for environ in environments:
        with pytest.raises(SettingsError, match=r"cannot be read as TOML: .*Is a directory"):
            s.load(environ=environ, folder=tmp_path)


def test_horizons_come_as_text_or_as_toml_arrays(tmp_path: Path) -> None:
    assert load(tmp_path, 'forecast_horizons_s = ["5m", 900]').forecast_horizons_s == (300.0, 900.0)
    assert load(tmp_path, "", {"TAPEHOUSE_FORECAST_HORIZONS_S": "5m, 1h"}).forecast_horizons_s == (300.0, 3600.0)


@pytest.mark.parametrize(
    ("told", "fault"),
    [
        ({"FORECAST_EVERY_S": "90"}, "forecast_every_s and forecast_interval: 90 s are no whole intervals of 1m."),
        ({"FORECAST_HORIZONS_S": "5m,10s"}, "forecast_horizons_s and forecast_interval: 10 s are no whole intervals"),
        ({"FORECAST_WINDOW_S": "30m"}, "forecast_least_returns and forecast_window_s: the window holds 29 returns"),
        (
            {"FORECAST_INTERVAL": "1s", "FORECAST_HORIZONS_S": "1h"},
            "forecast_horizons_s and forecast_interval: the",
        ),
        ({"FORECAST_BAND": "1"}, "forecast_band (from environment"),
        ({"FORECAST_INTERVAL": "4h"}, "forecast_interval (from environment"),
        ({"FORECAST_HORIZONS_S": ","}, "forecast_horizons_s (from environment"),
        ({"FORECAST_PATHS": "99"}, "forecast_paths (from environment"),
    ],
)
def test_forecasts_that_cannot_be_made_are_refused(tmp_path: Path, told: dict[str, str], fault: str) -> None:
    (found,) = faults(tmp_path, "", {f"TAPEHOUSE_{name}": value for name, value in told.items()})
    assert found.startswith(fault)
