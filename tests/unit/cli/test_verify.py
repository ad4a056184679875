"""`shardkit verify` without servers: what is checked before anything is asked, and what verdicts look like."""

from __future__ import annotations

import json
from collections import Counter
from importlib import import_module
from pathlib import Path

import pytest
from click.testing import CliRunner

from shardkit.cli import main
from shardkit.cli.output import one_line, plain, write_json
from shardkit.rules.urls import parse_database_url
from shardkit.verify import Difference, Verdict

VERIFY = import_module("shardkit.cli.verify")


@pytest.mark.parametrize(
    ("counts", "allow", "code"),
    [
        ({"equal": 3}, False, 0),
        ({"equal": 3, "refused": 1}, False, 3),
        ({"equal": 3, "refused": 1}, True, 0),
        ({"different": 1, "refused": 1}, True, 1),
        ({"error": 1}, True, 1),
    ],
)
def test_exit_codes(counts: dict[str, int], allow: bool, code: int) -> None:
    assert VERIFY.exit_code(Counter(counts), allow) == code


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense hunter2", "not a URL"),
        ("sqlite:///./hunter2", "an unsharded MySQL server"),
        ("mysql://app:hunter2@h:3306", "names no database"),
        ("mysql://app:x@h:3306/db?password=hunter2", "before the @"),
        ("mysql://:hunter2@/db", "no host"),
    ],
)
def test_urls_that_are_no_unsharded_database(url: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as raised:
        parse_database_url(url)
    assert "hunter2" not in str(raised.value)


def test_a_url_of_a_database() -> None:
    found = parse_database_url("mysql+pymysql://app:pw@h:3307/shop?connect_timeout=3")
    assert (found.database, found.host, found.port, found.password) == ("shop", "h", 3307, "pw")


@pytest.mark.parametrize(("text", "said"), [("-- nothing\n", "no statement"), ("DROP TABLE t", "is not a SELECT")])
def test_files_that_are_not_run(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "queries.sql"
    file.write_text(text, encoding="utf-8")
    done = CliRunner().invoke(main, ["verify", "rules.yaml", str(file), "--against", "mysql://app:hunter2@h/db"])
    assert (done.exit_code, done.stdout) == (1, "")
    assert said in done.stderr
    assert "hunter2" not in done.stderr


def test_a_difference_is_shown_with_the_rows_of_both_sides(capsys: pytest.CaptureFixture[str]) -> None:
    missing = tuple((number, "[red]") for number in range(5))
    found = Verdict("different", "rows differ", 9, Difference("rows differ", missing, ((None, b"\x00"),)), ("id", "t"))
    VERIFY._show(12, "SELECT id,\n  t FROM member", found)
    out = capsys.readouterr().out
    for said in ("12  different", "9 rows", "SELECT id, t FROM member", "only in", "[red]", "2 more", "NULL", "0x00"):
        assert said in out
    data = VERIFY._data("SELECT 1", found)
    assert (data["only_shardkit"], data["rows_only_shardkit"]) == ([[None, "0x00"]], 1)
    json.dumps(data)


def test_long_differences_are_cut(capsys: pytest.CaptureFixture[str]) -> None:
    rows = tuple((number, "x" * 5000) for number in range(500))
    found = Verdict("different", "rows differ", 500, Difference("rows differ", rows), ("id", "t"))
    VERIFY._show(1, "SELECT 1", found)
    assert len(capsys.readouterr().out) < 3000
    data = VERIFY._data("SELECT 1", found)
    assert (len(data["only_unsharded"]), data["rows_only_unsharded"]) == (100, 500)


def test_one_line() -> None:
    assert one_line("SELECT\n  1", 20) == "SELECT 1"
    assert one_line("SELECT 1", 5) == "SELE…"


def test_values_in_json() -> None:
    assert [plain(value) for value in (None, 1, 1.5, True, b"\x01", "a")] == [None, 1, 1.5, True, "0x01", "a"]


def test_a_report_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        write_json(str(tmp_path / "no" / "x.json"), {})
    assert "No such file" in capsys.readouterr().err
