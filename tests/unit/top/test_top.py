"""Looks and pictures: what is asked, what is not known, and rates between two looks."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from shardkit.cli.top import drawn
from shardkit.errors import OperationalError, ShardUnavailable
from shardkit.rules import loads
from shardkit.session.branches import FORMAT, branch_of, gtrid_of
from shardkit.top import Look, Process, ServerLook, look, picture, read_published
from shardkit.values import Params, Row, ShardId

RULES = loads("""\
version: 1
servers:
  rds0: { url: "mysql://app@h0" }
  rds1: { url: "mysql://app@h1" }
  near: { url: "sqlite:///data" }
layouts:
  m: { databases: "m_{0..3}", servers: [rds0, rds1] }
  n: { databases: "n_{0..1}", servers: [near] }
tables: { a: { layout: m, shard_by: id }, b: { layout: n, shard_by: id } }
""")
LISTED = [
    (1, "app", "h", None, "Query", 7, "executing", "SELECT * FROM `m_1`.`a` JOIN `m_0`.`b` WHERE x = 'secret'"),
    (2, "app", "h", None, "Sleep", 100, "", None),
    (3, "root", "h", None, "Query", 50, "", "SELECT 1"),
    (4, "app", "h", None, "Query", 0, "init", "SHOW FULL PROCESSLIST"),
    (5, "app", "h", "m_0", "Execute", 2, "", b"DO SLEEP(9)"),
]


def server(refused: Sequence[str] = (), silent: Sequence[str] = ()) -> Callable[[ShardId, str, Params], Sequence[Row]]:
    """Answers the questions, but not those that contain one of `refused`."""
    first = RULES.shards[0]
    branch = branch_of(gtrid_of("19c8b2f4a00-1", first), RULES.shards[2])

    def ask(shard: ShardId, sql: str, params: Params) -> Sequence[Row]:
        if shard.server in silent:
            raise ShardUnavailable(f"{shard}: no answer", shards=(shard,))
        if any(word in sql for word in refused):
            raise OperationalError("Access denied", errno=1227)
        if "STATUS" in sql:
            return [("Questions", "1000"), ("Threads_running", "3")]
        if "PROCESSLIST" in sql:
            return LISTED
        if "INNODB_TRX" in sql:
            return [(4,)]
        if "XA RECOVER" in sql:
            return [(FORMAT, len(branch.gtrid), len(branch.bqual), branch.gtrid + branch.bqual), (1, 1, 1, "xy")]
        assert "performance_schema" in sql
        assert params == tuple(one.database for one in RULES.shards if one.server == shard.server)
        return [("m_0", 10, 5)]

    return ask


def test_one_look() -> None:
    found = look(RULES, server(), lambda: 50.0, None)
    assert found.shards == ("rds0/m_0", "rds0/m_1", "rds1/m_2", "rds1/m_3", "near/n_0", "near/n_1")
    rds0, rds1 = found.servers
    assert (rds0.name, rds0.counters, rds0.transactions) == ("rds0", {"Questions": 1000, "Threads_running": 3}, 4)
    assert rds0.began is not None
    assert len(rds0.began) == 1
    assert rds0.rows == {"m_0": (10, 5)}
    assert [(one.shard, one.seconds, one.statement) for one in rds0.working] == [
        ("rds0/m_1", 7.0, "SELECT * FROM `m_1`.`a` JOIN `m_0`.`b` WHERE x = ?"), (None, 2.0, "DO SLEEP(?)"),
    ]  # fmt: skip
    assert [one.shard for one in rds1.working] == [None, None]  # those names lie on the other server


def test_what_an_account_may_not_see_is_not_known() -> None:
    found = look(RULES, server(["INNODB_TRX", "XA RECOVER", "performance_schema"]), lambda: 50.0, None)
    for one in found.servers:
        assert (one.transactions, one.began, one.rows, one.error) == (None, None, {}, None)
    shown = picture(found, found._replace(at=52.0))
    assert [(one["open_transactions"], one["in_doubt"]) for one in shown["servers"]] == [(None, None)] * 2


def test_a_silent_server_does_not_keep_the_others_from_answering() -> None:
    found = look(RULES, server(silent=["rds0"]), lambda: 50.0, None)
    assert [one.error is not None for one in found.servers] == [True, False]
    shown = picture(found, found._replace(at=52.0))
    assert shown["servers"][0]["error"].endswith("rds0/m_0: no answer")


def servers(questions: int, rows: int) -> tuple[ServerLook, ...]:
    return (ServerLook("rds0", None, {"Questions": questions}, 1, (40.0,), (), {"m_0": (rows, 2 * rows)}),)


def process(at: float, count: int, **more: Any) -> Process:
    figures = {
        "at": at, "statements": {"pass": count, "merge": count}, "errors": {"SK0203": count // 10}, "rows": 5 * count,
        "scatter": count, "plan_cache": {"hits": 2 * count - 1, "misses": 1}, "pool_waits": {"granted": count // 5},
        "transactions": {"in doubt": 1}, "running": 2, "longest": [],
        "shards": {"rds0/m_0": {"statements": count, "seconds": count * 0.002, "running": 1}}, **more,
    }  # fmt: skip
    return Process("host 1", 10.0, figures)


def test_rates_between_two_looks() -> None:
    before = Look(100.0, servers(1000, 10), ("rds0/m_0", "rds0/m_1"), (process(99.5, 100),))
    after = Look(102.0, servers(1500, 30), ("rds0/m_0", "rds0/m_1"), (process(101.5, 300),))
    shown = json.loads(json.dumps(picture(before, after)))
    (one,) = shown["servers"]
    assert (one["statements_per_second"], one["open_transactions"], one["in_doubt"], one["oldest_in_doubt"]) == (
        250.0, 1, 1, 62.0,
    )  # fmt: skip
    first, second = shown["shards"]
    assert {name: pytest.approx(value) for name, value in first.items() if name != "name"} == {
        "rows_read_per_second": 10.0, "rows_written_per_second": 20.0, "statements_per_second": 100.0,
        "milliseconds": 2.0, "running": 1,
    }  # fmt: skip
    assert {value for name, value in second.items() if name != "name"} == {None}
    (mine,) = shown["processes"]
    assert (mine["statements_per_second"], mine["errors_per_second"], mine["rows_per_second"]) == (200.0, 10.0, 500.0)
    assert (mine["scatter_share"], mine["plan_cache_share"], mine["pool_waits_per_second"]) == (0.5, 1.0, 20.0)


def test_a_process_that_is_new_tells_of_its_whole_life() -> None:
    before = Look(100.0, (), ("rds0/m_0",), ())
    shown = picture(before, before._replace(at=102.0, processes=(process(110.0, 100),)))
    assert shown["processes"][0]["statements_per_second"] == 2.0
    assert shown["shards"][0]["statements_per_second"] == 1.0


def test_a_server_that_was_started_anew_has_no_rate() -> None:
    before = Look(100.0, servers(1000, 10), ("rds0/m_0",), ())
    shown = picture(before, before._replace(at=102.0, servers=servers(5, 0)))
    assert shown["servers"][0]["statements_per_second"] is None
    assert shown["shards"][0]["rows_read_per_second"] is None


def test_long_statements_are_named_longest_first() -> None:
    found = look(RULES, server(), lambda: 50.0, None)
    shown = picture(found, found._replace(at=52.0), long=5.0)
    assert [(one["server"], one["seconds"]) for one in shown["long"]] == [("rds0", 7.0), ("rds1", 7.0)]


def test_published_figures(tmp_path: Path) -> None:
    whole = {"host": "h", "pid": 1, "every": 1.0, "since": 3.0, "at": 100.0}
    (tmp_path / "b.json").write_text(json.dumps(whole))
    (tmp_path / "a.json").write_text(json.dumps({**whole, "pid": 0, "at": 90.0}))
    (tmp_path / "c.json").write_text("{")
    (tmp_path / "d.json").write_text('{"host": "h"}')
    (tmp_path / "e.json").write_text("[]")
    late, fresh = read_published(str(tmp_path), 101.0)
    assert (late.name, late.silent) == ("h 0", 11.0)
    assert (fresh.name, fresh.since, fresh.silent) == ("h 1", 3.0, None)
    assert read_published(str(tmp_path / "nowhere"), 101.0) == ()


def test_it_can_be_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    from rich.console import Console

    found = look(RULES, server(["INNODB_TRX"], silent=["rds1"]), lambda: 50.0, None)
    found = found._replace(processes=(process(50.0, 100), Process("host 2", 1.0, {}, 99.0)))
    console = Console(width=160, force_terminal=False)
    console.print(drawn(picture(found, found._replace(at=52.0))))
    text = capsys.readouterr().out
    for piece in ("rds0/m_1", "no answer", "silent for 99 s", "SELECT * FROM `m_1`.`a` JOIN", "7 s", "–", "host 1"):
        assert piece in text
