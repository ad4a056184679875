"""`shardkit analyze` without servers: what it reads, what it prints, and that it keeps values to itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from shardkit.cli import main
from shardkit.cli.analysis import duration, percent
from tests.unit.analyze.test_keys import RULES, SCHEMA

LOGS = Path(__file__).parents[1] / "analyze" / "logs"
QUERIES = """
SELECT * FROM t_order WHERE memberId = 5;
SELECT * FROM t_order WHERE orderId = 17; SELECT * FROM t_order WHERE orderId = 18;
SELECT * FROM member WHERE account = 'secret@example.org';
SELECT COUNT(*) FROM member; SELECT GET_LOCK('x', 0);
SELECT FROM 'secret@example.org';
UPDATE t_order SET memberId = 5 WHERE orderId = 1;
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("rules.yaml", RULES), ("schema.sql", SCHEMA), ("queries.sql", QUERIES)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def run(folder: Path, log: str, *options: str, schema: bool = True, stdin: str | None = None) -> Result:
    extra = ["--schema", str(folder / "schema.sql")] if schema else []
    done = CliRunner().invoke(main, ["analyze", str(folder / "rules.yaml"), log, *extra, *options], input=stdin)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def report(folder: Path, log: str, *options: str) -> dict[str, Any]:
    done = run(folder, log, "--json", str(folder / "out.json"), *options)
    assert done.exit_code == 0, done.stderr
    found: dict[str, Any] = json.loads((folder / "out.json").read_text(encoding="utf-8"))
    return found


def test_what_it_prints(folder: Path) -> None:
    done = run(folder, str(folder / "queries.sql"))
    assert (done.exit_code, done.stderr) == (0, "")
    for said in (
        "sql log: 8 statements, 7 fingerprints",
        "refused",
        "SELECT * FROM t_order WHERE orderId = ?",
        "no condition on memberId",
        "t_order: 25 % of statements would go to one shard with memberId (now), 75 % with orderId",
        "a secondary index table on orderId would route 75 % more",
        "memberid is changed by 25 %",
        "member: 0 % of statements would go to one shard with memberId (now), 50 % with account",
        "Counted for shard keys",
    ):
        assert said in done.stdout, done.stdout
    assert "secret" not in done.stdout


def test_the_report_holds_everything_but_values(folder: Path) -> None:
    found = report(folder, str(folder / "queries.sql"), "--top", "1")
    assert (found["format"], found["count"], len(found["statements"])) == ("sql", 8, 7)
    assert [table["table"] for table in found["tables"]] == ["member", "t_order"]
    assert "secret" not in json.dumps(found)
    found = report(folder, str(folder / "queries.sql"), "--show-values")
    assert "secret@example.org" in json.dumps(found)


@pytest.mark.parametrize(
    ("name", "form"), [("mysql_general", "general"), ("mariadb_slow", "slow"), ("mysql_slow", "slow")]
)
def test_logs_of_servers(folder: Path, name: str, form: str) -> None:
    found = report(folder, str(LOGS / f"{name}.log"))
    assert found["format"] == form
    assert found["weighted_by"] == ("seconds" if form == "slow" else "count")
    assert any(one["fingerprint"] == "SELECT note FROM t_order WHERE orderId = ?" for one in found["statements"])
    done = run(folder, str(LOGS / f"{name}.log"))
    assert ("Query_time" in done.stdout) is (form == "slow")


def test_a_format_that_is_forced(folder: Path) -> None:
    found = report(folder, str(LOGS / "mysql_general.log"), "--format", "slow")
    assert (found["format"], found["count"]) == ("slow", 0)


def test_standard_input(folder: Path) -> None:
    done = run(folder, "-", stdin="SELECT * FROM member WHERE memberId = 1;")
    assert "sql log: 1 statements, 1 fingerprints" in done.stdout


def test_what_is_no_utf8(folder: Path) -> None:
    (folder / "odd.sql").write_bytes(b"SELECT * FROM member WHERE account = '\xff\xfe';")
    assert report(folder, str(folder / "odd.sql"))["kinds"][0]["kind"] == "merge"


def test_the_limit_of_fingerprints_is_said(folder: Path) -> None:
    done = run(folder, str(folder / "queries.sql"), "--most", "2")
    assert "Only the first 2 fingerprints are classified (--most): 5 executions of later ones" in done.stdout
    assert "SELECT COUNT(*)" not in done.stdout


def test_broken_statements_beside_the_heaviest(folder: Path) -> None:
    done = run(folder, str(folder / "queries.sql"), "--top", "1")
    assert "Refused or in error beside them, the first 1" in done.stdout


def test_tables_that_the_schema_does_not_create(folder: Path) -> None:
    (folder / "schema.sql").write_text("CREATE TABLE member (memberId BIGINT PRIMARY KEY)", encoding="utf-8")
    done = run(folder, str(folder / "queries.sql"))
    assert done.exit_code == 0
    assert "no CREATE TABLE for t_order" in done.stderr


def test_without_schema_and_servers(folder: Path) -> None:
    text = RULES.replace("mysql://h0", "mysql://app:hunter2@127.0.0.1:1")
    (folder / "rules.yaml").write_text(text, encoding="utf-8")
    done = run(folder, str(folder / "queries.sql"), schema=False)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "give --schema" in done.stderr
    assert "hunter2" not in done.stderr


@pytest.mark.parametrize(
    ("part", "whole", "shown"), [(1, 3, "33 %"), (1, 300, "0.3 %"), (0, 5, "0 %"), (9.96, 100, "10 %"), (1, 0, "0 %")]
)
def test_shares(part: float, whole: float, shown: str) -> None:
    assert percent(part, whole) == shown


def test_durations() -> None:
    assert [duration(seconds) for seconds in (1234.56, 1, 0.0451, 0)] == ["1,234.6 s", "1.0 s", "45.1 ms", "0.0 ms"]
