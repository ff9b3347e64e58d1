"""Each check, told the truth and told a lie: what differs is seen, and nothing else."""

import io
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from glue_jobs.engine import LostRaceError, Steps, Workspace
from glue_jobs.engine.session import SQL_SETTINGS
from glue_jobs.smoke import CHECKS, Check, Finding, bucket, inquire, services, session, table_of, tables
from glue_jobs.smoke.bench import Bench
from glue_jobs.smoke.check import NotHereError, Seen
from tapehouse.lake import Lake

NOW = datetime(2026, 11, 1, tzinfo=UTC)


class FakeS3:
    """An S3 with conditional writes, as far as it is not told to be without."""

    def __init__(self, *, ignores: str = "", clock_off_s: float = 0.0) -> None:
        self.ignores, self.clock_off_s = ignores, clock_off_s
        self.objects: dict[str, bytes] = {}

    def put_object(self, *, Key: str, Body: bytes, Bucket: str, **conditions: str) -> dict[str, str]:  # noqa: N803
        assert Bucket is not None
        is_taken = conditions.get("IfNoneMatch") == "*" and Key in self.objects and self.ignores != "IfNoneMatch"
        tag = conditions.get("IfMatch")
        is_stale = tag is not None and tag != self._tag(Key) and self.ignores != "IfMatch"
        if is_taken or is_stale or self.ignores == "rights":
            code = "AccessDenied" if self.ignores == "rights" else "PreconditionFailed"
            raise ClientError({"Error": {"Code": code, "Message": "no"}}, "PutObject")
        self.objects[Key] = Body
        return {"ETag": self._tag(Key)}

    def get_object(self, *, Key: str, Bucket: str) -> dict[str, Any]:  # noqa: N803
        return {"Body": io.BytesIO(self.objects[Key])}

    def head_object(self, *, Key: str, Bucket: str) -> dict[str, Any]:  # noqa: N803
        return {"LastModified": NOW + timedelta(seconds=self.clock_off_s)}

    def _tag(self, key: str) -> str:
        return str(hash(self.objects[key]))


def bench(tmp_path: Path, **more: Any) -> Bench:
    given: dict[str, Any] = {
        "lake": Lake("s3://bucket/lake"),
        "scratch": Workspace(None, Lake(tmp_path / "scratch"), Steps()),  # type: ignore[arg-type]
        "stream_name": "trades",
        "glue_name": "tapehouse-dev-smoke",
        "conf": SQL_SETTINGS.get,
        "on_worker": lambda look: look(),
        "client": lambda _: FakeS3(),
        "clock": NOW.timestamp,
    }
    return Bench(**{**given, **more})


def s3(**told: Any) -> Callable[[str], Any]:
    found = FakeS3(**told)
    return lambda _: found


def job(**told: Any) -> Callable[[str], Any]:
    body = {"GlueVersion": "6.0", "Command": {"Name": "gluestreaming"}, "ExecutionProperty": {"MaxConcurrentRuns": 1}}
    asked: list[str] = []

    def get_job(JobName: str) -> dict[str, Any]:  # noqa: N803
        asked.append(JobName)
        assert JobName == "tapehouse-dev-stream"
        return {"Job": {**body, **told}}

    return lambda _: SimpleNamespace(get_job=get_job)


def stream(**told: Any) -> Callable[[str], Any]:
    summary = {"StreamStatus": "ACTIVE", "RetentionPeriodHours": 24}
    answers: dict[str, Any] = {
        "describe_stream_summary": {"StreamDescriptionSummary": summary},
        "list_shards": {"Shards": [{"ShardId": "shardId-0"}]},
        "get_shard_iterator": {"ShardIterator": "x"},
        "get_records": {"Records": [], "MillisBehindLatest": 0},
        **told,
    }

    def asked(name: str, **_: Any) -> Any:
        if isinstance(answers[name], Exception):
            raise answers[name]
        return answers[name]

    return lambda _: SimpleNamespace(**{name: partial(asked, name) for name in answers})


DENIED = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "not authorized"}}, "GetRecords")


TRUTHS: list[tuple[Callable[[Bench], Seen], Mapping[str, Any]]] = [
    (session.pythons, {}),
    (session.libraries, {}),
    (session.settings, {}),
    (
        session.settings,
        {"conf": {**SQL_SETTINGS, "spark.sql.extensions": "x.Y,io.delta.sql.DeltaSparkSessionExtension"}.get},
    ),
    (session.region, {}),
    (session.worker_writes, {}),
    (bucket.put_if_none, {}),
    (bucket.put_if_match, {}),
    (bucket.calls, {}),
    (bucket.clock, {}),
    (services.stream, {"client": stream()}),
    (services.stream_job, {"client": job()}),
]
LIES: list[tuple[Callable[[Bench], Seen], Mapping[str, Any], str]] = [
    (session.pythons, {"on_worker": lambda _: "3.9"}, "worker 3.9"),
    (session.libraries, {"on_worker": lambda look: {**look(), "pyarrow": "12.0"}}, "(worker 12.0)"),
    (session.settings, {"conf": {**SQL_SETTINGS, "spark.sql.ansi.enabled": "false"}.get}, "spark.sql.ansi.enabled"),
    (session.settings, {"conf": lambda _: None}, "spark.sql.extensions"),
    (session.region, {"on_worker": lambda _: [None, None]}, "worker [None, None]"),
    (session.worker_writes, {"on_worker": lambda look: look() + 1}, "here are 11"),
    (bucket.put_if_none, {"client": s3(ignores="IfNoneMatch")}, "second put"),
    (bucket.put_if_match, {"client": s3(ignores="IfMatch")}, "by an old one put"),
    (bucket.clock, {"client": s3(clock_off_s=-90)}, "-90.0 s"),
    (services.stream, {"client": stream(get_records={"Records": []})}, "no MillisBehindLatest"),
    (services.stream_job, {"client": job(Timeout=480)}, "Timeout 480"),
    (services.stream_job, {"client": job(ExecutionProperty={"MaxConcurrentRuns": 3})}, "MaxConcurrentRuns 3"),
    (services.stream_job, {"client": job(Command={"Name": "glueetl"})}, "Command glueetl"),
]


@pytest.mark.parametrize(("look", "told"), TRUTHS)
def test_what_is_as_told(look: Callable[[Bench], Seen], told: Mapping[str, Any], tmp_path: Path) -> None:
    seen = look(bench(tmp_path, **told))
    assert not seen.differs, seen.what
    assert seen.what


@pytest.mark.parametrize(("look", "told", "what"), LIES)
def test_a_lie_is_seen(look: Callable[[Bench], Seen], told: Mapping[str, Any], what: str, tmp_path: Path) -> None:
    seen = look(bench(tmp_path, **told))
    assert seen.differs
    assert what in seen.what


def test_a_library_of_another_age_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "version", lambda name: "9.9" if name == "pyspark" else session.LIBRARIES[name])
    assert session.libraries(bench(tmp_path)).differs


def test_a_python_that_we_do_not_know_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "python", lambda: "3.14")
    assert session.pythons(bench(tmp_path)).differs


@pytest.mark.parametrize("look", [bucket.put_if_none, bucket.put_if_match, bucket.calls, bucket.scheme, bucket.clock])
def test_what_only_a_bucket_has_is_not_here_in_a_folder(look: Callable[[Bench], Seen], tmp_path: Path) -> None:
    with pytest.raises(NotHereError, match="the lake is a folder"):
        look(bench(tmp_path, lake=Lake(tmp_path / "lake")))


def test_what_only_glue_has_is_not_here_at_home(tmp_path: Path) -> None:
    with pytest.raises(NotHereError, match="no Glue runs this"):
        services.stream_job(bench(tmp_path, glue_name=None))
    with pytest.raises(NotHereError, match="no stream is up"):
        services.stream(bench(tmp_path, glue_name=None))


class Forgetful:
    """Files of which none can be deleted, or read back, or found again."""

    def __init__(self, under: Any, lie: str) -> None:
        self._under, self._lie = under, lie

    def __getattr__(self, name: str) -> Any:
        if name == self._lie:
            return {"read": lambda _: b"", "listing": lambda **_: iter(()), "delete": lambda _: None}[name]
        return getattr(self._under, name)


@pytest.mark.parametrize("lie", ["read", "listing", "delete"])
def test_a_call_that_does_not_do_what_it_says_is_seen(lie: str, tmp_path: Path) -> None:
    here = bench(tmp_path)
    lying: Any = SimpleNamespace(lake=here.lake, place=Forgetful(here.place, lie))
    assert bucket.calls(lying).differs


def test_spark_that_reads_another_text_is_seen(tmp_path: Path) -> None:
    here, read = bench(tmp_path), ["of Arrow"]
    text = SimpleNamespace(text=lambda _: SimpleNamespace(collect=lambda: [(each,) for each in read]))
    scratch = SimpleNamespace(lake=here.scratch.lake, spark=SimpleNamespace(read=text))
    told: Any = SimpleNamespace(lake=here.lake, place=here.place, scratch=scratch)
    assert not bucket.scheme(told).differs
    read.clear()
    assert bucket.scheme(told).differs


def test_a_lake_without_a_marker_is_seen(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    assert bucket.marker(bench(tmp_path, lake=lake)).differs
    lake.check_origin("live")
    seen = bucket.marker(bench(tmp_path, lake=lake))
    assert not seen.differs
    assert "origin live" in seen.what


class FakeScratch:
    """Tables that do what a lie says."""

    def __init__(self, folder: Path, **lies: Any) -> None:
        self.lies = {
            "engine": "Apache-Spark/4.1.1 Delta-Lake/4.2.0",
            "rows": None,
            "loses": True,
            "columns": (),
            **lies,
        }
        self.lake, self.commits = Lake(folder), 0
        log = Path(self.uri(None)) / "_delta_log"
        log.mkdir(parents=True)
        (log / f"{7:020d}.json").write_text(
            f'{{"commitInfo":{{"engineInfo":"{self.lies["engine"]}"}}}}\n{{"add":{{}}}}\n'
        )

    def uri(self, _: object) -> str:
        return f"{self.lake.uri}/silver/smoke"

    def ensure(self, _: object) -> None:
        """They are there."""

    def stage(self, *_: object) -> None:
        """Whatever."""

    def state(self, _: object) -> Any:
        return SimpleNamespace(version=7, columns=self.lies["columns"], metadata=self.lies.get("metadata"))

    def commit(self, *_: object, **__: object) -> Any:
        self.commits += 1
        if self.commits == 2 and self.lies["loses"]:
            raise LostRaceError("silver.smoke", 1)
        return self.state(None)

    def read(self, _: object) -> Any:
        due = [(r["number"], str(r["price"]), round(r["at"].timestamp() * 1_000_000)) for r in tables.ROWS]
        rows = due if self.lies["rows"] is None else self.lies["rows"]
        return SimpleNamespace(selectExpr=lambda *_: SimpleNamespace(collect=lambda: rows))


@pytest.mark.parametrize(
    ("look", "lies", "differs"),
    [
        (tables.reading, {}, False),
        (tables.reading, {"rows": [(9_007_199_254_740_992, "1", 1)]}, True),
        (tables.one_winner, {}, False),
        (tables.one_winner, {"loses": False}, True),
        (tables.evolution, {"columns": ("number", "note"), "metadata": {"smoke": 2}}, False),
        (tables.evolution, {"columns": ("number",), "metadata": {"smoke": 2}}, True),
        (tables.evolution, {"columns": ("number", "note"), "metadata": {}}, True),
        (tables.evolution, {"columns": ("number", "note")}, True),
    ],
)
def test_what_delta_does_otherwise_is_seen(
    look: Callable[[Bench], Seen], lies: Mapping[str, Any], differs: bool, tmp_path: Path
) -> None:
    scratch = FakeScratch(tmp_path, **lies)
    told: Any = SimpleNamespace(scratch=scratch, fresh=lambda: scratch)
    assert look(told).differs is differs


def test_every_check_is_asked_whatever_became_of_another(tmp_path: Path) -> None:
    def broken(_: Bench) -> Seen:
        raise DENIED

    def absent(_: Bench) -> Seen:
        raise NotHereError("no Glue runs this")

    checks = [
        Check("one", "a", broken),
        Check("two", "b", absent),
        Check("three", "c", lambda _: Seen("x", differs=True)),
        Check("four", "d", lambda _: Seen("y")),
    ]
    found = inquire(checks, bench(tmp_path))
    assert [each.verdict for each in found] == ["differs", "not here", "differs", "as told"]
    assert "AccessDeniedException" in found[0].what
    assert table_of(found).splitlines() == [
        f"one    differs   {found[0].what}",
        "                 relied on: a",
        "two    not here  no Glue runs this",
        "three  differs   x",
        "                 relied on: c",
        "four   as told   y",
    ]


def test_a_right_that_is_missing_differs(tmp_path: Path) -> None:
    checks = [Check("kinesis", "", services.stream), Check("s3", "", bucket.put_if_none)]
    for name, client in (("kinesis", stream(get_records=DENIED)), ("s3", s3(ignores="rights"))):
        found = {each.name: each for each in inquire(checks, bench(tmp_path, client=client))}
        assert found[name].verdict == "differs"
        assert "AccessDenied" in found[name].what


def test_every_check_has_a_name_of_its_own_and_a_lie_above() -> None:
    assert len({check.name for check in CHECKS}) == len(CHECKS)
    assert all(isinstance(check.relies, str) and check.relies for check in CHECKS)
    source = Path(__file__).read_text()
    for check in CHECKS:
        assert f"{check.look.__module__.rpartition('.')[2]}.{check.look.__name__}" in source, check.name
    assert table_of([]) == ""
    assert isinstance(Finding("a", "differs", "b", "c"), Finding)
