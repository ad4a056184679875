"""What facts mean; and that questions are asked only of those who answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from shardkit.doctor import Facts, Finding, ServerFacts, ShardFacts, diagnose, examine
from shardkit.doctor.diagnose import deviating
from shardkit.doctor.facts import TableShape
from shardkit.errors import Error, OperationalError, ProgrammingError, ShardUnavailable
from shardkit.rules import loads
from shardkit.session.branches import branch_of, gtrid_of
from shardkit.values import Params, Row, ShardId

RULES = loads(
    'version: 1\nservers: { a: { url: "mysql+pymysql://u:p@h:1" }, b: { url: "mysql+pymysql://u:p@h:2" } }\n'
    'layouts: { m: { databases: "m{0..3}", servers: [a, b] } }\ntables: { member: { layout: m, shard_by: id } }\n'
    "broadcast: { layout: m, tables: [country] }\n"
)
NOW = 1_700_000_000.0
SETTINGS = {
    "sql_mode": "STRICT_TRANS_TABLES", "time_zone": "+00:00", "collation_server": "utf8mb4_bin", "log_bin": "ON",
    "group_concat_max_len": "1024", "transaction_isolation": "REPEATABLE-READ", "lower_case_table_names": "0",
    "innodb_rollback_on_timeout": "OFF", "innodb_flush_log_at_trx_commit": "1", "sync_binlog": "1",
}  # fmt: skip
MEMBER = TableShape({"id": "bigint NO", "name": "varchar(10) YES"}, {"PRIMARY": "0 id"}, "utf8mb4_bin")
COUNTRY = TableShape({"code": "char(2) NO"}, {"PRIMARY": "0 code"}, "utf8mb4_bin")
SERVERS = tuple(ServerFacts(name, None, "8.4.3", SETTINGS) for name in "ab")
SHARDS = tuple(ShardFacts(s, None, "utf8mb4_bin", {"member": MEMBER, "country": COUNTRY}, 0) for s in RULES.shards)


def found(server: ServerFacts = SERVERS[1], shard: ShardFacts = SHARDS[3]) -> list[tuple[str, str, str]]:
    """What is said when the second server and the last shard are like this."""
    report = diagnose(RULES, Facts(NOW, (SERVERS[0], server), (*SHARDS[:3], shard)))
    return [(one.level, one.where, one.what) for one in report.findings]


def settings(**changed: str) -> ServerFacts:
    return replace(SERVERS[1], settings={**SETTINGS, **changed})


def with_member(shape: TableShape) -> ShardFacts:
    return replace(SHARDS[3], tables={"member": shape, "country": COUNTRY})


def test_nothing_is_wrong() -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("server", "level", "what"),
    [
        (replace(SERVERS[1], error="gone"), "wrong", "does not answer: gone"),
        (replace(SERVERS[1], clock=-2.5), "wrong", "its clock differs from this process's by -2.5 s"),
        (replace(SERVERS[1], unlisted="no"), "wrong", "XA_RECOVER_ADMIN"),
        (replace(SERVERS[1], foreign=2), "notice", "2 prepared branch(es) that are not shardkit's"),
        (replace(SERVERS[1], version="8.4.4"), "notice", "version is '8.4.4', elsewhere '8.4.3'"),
        (replace(SERVERS[1], version="9.7.0"), "wrong", "version is 'MySQL 9.7', elsewhere 'MySQL 8.4'"),
        (settings(sql_mode=""), "wrong", "sql_mode is '', elsewhere 'STRICT_TRANS_TABLES'"),
        (settings(time_zone="SYSTEM", system_time_zone="UTC"), "wrong", "time zone is 'SYSTEM, UTC'"),
        (settings(innodb_rollback_on_timeout="ON"), "wrong", "innodb_rollback_on_timeout is ON"),
        (settings(innodb_flush_log_at_trx_commit="2"), "notice", "innodb_flush_log_at_trx_commit is 2"),
        (settings(sync_binlog="0"), "notice", "sync_binlog is 0"),
    ],
)
def test_a_server(server: ServerFacts, level: str, what: str) -> None:
    ((said, where, text),) = found(server)
    assert (said, where) == (level, "b")
    assert what in text


def test_branches_by_age() -> None:
    def branch(age: int) -> Any:
        name, number, digits = "", int((NOW - age) * 1000), "0123456789abcdefghijklmnopqrstuvwxyz"
        while number:
            number, digit = divmod(number, 36)
            name = digits[digit] + name
        return branch_of(gtrid_of(f"{name}-00", RULES.shards[0]), RULES.shards[1])

    assert found(replace(SERVERS[1], branches=(branch(1), branch(90), branch(300)))) == [
        ("wrong", "b", "2 branch(es) in doubt, the oldest for 300 s: run `shardkit recover`"),
        ("notice", "b", "1 branch(es) prepared and on their way"),
    ]


@pytest.mark.parametrize(
    ("shard", "level", "what"),
    [
        (replace(SHARDS[3], error="there is no such database"), "wrong", "there is no such database"),
        (replace(SHARDS[3], lacking=("CREATE",)), "wrong", "the account lacks CREATE (found by trial)"),
        (replace(SHARDS[3], decisions=3), "notice", "3 decision row(s) older than two days"),
        (replace(SHARDS[3], decisions=None), "notice", "no table shardkit_decision yet"),
        (replace(SHARDS[3], collation="latin1_bin"), "notice", "is 'latin1_bin', elsewhere 'utf8mb4_bin'"),
        (replace(SHARDS[3], tables={"member": MEMBER}), "wrong", "table country is missing"),
        (with_member(MEMBER._replace(columns={"id": "bigint NO"})), "wrong", "table member: column name is missing"),
        (with_member(MEMBER._replace(columns={**MEMBER.columns, "x": "int"})), "wrong", "column x is only here"),
        (with_member(MEMBER._replace(columns={**MEMBER.columns, "id": "int NO"})), "wrong", "column id is 'int NO'"),
        (with_member(MEMBER._replace(keys={})), "wrong", "key PRIMARY is missing"),
        (with_member(MEMBER._replace(engine="MyISAM")), "wrong", "is of engine MyISAM, which cannot roll back"),
        (with_member(MEMBER._replace(collation="x")), "wrong", "its collation is x, elsewhere utf8mb4_bin"),
        (
            with_member(MEMBER._replace(columns=dict(reversed(list(MEMBER.columns.items()))))),
            "wrong",
            "the columns stand in another order: name, id",
        ),
    ],
)
def test_a_shard(shard: ShardFacts, level: str, what: str) -> None:
    ((said, where, text),) = found(shard=shard)
    assert (said, where) == (level, "b/m3")
    assert what in text


def test_a_table_that_is_nowhere_is_a_notice() -> None:
    shards = tuple(replace(shard, tables={"member": MEMBER}) for shard in SHARDS)
    assert diagnose(RULES, Facts(NOW, SERVERS, shards)).findings == (
        Finding("notice", "country", "no shard has this table yet"),
    )


def test_the_majority_is_right() -> None:
    assert list(deviating({"a": "x", "b": "y", "c": "y"})) == [("a", "is 'x', elsewhere 'y'")]
    assert list(deviating({})) == []


def test_a_silent_server_is_asked_once() -> None:
    asked: list[tuple[str, str]] = []

    def ask(shard: ShardId, sql: str, params: Params) -> Sequence[Row]:
        asked.append((shard.server, sql))
        if shard.server == "a":
            raise ShardUnavailable("gone", shards=(shard,))
        return answer(sql)

    facts = examine(RULES, ask, lambda: NOW)
    assert [one for one in asked if one[0] == "a"] == [("a", "SELECT VERSION()")]
    assert facts.servers[0].error is not None
    assert (facts.servers[1].clock, facts.servers[1].unlisted) == (0.0, "[SK0202] (1227) denied")
    assert facts.servers[1].settings == {"transaction_isolation": "SERIALIZABLE"}
    assert facts.shards[0].error == facts.servers[0].error
    assert facts.shards[3].lacking == ("CREATE TEMPORARY TABLES",)
    assert facts.shards[3].decisions is None
    assert facts.shards[3].tables["t"] == TableShape(
        {"id": "bigint NO - - auto_increment"}, {"PRIMARY": "0 id - BTREE"}, "utf8mb4_bin"
    )


def answer(sql: str) -> Sequence[Row]:
    """One server's answers."""
    for start, given in ANSWERS.items():
        if sql.strip().startswith(start):
            if isinstance(given, Error):
                raise given
            return given
    raise AssertionError(sql)


ANSWERS: dict[str, list[Row] | Error] = {
    "SELECT VERSION()": [("10.11-MariaDB",)],
    "SHOW GLOBAL": [("tx_isolation", "SERIALIZABLE")],
    "SELECT UNIX": [(NOW,)],
    "XA RECOVER": OperationalError("denied", errno=1227),
    "SELECT DEFAULT": [("utf8mb4_bin",)],
    "SELECT TABLE_NAME, COLUMN_NAME": [("T", "id", "bigint", "NO", None, None, "auto_increment")],
    "SELECT TABLE_NAME, INDEX_NAME": [("T", "PRIMARY", 0, "id", None, "BTREE")],
    "SELECT TABLE_NAME, TABLE_COLL": [("T", "utf8mb4_bin", "InnoDB")],
    "SELECT COUNT": ProgrammingError("no table", errno=1146),
    "CREATE TEMPORARY": OperationalError("denied", errno=1044),
    "CREATE TABLE IF NOT EXISTS `m2`.`t`": [],
    "CREATE TABLE IF NOT EXISTS `m3`.`t`": [],
}
