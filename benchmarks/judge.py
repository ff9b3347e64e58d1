"""Judging on one core: bronze rows by columns beside ``judge`` a record, and beside other ways to read the same JSON.

``python benchmarks/judge.py [--rows 50000] [--rounds 5]``: every way in turn, round by round, in one process, on one
thread and in CPU seconds, and the best round counts, so that what else the machine does weighs little. ``ratio``: how
many times as many records a second as the first of its table.

*judge* is what silver did before: each payload judged, then the columns made of the verdicts. *judged_rows* gives the
same columns, which is checked first. The others only read, of rows that are all sound, and apply no rule, so they are
no substitutes; they say what the reading itself may cost: Arrow's reader of JSON lines, RE2 with a group a field in
Arrow and in DuckDB, DuckDB's JSON functions.
"""

import argparse
import io
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from functools import partial
from random import Random
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json

from glue_jobs.silver.trades import judged_rows
from glue_jobs.silver.trades.one_by_one import one_by_one
from producers.synthetic import SyntheticConfig, SyntheticSource
from tapehouse.record import Coverage, Record, Trade, encode

START_US: Final = 1_760_000_000_000_000
ARRIVAL_US: Final = START_US + 3_600_000_000
MARKETS: Final = ("BTC-USD", "ETH-USD", "SOL-USDT", "DENT-USDT", "XRP-BTC", "1000PEPE-USDC")


def venue(name: str, trade_id: Callable[[Random, int], str], price: str, size: str) -> Callable[[Random, int], Record]:
    """Trades as a feed makes them: ids, and digits behind the point, as its venue writes them."""

    def made(chosen: Random, number: int) -> Record:
        return Trade(
            exchange=name.partition("-")[0],
            symbol=chosen.choice(MARKETS),
            source=name,
            trade_id=trade_id(chosen, number),
            price=price % chosen.lognormvariate(6, 3),
            size=size % chosen.lognormvariate(-2, 2.5),
            side=chosen.choice(("buy", "sell")),
            event_time_us=START_US + number * 1_000,
            received_time_us=START_US + number * 1_000 + chosen.randrange(200_000),
        )

    return made


VENUES: Final = {
    "coinbase": venue("coinbase", lambda _, number: str(1_068_571_991 + number), "%.2f", "%.8f"),
    "binance-agg": venue("binance-agg", lambda _, number: f"a:{3_735_683_259 + number}", "%.8f", "%.8f"),
    "bybit": venue("bybit", lambda _, number: str(2_290_000_001_189_048_101 + number), "%.1f", "%.6f"),
    "uuid ids": venue("kraken", lambda chosen, _: f"{chosen.getrandbits(128):032x}", "%.5f", "%.8f"),
}


def payloads(rows: int) -> Mapping[str, list[bytes]]:
    chosen = Random(9)
    source = SyntheticSource(SyntheticConfig(count=rows, start_us=START_US))
    found = {"synthetic": [encode(each) for each in source.records(START_US) if isinstance(each, Trade)]}
    for name, made in VENUES.items():
        found[name] = [encode(made(chosen, number)) for number in range(rows)]
    mixed = [chosen.choice(list(found.values()))[number] for number in range(rows)]
    for number in range(0, rows, 20):
        span = {"from_us": START_US + number, "through_us": START_US + number + 9_000_000}
        market = {"exchange": "kraken", "symbol": "BTC-USD", "source": "kraken"}
        mixed[number] = encode(Coverage(**market, **span, last_id=str(number), received_time_us=START_US))  # type: ignore[arg-type]
    found["mixed, 5 % coverage"] = mixed
    spoilt = list(mixed)
    for number in range(7, rows, 100):
        spoilt[number] = spoilt[number][: chosen.randrange(200)]
    found["and 1 % malformed"] = spoilt
    return found


def bronze(data: Sequence[bytes]) -> pa.Table:
    arrivals = pa.array([ARRIVAL_US] * len(data), pa.int64()).cast(pa.timestamp("us", "UTC"))
    return pa.table({"payload": pa.array(data, pa.binary()), "arrival_time": arrivals})


def by_judge(rows: pa.Table) -> pa.Table:
    found = one_by_one(*(rows.column(name).combine_chunks() for name in ("payload", "arrival_time")))
    return pa.table({name: rows.column(name) for name in rows.column_names} | found)


_TYPES: Final = {"event_time_us": pa.int64(), "received_time_us": pa.int64(), "backfilled": pa.bool_()}
_SCHEMA: Final = pa.schema(
    [
        ("v", pa.int64()),
        ("kind", pa.string()),
        *((each.name, _TYPES.get(each.name, pa.string())) for each in fields(Trade)),
    ]
)


def by_arrow_json(rows: pa.Table) -> pa.Table:
    lines = io.BytesIO(b"\n".join(rows.column("payload").to_pylist()))
    return pa.json.read_json(
        lines,
        read_options=pa.json.ReadOptions(use_threads=False, block_size=1 << 24),
        parse_options=pa.json.ParseOptions(explicit_schema=_SCHEMA),
    )


def pattern(group: str) -> str:
    """All of an ordinary trade, ``group`` before the pattern of each field; text without quotes and backslashes."""
    number = "[1-9][0-9]{15}"
    values = dict.fromkeys(("price", "size"), r'"[0-9]{1,16}(?:\.[0-9]{1,12})?"')
    values |= {"event_time_us": number, "received_time_us": number, "backfilled": "true|false"}
    text = r'"[ !#-\[\]-~]+"|null'
    body = "".join(f',"{each.name}":({group % each.name}{values.get(each.name, text)})' for each in fields(Trade))
    return rf'\A\{{"v":1,"kind":"trade"{body}\}}\z'


def by_arrow_re2(rows: pa.Table) -> pa.ChunkedArray:
    return pc.extract_regex(rows.column("payload"), pattern("?P<%s>"))


def by_duckdb_re2(connection: Any) -> Any:
    names = ",".join(f"'{each.name}'" for each in fields(Trade))
    words = pattern("%.0s").replace("'", "''")
    return connection.execute(
        f"SELECT unnest(regexp_extract(payload::VARCHAR, '{words}', [{names}])) FROM rows"
    ).to_arrow_table()


def by_duckdb_json(connection: Any) -> Any:
    kinds = {pa.int64(): "BIGINT", pa.bool_(): "BOOLEAN"}
    shape = ",".join(f'"{field.name}":"{kinds.get(field.type, "VARCHAR")}"' for field in _SCHEMA)
    return connection.execute(f"SELECT unnest(from_json(payload::VARCHAR, '{{{shape}}}')) FROM rows").to_arrow_table()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=50_000, help="(default 50000)")
    parser.add_argument("--rounds", type=int, default=5, help="(default 5)")
    options = parser.parse_args()
    pa.set_cpu_count(1)
    print(f"records/s of a core{'':<11}{'bytes':>7}{'judge':>11}{'judged_rows':>13}{'ratio':>8}")
    tables = {name: bronze(data) for name, data in payloads(options.rows).items()}
    for name, rows in tables.items():
        names = by_judge(rows).column_names
        assert judged_rows(rows).select(names).combine_chunks() == by_judge(rows).combine_chunks(), name
        plain, ours = rates([partial(by_judge, rows), partial(judged_rows, rows)], rows.num_rows, options.rounds)
        size = rows.column("payload").nbytes / rows.num_rows
        print(f"{name:<30}{size:>7.0f}{plain:>11,.0f}{ours:>13,.0f}{ours / plain:>7.1f}×", flush=True)
    rows = tables["synthetic"]
    text = pa.table({"payload": rows.column("payload").cast(pa.string())})
    connection = duckdb.connect(config={"threads": 1})
    connection.register("rows", text)
    ways: dict[str, Callable[[], object]] = {
        "judge": partial(by_judge, rows),
        "judged_rows": partial(judged_rows, rows),
        "read only: Arrow JSON lines": partial(by_arrow_json, rows),
        "read only: Arrow RE2": partial(by_arrow_re2, text),
        "read only: DuckDB RE2": partial(by_duckdb_re2, connection),
        "read only: DuckDB JSON": partial(by_duckdb_json, connection),
    }
    print(f"\n{'synthetic trades':<30}{'records/s':>12}{'ratio':>8}")
    found = rates(list(ways.values()), rows.num_rows, options.rounds)
    for name, rate in zip(ways, found, strict=True):
        print(f"{name:<30}{rate:>12,.0f}{rate / found[0]:>7.1f}×")


def rates(ways: Sequence[Callable[[], object]], rows: int, rounds: int) -> list[float]:
    """Records a second of a core of each way, the best of rounds that go through all of them."""
    best = [float("inf")] * len(ways)
    for _ in range(rounds):
        for number, way in enumerate(ways):
            began = time.process_time()
            way()
            best[number] = min(best[number], time.process_time() - began)
    return [rows / seconds for seconds in best]


if __name__ == "__main__":
    main()
