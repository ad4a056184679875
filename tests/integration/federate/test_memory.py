"""A join of two tables of 500,000 rows that do not lie together: little memory here, and a budget that is kept.

The rows are made on the servers: four databases, member i and order i on the shard of their own memberId, so that
`o.orderId = m.memberId` joins rows of different shards.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import shardkit
from tests.integration.dbapi.stage import Stage
from tests.servers import ServerUrl

SHARDS, SIDE = 4, 354
EACH = SIDE * SIDE
ROWS = SHARDS * EACH
"""501,264 rows in each table."""

GROWTH = 100_000
"""Memory in kB that the client may take; the rows that pass it are several times as much."""

FILL = (
    "INSERT INTO `{database}`.{table} WITH RECURSIVE q AS (SELECT 0 AS i UNION ALL SELECT i + 1 FROM q "
    f"WHERE i < {SIDE - 1}) SELECT {{columns}} FROM q a CROSS JOIN q b"
)
NUMBER = f"((a.i * {SIDE} + b.i) * {SHARDS} + {{shard}})"
JOIN = (
    "SELECT {hint} COUNT(*) + 0, SUM(o.amount), MAX(m.memberId) FROM member m JOIN t_order o "
    "ON o.orderId = m.memberId WHERE m.n IS NULL"
)


@pytest.fixture(scope="module")
def wide(
    mysql_servers: tuple[ServerUrl, ServerUrl], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Stage, Path]]:
    """The world, and its rules in a file."""
    stage = Stage(mysql_servers, shards=SHARDS)
    try:
        stage.build(("member", "t_order"))
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda server: _fill(stage, server), ("rds0", "rds1")))
        rules = tmp_path_factory.mktemp("rules") / "rules.yaml"
        rules.write_text(stage.text(budget="time: 240s, rows: 1_100_000"), encoding="utf-8")
        yield stage, rules
    finally:
        stage.remove()


def _fill(stage: Stage, server: str) -> None:
    for shard, (name, database) in enumerate(stage.databases):
        if name != server:
            continue
        own = NUMBER.format(shard=shard)
        # The order's number is a member of the next shard.
        other = f"(({own} + 1) % {ROWS})"
        columns = {"member": f"{own}, NULL, NULL, NULL, NULL", "t_order": f"{own}, {other}, 1.50, 'new', NULL"}
        for table, made in columns.items():
            stage.ask(int(server[-1]), FILL.format(database=database, table=table, columns=made))


def _ask(rules: Path, sql: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.integration.federate.join_child", str(rules), sql]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_large_join_takes_little_memory_here(wide: tuple[Stage, Path]) -> None:
    found = _ask(wide[1], JOIN.format(hint=""))
    assert found["rows"] == [[str(ROWS), f"{ROWS * 1.5:.2f}", str(ROWS - 1)]]
    assert found["growth"] < GROWTH
    assert found["used"] == 0


@pytest.mark.parametrize(
    ("hint", "what"),
    [("budget_rows=600_000", "600,000 rows (budget.rows)"), ("budget_memory=40MB", "41,943,040 bytes (budget.memory)")],
)
def test_a_breach_is_refused_by_name_and_leaves_nothing(wide: tuple[Stage, Path], hint: str, what: str) -> None:
    stage, rules = wide
    found = _ask(rules, JOIN.format(hint=f"/*+ shardkit({hint}) */"))
    assert found["code"] == shardkit.errors.BudgetExceeded.code
    assert "pull of " in found["message"]
    assert what in found["message"]
    assert (found["used"], stage.running(), stage.transactions()) == (0, [], [])
    assert found["growth"] < GROWTH
