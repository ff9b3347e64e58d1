"""What a lease does for the queries of one process: who writes, who waits, and what is fenced. No Spark."""

import threading
from dataclasses import replace
from typing import Any

import pytest

from glue_jobs.engine import LostRaceError, Query, Runner, Steps, Workspace
from glue_jobs.engine import workspace as workspace_module
from glue_jobs.engine.checkpoints import write_checkpoint
from glue_jobs.engine.lease import Lease, LeaseLostError, Terms
from glue_jobs.engine.leases import Leases
from glue_jobs.engine.objects import Objects
from glue_jobs.engine.places import place
from glue_jobs.engine.table_log import TableLog, TableState, newest_checkpoint
from glue_jobs.engine.transaction import commit_actions
from glue_jobs.engine.upkeep import Upkeep
from tapehouse.errors import TransientError
from tapehouse.lake import Lake
from tapehouse.tables import SILVER_COVERAGE, SILVER_TRADES
from tests.glue_jobs.buckets import Bucket
from tests.glue_jobs.engine.test_table_log import put, trades

TERMS = Terms(lasts_s=90.0, renew_every_s=3600.0, spare_s=15.0, look_every_s=0.01)
QUERY = Query(name="silver", makes={SILVER_TRADES: (), SILVER_COVERAGE: ()}, job=lambda _: pytest.fail("not run"))


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def workspace(bucket_name: str) -> Workspace:
    made = Workspace(None, Lake(f"s3a://{bucket_name}/lake"), Steps())  # type: ignore[arg-type]
    made.ensure([SILVER_TRADES])
    return made


@pytest.fixture
def bucket() -> Bucket:
    """Of the leases alone: the tables are moto's."""
    return Bucket()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def runner(workspace: Workspace, bucket: Bucket, clock: Clock) -> Runner:
    return Runner(workspace, leases=Leases(bucket, terms=TERMS, clock=clock))


def steal(bucket: Bucket) -> Lease:
    """By another process, after the time that it takes."""
    late = Clock()
    lease = Lease(bucket, "silver", me="other", terms=TERMS, clock=late)
    lease.take()
    late.now += TERMS.lasts_s
    assert lease.take()
    return lease


def state(workspace: Workspace) -> TableState:
    return TableLog(SILVER_TRADES, workspace.uri(SILVER_TRADES)).state()


def test_who_takes_what_nobody_let_go_of_fences_each_table_and_buries_nothing(
    workspace: Workspace, runner: Runner, bucket: Bucket
) -> None:
    put(workspace, 1, position="p")
    before = state(workspace)
    with runner.only_writer(QUERY):
        after = state(workspace)
        assert (after.version, after.turn, after.metadata) == (2, 1, {"position": "p", "turn": 1})
        assert after.files == before.files
    with runner.only_writer(QUERY):
        assert state(workspace).version == 2, "it was let go of"


def test_a_commit_that_was_about_to_be_made_is_refused_by_the_fence(workspace: Workspace, runner: Runner) -> None:
    base = workspace.state(SILVER_TRADES)
    with runner.only_writer(QUERY):
        assert not commit_actions(base.uri, [], version=base.version)


def test_a_fence_that_failed_is_made_before_the_next_turn(
    workspace: Workspace, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_: Any, **__: Any) -> None:
        raise OSError("S3 is down")

    with monkeypatch.context() as patched:
        patched.setattr(Workspace, "state", down)
        with pytest.raises(TransientError, match="silver refresh stopped"), runner.only_writer(QUERY):
            pytest.fail("nobody may write yet")
    assert state(workspace).version == 0
    with runner.only_writer(QUERY):
        assert state(workspace).version == 1


def test_a_loop_keeps_its_lease_from_turn_to_turn_for_no_request(
    workspace: Workspace, runner: Runner, bucket: Bucket
) -> None:
    with runner.only_writer(QUERY, keep=True):
        puts = bucket.puts
    for _ in range(50):
        with runner.only_writer(QUERY, keep=True) as is_ours:
            assert is_ours
    assert bucket.puts == puts
    runner.let_go(QUERY)
    assert Lease(bucket, "silver", me="other", terms=TERMS).take()
    for thread in threading.enumerate():
        if thread.name == "tapehouse-lease-silver":
            thread.join(10.0)
            assert not thread.is_alive()


def test_nothing_is_committed_once_the_lease_is_lost(
    workspace: Workspace, runner: Runner, bucket: Bucket, clock: Clock
) -> None:
    with pytest.raises(LeaseLostError), runner.only_writer(QUERY):
        version = state(workspace).version
        steal(bucket)
        clock.now += TERMS.lasts_s
        put(workspace, 1)
    assert state(workspace).version == version
    put(workspace, 2)  # who is no query's writer is not asked: an audit, a test


def test_who_cannot_renew_stops_committing_before_it_can_be_robbed(
    workspace: Workspace, runner: Runner, bucket: Bucket, clock: Clock
) -> None:
    with pytest.raises(LeaseLostError), runner.only_writer(QUERY):
        bucket.is_down = True
        clock.now += TERMS.lasts_s - TERMS.spare_s - 1
        put(workspace, 1)
        clock.now += 2
        put(workspace, 2)
    assert state(workspace).rows == 1


def test_a_lease_is_renewed_while_it_is_held(workspace: Workspace, bucket: Bucket) -> None:
    runner = Runner(workspace, leases=Leases(bucket, terms=replace(TERMS, renew_every_s=0.01)))
    renewed = threading.Event()
    with runner.only_writer(QUERY):
        for _ in range(3):
            before = bucket.objects["_locks/silver.json"].etag
            renewed.clear()
            for _ in range(1000):
                if bucket.objects["_locks/silver.json"].etag != before:
                    renewed.set()
                    break
                renewed.wait(0.01)
            assert renewed.is_set()


def test_who_waits_and_is_told_to_stop_gives_up_and_leaves_no_wish(
    workspace: Workspace, runner: Runner, bucket: Bucket
) -> None:
    other = Lease(bucket, "silver", me="other", terms=TERMS)
    assert other.take()
    stop = threading.Event()
    stop.set()
    with runner.only_writer(QUERY, give_up=stop) as is_ours:
        assert not is_ours
    other.renew()
    assert not other.is_wanted


def test_s3_that_cannot_be_asked_is_a_reason_to_come_again(runner: Runner, bucket: Bucket) -> None:
    bucket.is_down = True
    with pytest.raises(TransientError, match="cannot be reached"), runner.only_writer(QUERY):
        pytest.fail("nobody knows who writes")
    bucket.is_down = False
    with runner.only_writer(QUERY) as is_ours:
        assert is_ours


def test_a_release_that_fails_is_left_to_run_out(runner: Runner, bucket: Bucket) -> None:
    with runner.only_writer(QUERY):
        bucket.is_down = True
    bucket.is_down = False
    with runner.only_writer(QUERY) as is_ours:
        assert is_ours, "the same process knows itself"


def test_a_commit_below_what_the_log_was_cut_to_is_a_lost_one(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A driver paused for hours: the version that it takes is free again, and nobody will ever read it."""
    base = workspace.state(SILVER_TRADES)
    other = Workspace(None, workspace.lake, Steps())  # type: ignore[arg-type]
    for number in range(4):
        put(other, number)
    write_checkpoint(base.uri, 4, removed_since_ms=0)
    at = place(base.uri)
    at.delete_all([f"_delta_log/{version:020d}.json" for version in range(4)])
    monkeypatch.setattr(workspace_module, "_HELD_UP_S", -1.0)
    with pytest.raises(LostRaceError):
        workspace.commit(base, add=[workspace.stage(SILVER_TRADES, trades(9))])
    assert (state(workspace).version, state(workspace).rows) == (4, 4)


def test_checkpoints_on_s3_come_as_often_as_delta_would_write_them(workspace: Workspace) -> None:
    often = replace(SILVER_TRADES, upkeep=replace(SILVER_TRADES.upkeep, checkpoint_every=3))
    upkeep = Upkeep(workspace, [often])
    found = []
    for number in range(8):
        put(workspace, number)
        upkeep.step()
        found.append(newest_checkpoint(place(workspace.uri(often))))
    assert found == [None, None, 3, 3, 3, 6, 6, 6]
    assert state(workspace).rows == 8


def test_the_pointer_to_the_newest_checkpoint_never_goes_back(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        put(workspace, number)
    uri = workspace.uri(SILVER_TRADES)
    write_checkpoint(uri, 4, removed_since_ms=0)
    write_checkpoint(uri, 2, removed_since_ms=0)
    assert newest_checkpoint(place(uri)) == 4
    real = Objects.get

    def overtaken(self: Any, name: str) -> Any:
        """Another writes a newer one between the look and the write."""
        found = real(self, name)
        monkeypatch.setattr(Objects, "get", real)
        write_checkpoint(uri, 4, removed_since_ms=1)
        return found

    place(uri).write("_delta_log/_last_checkpoint", b'{"version":2}')
    monkeypatch.setattr(Objects, "get", overtaken)
    write_checkpoint(uri, 3, removed_since_ms=0)
    assert newest_checkpoint(place(uri)) == 4
