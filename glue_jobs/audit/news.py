"""The tables of the news, each held against what its inputs come to, row by row, on the driver: they are small."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, Final, Protocol

import pyarrow as pa

from glue_jobs.engine import Workspace
from glue_jobs.gold import news as gold
from glue_jobs.silver import stories
from tapehouse.documents import Parsed, parse
from tapehouse.landing import Landed
from tapehouse.tables import BRONZE_DOCUMENTS, Table

MOST_LINES: Final = 100_000
"""Of bronze.documents, up to which they are judged without being asked to: some minutes."""
_SHOWN: Final = 5
_WORDS: Final[Mapping[tuple[bool, bool], str]] = {
    (False, True): "are missing",
    (True, False): "should not be there",
    (True, True): "are not what they are made of",
}
"""By whether a row of the key is there that is not due, and due that is not there."""


class _Job(Protocol):
    def computed(self, tables: Collection[Table]) -> Iterator[tuple[Table, pa.Table]]: ...


def news(
    workspace: Workspace, tables: Iterable[Table], *, full: bool = False, parser: Callable[[Landed], Parsed] = parse
) -> list[str]:
    """What is wrong, in words: rows that are not there, are others, or should not be.

    ``full``: also of a lake in which more than ``MOST_LINES`` landed.
    """
    if not full and workspace.state(BRONZE_DOCUMENTS).rows > MOST_LINES:
        return []
    made = {*stories.MAKES, *gold.MAKES, *gold.AGAINST_PRICE_MAKES}
    known = [table for table in tables if table in made and workspace.state(table).is_there]
    jobs: tuple[_Job, ...] = (
        stories.StoriesJob(workspace, parser=parser),
        gold.NewsJob(workspace),
        gold.AgainstPriceJob(workspace),
    )
    due: dict[Table, list[dict[str, Any]]] = defaultdict(list)
    for job in jobs if known else ():
        for table, rows in job.computed(known):
            due[table] += rows.to_pylist()
    return [line for table in known for line in _faults(workspace, table, due[table])]


def _faults(workspace: Workspace, table: Table, due: list[dict[str, Any]]) -> Iterator[str]:
    there = workspace.rows(table, workspace.state(table).files).to_pylist()
    counted = [Counter(map(repr, rows)) for rows in (there, due)]
    extra, lacking = counted[0] - counted[1], counted[1] - counted[0]
    keys = {repr(row): repr({name: str(row[name]) for name in table.key}) for row in (*there, *due)}
    is_extra, is_lacking = ({keys[row] for row in rows} for rows in (extra, lacking))
    for (here, wanted), words in _WORDS.items():
        found = sorted(key for key in is_extra | is_lacking if (key in is_extra, key in is_lacking) == (here, wanted))
        if found:
            yield f"{len(found):,} row(s) of {table.name} {words}:"
            yield from (f"  {key}" for key in found[:_SHOWN])
