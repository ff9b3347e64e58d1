"""One row of the news that is lost, doubled, altered or made up, in any table, is found and named."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from glue_jobs.audit.news import news
from tapehouse.lake import Lake
from tapehouse.tables import REGISTRY, SILVER_SCORES, Table
from tests.glue_jobs.news_lake import (
    DAY,
    GOLD,
    SILVER,
    TABLES,
    NewsLake,
    document,
    landed,
    landed_scores,
    parser,
    score,
)
from tests.glue_jobs.silver.stories.test_stories import value

every_table = pytest.mark.parametrize("table", (*SILVER, *GOLD), ids=lambda table: table.name)


@pytest.fixture
def lake(tmp_path: Path) -> NewsLake:
    made = NewsLake(Lake(tmp_path))
    of = document(symbols=("BTC",))
    other = document(url="https://coindesk.com/b", title="Another story of the day", published_at_us=of.published_at_us)
    made.land(landed(of, other, fault="item 3: no title"), landed(value()), landed_scores(score(of)))
    made.land(landed_scores(score(other, -0.5)))
    made.trade({("kraken", "BTC-USD", DAY): "110", ("kraken", "BTC-USD", DAY + timedelta(days=1)): "99"})
    made.refresh()
    return made


def found(lake: NewsLake) -> str:
    return "\n".join(news(lake.workspace, TABLES, parser=parser))


def damage(lake: NewsLake, table: Table, change: Any) -> None:
    """Puts other rows in the place of all of a table's."""
    state = lake.workspace.state(table)
    rows = lake.workspace.rows(table, state.files)
    lake.workspace.commit(state, add=[lake.workspace.stage(table, change(rows))], remove=state.files)


def test_a_good_lake_has_no_fault(lake: NewsLake) -> None:
    assert all(lake.rows(table) for table in (*SILVER, *GOLD))
    assert found(lake) == ""


@every_table
def test_a_lost_row_is_found(lake: NewsLake, table: Table) -> None:
    damage(lake, table, lambda rows: rows.slice(1))
    assert f"1 row(s) of {table.name} are missing:" in found(lake)


@every_table
def test_a_doubled_row_is_found(lake: NewsLake, table: Table) -> None:
    damage(lake, table, lambda rows: pa.concat_tables([rows, rows.slice(0, 1)]))
    assert f"1 row(s) of {table.name} should not be there:" in found(lake)


@every_table
def test_an_altered_row_is_found(lake: NewsLake, table: Table) -> None:
    def altered(rows: pa.Table) -> pa.Table:
        texts = [n for n in rows.column_names if rows.schema.field(n).type == pa.string() and n not in table.key]
        numbers = [n for n in rows.column_names if rows.schema.field(n).type in (pa.int64(), pa.float64())]
        name = next(iter([*texts, *(n for n in numbers if n not in table.key)]))
        changed = rows.to_pylist()
        changed[0][name] = "other" if name in texts else 7
        return pa.Table.from_pylist(changed, schema=rows.schema)

    damage(lake, table, altered)
    assert f"1 row(s) of {table.name} are not what they are made of:" in found(lake)


def test_a_big_lake_is_judged_when_it_is_asked_for(lake: NewsLake, monkeypatch: pytest.MonkeyPatch) -> None:
    damage(lake, SILVER_SCORES, lambda rows: rows.slice(1))
    monkeypatch.setattr("glue_jobs.audit.news.MOST_LINES", 1)
    assert news(lake.workspace, TABLES, parser=parser) == []
    assert news(lake.workspace, TABLES, full=True, parser=parser) != []


def test_a_lake_without_news_has_nothing_to_judge(tmp_path: Path) -> None:
    lake = NewsLake(Lake(tmp_path))
    assert news(lake.workspace, REGISTRY.values()) == []
