"""Views, CREATE TABLE … SELECT and … LIKE: made where their tables lie, then used as tables; else refused.

Every statement runs on an unsharded database too, and both must answer alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import shardkit
from shardkit.errors import CrossShardRefused, Error, NotSupportedError
from tests.integration.dbapi.stage import BODIES, Stage

MEMBERS = [(1, "Ada", 3), (2, "Bo", None), (3, "Céline", 9), (6, "Dai", 4)]
ORDERS = [(1, 10, "1.50", "new"), (1, 11, "2.00", "paid"), (2, 20, "7.25", "paid"), (6, 60, "0.10", "new")]


@pytest.fixture
def single(stage: Stage) -> Iterator[shardkit.Connection]:
    """A connection whose unlisted tables lie in the `single` database."""
    with stage.connection(unlisted_tables="single", full_scan_writes="allow") as connection:
        yield connection
    made = stage.ask(0, "SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = %s",
                     (stage.databases[0].database,))  # fmt: skip
    for name, kind in made:
        if name not in BODIES and name != "shardkit_xa":
            word = "VIEW" if kind == "VIEW" else "TABLE"
            stage.ask(0, f"DROP {word} IF EXISTS `{stage.databases[0].database}`.`{name}`")


@pytest.fixture
def both(single: shardkit.Connection, oracle: Any, stage: Stage) -> Both:
    """The sharded database and the whole one, with the same rows."""
    for table in ("country", "config"):
        oracle.execute(f"CREATE TABLE `{table}` ({BODIES[table]})")
    both = Both(single, oracle)
    for row in MEMBERS:
        both.run("INSERT INTO member (memberId, name, n) VALUES (%s, %s, %s)", row)
    for order in ORDERS:
        both.run("INSERT INTO t_order (memberId, orderId, amount, status) VALUES (%s, %s, %s, %s)", order)
    both.run("INSERT INTO country VALUES ('FR', 'France'), ('CN', '中国')")
    both.run("INSERT INTO config VALUES ('new', 'fresh'), ('paid', 'done'), ('a%b', 'it''s')")
    return both


class Both:
    """Runs each statement on both and compares the answers."""

    def __init__(self, sharded: shardkit.Connection, whole: Any) -> None:
        self.sharded, self.whole = sharded, whole

    def run(self, sql: str, params: tuple[Any, ...] | None = None) -> list[tuple[Any, ...]]:
        """The rows of both."""
        cursor = self.sharded.cursor()
        cursor.execute(sql, params)
        found = [tuple(row) for row in cursor.fetchall()] if cursor.description else []
        self.whole.execute(sql, params)
        expected = [tuple(row) for row in self.whole.fetchall()] if self.whole.description else []
        assert (found, cursor.rowcount) == (expected, self.whole.rowcount), sql
        return found

    def alter(self, sql: str) -> None:
        """On both; the sharded one counts the rows of every copy."""
        self.sharded.cursor().execute(sql)
        self.whole.execute(sql)

    def fails(self, sql: str) -> None:
        """Both refuse it with the same number."""
        with pytest.raises(Error) as mine:
            self.sharded.cursor().execute(sql)
        with pytest.raises(Exception) as theirs:  # noqa: PT011 - a driver's
            self.whole.execute(sql)
        assert mine.value.errno == theirs.value.args[0]


def test_a_view_is_read_joined_changed_and_dropped(both: Both) -> None:
    both.run("CREATE VIEW word (id, text) AS SELECT k, v FROM config WHERE k <> 'z' WITH CHECK OPTION")
    both.run("SELECT * FROM word ORDER BY id")
    both.run("SELECT w.text, SUM(o.amount) FROM t_order o JOIN word w ON w.id = o.status GROUP BY w.text ORDER BY 1")
    both.run("SELECT m.name FROM member m WHERE m.memberId IN (SELECT o.memberId FROM t_order o JOIN word w"
             " ON w.id = o.status AND w.text = 'done') ORDER BY m.memberId")  # fmt: skip
    both.run("SELECT COUNT(*), MAX(text) FROM word")
    both.run("UPDATE word SET text = 'x' WHERE id = 'new'")
    both.run("INSERT INTO word VALUES ('b', 'y')")
    both.fails("INSERT INTO word VALUES ('z', 'hidden')")
    both.run("DELETE FROM word WHERE id = 'b'")
    both.run("CREATE OR REPLACE SQL SECURITY INVOKER VIEW word AS SELECT v AS text, 1 AS one FROM config")
    both.run("SELECT text, one FROM word ORDER BY text")
    both.fails("SELECT id FROM word")
    both.run("ALTER VIEW word AS SELECT UPPER(k) AS id FROM config")
    both.run("SELECT id FROM word ORDER BY id")
    both.fails("CREATE VIEW word AS SELECT 1")
    both.run("DROP VIEW word")
    both.fails("SELECT 1 FROM word")
    both.run("DROP VIEW IF EXISTS word")


def test_a_view_of_a_view_and_of_a_copied_table(both: Both) -> None:
    both.run("CREATE VIEW land AS SELECT code, label FROM country")
    both.run("CREATE VIEW big AS WITH l AS (SELECT * FROM land) SELECT code, (SELECT COUNT(*) FROM config) c FROM l")
    both.run("SELECT * FROM big ORDER BY code")
    both.run("SELECT b.c, m.name FROM member m CROSS JOIN big b WHERE m.memberId > 2 ORDER BY m.memberId, b.code")
    both.alter("ALTER TABLE country MODIFY label VARCHAR(40)")
    both.run("SELECT l.label, COUNT(*) FROM land l CROSS JOIN member m GROUP BY l.label ORDER BY l.label DESC")
    both.alter("ALTER TABLE country MODIFY label LONGTEXT")


def test_a_percent_sign_in_a_views_text(both: Both) -> None:
    both.run("CREATE VIEW odd AS SELECT k FROM config WHERE k LIKE 'a%%'", ())
    both.run("SELECT k FROM odd")


def test_a_table_made_from_a_query(both: Both) -> None:
    both.run("CREATE TABLE words (n INT NOT NULL AUTO_INCREMENT PRIMARY KEY) AS SELECT k, v FROM config ORDER BY k")
    both.run("SELECT * FROM words ORDER BY n")
    both.run("SELECT w.n, m.name FROM words w JOIN member m ON m.memberId = w.n ORDER BY w.n")
    both.run("CREATE TABLE IF NOT EXISTS lands AS (SELECT code FROM country) UNION ALL (SELECT k FROM config)")
    both.run("SELECT code, COUNT(*) FROM lands GROUP BY code ORDER BY code")
    both.run("DROP TABLE words")
    both.run("DROP TABLE lands")


def test_a_table_like_another(both: Both) -> None:
    both.run("CREATE TABLE settings LIKE config")
    both.run("INSERT INTO settings SELECT * FROM config")
    both.fails("INSERT INTO settings VALUES ('new', 'twice')")
    both.run("SELECT * FROM settings ORDER BY k")
    both.run("DROP TABLE settings")


def test_a_table_that_the_rules_do_not_name_is_renamed(both: Both) -> None:
    both.run("CREATE TABLE old (id INT PRIMARY KEY)")
    both.run("INSERT INTO old VALUES (1)")
    both.run("ALTER TABLE old ADD v INT, RENAME TO newer")
    both.run("SELECT id, v FROM newer")
    both.fails("SELECT id FROM old")
    both.run("RENAME TABLE newer TO newest")
    both.run("SELECT n.id, m.name FROM newest n JOIN member m ON m.memberId = n.id")
    both.fails("RENAME TABLE newest TO newest")
    both.run("DROP TABLE newest")


def test_a_sharded_table_like_another(both: Both, stage: Stage) -> None:
    both.whole.execute("DROP TABLE scratch")
    both.run("CREATE TABLE scratch LIKE member")
    try:
        assert len(stage.stored("scratch")) == 0
        assert [row[0] for row in both.run("SHOW COLUMNS FROM scratch")] == ["memberId", "name", "v", "b", "n"]
    finally:
        both.run("DROP TABLE scratch")


def test_what_is_shown_of_a_view(both: Both) -> None:
    both.run("CREATE VIEW word AS SELECT k, v FROM config")
    cursor = both.sharded.cursor()
    assert ("word", "VIEW") in cursor.execute("SHOW FULL TABLES").fetchall()
    both.run("SHOW COLUMNS FROM word")
    both.run("CREATE VIEW quoting AS SELECT config.k, '`x`.' AS t FROM config")
    for sql in ("SHOW CREATE VIEW word", "SHOW CREATE TABLE word", "SHOW CREATE VIEW quoting"):
        ((name, text, *_),) = cursor.execute(sql).fetchall()
        both.whole.execute(sql)
        ((_, expected, *_),) = both.whole.fetchall()
        assert name == sql.split()[-1]
        assert text.partition(" SQL SECURITY ")[2] == expected.partition(" SQL SECURITY ")[2] != ""
    both.fails("SHOW CREATE VIEW config")


REFUSED = [
    ("CREATE VIEW v AS SELECT * FROM member", "CREATE VIEW from member", "the query itself"),
    ("CREATE VIEW v AS SELECT 1 FROM config WHERE EXISTS (SELECT 1 FROM t_order)", "from t_order", "the query itself"),
    ("CREATE VIEW member AS SELECT 1", "CREATE VIEW under the name of member", "a name that"),
    ("CREATE VIEW country AS SELECT 1", "CREATE VIEW under the name of country", "a name that"),
    ("CREATE TABLE made AS SELECT * FROM member", "CREATE TABLE … SELECT from member", "INSERT … SELECT"),
    ("CREATE TABLE made SELECT * FROM config, t_order", "CREATE TABLE … SELECT from t_order", "INSERT … SELECT"),
    ("CREATE TABLE made TABLE member", "CREATE TABLE … SELECT from member", "INSERT … SELECT"),
    ("CREATE TABLE scratch SELECT 1 AS id", "CREATE TABLE … SELECT under the name of scratch", "a name that"),
    ("CREATE TABLE made LIKE member", "CREATE TABLE … LIKE member", "the columns written out"),
    ("CREATE TABLE scratch LIKE config", "CREATE TABLE … LIKE config", "the columns written out"),
    ("ALTER TABLE member RENAME TO made", "renaming member to made", "a new table in the rules"),
    ("RENAME TABLE config TO made", "renaming config to made", "a new table in the rules"),
    ("RENAME TABLE made TO member", "renaming made to member", "a new table in the rules"),
    ("CREATE VIEW v AS SELECT LAST_INSERT_ID()", "LAST_INSERT_ID", ""),
    ("CREATE VIEW v AS SELECT %s", "a placeholder in DDL", "write the value out"),
]


@pytest.mark.parametrize(("sql", "what", "instead"), REFUSED)
def test_what_would_need_several_shards_is_refused(both: Both, stage: Stage, sql: str, what: str, instead: str) -> None:
    with pytest.raises(NotSupportedError) as caught:
        both.sharded.cursor().execute(sql, (1,) if "%s" in sql else None)
    assert what in caught.value.what
    assert instead in str(caught.value)
    for name in ("v", "made"):
        assert name not in dict(both.sharded.cursor().execute("SHOW FULL TABLES").fetchall())


def test_where_unlisted_tables_are_refused_so_are_new_views(stage: Stage, connection: shardkit.Connection) -> None:
    with pytest.raises(Error, match="Table 'v' doesn't exist: the rules do not name it"):
        connection.cursor().execute("CREATE VIEW v AS SELECT 1")
    with pytest.raises(CrossShardRefused):
        connection.cursor().execute("CREATE VIEW config AS SELECT * FROM member")
