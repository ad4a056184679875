"""What statements are called where they are counted."""

from __future__ import annotations

import pytest

from shardkit.telemetry import operation, sanitised, summary


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select 1", "SELECT"), ("  (SELECT 1) UNION SELECT 2", "SELECT"), ("create table t (a INT)", "CREATE TABLE"),
        ("/* x */ INSERT INTO t VALUES (1)", "INSERT"), ("XA COMMIT 'secret'", "XA COMMIT"), ("COMMIT", "COMMIT"),
        ("START TRANSACTION", "START TRANSACTION"), ("", ""), ("-- nothing", ""),
        ("WITH a AS (SELECT 1) SELECT", "WITH"),
    ],
)  # fmt: skip
def test_operation(text: str, expected: str) -> None:
    assert operation(text) == expected


def test_sanitised_and_summary() -> None:
    assert sanitised("SELECT 'secret' FROM t WHERE id IN (1, 2)") == "SELECT ? FROM t WHERE id IN (?, …)"
    assert summary("SELECT 1", ["a", "b"]) == "SELECT a b"
    assert summary("SELECT 1", list("abcdefg")) == "SELECT a b c d e …"
    assert summary("COMMIT", ()) == "COMMIT"
