"""Patterns, slots and where they lie."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardkit.errors import InternalError
from shardkit.rules.layout import Layout, deal_out, expand, expand_tables, labels
from shardkit.values import PhysicalTable, ShardId


def sixteen() -> Layout:
    databases = expand("order_{00..15}")
    return Layout("order", deal_out(databases, ["rds0", "rds1"]), expand_tables("{table}_{0..3}"))


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("app", ["app"]),
        ("m_{0..3}", ["m_0", "m_1", "m_2", "m_3"]),
        ("m_{8..11}", ["m_8", "m_9", "m_10", "m_11"]),
        ("m_{08..11}x", ["m_08x", "m_09x", "m_10x", "m_11x"]),
        ("{0..1}_{a}".replace("{a}", "{1..2}"), ["0_1", "0_2", "1_1", "1_2"]),
        ("m{5..5}", ["m5"]),
        ("会员_{0..1}", ["会员_0", "会员_1"]),
    ],
)
def test_expand(pattern: str, names: list[str]) -> None:
    assert expand(pattern) == names


@pytest.mark.parametrize(
    "pattern",
    ["m_{0..", "m_0..3}", "m_{}", "m_{a..b}", "m_{3..0}", "m_{00..100}", "m_{0..9999}", "m_{0..99}{0..99}", "{{0..1}}"],
)
def test_bad_patterns(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"brace|span|backwards|length|more than"):
        expand(pattern)


def test_labels() -> None:
    assert labels("order_{08..10}") == ["08", "09", "10"]
    assert labels("app") == [""]


@pytest.mark.parametrize("pattern", ["t_{0..3}", "{table}{table}", "{table}_{x}", "{table}/x", "{table}. "])
def test_bad_table_patterns(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"pattern|span|name"):
        expand_tables(pattern)


def test_slots_count_databases_first() -> None:
    layout = sixteen()
    assert (layout.slots, layout.tables_per_shard, len(layout.shards)) == (64, 4, 16)
    assert layout.place(5, "t_order") == PhysicalTable(ShardId("rds0", "order_01"), "t_order_1")
    assert layout.place(63, "t_order") == PhysicalTable(ShardId("rds1", "order_15"), "t_order_3")
    assert layout.shard_of(5) == ShardId("rds0", "order_01")
    assert repr(layout) == "<Layout 'order': 16 databases of 4>"


@pytest.mark.parametrize("slot", [-1, 64, 1000])
def test_there_are_no_other_slots(slot: int) -> None:
    with pytest.raises(InternalError):
        sixteen().place(slot, "t")
    with pytest.raises(InternalError):
        sixteen().shard_of(slot)


def test_names_around_the_table() -> None:
    layout = Layout("x", (ShardId("s", "d"),), expand_tables("old_{0..1}_{table}_{a}".replace("{a}", "{0..1}")))
    assert layout.physical_names("t") == ("old_0_t_0", "old_0_t_1", "old_1_t_0", "old_1_t_1")


def test_dealing_out() -> None:
    def runs(databases: int, servers: int) -> list[int]:
        dealt = deal_out([str(n) for n in range(databases)], [f"s{n}" for n in range(servers)])
        return [sum(shard.server == f"s{n}" for shard in dealt) for n in range(servers)]

    assert runs(16, 2) == [8, 8]
    assert runs(16, 3) == [6, 5, 5]
    assert runs(1, 2) == [1, 0]


@given(st.integers(1, 40), st.integers(1, 6), st.integers(1, 9))
def test_every_slot_is_one_physical_table(databases: int, servers: int, tables: int) -> None:
    names = [f"d{number}" for number in range(databases)]
    shards = deal_out(names, [f"s{number}" for number in range(servers)])
    assert [shard.database for shard in shards] == names
    assert [shard.server for shard in shards] == sorted(shard.server for shard in shards)
    layout = Layout("x", shards, expand_tables(f"{{table}}_{{0..{tables - 1}}}"))
    places = [layout.place(slot, "t") for slot in range(layout.slots)]
    assert len(set(places)) == layout.slots == databases * tables
    assert [place.shard for place in places] == [layout.shard_of(slot) for slot in range(layout.slots)]


@given(st.integers(0, 300), st.integers(0, 50), st.integers(1, 4))
def test_expansion_counts(first: int, more: int, width: int) -> None:
    ends = (str(first).zfill(width), str(first + more).zfill(width))
    padded = any(len(end) > 1 and end.startswith("0") for end in ends)
    if not padded or len(ends[0]) == len(ends[1]):
        names = expand(f"m{{{ends[0]}..{ends[1]}}}")
        assert (len(names), names[0], names[-1]) == (more + 1, f"m{ends[0]}", f"m{ends[1]}")
