"""Logs become statements: real logs of MySQL 9.7 and MariaDB 10.11 in `logs/`, and the corners of each format."""

from __future__ import annotations

from pathlib import Path

import pytest

from shardkit.analyze import entries, read_log, sniff
from shardkit.analyze.entries import Entry

LOGS = Path(__file__).parent / "logs"
MANY_LINES = "SELECT *\nFROM t_order\n-- a comment; here\nWHERE memberId = 2\n  AND note <> 'a;b\n# Time: not a header'"
CREATE = "CREATE TABLE t_order (memberId BIGINT NOT NULL,\n  orderId BIGINT NOT NULL PRIMARY KEY, note VARCHAR(50))"


def read(text: str, form: str | None = None) -> list[Entry]:
    return list(read_log(text.splitlines(keepends=True), form)[1])


def texts(text: str, form: str | None = None) -> list[str]:
    return [entry.text for entry in read(text, form)]


@pytest.mark.parametrize("name", ["mysql", "mariadb"])
def test_real_general_logs(name: str) -> None:
    text = (LOGS / f"{name}_general.log").read_text(encoding="utf-8")
    assert sniff(text.splitlines(keepends=True)) == "general"
    found = texts(text)
    assert found[:4] == ["SET NAMES utf8mb4", "create database shop character set utf8mb4", "use shop", CREATE]
    assert MANY_LINES in found
    assert found.count("SELECT note FROM t_order WHERE orderId = 101") == 1
    assert not any("orderId = ?" in one for one in found if not one.startswith("PREPARE"))
    assert "COMMIT" in found
    assert not any("performance_schema" in one for one in found)
    assert all(entry.seconds is None for entry in read(text))


@pytest.mark.parametrize("name", ["mysql", "mariadb"])
def test_real_slow_logs(name: str) -> None:
    text = (LOGS / f"{name}_slow.log").read_text(encoding="utf-8")
    assert sniff(text.splitlines(keepends=True)) == "slow"
    found = {entry.text: entry.seconds for entry in read(text)}
    assert CREATE in found
    assert MANY_LINES in found
    slept = found["SELECT COUNT(*), SLEEP(0.2) FROM t_order"]
    assert slept is not None
    assert 0.2 <= slept < 0.3
    assert "use shop" in found
    assert not any(one.startswith(("SET timestamp", "#", "use `")) for one in found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (";;\n;", []),
        ("SELECT 1", ["SELECT 1"]),
        ("\ufeffSELECT 1; SELECT\n2;", ["SELECT 1", "SELECT\n2"]),
        ("SELECT 'a;b', \"c;d\", `e;f`; SELECT 2", ["SELECT 'a;b', \"c;d\", `e;f`", "SELECT 2"]),
        ("SELECT 'it''s;', 'a\\';b'; SELECT 2", ["SELECT 'it''s;', 'a\\';b'", "SELECT 2"]),
        ("SELECT 'a;\nb;\n'; SELECT 2", ["SELECT 'a;\nb;\n'", "SELECT 2"]),
        ("SELECT 1 -- no; end\n; SELECT 2 # no; end\n;", ["SELECT 1 -- no; end", "SELECT 2 # no; end"]),
        ("SELECT 5--3; SELECT /* a;\nb */ 2", ["SELECT 5--3", "SELECT /* a;\nb */ 2"]),
    ],
)
def test_plain_statements(text: str, expected: list[str]) -> None:
    assert texts(text, "sql") == expected


def test_a_quote_that_is_never_closed_costs_one_statement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entries, "LONGEST", 30)
    text = "SELECT 'open;\n" + "x;\n" * 20 + "SELECT 1;\nSELECT 2;\n"
    found = read(text, "sql")
    assert found[0].cut
    assert len(found[0].text) <= 30
    assert [entry.text for entry in found[-2:]] == ["SELECT 1", "SELECT 2"]


def test_long_statements_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entries, "LONGEST", 20)
    line = "2026-01-01T00:00:00.000000Z\t   10 Query\t"
    found = read(f"{line}SELECT 1, 2, 3, 4, 5, 6, 7, 8\n, 9\n{line}SELECT 2\n")
    assert [(entry.text, entry.cut) for entry in found] == [("SELECT 1, 2, 3, 4, 5", True), ("SELECT 2", False)]


def test_a_server_that_starts_again_ends_a_statement() -> None:
    start = "/usr/sbin/mysqld, Version: 8.0.36 (x). started with:\nTcp port: 3306  Unix socket: x\n"
    start += "Time                 Id Command    Argument\n"
    general = "2026-01-01T00:00:00.000000Z\t   10 Query\tSELECT 1\n"
    assert texts(general + start + general) == ["SELECT 1", "SELECT 1"]
    slow = "# Time: 260101  1:00:00\n# User@Host: a[a] @ h []\n# Query_time: 1.5  Lock_time: 0\nSELECT 1;\n"
    assert read(slow + start + slow) == [Entry("SELECT 1", 1.5), Entry("SELECT 1", 1.5)]


def test_a_slow_log_that_begins_in_the_middle() -> None:
    text = (
        "FROM t;\n# User@Host: a[a] @ h []\n# Query_time: 2  Lock_time: 0\nuse shop;\nSET timestamp=17.5;\nSELECT 1;\n"
    )
    assert read(text) == [Entry("SELECT 1", 2.0)]


def test_administrator_commands_are_no_statements() -> None:
    head = "# Time: 260101  1:00:00\n# User@Host: a[a] @ h []\n# Query_time: 1  Lock_time: 0\nSET timestamp=1;\n"
    assert read(f"{head}# administrator command: Ping;\n{head}SELECT 1;\n") == [Entry("SELECT 1", 1.0)]


@pytest.mark.parametrize(
    ("line", "form"),
    [
        ("SELECT 1;\n", "sql"),
        ("\t\t   12 Query\tSELECT 1\n", "general"),
        ("261129  2:39:06\t     3 Connect\troot@localhost on  using TCP/IP\n", "general"),
        ("2026-11-29T22:39:14.762338+02:00\t    9 Quit\t\n", "general"),
        ("# User@Host: root[root] @ localhost [10.0.0.9]\n", "slow"),
        ("# a comment\n", "sql"),
        ("\tSELECT 1\n", "sql"),
    ],
)
def test_formats(line: str, form: str) -> None:
    assert sniff([line]) == form
