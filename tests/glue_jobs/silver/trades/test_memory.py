"""What is remembered of files' keys: a key that is there is always found, and memory is bounded. No Spark."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from glue_jobs.silver.trades.memory import KeyMemory, hashes_of

KEY = ("market", "id")


def keys(*ids: str, market: str = "m") -> pa.Table:
    return pa.table({"market": pa.array([market] * len(ids), pa.string()), "id": pa.array(ids, pa.string())})


texts = st.text(max_size=40)


@given(st.lists(st.tuples(texts, texts), unique=True, max_size=50))
def test_keys_have_the_same_hash_wherever_they_stand_and_others_have_another(pairs: list[tuple[str, str]]) -> None:
    rows = pa.table({name: pa.array([pair[at] for pair in pairs], pa.string()) for at, name in enumerate(KEY)})
    found = hashes_of(rows, KEY)
    assert len(np.unique(found)) == len(pairs)
    assert hashes_of(rows.slice(len(pairs) // 2), KEY).tolist() == found[len(pairs) // 2 :].tolist()


def test_ids_that_differ_little_differ() -> None:
    many = [str(number) for number in range(50_000)] + [f"a:{number}" for number in range(50_000)]
    assert len(np.unique(hashes_of(keys(*many), KEY))) == 100_000
    assert hashes_of(keys("1"), KEY) != hashes_of(keys("1", market="n"), KEY)


@given(st.lists(st.lists(st.integers(0, 300), max_size=8), max_size=60), st.lists(st.integers(0, 300)))
def test_every_file_that_holds_a_key_is_found(files: list[list[int]], asked: list[int]) -> None:
    memory = KeyMemory()
    for number, ids in enumerate(files):
        memory.put({f"f{number}": np.array(ids, np.uint64)})
    paths = [f"f{number}" for number in range(len(files))]
    due = {f"f{number}" for number, ids in enumerate(files) if set(ids) & set(asked)}
    assert memory.holding(paths, np.array(asked, np.uint64)) == due
    assert memory.holding(paths[:1], np.array(asked, np.uint64)) == due & set(paths[:1])


def test_memory_is_bounded_and_what_was_not_asked_for_goes_first() -> None:
    memory = KeyMemory(most_bytes=12 * 1000)
    for number in range(20):
        memory.put({f"f{number}": np.arange(number * 300, number * 300 + 300, dtype=np.uint64)})
        memory.holding(["f0"], np.array([1], np.uint64))
    assert memory.keys <= 1000
    assert "f0" in memory
    assert "f19" in memory
    assert "f5" not in memory


def test_what_was_merged_into_other_files_is_let_go_and_the_rest_is_found() -> None:
    memory = KeyMemory()
    for number in range(12):
        memory.put({f"f{number}": np.arange(number * 10, number * 10 + 10, dtype=np.uint64)})
    memory.put({"merged": np.arange(100, dtype=np.uint64)})
    memory.keep({"merged", "f10", "f11"})
    assert memory.keys < 100 + 40
    assert memory.holding(["merged", "f10", "f11"], np.array([5, 115], np.uint64)) == {"merged", "f11"}
    memory.keep(())
    assert memory.keys == 0
