"""INSERTs that leave their ids to generators: one row, several, SET, REPLACE, executemany, in transactions."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from shardkit.errors import GeneratorError
from tests.integration.keys.world import World


def test_one_row(world: World) -> None:
    with world.connection() as connection:
        cursor = connection.cursor()
        seen = []
        for number in range(20):  # the first goes the long way, later ones the short way
            cursor.execute("INSERT INTO t_order (memberId, n) VALUES (%s, %s)", (number % 4, number))
            assert cursor.rowcount == 1
            seen.append((cursor.lastrowid, number))
        assert [one for one, _ in seen] == sorted({one for one, _ in seen}, key=str)
        assert sorted(cursor.execute("SELECT orderId, n FROM t_order").fetchall()) == sorted(seen)


def test_the_shard_key_itself(world: World) -> None:
    with world.connection() as connection:
        cursor = connection.cursor()
        for name in "abcdefgh" * 4:
            cursor.execute("INSERT INTO member (name) VALUES (%s)", (name,))
            sql = "SELECT name FROM member WHERE memberId = %s"
            assert connection.cursor().execute(sql, (cursor.lastrowid,)).fetchall() == ((name,),)


@pytest.mark.parametrize(
    ("sql", "params", "rows"),
    [
        ("INSERT INTO account (memberId) VALUES (1), (2), (1)", None, [(1, 1), (2, 2), (3, 1)]),
        ("INSERT INTO account (memberId, accountId) VALUES (%s, %s), (%s, DEFAULT)", (1, None, 2), [(1, 1), (2, 2)]),
        ("INSERT INTO account (memberId, accountId) VALUES (3, 70), (3, 0)", None, [(1, 3), (70, 3)]),
        ("INSERT INTO account SET memberId = %(m)s", {"m": 3}, [(1, 3)]),
        ("REPLACE INTO account (n, memberId) VALUES (%s, %s)", (7, 2), [(1, 2)]),
        ("INSERT INTO account VALUES (NULL, 2, 9)", None, [(1, 2)]),
        ("INSERT IGNORE INTO account (memberId) VALUES (5 )  -- 100%", None, [(1, 5)]),
        ("INSERT INTO account (memberId) VALUES (1) ON DUPLICATE KEY UPDATE n = n + 1", None, [(1, 1)]),
    ],
)
def test_forms(world: World, sql: str, params: Any, rows: list[tuple[int, int]]) -> None:
    with world.connection() as connection:
        cursor = connection.cursor().execute(sql, params)
        assert (cursor.lastrowid, cursor.rowcount) == (1, len(rows))
        assert sorted(cursor.execute("SELECT accountId, memberId FROM account").fetchall()) == rows


def test_ids_that_are_given_are_kept(world: World) -> None:
    with world.connection() as connection:
        cursor = connection.cursor()
        sql = "INSERT INTO account (accountId, memberId) VALUES (%s, %s)"
        for given in (500, 501, None, 0, 502):
            cursor.execute(sql, (given, 1))
        assert sorted(cursor.execute("SELECT accountId FROM account").fetchall()) == [
            (1,),
            (2,),
            (500,),
            (501,),
            (502,),
        ]


def test_executemany(world: World) -> None:
    with world.connection() as connection:
        cursor = connection.cursor()
        assert (
            cursor.executemany("INSERT INTO account (memberId, n) VALUES (%s, %s)", [(i % 8, i) for i in range(50)])
            == 50
        )
        assert cursor.lastrowid == 1
        found: dict[int, int] = dict(connection.cursor().execute("SELECT n, accountId FROM account").fetchall())
        assert found == {number: number + 1 for number in range(50)}
        assert cursor.executemany("INSERT INTO account (memberId) VALUES (%(m)s)", [{"m": 1}, {"m": 2}]) == 2
        rows = [(None, 1), (900, 2), (0, 3)]
        assert cursor.executemany("INSERT INTO account (accountId, memberId) VALUES (%s, %s)", rows) == 3
        ids = [one for (one,) in cursor.execute("SELECT accountId FROM account ORDER BY accountId").fetchall()]
        assert ids == [*range(1, 55), 900]


def test_an_id_belongs_to_no_transaction(world: World) -> None:
    with world.connection(autocommit=False) as connection:
        cursor = connection.cursor()
        cursor.execute("INSERT INTO account (memberId) VALUES (0)")
        cursor.execute("INSERT INTO account (memberId) VALUES (0)")
        connection.rollback()
        cursor.execute("INSERT INTO account (memberId) VALUES (0)")
        assert cursor.lastrowid == 3
        connection.commit()
        assert cursor.execute("SELECT accountId FROM account").fetchall() == ((3,),)


def test_uuids_as_text_and_as_bytes(world: World) -> None:
    with world.connection() as connection:
        cursor = connection.cursor()
        cursor.executemany("INSERT INTO token (memberId) VALUES (%s)", [(number,) for number in range(20)])
        rows = cursor.execute("SELECT id, raw FROM token ORDER BY memberId").fetchall()
        texts, raws = [text for text, _ in rows], [raw for _, raw in rows]
        assert texts == sorted(set(texts))
        assert raws == sorted(set(raws))
        assert {uuid.UUID(text).int >> 76 & 15 for text in texts} == {7}
        assert {uuid.UUID(bytes=raw).variant for raw in raws} == {uuid.RFC_4122}
        cursor.execute("INSERT INTO token (memberId, raw) VALUES (1, NULL)")
        assert isinstance(cursor.lastrowid, str)
        assert str(uuid.UUID(cursor.lastrowid)) == cursor.lastrowid


def test_next_id(world: World) -> None:
    with world.connection() as connection:
        assert connection.next_id("account") == 1
        assert connection.next_id("account", "ACCOUNTID") == 2
        assert isinstance(connection.next_id("token", "raw"), bytes)
        order = connection.next_id("t_order")
        connection.cursor().execute("INSERT INTO t_order (memberId, orderId) VALUES (1, %s)", (order,))
        later = connection.next_id("t_order")
        assert isinstance(order, int)
        assert isinstance(later, int)
        assert order < later
        for arguments in (("token",), ("account", "n"), ("wrong",)):
            with pytest.raises(GeneratorError):
                connection.next_id(*arguments)


def test_an_open_result_is_left_open(world: World) -> None:
    with world.connection() as connection:
        cursor = connection.cursor()
        cursor.executemany("INSERT INTO t_order (memberId, n) VALUES (%s, 1)", [(1,)] * 2000)
        cursor.execute("SELECT n FROM t_order WHERE memberId = 1")
        cursor.fetchone()
        connection.next_id("t_order")
        assert cursor.rowcount == -1  # still on its server
        assert len(cursor.fetchall()) == 1999


@pytest.mark.parametrize(("table", "said"), [("wrong", "has no column nothing"), ("narrow", "they need a BIGINT")])
def test_a_column_that_cannot_have_ids_is_reported_at_the_first_statement(world: World, table: str, said: str) -> None:
    with world.connection() as connection, pytest.raises(GeneratorError, match=said):
        connection.cursor().execute(f"SELECT * FROM {table} WHERE id = 1")


def test_the_tables_are_where_the_rules_say(world: World) -> None:
    with world.cluster() as cluster:
        connection = cluster.connect()
        connection.next_id("account")
        connection.next_id("member")
        home = cluster.rules.home(cluster.rules.sharded["member"])
    if world.stage is None:
        assert (world.rules.parent / "rds0" / f"{home.database}.db").exists()
        return
    assert home.database == f"{world.prefix}m0"
    sequences = world.stage.ask(0, f"SELECT name, next FROM `{home.database}`.shardkit_sequence")
    assert sequences == [("account.accountid", 11)]
    workers = world.stage.ask(
        0, f"SELECT worker, token, expires FROM `{home.database}`.shardkit_worker ORDER BY worker"
    )
    assert workers == [(-1, "", 0), (0, "", 0)]
