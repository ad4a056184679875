"""`shardkit verify` on the servers: equal answers, planted differences, refusals, and what MySQL leaves open."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from shardkit.cli import main
from shardkit.values import Row
from tests.integration.dbapi.stage import BODIES, Stage
from tests.servers import ServerUrl

MEMBERS = [(number, f"name {number % 5}", number % 7 or None) for number in range(40)]
ORDERS = [
    (number % 13, number, f"{number % 9}.50", ("new", "NEW", "paid", "Paid ")[number % 4]) for number in range(60)
]
"""Both sides are filled from these rows."""


class Side:
    """A stage with rows, the same rows in one unsharded database, and the command."""

    def __init__(self, stage: Stage, folder: Path) -> None:
        self.stage, self.folder = stage, folder
        self.database = f"{stage.prefix}plain"
        self.report: dict[str, Any] = {}

    def ask(self, sql: str, args: Any = None) -> list[tuple[Any, ...]]:
        """One statement in the unsharded database."""
        self.stage.ask(0, f"USE `{self.database}`")
        return self.stage.ask(0, sql, args)

    @property
    def url(self) -> str:
        return self.stage.url(0).set(database=self.database).render_as_string(hide_password=False)

    def build(self) -> None:
        """Create the unsharded database, and put the rows on both sides."""
        self.stage.ask(0, f"CREATE DATABASE `{self.database}` CHARACTER SET utf8mb4")
        for table, body in BODIES.items():
            self.ask(f"CREATE TABLE `{table}` ({body.replace('UNIQUE (n)', 'KEY (n)')})")
        self.stage.everywhere("ALTER TABLE member DROP INDEX n")
        inserts: dict[str, Sequence[Row]] = {
            "INSERT INTO member (memberId, name, n) VALUES (%s, %s, %s)": MEMBERS,
            "INSERT INTO t_order (memberId, orderId, amount, status) VALUES (%s, %s, %s, %s)": ORDERS,
        }
        with self.stage.connection(transactions="best_effort") as connection:
            for sql, rows in inserts.items():
                connection.cursor().executemany(sql, rows)
                for row in rows:
                    self.ask(sql, row)

    def verify(self, queries: str, *options: str, url: str | None = None) -> Result:
        """The command on these statements; its report is kept."""
        (self.folder / "rules.yaml").write_text(self.stage.text(), encoding="utf-8")
        (self.folder / "queries.sql").write_text(queries, encoding="utf-8")
        report = self.folder / "report.json"
        files = [str(self.folder / "rules.yaml"), str(self.folder / "queries.sql")]
        done = CliRunner().invoke(
            main, ["verify", *files, "--against", url or self.url, "--json", str(report), *options]
        )
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        assert self.stage.password not in done.stdout + done.stderr
        self.report = json.loads(report.read_text(encoding="utf-8")) if report.exists() else {}
        assert self.stage.password not in json.dumps(self.report)
        report.unlink(missing_ok=True)
        return done

    def verdict(self, sql: str) -> dict[str, Any]:
        """The verdict on one statement."""
        done = self.verify(sql)
        assert self.report, done.stdout + done.stderr
        found: dict[str, Any] = self.report["statements"][0]
        return found


@pytest.fixture(scope="module")
def side(mysql_servers: tuple[ServerUrl, ServerUrl], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Side]:
    made = Side(Stage(mysql_servers), tmp_path_factory.mktemp("verify"))
    try:
        made.stage.build()
        made.build()
        yield made
    finally:
        made.stage.remove()


EQUAL = [
    "SELECT memberId, name, n FROM member ORDER BY memberId",
    "SELECT name FROM member",
    "SELECT name, n FROM member ORDER BY n DESC",
    "SELECT name FROM member ORDER BY n",
    "SELECT name FROM member ORDER BY n, name LIMIT 10",
    "SELECT memberId AS id FROM member ORDER BY n LIMIT 5 OFFSET 7",
    "SELECT memberId FROM member ORDER BY n + 1 DESC, name LIMIT 3, 9",
    "SELECT memberId FROM member LIMIT 7",
    "SELECT memberId FROM member LIMIT 5, 7",
    "SELECT * FROM member ORDER BY name DESC LIMIT 4",
    "SELECT *, n AS `o'clock` FROM member ORDER BY n LIMIT 4 -- a comment\n",
    "SELECT DISTINCT name FROM member ORDER BY name LIMIT 3",
    "SELECT status, COUNT(*) FROM t_order GROUP BY status",
    "SELECT status FROM t_order GROUP BY status ORDER BY status LIMIT 1",
    "SELECT DISTINCT status FROM t_order",
    "SELECT status, SUM(amount) AS s, AVG(amount) FROM t_order GROUP BY status ORDER BY s DESC",
    "SELECT memberId, COUNT(*) AS c FROM t_order GROUP BY memberId ORDER BY c DESC LIMIT 6",
    "SELECT MIN(status), MAX(status) FROM t_order",
    "SELECT memberId, status FROM t_order WHERE memberId = 3 ORDER BY 2",
    "(SELECT status FROM t_order WHERE memberId = 3) UNION (SELECT name FROM member WHERE memberId = 3) ORDER BY 1",
    "WITH x AS (SELECT status, amount FROM t_order WHERE memberId = 3) SELECT status FROM x ORDER BY amount LIMIT 2",
    "SELECT m.name, o.amount FROM member m JOIN t_order o ON o.memberId = m.memberId ORDER BY o.amount, m.name LIMIT 9",
    "SELECT COUNT(*) FROM member WHERE 1 = 0",
    "SELECT name FROM member WHERE memberId = 999",
    "SELECT memberId FROM member ORDER BY memberId LIMIT 0",
    "SELECT k, v FROM config",
]


def test_equal_answers(side: Side) -> None:
    done = side.verify(";\n".join(EQUAL))
    assert [one["sql"] for one in side.report["statements"] if one["status"] != "equal"] == [], done.stdout
    assert done.exit_code == 0
    assert f"{len(EQUAL)} statement(s)" in done.stdout
    assert side.report["summary"] == {"equal": len(EQUAL)}


def test_a_changed_row_is_found(side: Side) -> None:
    server, shard = 1, side.stage.databases[3]
    side.stage.ask(server, f"UPDATE `{shard.database}`.member SET name = 'Name 2' WHERE memberId = 7")
    try:
        done = side.verify("SELECT memberId, name FROM member ORDER BY memberId; SELECT COUNT(*) FROM member;")
        assert done.exit_code == 1
        first, second = side.report["statements"]
        assert (first["status"], second["status"]) == ("different", "equal")
        assert (first["only_unsharded"], first["only_shardkit"]) == ([[7, "name 2"]], [[7, "Name 2"]])
        for word in ("different", "row 8", "only in", "unsharded", "shardkit", "Name 2", "1 equal, 1 different"):
            assert word in done.stdout
        # Groups compare their texts under the collation, where this change is none; counts see no change either.
        assert side.verdict("SELECT name, COUNT(*) FROM member GROUP BY name")["status"] == "equal"
        assert side.verdict("SELECT name FROM member ORDER BY n LIMIT 10")["status"] == "different"
        assert side.verdict("SELECT name FROM member")["status"] == "different"
    finally:
        side.stage.ask(server, f"UPDATE `{shard.database}`.member SET name = 'name 2' WHERE memberId = 7")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT memberId, n FROM member ORDER BY n",
        "SELECT memberId FROM member ORDER BY n LIMIT 38",
        "SELECT COUNT(*), SUM(n) FROM member",
        "SELECT memberId FROM member",
        "SELECT memberId FROM member LIMIT 39",
    ],
)
def test_a_lost_row_is_found(side: Side, sql: str) -> None:
    shard = side.stage.databases[1]
    side.stage.ask(0, f"DELETE FROM `{shard.database}`.member WHERE memberId = 1")
    try:
        expected = "equal" if sql.endswith("LIMIT 39") else "different"
        assert side.verdict(sql)["status"] == expected
    finally:
        side.stage.ask(0, f"INSERT INTO `{shard.database}`.member (memberId, name, n) VALUES (1, 'name 1', 1)")


def test_refusals_have_an_exit_code_of_their_own(side: Side) -> None:
    queries = "SELECT GET_LOCK('x', 0); SELECT 1 AS one;"
    done = side.verify(queries)
    assert done.exit_code == 3
    assert [one["status"] for one in side.report["statements"]] == ["refused", "equal"]
    assert "SK2104" in done.stdout
    assert side.verify(queries, "--allow-refused").exit_code == 0


def test_failures_are_errors(side: Side) -> None:
    done = side.verify("SELECT nothing FROM member; SELEC 1; SELECT x FROM nowhere; SELECT * FROM")
    assert (done.exit_code, side.report) == (1, {})
    assert "statement 2 is not a SELECT: SELEC 1" in done.stderr
    done = side.verify("SELECT nothing FROM member; SELECT x FROM nowhere; SELECT * FROM")
    assert done.exit_code == 1
    assert [one["status"] for one in side.report["statements"]] == ["error"] * 3
    assert "both fail" in side.report["statements"][0]["text"]


def test_only_selects_are_run(side: Side) -> None:
    done = side.verify("SELECT 1; DELETE FROM member; WITH x AS (SELECT 1) DELETE FROM member; SET @a = 1")
    assert (done.exit_code, done.stdout) == (1, "")
    for said in ("statement 2 is not", "statement 3 is not", "statement 4 is not", "nothing was run"):
        assert said in done.stderr
    assert side.ask("SELECT COUNT(*) FROM member") == [(len(MEMBERS),)]


def test_the_other_side_that_cannot_be_reached(side: Side) -> None:
    wrong = side.stage.url(0).set(database=side.database, port=1)
    done = side.verify("SELECT 1", url=wrong.render_as_string(hide_password=False))
    assert (done.exit_code, done.stdout) == (1, "")
    assert "SK3001" in done.stderr
    secret = "mysql+pymysql://app:very-secret@h"
    done = side.verify("SELECT 1", url=secret)
    assert done.exit_code == 2
    assert "names no database" in done.stderr
    assert "very-secret" not in done.stderr


def test_long_answers_are_not_judged(side: Side) -> None:
    assert side.verify("SELECT memberId FROM member; SELECT COUNT(*) FROM member", "--most", "39").exit_code == 1
    long, short = side.report["statements"]
    assert (long["status"], short["status"]) == ("error", "equal")
    assert "more than 39 rows" in long["text"]
    assert side.verify("SELECT memberId FROM member; SELECT 1", "--most", "40").exit_code == 0


def test_settings_that_differ_are_told(side: Side) -> None:
    url = side.stage.url(0).set(database=side.database, query={"collation": "utf8mb4_bin"})
    done = side.verify("SELECT 1", url=url.render_as_string(hide_password=False))
    assert "collation of literals: utf8mb4_bin on the unsharded server" in done.stderr


def test_what_has_no_fixed_answer_is_said(side: Side) -> None:
    found = side.verdict("SELECT UUID() FROM member WHERE memberId = 1")
    assert found["status"] == "different"
    assert found["notes"] == ["UUID() differs each time"]
