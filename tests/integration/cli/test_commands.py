"""`shardkit init`, `sql` and `explain` on the servers and on SQLite: from nothing to rows, without a traceback."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from shardkit.cli import main
from tests.integration.dbapi.stage import BODIES, SHARDS, Stage, rules_text
from tests.servers import ServerUrl

OPTIONS = {"transactions": "best_effort", "full_scan_writes": "allow"}
SCHEMA = "-- the shop; with a semicolon in a comment\n" + "\n".join(
    f"CREATE TABLE IF NOT EXISTS {table} ({body});" for table, body in BODIES.items() if table != "config"
)


@dataclass
class World:
    """Rules in a file, with nothing behind them yet."""

    folder: Path
    text: str
    stage: Stage | None = None

    @property
    def rules(self) -> str:
        file = self.folder / "rules.yaml"
        file.write_text(self.text, encoding="utf-8")
        return str(file)

    def run(self, command: str, *arguments: str, text: str | None = None) -> Result:
        """One command; an error must be a message, never a traceback."""
        done = CliRunner().invoke(main, [command, self.rules, *arguments], input=text)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        assert "Traceback" not in done.stdout + done.stderr
        return done

    def ok(self, command: str, *arguments: str, text: str | None = None) -> str:
        """Its standard output, when it went well."""
        done = self.run(command, *arguments, text=text)
        assert done.exit_code == 0, done.stderr
        return done.stdout

    def init(self, schema: str = SCHEMA) -> Result:
        file = self.folder / "schema.sql"
        file.write_text(schema, encoding="utf-8")
        return self.run("init", str(file))


@pytest.fixture(params=[pytest.param("servers", marks=pytest.mark.mysql), "sqlite"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """Two servers, or two folders for SQLite, without any database."""
    if request.param == "sqlite":
        for name in ("rds0", "rds1"):
            (tmp_path / name).mkdir()
        yield World(tmp_path, rules_text(["sqlite:///./rds0", "sqlite:///./rds1"], "own_", SHARDS, **OPTIONS))
        return
    pair: tuple[ServerUrl, ServerUrl] = request.getfixturevalue("mysql_servers")
    stage = Stage(pair)
    try:
        stage.make_account()
        yield World(tmp_path, stage.text(**OPTIONS), stage)
    finally:
        stage.remove()


@pytest.fixture
def filled(world: World) -> World:
    """The world after `init`, with four members."""
    assert world.init().exit_code == 0
    world.ok(
        "sql",
        "INSERT INTO member (memberId, name, n) VALUES (0, 'a', 1), (1, 'b', 2), (2, 'c', NULL), (3, '汉字😀', 4)",
    )
    return world


def test_init_makes_every_database_and_table(world: World) -> None:
    done = world.init()
    assert (done.exit_code, done.stdout) == (0, "")
    assert "done" in done.stderr
    if world.stage is None:
        files = sorted(world.folder.glob("rds*/*.db"))
        assert [file.stem for file in files] == [f"own_m{i:02}" for i in range(4)]
        for file in files:
            with sqlite3.connect(file) as raw:
                found = {name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            raw.close()
            assert {"member", "t_order", "doc", "country"} <= found
    else:
        for shard in world.stage.databases:
            sql = "SELECT table_name FROM information_schema.tables WHERE table_schema = %s"
            tables = {name for (name,) in world.stage.ask(int(shard.server[-1]), sql, (shard.database,))}
            assert tables == {"member", "t_order", "doc", "country", "shardkit_decision"}


def test_init_again_changes_nothing(filled: World) -> None:
    assert filled.init().exit_code == 0
    assert "4" in filled.ok("sql", "SELECT COUNT(*) FROM member")


def test_init_with_mistakes(world: World) -> None:
    done = world.init("CREATE TABLE nowhere (id INT);")
    assert done.exit_code == 1
    assert "1146" in done.stderr
    done = world.init("CREATE TABLE scratch (id BIGINT PRIMARY KEY, broken);")
    assert done.exit_code == 1
    assert ("1064" if world.stage else "broken") in done.stderr
    done = world.init("CREATE TABLE scratch (id BIGINT PRIMARY KEY, v TEXT DEFAULT 'open);")
    assert done.exit_code == 1
    assert world.run("init", str(world.folder / "missing.sql")).exit_code == 2


def test_sql_with_a_statement(filled: World) -> None:
    out = filled.ok("sql", "SELECT memberId, name, n FROM member ORDER BY memberId DESC")
    lines = [line for line in out.splitlines() if "│" in line]
    assert [line.split("│")[1].strip() for line in lines] == ["3", "2", "1", "0"]
    assert "汉字😀" in out
    assert "NULL" in out
    assert "4 row(s)" in out
    assert "3 row(s) affected" in filled.ok("sql", "UPDATE member SET n = NULL WHERE memberId IN (0, 1, 3)")


def test_sql_from_standard_input(filled: World) -> None:
    out = filled.ok("sql", text="SELECT COUNT(*) AS members\nFROM member;\n")
    assert "members" in out
    assert "4" in out


def test_sql_shows_the_first_rows_unless_asked_for_all(filled: World) -> None:
    filled.ok("sql", text="INSERT INTO t_order (memberId, orderId) VALUES "
              + ", ".join(f"(1, {i})" for i in range(1100)))  # fmt: skip
    out = filled.ok("sql", "SELECT orderId FROM t_order ORDER BY orderId")
    assert "1000 row(s), and more: --all shows them" in out
    assert "1100 row(s)" in filled.ok("sql", "SELECT orderId FROM t_order ORDER BY orderId", "--all")


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT * FROM nowhere", "1146"),
        ("SELECT nothing FROM member", "1054"),
        ("SELEC 1", "1064"),
        ("SELECT GET_LOCK('x', 0)", "SK2104"),
        ("LOCK TABLES member WRITE", "SK2104"),
        ("INSERT INTO member (memberId) VALUES (0)", "1062"),
        ("", "106"),
    ],
)
def test_sql_errors(filled: World, sql: str, said: str) -> None:
    done = filled.run("sql", sql)
    assert (done.exit_code, done.stdout) == (1, "")
    assert said in done.stderr


def test_markup_in_data_is_only_data(filled: World) -> None:
    filled.ok("sql", "UPDATE member SET name = '[bold]x[/bold] [/]' WHERE memberId = 1")
    assert "[bold]x[/bold] [/]" in filled.ok("sql", "SELECT name, name AS `[red]` FROM member WHERE memberId = 1")


def test_explain_as_a_tree(filled: World) -> None:
    tree = filled.ok("explain", "SELECT memberId FROM member WHERE memberId = %s", "-p", "3")
    assert tree.startswith("pass select")
    assert "rds1/" in tree
    assert "1 target" in tree
    tree = filled.ok("explain", "SELECT memberId FROM member ORDER BY name LIMIT 5")
    assert tree.startswith("merge select")
    assert "4 targets" in tree
    assert "hidden" in tree


def test_explain_as_json(filled: World) -> None:
    data = json.loads(filled.ok("explain", "SELECT name, COUNT(*) FROM member GROUP BY name", "--json"))
    assert (data["kind"], len(data["targets"]), data["merge"]["strategy"]) == ("merge", 4, "group")
    data = json.loads(
        filled.ok("explain", "--json", "DELETE FROM member WHERE memberId IN (%s, %s)", "-p", "0", "-p", "3")
    )
    assert (data["kind"], [target["slot"] for target in data["targets"]]) == ("write", [0, 3])
    assert "4 row(s)" in filled.ok("sql", "SELECT memberId FROM member")


def test_explain_refused(filled: World) -> None:
    tree = filled.ok("explain", "SELECT nobody_knows(n) FROM member")
    for word in ("refused SK2103", "where:", "why:", "instead:"):
        assert word in tree
    data = json.loads(filled.ok("explain", "SELECT nobody_knows(n) FROM member", "--json"))
    assert data["kind"] == "refused"
    assert all(data["refused"][key] for key in ("code", "what", "where", "why", "instead"))


@pytest.mark.parametrize(("sql", "said"), [("SELECT * FROM nowhere", "1146"), ("SELEC", "1064"), ("SELECT %s", "1210")])
def test_explain_errors(filled: World, sql: str, said: str) -> None:
    extra = ("-p", "1", "-p", "2") if "%s" in sql else ()
    done = filled.run("explain", sql, *extra)
    assert (done.exit_code, done.stdout) == (1, "")
    assert said in done.stderr


def test_a_world_that_is_not_there(world: World) -> None:
    """Before `init`: the databases are missing."""
    done = world.run("sql", "SELECT * FROM member WHERE memberId = 1")
    assert done.exit_code == 1
    assert "member" in done.stderr
