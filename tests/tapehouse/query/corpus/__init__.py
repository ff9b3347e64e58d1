"""Questions in Athena's SQL by topic, and what a real Trino answers: ``<topic>.sql`` and, beside it, ``<topic>.json``.

A question ends with ``;`` at the end of its line. To add some, write them, and record what Trino says:
``make test-athena TRINO=command ARGS="--record tests/tapehouse/query/test_corpus.py"``.
"""

import base64
import datetime as dt
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from tapehouse.errors import RefusedError, TerminalError
from tapehouse.query.dialect import reading, types
from tapehouse.query.dialect.types import Type
from tapehouse.query.port import QueryPort
from tests.trino import Answer

FOLDER: Final = Path(__file__).parent
TOPICS: Final = sorted(path.stem for path in FOLDER.glob("*.sql"))
COLUMNS: Final = {
    "trade_id": "string",
    "symbol": "string",
    "price": "decimal(28,12)",
    "trade_count": "long",
    "event_time": "timestamp",
    "payload": "binary",
}


def _at(minute: int, second: int = 0, micro: int = 0) -> dt.datetime:
    return dt.datetime(2024, 3, 9, 23, minute, second, micro, tzinfo=dt.UTC)


ROWS: Final = [
    ("10", "BTC-USD", Decimal("69000.10"), 3, _at(3), b'{"a": 1}'),
    ("9", "BTC-USD", Decimal("69000.123456789012"), 4, _at(3, 0, 1_999), b"\xff"),
    ("11", "ETH-USD", None, 5, _at(7, 59, 999_500), None),
    ("12", "ETH-USD", Decimal("1"), 8, _at(1, 2), b""),
    ("13", None, Decimal("-2.5"), -7, None, b"x"),
]
"""silver.trades, which the questions of ``tables`` ask; written as our jobs write, so with microseconds."""


@dataclass(frozen=True)
class Outcome:
    """One question: what Trino says, and what is said at home."""

    sql: str
    due: Answer
    found: Answer
    refusal: str | None = None

    @property
    def verdict(self) -> str:
        """equal · error (in both) · refused (by name, where Trino answers) · different."""
        if self.due.error is not None:
            return "error" if self.found.error is not None else "different"
        if self.refusal is not None:
            return "refused"
        return "equal" if self.found == self.due else "different"


def questions(topic: str) -> list[str]:
    text = re.sub(r"^--.*\n", "", (FOLDER / f"{topic}.sql").read_text(encoding="utf-8"), flags=re.MULTILINE)
    return [each.strip() for each in re.split(r";$", text, flags=re.MULTILINE) if each.strip()]


def recorded(topic: str) -> Mapping[str, Answer]:
    """Trino's answers by question."""
    path = FOLDER / f"{topic}.json"
    if not path.exists():
        return {}
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return {
        sql: Answer([(name, kind) for name, kind in each["columns"]], each["rows"], each["error"])
        for sql, each in found.items()
    }


def record(topic: str, answers: Mapping[str, Answer]) -> None:
    lines = [f"{_json(sql)}: {_json(asdict(answer))}" for sql, answer in answers.items()]
    (FOLDER / f"{topic}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def in_order(sql: str, answer: Answer) -> Answer:
    """The answer as it is compared: columns in Athena's small letters, rows sorted where the question orders none."""
    columns = [(name.lower(), kind.lower()) for name, kind in answer.columns]
    return Answer(columns, answer.rows if _orders(sql) else sorted(answer.rows, key=_json), answer.error)


def _orders(sql: str) -> bool:
    try:
        return reading.read(sql).args.get("order") is not None
    except TerminalError:  # refused at home, so nobody here knows its parts
        return "order by" in sql.lower()


def outcome(port: QueryPort, sql: str, due: Answer) -> Outcome:
    """The question asked at home."""
    try:
        result = port.run(sql)
    except RefusedError as error:
        return Outcome(sql, due, Answer([], [], "REFUSED"), error.what)
    except TerminalError as error:
        return Outcome(sql, due, Answer([], [], str(error)))
    kinds = [types.parse(each) for each in result.types]
    rows = [[_told(value, kind) for value, kind in zip(row, kinds, strict=True)] for row in result.rows]
    columns = list(zip(result.columns, result.types, strict=True))
    return Outcome(sql, in_order(sql, due), in_order(sql, Answer(columns, rows)))


def _told(value: Any, kind: Type) -> Any:
    """The value as Trino's protocol spells it."""
    if value is None:
        return None
    if kind.name in ("array", "map", "row"):
        return _parts(value, kind)
    if kind.name == "varbinary":
        return base64.b64encode(value).decode()
    if kind.name in ("timestamp", types.ZONED):
        text = value.replace(tzinfo=None).isoformat(" ", "microseconds")[: 19 + (kind.digits and kind.digits + 1)]
        return f"{text} UTC" if kind.name == types.ZONED else text
    return _spelled(value)


def _key(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _spelled(value: Any) -> Any:
    if isinstance(value, float):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}.get(str(value), value)
    return f"{value:f}" if isinstance(value, Decimal) else value.isoformat() if isinstance(value, dt.date) else value


def _parts(value: Any, kind: Type) -> Any:
    if kind.name == "array":
        return [_told(each, kind.of) for each in value]
    if kind.name == "map":
        return {_key(_told(key, kind.of)): _told(each, kind.value) for key, each in value.items()}
    kinds = [each for each in kind.args if isinstance(each, Type)]
    return [_told(each, part) for each, part in zip(value.values(), kinds, strict=True)]
