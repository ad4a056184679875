"""The statements of a pull, with and without the values of another table."""

from __future__ import annotations

from typing import Any

from shardkit.federate import KEYS, Among, here, keys, tasks
from shardkit.flow import Ask, Column, Condition, Family, Join, Pull
from shardkit.values import ShardId

SHARDS = tuple(ShardId("rds0", f"d{number}") for number in range(2))
WORKSPACE = ShardId("rds0", "d0 (workspace)")
BUYER = Column("buyer %", Family.INTEGER, "bigint", False)
JOIN = Join(BUYER, "`d0`.`sk__w1`", "id")


def pull(**changes: Any) -> Pull:
    asks = tuple(
        Ask(shard, number, f"SELECT n FROM t{number}", f"INSERT INTO w SELECT n FROM t{number}")
        for number, shard in enumerate(SHARDS)
    )
    return Pull("orders", "`d0`.`sk__w0`", "CREATE …", (BUYER,), asks)._replace(**changes)


def sql(made: Pull, among: Among | None = None) -> list[tuple[str, Any]]:
    return [(task.sql, task.args) for task in tasks(made, among)]


def test_every_place_is_asked() -> None:
    assert sql(pull()) == [("SELECT n FROM t0", ()), ("SELECT n FROM t1", ())]


def test_conditions_and_a_tail_follow() -> None:
    made = pull(where=(Condition("`a` > %s", ()), Condition("`b` = 1", ())), where_args=(7,), tail="FOR SHARE")
    assert sql(made)[0] == ("SELECT n FROM t0 WHERE `a` > %s AND `b` = 1 FOR SHARE", (7,))


def test_partial_groups_keep_their_own_arguments() -> None:
    made = pull(columns=(), asks=(Ask(SHARDS[0], -1, "SELECT %s", "", (3,)),), where_args=())
    assert sql(made) == [("SELECT %s", (3,))]


def test_a_slot_gets_its_own_values_and_none_is_not_asked() -> None:
    mine = {0: (5, 6), 1: ()}
    among = Among(JOIN, (5, 6), lambda slot: mine[slot])
    made = pull(where=(Condition("`a` = %s", ()),), where_args=(1,))
    assert sql(made, among) == [("SELECT n FROM t0 WHERE `a` = %s AND `buyer %%` IN (%s, %s)", (1, 5, 6))]


def test_a_table_without_slots_gets_all_values() -> None:
    among = Among(JOIN, (5, 6), lambda slot: ())
    made = pull(asks=(Ask(SHARDS[0], -1, "SELECT n FROM t", ""),))
    assert sql(made, among) == [("SELECT n FROM t WHERE `buyer %%` IN (%s, %s)", (5, 6))]


def test_no_values_no_rows() -> None:
    assert tasks(pull(), Among(JOIN, (), lambda slot: ())) == ()


def test_a_part_read_beside_the_workspace_stops_at_the_budget() -> None:
    made = pull()
    task = here(made, made.asks[0], WORKSPACE, None, 11)
    assert task is not None
    assert (task.shard, task.sql) == (WORKSPACE, "INSERT INTO w SELECT n FROM t0 LIMIT 11")


def test_its_own_limit_stays() -> None:
    made = pull(tail="ORDER BY n LIMIT 3")
    task = here(made, made.asks[0], WORKSPACE, None, 11)
    assert task is not None
    assert task.sql == "INSERT INTO w SELECT n FROM t0 ORDER BY n LIMIT 3"


def test_a_part_without_values_is_not_read() -> None:
    made = pull()
    assert here(made, made.asks[0], WORKSPACE, Among(JOIN, (1,), lambda slot: ()), 11) is None


def test_one_value_more_than_may_be_sent_is_read() -> None:
    assert keys(JOIN) == f"SELECT DISTINCT `id` FROM `d0`.`sk__w1` WHERE `id` IS NOT NULL LIMIT {KEYS + 1}"
