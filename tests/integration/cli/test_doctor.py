"""`shardkit doctor` on the servers: a sound world, and one after another what can be wrong with it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from shardkit.cli import main
from tests.integration.recovery.bank import Bank, bank
from tests.servers import ServerUrl


@pytest.fixture
def accounts(mysql_servers: tuple[ServerUrl, ServerUrl]) -> Iterator[Bank]:
    with bank(mysql_servers, own_user=True) as found:
        yield found


def examined(accounts: Bank, tmp_path: Path) -> tuple[int, dict[str, Any]]:
    """Exit code and report."""
    rules = tmp_path / "rules.yaml"
    rules.write_text(accounts.text, encoding="utf-8")
    done = CliRunner().invoke(main, ["doctor", str(rules), "--json"])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, json.loads(done.stdout)


def wrong(report: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["where"], one["what"]) for one in report["findings"] if one["level"] == "wrong"]


def do(accounts: Bank, number: int, *statements: str) -> None:
    with accounts.pair[number].connect() as connection, connection.cursor() as cursor:
        for sql in statements:
            cursor.execute(sql)


def test_a_sound_world(accounts: Bank, tmp_path: Path) -> None:
    code, report = examined(accounts, tmp_path)
    assert (code, wrong(report)) == (0, [])
    assert [server["error"] for server in report["servers"]] == [None, None]
    assert report["shards"][0]["tables"] == ["account", "entry"]
    again = examined(accounts, tmp_path)[1]
    assert again["shards"] == report["shards"]


def test_tables_that_deviate(accounts: Bank, tmp_path: Path) -> None:
    name = accounts.prefix
    do(accounts, 1, f"ALTER TABLE `{name}m02`.account ADD x INT", f"DROP TABLE `{name}m03`.entry")
    code, report = examined(accounts, tmp_path)
    assert code == 1
    assert sorted(wrong(report)) == [
        (f"rds1/{name}m02", "table account: column x is only here"),
        (f"rds1/{name}m03", "table entry is missing"),
    ]


def test_missing_rights(accounts: Bank, tmp_path: Path) -> None:
    for number in (0, 1):
        user = f"'{accounts.user}'@'%'"
        do(accounts, number, f"REVOKE ALL PRIVILEGES, GRANT OPTION FROM {user}")
        do(accounts, number, f"GRANT SELECT, INSERT ON `{accounts.prefix}m%`.* TO {user}")
    code, report = examined(accounts, tmp_path)
    assert code == 1
    told = wrong(report)
    shard = f"rds0/{accounts.prefix}m00"
    assert (shard, "the account lacks CREATE (found by trial)") in told
    assert (shard, "the account lacks CREATE TEMPORARY TABLES (found by trial)") in told
    if accounts.pair[0].flavor == "mysql":
        assert any("XA_RECOVER_ADMIN" in what for _, what in told)


def test_a_branch_in_doubt_and_a_foreign_one(accounts: Bank, tmp_path: Path) -> None:
    mine = next(iter(accounts.marks()))
    ours = f"'sk1-0-0000-{mine}','{mine}',1397443924"
    theirs = f"'{accounts.prefix}x','y',5"
    for number, xid in enumerate((ours, theirs)):
        do(
            accounts, 0, f"XA START {xid}", f"UPDATE `{accounts.prefix}m0{number}`.account SET v = v + 1 WHERE k = {number}",
            f"XA END {xid}", f"XA PREPARE {xid}",
        )  # fmt: skip
    try:
        code, report = examined(accounts, tmp_path)
        assert code == 1
        assert any("in doubt" in what for where, what in wrong(report) if where == "rds0")
        assert report["servers"][0]["foreign"] >= 1
    finally:
        do(accounts, 0, f"XA ROLLBACK {ours}", f"XA ROLLBACK {theirs}")


def test_people_read_tables(accounts: Bank, tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(accounts.text.replace(f":{accounts.pair[1].port}", ":1"), encoding="utf-8")
    done = CliRunner().invoke(main, ["doctor", str(rules)])
    assert done.exit_code == 1
    assert "does not answer" in done.stdout
    assert "Traceback" not in done.stdout
