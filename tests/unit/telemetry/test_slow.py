"""The log of slow statements: what is logged, how it reads, and that it holds no values."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from shardkit.errors import IntegrityError
from shardkit.observe import Planned
from shardkit.telemetry import SlowLog
from tests.unit.telemetry.happenings import ONE, Happenings


def records(caplog: pytest.LogCaptureFixture, slow: SlowLog, **given: Any) -> list[logging.LogRecord]:
    with caplog.at_level(logging.WARNING, "shardkit.slow"):
        Happenings(slow).statement(**given)
    return caplog.records


def test_a_slow_statement_is_one_record_with_fields(caplog: pytest.LogCaptureFixture) -> None:
    (record,) = records(caplog, SlowLog(0.0))
    fields = record.shardkit  # type: ignore[attr-defined]
    assert record.levelno == logging.WARNING
    assert {name: value for name, value in fields.items() if "second" not in name} == {
        "plan": "merge", "cached": True, "scatter": True, "tables": ["t_order"],
        "shards": ["rds0/order_00", "rds1/order_01"], "shard_count": 2, "rows": 2, "affected": -1, "batch": None,
        "slowest_shard": fields["slowest_shard"], "complete": True, "error": None,
        "statement": "SELECT * FROM t_order WHERE total > ? AND remark = ? LIMIT ?",
    }  # fmt: skip
    assert fields["slowest_shard"] in fields["shards"]
    text = record.getMessage()
    assert text.startswith("0.0")
    assert f"s merge on 2 shards (slowest {fields['slowest_shard']}, " in text
    assert text.endswith("s), 2 rows: SELECT * FROM t_order WHERE total > ? AND remark = ? LIMIT ?")
    assert "secret" not in text


def test_a_write_on_one_shard(caplog: pytest.LogCaptureFixture) -> None:
    plan = Planned("write", False, False, ("t",))
    (record,) = records(caplog, SlowLog(0.0), text="UPDATE t SET a = 5", plan=plan, shards=(ONE,))
    assert record.getMessage().endswith("s write on rds0/order_00, 7 affected: UPDATE t SET a = ?")


def test_what_is_quick_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    assert records(caplog, SlowLog(60.0)) == []
    assert records(caplog, SlowLog(60.0), error=IntegrityError("no")) == []


def test_what_fails_is_logged_if_that_is_wanted(caplog: pytest.LogCaptureFixture) -> None:
    assert records(caplog, SlowLog(60.0, errors=True)) == []
    (record,) = records(caplog, SlowLog(60.0, errors=True), error=IntegrityError("Duplicate 'secret'"))
    assert ", SK0203: SELECT" in record.getMessage()
    assert record.shardkit["error"] == "SK0203"  # type: ignore[attr-defined]
    assert "secret" not in record.getMessage()


def test_a_statement_that_never_had_a_plan(caplog: pytest.LogCaptureFixture) -> None:
    (record,) = records(caplog, SlowLog(0.0), text="SELEC 1", plan=None, shards=(), error=ValueError("x"))
    assert record.getMessage().endswith("s not planned on 0 shards, 0 rows, ValueError: SELEC ?")
