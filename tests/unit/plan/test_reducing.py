"""Which slots get which values of a semi-join."""

from __future__ import annotations

from shardkit.flow import Column, Family, Join, Pull
from shardkit.plan import among
from tests.plan.offline import Offline

RULES = Offline().planner.rules
MEMBER_ID = Column("memberId", Family.INTEGER, "bigint", False)


def pull(table: str) -> Pull:
    return Pull(table, "w", "", (MEMBER_ID,), ())


def test_a_shard_key_is_routed() -> None:
    values = list(range(40))
    found = among(RULES, pull("member"), Join(MEMBER_ID, "s", "id"), values)
    parts = [list(found.mine(slot)) for slot in range(64)]
    assert sorted(value for part in parts for value in part) == values
    assert len([part for part in parts if part]) > 1


def test_another_column_gets_all_values_everywhere() -> None:
    nick = Column("nick", Family.TEXT, "varchar(20)", True)
    found = among(RULES, pull("member"), Join(nick, "s", "n"), ["a"])
    assert all(found.mine(slot) == ["a"] for slot in range(5))


def test_a_value_that_no_slot_can_hold_goes_nowhere() -> None:
    found = among(RULES, pull("member"), Join(MEMBER_ID, "s", "id"), [])
    assert not found.mine(0)
