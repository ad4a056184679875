"""executemany, DDL on every physical table, and SET."""

from __future__ import annotations

import pytest

from shardkit.errors import (
    CrossShardTransaction,
    IntegrityError,
    OperationalError,
    ParameterError,
    ProgrammingError,
    TransactionAborted,
)
from shardkit.flow import Head
from shardkit.session import statements
from shardkit.values import Params
from tests.unit.session.play import Play, Refused, opened, wrote

INSERT = "INSERT INTO member (id, n) VALUES (%s, %s)"


def many(play: Play, text: str, rows: list[Params], *answers: object) -> tuple[int, int | None]:
    """Run executemany; the rows it counts and the last id."""
    if rows:
        play.know_tables(text, rows[0])
    (head,) = play.run(statements.execute_many(play.session, text, rows), *answers)
    assert isinstance(head, Head)
    assert head.complete
    assert head.lastrowid is None or isinstance(head.lastrowid, int)
    return head.rowcount, head.lastrowid


def test_plain_inserts_go_to_their_shards_at_the_same_time() -> None:
    play = Play(autocommit=True)
    found = many(play, INSERT, [(1, 0), (2, 0), (5, 0)], (wrote(2, 31), wrote(1, 41)))
    assert (found, len(play.ops)) == ((3, 31), 1)
    assert play.told() == [
        "query m_1: INSERT INTO member (id, n) VALUES (%s, %s), (%s, %s)",
        "query m_2: INSERT INTO member (id, n) VALUES (%s, %s)",
    ]


def test_many_rows_become_several_statements() -> None:
    play = Play(autocommit=True)
    size = play.session.planner.batch_rows
    rows: list[Params] = [(4, 0)] * (2 * size + 1)
    assert many(play, INSERT, rows, (wrote(size),), (wrote(size),), (wrote(1),)) == (2 * size + 1, 0)


def test_other_statements_run_one_by_one() -> None:
    play = Play(autocommit=True)
    update: list[Params] = [(7, 1), (8, 2)]
    assert many(play, "UPDATE member SET n = %s WHERE id = %s", update, (wrote(1),), (wrote(0),)) == (1, 0)
    assert [line.split(":")[0] for line in play.told()] == ["query m_1", "query m_2"]
    assert many(play, "SELECT n FROM member WHERE id = %s", [(1,), (2,)], (opened((1,)),), (opened(),)) == (1, 0)


def test_nothing_to_run() -> None:
    play = Play()
    assert many(play, INSERT, []) == (0, 0)
    assert play.ops == []


def test_in_a_transaction_the_policy_decides() -> None:
    play = Play()
    many(play, INSERT, [(1, 0), (2, 0)], (wrote(1), wrote(1)))
    assert [line.split()[0] for line in play.told()] == ["enlist", "query", "query"]
    play = Play("transactions: single_shard")
    with pytest.raises(CrossShardTransaction):
        many(play, INSERT, [(1, 0), (2, 0)])


def test_a_wrong_row_stops_it_before_anything_is_sent() -> None:
    play = Play(autocommit=True)
    with pytest.raises(ParameterError):
        many(play, INSERT, [(1, 0), (2,)])
    assert play.ops == []


def test_an_error_is_thrown_into_the_statement_that_failed() -> None:
    play = Play()
    rows: list[Params] = [(1, 1), (2, 2)]
    with pytest.raises(OperationalError):
        many(play, "UPDATE member SET n = %s WHERE id = %s", rows, (wrote(1),), OperationalError("dead", errno=1213))
    assert play.told()[-1] == "finish m_1 m_2: ROLLBACK"
    with pytest.raises(TransactionAborted):
        many(play, INSERT, [(1, 0)])


# --- DDL -------------------------------------------------------------------------------------------------------------


def test_ddl_runs_on_one_physical_table_after_another() -> None:
    play = Play(autocommit=True)
    (head,) = play.execute("TRUNCATE country", *[(wrote(0),)] * 4)
    assert play.told() == [f"query m_{number}: TRUNCATE country" for number in range(4)]
    assert head == Head(None, 0, None, (), True)
    assert play.session.planner.catalog.table("country") is None


def test_ddl_commits_what_is_open() -> None:
    play = Play()
    play.execute("UPDATE member SET n = 1 WHERE id = 1", (wrote(1),))
    play.execute("TRUNCATE config", (wrote(0),))
    assert play.told() == ["finish m_1: COMMIT", "query app: TRUNCATE `app`.config".replace("`", "")]
    assert play.session.enlisted == {}


def test_ddl_that_fails_says_how_far_it_came() -> None:
    play = Play(autocommit=True)
    play.know_tables("SELECT n FROM country", None)
    with pytest.raises(ProgrammingError) as caught:
        play.execute("TRUNCATE country", (wrote(0),), ProgrammingError("no", errno=1050))
    assert caught.value.__notes__ == [
        "truncate table: done on 1 of 4 physical tables (rds0/m_0.country), then failed on rds0/m_1.country; not tried "
        "on rds1/m_2.country, rds1/m_3.country; `shardkit sql RULES --resume` completes it"
    ]
    assert play.session.planner.catalog.table("country") is None


def resumed(sql: str, errno: int) -> list[str]:
    """The tables passed when the second one answers with this error."""
    play, passed = Play(autocommit=True), list[str]()
    play.know_tables(sql, None)
    error = ProgrammingError("there", errno=errno)
    play.run(statements.resume(play.session, sql, passed), (wrote(0),), error, (wrote(0),), (wrote(0),))
    return passed


@pytest.mark.parametrize(
    ("sql", "errno"),
    [
        ("CREATE TABLE country (code CHAR(2))", 1050),
        ("ALTER TABLE country ADD x INT", 1060),
        ("ALTER TABLE country ADD KEY (x)", 1061),
        ("ALTER TABLE country DROP x", 1091),
        ("CREATE INDEX i ON country (x)", 1061),
        ("DROP INDEX i ON country", 1091),
        ("DROP TABLE country", 1051),
    ],
)
def test_resumed_ddl_passes_what_is_done(sql: str, errno: int) -> None:
    assert resumed(sql, errno) == ["rds0/m_1.country"]


def test_resumed_ddl_stops_at_any_other_error() -> None:
    with pytest.raises(ProgrammingError):
        resumed("ALTER TABLE country ADD x INT", 1050)
    with pytest.raises(ProgrammingError, match="only DDL can be resumed"):
        resumed("SELECT code FROM country", 1060)


# --- SET -------------------------------------------------------------------------------------------------------------


def test_set_is_tried_on_one_shard_and_remembered() -> None:
    play = Play(autocommit=True)
    play.execute("SET time_zone = '+01:00', lc_time_names = 'de_DE'")
    assert play.told() == ["state m_0: SET SESSION time_zone = '+01:00'; SET SESSION lc_time_names = 'de_DE'"]
    play.execute("SET @@session.time_zone = '+02:00'")
    assert play.told() == ["state m_0: SET SESSION lc_time_names = 'de_DE'; SET SESSION time_zone = '+02:00'"]


def test_set_in_a_transaction_is_tried_where_the_transaction_is() -> None:
    play = Play()
    play.execute("UPDATE member SET n = 1 WHERE id = 2", (wrote(1),))
    play.execute("SET time_zone = '+01:00'")
    assert play.told() == ["state m_2: SET SESSION time_zone = '+01:00'"]


def test_what_a_server_refuses_is_not_remembered() -> None:
    play = Play(autocommit=True)
    play.execute("SET time_zone = '+01:00'")
    with pytest.raises(ProgrammingError):
        play.execute("SET time_zone = 'nowhere'", Refused(ProgrammingError("unknown", errno=1298)))
    assert play.session.variables == {"time_zone": "SET SESSION time_zone = '+01:00'"}


@pytest.mark.parametrize(
    ("texts", "collation"),
    [
        (["SET NAMES utf8mb4 COLLATE utf8mb4_bin"], "utf8mb4_bin"),
        (["SET NAMES utf8mb4 COLLATE 'utf8mb4_bin'"], "utf8mb4_bin"),
        (["SET collation_connection = utf8mb4_bin"], "utf8mb4_bin"),
        (["SET collation_connection = 'utf8mb4_bin'", "SET NAMES utf8mb4"], None),
        (["SET NAMES utf8mb4", "SET collation_connection = utf8mb4_bin"], "utf8mb4_bin"),
        (["SET time_zone = '+01:00'"], None),
    ],
)
def test_the_collation_of_literals_follows_set(texts: list[str], collation: str | None) -> None:
    play = Play(autocommit=True)
    for text in texts:
        play.execute(text)
    root = play.session.root
    assert play.session.planner is (root if collation is None else root.under(collation))


def test_switching_autocommit_on_commits_what_is_open() -> None:
    play = Play()
    play.execute("UPDATE member SET n = 1 WHERE id = 1", (wrote(1),))
    play.execute("SET autocommit = 0")
    assert play.ops == []
    play.execute("SET autocommit = 1")
    assert (play.told(), play.session.autocommit) == (["finish m_1: COMMIT"], True)
    play.execute("BEGIN")
    play.execute("UPDATE member SET n = 1 WHERE id = 1", (wrote(1),))
    play.execute("SET autocommit = 1")
    assert play.ops == []
    play.execute("SET autocommit = 0")
    assert (play.session.in_transaction, len(play.session.enlisted)) == (True, 1)


def test_session_statements_answer_with_an_empty_head() -> None:
    play = Play(autocommit=True)
    for text in ("SET time_zone = '+01:00'", "BEGIN", "SAVEPOINT a", "COMMIT", "SET autocommit = 1"):
        assert play.execute(text) == [Head(None, 0, None, (), True)]


def test_a_duplicate_under_autocommit_stays_the_callers() -> None:
    play = Play(autocommit=True)
    with pytest.raises(IntegrityError):
        play.execute("INSERT INTO member (id) VALUES (1)", IntegrityError("twice", errno=1062))
    assert len(play.ops) == 1
