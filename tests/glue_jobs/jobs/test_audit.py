"""The job ``audit`` fails where the audit does, and names what that found."""

from typing import Any, cast

import pytest

from glue_jobs.audit import AuditReport
from glue_jobs.jobs import audit
from glue_jobs.jobs.arguments import parse
from tapehouse.errors import TerminalError

GIVEN = parse("audit", ["--lake", "s3://bucket/lake", "--full", "true"])


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ("3 bronze records = 2 trades", "1 bronze record(s) are in no silver table:", "  shardId-0 7")
    monkeypatch.setattr(audit, "audit", lambda *_, **__: AuditReport(False, lines, {}))
    with pytest.raises(TerminalError, match=r"(?s)the audit failed:.*1 bronze record\(s\).*shardId-0 7"):
        audit.work(cast(Any, None), GIVEN)


def test_where_all_is_well_it_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []

    def well(*_: object, full: bool) -> AuditReport:
        asked.append(full)
        return AuditReport(True, ("all is there",), {"silver.trades": 2})

    monkeypatch.setattr(audit, "audit", well)
    assert audit.work(cast(Any, None), GIVEN).more == {"counts": {"silver.trades": 2}}
    assert asked == [True]
