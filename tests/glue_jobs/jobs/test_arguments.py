"""A job's words: what Glue mixes in is ignored, what we misspell is told, all faults at once."""

import shlex
from pathlib import Path

import pytest

from glue_jobs.jobs import arguments
from glue_jobs.jobs.arguments import JOBS, parse
from tapehouse.errors import SettingsError, TerminalError
from tapehouse.settings import Settings

ROOT = Path(__file__).parents[3]
LAKE = ["--lake", "s3://bucket/lake"]
GLUES = shlex.split(
    "true --JOB_ID j_1 --JOB_RUN_ID jr_1 --JOB_NAME tapehouse-dev-refresh --TempDir s3://bucket/tmp/ "
    "--job-bookmark-option job-bookmark-disable --enable-metrics true --enable-observability-metrics true "
    "--custom-logGroup-prefix /tapehouse/dev/stream --datalake-formats delta "
    "--enable-glue-datacatalog true --additional-python-modules s3://bucket/a.gluewheels.zip,s3://bucket/b.whl "
    "--python-modules-installer-option --no-index --enable-auto-scaling true --job-language python "
    "--extra-py-files s3://bucket/c.zip --SECURITY_CONFIGURATION x --class GlueApp --mode x "
    "--a-word-of-next-year true"
)
CONF = ["--conf", "spark.sql.extensions=io.delta.sql.DeltaSparkSessionExtension --conf spark.x.y=z"]


def faults(job: str, words: list[str]) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        parse(job, words)
    return caught.value.faults


def test_a_job_s_words_are_found_among_glues_own() -> None:
    words = [*GLUES[:7], *LAKE, "--gold_sources", "binance=binance-agg", *GLUES[7:], "--layer", "gold", *CONF]
    given = parse("refresh", words)
    assert given.settings.lake == "s3://bucket/lake"
    assert given.settings.gold_sources == {"binance": "binance-agg"}
    assert given.own == {"layer": "gold", "table": None}
    assert (given.glue_name, given.glue_run) == ("tapehouse-dev-refresh", "jr_1")


def test_what_is_not_given_is_as_the_settings_say_but_for_the_stream_s_pace() -> None:
    given = parse("stream", [*LAKE, "--refresh_every_s", ""])
    assert given.settings == Settings(lake="s3://bucket/lake", refresh_every_s=60)
    assert given.own == {"most_minutes": None}
    assert not given.names_region
    assert (given.glue_name, given.glue_run) == (None, None)


@pytest.mark.parametrize("text", ["500ms", "5", "5s", "2m"])
def test_a_span_is_read_as_the_setting_is(text: str) -> None:
    assert parse("stream", [*LAKE, "--refresh_every_s", text]).settings.refresh_every_s > 0


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("--gold_source", "--gold_source: this job has no such argument; did you mean --gold_sources?"),
        ("--stream-name", "--stream-name: did you mean --stream_name?"),
        ("--Lake", "--Lake: did you mean --lake?"),
        (
            "--gold_seconds_day=3",
            "--gold_seconds_day: this job has no such argument; did you mean --gold_seconds_days?",
        ),
        (
            "--shards",
            "--shards: this job has no such argument; there are --lake, --region, --stream_name, --gold_sources, "
            "--gold_seconds_days, --bar_sizes, --portfolio, --forecast_every_s, --forecast_interval, "
            "--forecast_window_s, --forecast_horizons_s, --forecast_band, --forecast_paths, --forecast_least_returns, "
            "--retention, --layer, --table.",
        ),
        ("--most_minutes", "--most_minutes: this job has no such argument; there are"),
    ],
)
def test_a_misspelt_word_is_told(word: str, told: str) -> None:
    (fault,) = faults("refresh", [*LAKE, word, "value"])
    assert fault.startswith(told)


def test_no_word_is_understood_by_its_beginning() -> None:
    assert faults("refresh", [*LAKE, "--stream", "x"])
    assert parse("refresh", LAKE).settings.stream_name == "trades"


def test_every_fault_is_told_at_once_and_spelled_as_the_words_are() -> None:
    found = faults(
        "stream", ["--stream_name", "a b", "--refresh_every_s", "never", "--most_minutes", "0", "--laek", "x"]
    )
    assert [fault.partition(":")[0] for fault in found] == [
        "--lake is missing",
        "--laek",
        "--most_minutes",
        "stream_name (from --stream_name)",
        "refresh_every_s (from --refresh_every_s)",
    ]


@pytest.mark.parametrize(
    ("job", "words", "told"),
    [
        ("refresh", ["--layer", "copper"], "--layer: there is no layer 'copper'; the layers are bronze, silver, gold."),
        ("refresh", ["--table", "gold.candle"], "--table: "),
        ("rebuild", [], "--table is missing: "),
        ("requeue", ["--dry_run", "yes"], "--dry_run: 'yes' is neither true nor false."),
        ("audit", ["--full", "yes"], "--full: 'yes' is neither true nor false."),
        ("maintain", ["--most_minutes", "nan"], "--most_minutes: 'nan' is no number of minutes"),
        ("maintain", ["--forget", "ada"], "--forget: 'ada' is no document_id"),
        ("refresh", ["--lake", "ftp://x"], "lake (from --lake): 'ftp://x' does not have this form; allowed: "),
    ],
)
def test_a_value_that_means_nothing_is_told(job: str, words: list[str], told: str) -> None:
    (fault,) = faults(job, [*LAKE, *words])
    assert fault.startswith(told)


def test_a_word_without_its_value_is_told() -> None:
    with pytest.raises(TerminalError, match="argument --lake: expected one argument"):
        parse("refresh", ["--lake", "--JOB_NAME", "x"])


def test_neither_the_environment_nor_a_file_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tapehouse.toml").write_text('stream_name = "other"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TAPEHOUSE_REGION", "eu-west-1")
    given = parse("refresh", LAKE).settings
    assert (given.stream_name, given.region) == ("trades", "us-east-1")


def test_every_job_is_a_script_of_its_name_and_takes_the_shared_words() -> None:
    scripts = {path.stem for path in (ROOT / "glue_jobs/jobs").glob("*.py")} - {"__init__", "arguments", "script"}
    assert set(JOBS) == {each for each in scripts if "run_script(" in (ROOT / f"glue_jobs/jobs/{each}.py").read_text()}
    for job, declared in JOBS.items():
        names = [argument.name for argument in declared]
        assert names[:7] == [
            "lake",
            "region",
            "stream_name",
            "gold_sources",
            "gold_seconds_days",
            "bar_sizes",
            "portfolio",
        ]
        assert "retention" in names
        assert len(set(names)) == len(names)
        assert all(argument.about for argument in declared), job


def test_what_has_no_reader_is_a_setting() -> None:
    for declared in JOBS.values():
        assert {argument.name for argument in declared if argument.read is None} <= set(Settings.model_fields)


def test_an_unknown_job_is_answered_with_all() -> None:
    with pytest.raises(TerminalError, match="there is no job 'refersh'; the jobs are stream, refresh, maintain"):
        parse("refersh", LAKE)


def test_help_tells_each_word() -> None:
    text = arguments.help_text("rebuild")
    assert "--table X (needed): the table" in text
    assert text.count("\n") == len(JOBS["rebuild"])
