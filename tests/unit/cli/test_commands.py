"""The commands without servers: what they print, and how they end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest
from click.testing import CliRunner
from rich.text import Text

from shardkit.cli import main
from shardkit.cli.output import cell, result_table
from shardkit.errors import UnknownTable
from shardkit.plan import Explanation
from shardkit.session import statements
from tests.unit.route.tables import RULES, session

EXPLAIN, PROMPT = import_module("shardkit.cli.explain"), import_module("shardkit.cli.sql")
MISTAKES = RULES.replace("layout: flat, shard_by: id, algorithm: mod", "layout: falt, shard_by: id, algorithm: mud")


class FakeCursor:
    """Answers from given rows; explains for real."""

    def __init__(self, rows: list[tuple[Any, ...]], columns: list[str] | None) -> None:
        self.rows, self.rowcount = iter(rows), len(rows)
        self.description = [(name, None, None, None, None, None, True) for name in columns] if columns else None
        self.executed: list[str] = []

    def __enter__(self) -> FakeCursor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return self.rows

    def execute(self, statement: str) -> None:
        self.executed.append(statement)
        if "nowhere" in statement:
            raise UnknownTable("Table 'nowhere' doesn't exist")

    def fetchone(self) -> Any:
        return next(self.rows, None)

    def explain(self, statement: str, params: Any = None, *, analyze: bool = False) -> Explanation:
        shared = session()
        found: Explanation = shared.run(statements.explain(shared.session, statement, params))
        return found


class FakeConnection:
    """A connection and the cluster it comes from, in one."""

    def __init__(self, rows: list[tuple[Any, ...]], columns: list[str] | None) -> None:
        self.made = FakeCursor(rows, columns)
        self.rules = session().planner.rules
        self.closed = False

    def connect(self, **_: Any) -> FakeConnection:
        return self

    def cursor(self) -> FakeCursor:
        return self.made

    def close(self) -> None:
        self.closed = True

    def __enter__(self) -> FakeConnection:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeConnection:
    """Both commands that connect get this one."""
    made = FakeConnection([(1, "a"), (2, None)], ["id", "name"])
    monkeypatch.setattr(PROMPT, "Cluster", lambda rules: made)
    monkeypatch.setattr(EXPLAIN, "Cluster", lambda rules: made)
    return made


def run(*arguments: str, stdin: str = "") -> tuple[int, str, str]:
    found = CliRunner().invoke(main, arguments, input=stdin)
    assert found.exception is None or isinstance(found.exception, SystemExit)
    return found.exit_code, found.stdout, found.stderr


def test_check_tells_what_the_rules_amount_to(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(RULES, encoding="utf-8")
    code, out, _ = run("check", str(path))
    assert code == 0
    assert "no mistakes" in " ".join(out.split())
    assert [line.split()[1::2] for line in out.splitlines() if " orders " in line] == [
        ["orders", "sharded", "memberid", "deep"]
    ]


def test_check_tells_unique_keys_that_no_shard_can_answer_for(tmp_path: Path) -> None:
    rules, schema = tmp_path / "rules.yaml", tmp_path / "schema.sql"
    rules.write_text(RULES, encoding="utf-8")
    schema.write_text(
        "-- orders\nCREATE TABLE orders (id BIGINT PRIMARY KEY, memberId INT, no INT UNIQUE, UNIQUE KEY (memberId, no),"
        " UNIQUE INDEX first (memberId(2), no DESC), KEY (no));\nCREATE TABLE other (id INT PRIMARY KEY);",
        encoding="utf-8",
    )
    code, _, err = run("check", str(rules), str(schema))
    assert code == 0
    told = [line.split(" does not hold")[0] for line in err.splitlines() if "unique on each shard only" in line]
    assert told == [f"{schema}: unique key ({key}) of table orders" for key in ("id", "no", "memberId(2), no")]


def test_check_tells_every_mistake_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(MISTAKES, encoding="utf-8")
    code, out, err = run("check", str(path))
    assert (code, out) == (1, "")
    assert err.count(f"{path}:7:") == 2
    assert "Traceback" not in err


def test_check_without_a_file() -> None:
    code, _, err = run("check", "/nowhere/rules.yaml")
    assert code == 1
    assert "Traceback" not in err
    assert run("check")[0] == 2


def test_the_schema_is_json() -> None:
    code, out, _ = run("check", "--schema")
    assert code == 0
    assert "servers" in json.loads(out)["properties"]


def test_explain_prints_a_tree_or_json(fake: FakeConnection) -> None:
    code, out, _ = run("explain", "rules.yaml", "SELECT n FROM member WHERE id = %s", "-p", "5")
    assert code == 0
    assert out.splitlines()[-1].endswith("rds0/m_1 slot 1: SELECT n FROM `m_1`.`member` WHERE id = %s")
    code, out, _ = run("explain", "rules.yaml", "SELECT n FROM member WHERE name = %s", "-p", "it's", "--json")
    assert json.loads(out)["kind"] == "merge"
    assert fake.closed


def test_explain_of_a_mistake(fake: FakeConnection) -> None:
    code, out, err = run("explain", "rules.yaml", "SELECT n FROM nowhere")
    assert (code, out) == (1, "")
    assert err.startswith("[SK2002] (1146)")
    assert fake.closed


def test_sql_prints_rows(fake: FakeConnection) -> None:
    code, out, _ = run("sql", "rules.yaml", "SELECT id, name FROM member")
    assert code == 0
    assert fake.made.executed == ["SELECT id, name FROM member"]
    assert "id" in out
    assert "NULL" in out
    assert "2 row(s)" in out


def test_sql_reads_a_statement_from_standard_input(fake: FakeConnection) -> None:
    assert run("sql", "rules.yaml", stdin="SELECT 1\n")[0] == 0
    assert [text.strip() for text in fake.made.executed] == ["SELECT 1"]


def test_sql_tells_of_errors_and_counts(fake: FakeConnection) -> None:
    code, _, err = run("sql", "rules.yaml", "SELECT * FROM nowhere")
    assert code == 1
    assert "[SK2002] (1146) Table 'nowhere' doesn't exist" in err
    fake.made.description = None
    code, out, _ = run("sql", "rules.yaml", "DELETE FROM member")
    assert code == 0
    assert out.startswith("2 row(s) affected")


def test_only_the_first_rows_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    connection: Any = FakeConnection([(number,) for number in range(9)], ["n"])
    PROMPT.run(connection, "SELECT 1", 5)
    assert "5 row(s), and more" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("given", "expected"),
    [("\\t", "listed"), ("\\e SELECT n FROM member WHERE id = 1;", "pass select"), ("SELECT 1;", "2 row(s)")],
)
def test_entries_of_the_prompt(given: str, expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    connection: Any = FakeConnection([(1,), (2,)], ["n"])
    PROMPT.answer(connection, given, ("member", "listed"))
    assert expected in capsys.readouterr().out


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "NULL"),
        (b"\x00\xff", "0x00FF"),
        (5, "5"),
        (Decimal("1.50"), "1.50"),
        ("[red]x[/red]", "[red]x[/red]"),
        ("", ""),
    ],
)
def test_cells_show_values_as_they_are(value: Any, expected: str) -> None:
    found = cell(value)
    assert isinstance(found, Text)
    assert found.plain == expected


def test_a_result_table() -> None:
    found = result_table(["[b]a", "a"], [(1, 2), (3, None)])
    assert [str(column.header) for column in found.columns] == ["[b]a", "a"]
    assert found.row_count == 2


def test_help() -> None:
    code, out, _ = run("-h")
    assert code == 0
    assert all(name in out for name in ("check", "explain", "init", "sql"))
    assert run("nonsense")[0] == 2
