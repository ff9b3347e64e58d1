"""What is kept of files is bounded by the memory that it really holds."""

import pyarrow as pa

from glue_jobs.engine.cache import FileCache


def table(rows: int) -> pa.Table:
    return pa.table({"id": pa.array(range(rows), pa.int64()), "text": [f"number {each}" for each in range(rows)]})


def test_a_slice_does_not_keep_what_it_was_cut_from() -> None:
    whole, cache = table(100_000), FileCache()
    piece = whole.slice(500, 100)
    kept = cache.put(("t", "a", ("id", "text")), piece)
    assert kept.equals(piece)
    assert kept.get_total_buffer_size() < whole.get_total_buffer_size() / 100
    assert cache.get(("t", "a", ("id", "text")), lambda: table(0)) is kept


def test_the_least_recently_used_go_first() -> None:
    size = table(1_000).get_total_buffer_size()
    cache, read = FileCache(most_bytes=2 * size), list[str]()

    def get(name: str) -> None:
        def rows() -> pa.Table:
            read.append(name)
            return table(1_000)

        cache.get(("t", name, ("id",)), rows)

    for name in ("a", "b", "a", "c", "a", "b"):
        get(name)
    assert read == ["a", "b", "c", "b"]


def test_rows_that_are_larger_than_the_bound_are_given_and_not_kept() -> None:
    cache = FileCache(most_bytes=10)
    assert cache.put(("t", "a", ("id",)), table(10)).num_rows == 10
    assert cache.get(("t", "a", ("id",)), lambda: table(3)).num_rows == 3
