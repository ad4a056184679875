"""Good rules: what comes out of the file, how tables are found, and which slots a shard key means."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from shardkit.algorithms import algorithms
from shardkit.errors import InternalError, NotYetError, RulesError, ShardKeyError
from shardkit.flow import Budget
from shardkit.rules import BroadcastTable, ShardedTable, SingleTable, json_schema, load, loads
from shardkit.values import ShardId

EXAMPLE = Path(__file__).parents[3] / "shard-rules.example.yaml"
HEAD = """\
version: 1
servers: { rds0: { url: "mysql://h0" }, rds1: { url: "mysql://h1" } }
layouts:
  flat: { databases: "m_{0..3}", servers: [rds0, rds1] }
  deep: { databases: "o_{0..1}", servers: { rds1: o_0, rds0: ["1"] }, tables: "{table}_{0..2}" }
"""


def table(text: str) -> ShardedTable:
    found = loads(f"{HEAD}tables:\n  t: {text}\n").sharded["t"]
    assert isinstance(found, ShardedTable)
    return found


def test_the_example_is_the_contract() -> None:
    rules = load(EXAMPLE, environ={"DB_PASSWORD": "p@ss"})
    assert list(rules.servers) == ["rds0", "rds1"]
    assert rules.servers["rds0"].url.password == "p@ss"
    assert (rules.servers["rds0"].pool.size, rules.servers["rds0"].pool.wait) == (16, 5.0)
    assert not rules.servers["rds0"].embedded
    assert rules.servers["rds0"].replicas[0].url.host == "10.0.0.11"
    assert len(rules.shards) == 33
    assert rules.shards[8] == ShardId("rds1", "member_08")
    assert rules.shards[28:] == (
        *(ShardId("rds1", f"order_{number}") for number in range(12, 16)),
        ShardId("rds0", "app"),
    )
    assert rules.defaults.budget == Budget(1_000_000, 256 * 1024 * 1024, 30.0)
    assert rules.sharded["member_address"].bound_group == "member"
    assert rules.sharded["t_order_item"].not_yet == ("gene", "several shard keys")
    assert rules.sharded["t_log"].sharding.columns == ("memberid", "created_at")
    assert rules.table_names()[-3:] == ("country", "dictionary", "config")
    assert [(notice.line, notice.message.split(":")[0]) for notice in rules.notices] == [
        (18, "replicas are not read from yet"),
        (53, "indexes"),
        (59, "gene and several shard keys"),
        (60, "gene_of"),
        (61, "gene and several shard keys"),
    ]


def test_the_example_needs_its_variable() -> None:
    with pytest.raises(RulesError) as caught:
        load(str(EXAMPLE), environ={})
    assert [(problem.line, problem.column) for problem in caught.value.problems] == [(17, 30), (19, 37), (24, 37)]


def test_rules_are_frozen() -> None:
    rules = loads(HEAD)
    with pytest.raises(FrozenInstanceError):
        rules.file = "x"  # type: ignore[misc]
    with pytest.raises(TypeError):
        rules.servers["x"] = rules.servers["rds0"]  # type: ignore[index]


def test_said_one_by_one() -> None:
    assert loads(HEAD).layouts["deep"].shards == (ShardId("rds1", "o_0"), ShardId("rds0", "o_1"))


def test_finding_tables() -> None:
    text = HEAD + (
        "tables: { Member: { layout: flat, shard_by: id }, log: { layout: deep, shard_by: id },"
        " LOG: { layout: flat, shard_by: id } }\n"
        "broadcast: { layout: flat, tables: [country] }\nsingle: { database: rds0/app, tables: [config] }\n"
    )
    rules = loads(text)
    found = rules.find("member")
    assert isinstance(found, ShardedTable)
    assert found.name == "Member"
    assert rules.find("log") is rules.sharded["log"]
    assert rules.find("Log") is None  # two answer to it
    assert isinstance(rules.find("COUNTRY"), BroadcastTable)
    assert rules.find("config") == SingleTable("config", ShardId("rds0", "app"))
    assert rules.find("other") is None
    unlisted = loads(text + "defaults: { unlisted_tables: single }")
    assert unlisted.find("other") == SingleTable("other", ShardId("rds0", "app"))


def test_hash_is_the_default() -> None:
    sharding = table("{ layout: deep, shard_by: MemberId }").sharding
    slot = algorithms.get("hash")(6, {}).slot(17)
    assert sharding.columns == ("memberid",)
    assert sharding.slot({"memberid": 17, "other": 3}) == slot
    assert sharding.matching("memberid", 17) == {slot}
    assert sharding.matching("memberid", 17) is sharding.matching("memberid", 17)
    assert sharding.matching("other", 17) == sharding.all_slots == frozenset(range(6))
    assert sharding.between("memberid", 17, 17) == {slot}
    assert sharding.between("memberid", None, 17) == sharding.all_slots
    assert sharding.between("other", 1, 2) == sharding.all_slots


def test_values_that_no_row_can_hold_need_no_shard() -> None:
    sharding = table(
        "{ layout: flat, shard_by: c, algorithm: { type: list, lists: [{ values: [NO], slot: 1 }] } }"
    ).sharding
    assert sharding.matching("c", "NO") == {1}
    assert sharding.matching("c", "DE") == frozenset()
    with pytest.raises(ShardKeyError, match="column 'c': the value is in no list"):
        sharding.slot({"c": "DE"})
    with pytest.raises(ShardKeyError, match="column 'c': a value of type int"):
        sharding.matching("c", 5)
    with pytest.raises(ShardKeyError, match="column 'c': a value of type int"):
        sharding.between("c", 5, 6)
    missing: list[dict[str, Any]] = [{}, {"c": None}]
    for values in missing:
        with pytest.raises(ShardKeyError, match="no value"):
            sharding.slot(values)


def test_two_axes() -> None:
    sharding = table(
        "{ layout: deep, shard_by: { database: { column: A, algorithm: mod },"
        " table: { column: day, algorithm: { type: date, unit: day } } } }"
    ).sharding
    day = date(1970, 1, 3)
    assert sharding.columns == ("a", "day")
    assert sharding.matching("a", 5) == {3, 4, 5}
    assert sharding.matching("day", day) == {2, 5}
    assert sharding.matching("a", 5) & sharding.matching("day", day) == {sharding.slot({"a": 5, "day": day})}
    assert sharding.between("day", date(1970, 1, 2), day) == {1, 2, 4, 5}
    assert sharding.between("day", None, day) == sharding.all_slots
    assert sharding.matching("other", 5) == sharding.all_slots
    with pytest.raises(ShardKeyError, match="'day'"):
        sharding.slot({"a": 5})
    with pytest.raises(ShardKeyError, match="'a'"):
        sharding.matching("a", "x")


def test_two_axes_of_one_column() -> None:
    sharding = table("{ layout: deep, shard_by: { database: { column: a, algorithm: mod }, table: a } }").sharding
    for value in range(50):
        assert sharding.matching("a", value) == {sharding.slot({"a": value})}
        assert sharding.slot({"a": value}) in sharding.between("a", value - 1, value + 1)


def test_bound_tables_take_their_roots_rules() -> None:
    rules = loads(
        HEAD + "tables:\n  leaf: { bound_to: twig, shard_by: member_id }\n  twig: { bound_to: root }\n"
        "  root: { layout: deep, shard_by: id, algorithm: mod }\n"
        "  axes: { layout: deep, shard_by: { database: { column: a, algorithm: mod }, table: b } }\n"
        "  bound: { bound_to: axes, shard_by: { database: x, table: y } }\n"
    )
    assert [one.bound_group for one in rules.sharded.values()] == ["root", "root", "root", "axes", "axes"]
    assert rules.sharded["leaf"].sharding.columns == ("member_id",)
    assert rules.sharded["twig"].sharding.columns == ("id",)
    assert rules.sharded["leaf"].sharding.slot({"member_id": 4}) == 4
    assert rules.sharded["bound"].sharding.matching("x", 1) == {3, 4, 5}


@pytest.mark.parametrize(
    ("text", "not_yet"),
    [
        ("{ layout: deep, shard_by: [a, b] }", ("several shard keys",)),
        ("{ layout: deep, shard_by: [a], generate: { a: snowflake } }", ()),
        (
            "{ layout: deep, shard_by: [a, b], algorithm: { type: gene, key: A, id: b, bits: 4 } }",
            ("gene", "several shard keys"),
        ),
    ],
)
def test_features_to_come(text: str, not_yet: tuple[str, ...]) -> None:
    found = table(text)
    assert found.not_yet == not_yet
    if not_yet:
        for use in (
            lambda: found.sharding.matching("a", 1),
            lambda: found.sharding.between("a", 1, 2),
            lambda: found.sharding.slot({"a": 1, "b": 1}),
        ):
            with pytest.raises(NotYetError, match="table 't' with"):
                use()


def test_a_plug_in_that_answers_a_wrong_slot_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    class Wrong:
        def slot(self, value: object) -> int:
            return -1

        def between(self, low: object, high: object) -> frozenset[int]:
            return frozenset((99,))

    monkeypatch.setitem(algorithms._items, "wrong", lambda slots, options: Wrong())
    for text in (
        "{ layout: flat, shard_by: a, algorithm: wrong }",
        "{ layout: flat, shard_by: { database: { column: a, algorithm: wrong }, table: b } }",
    ):
        sharding = table(text).sharding
        with pytest.raises(InternalError, match="answered slot"):
            sharding.slot({"a": 1, "b": 1})
        with pytest.raises(InternalError, match="answered slot"):
            sharding.matching("a", 1)
        with pytest.raises(InternalError, match="answered slot"):
            sharding.between("a", 1, 2)


def test_embedded_folders_are_relative_to_the_file(tmp_path: Path) -> None:
    text = 'version: 1\nservers: { a: { url: "sqlite:///./data", pool: { size: 1 } } }\n' + (
        "layouts: { l: { databases: 'm_{0..3}', servers: a } }\n"
    )
    file = tmp_path / "rules.yaml"
    file.write_text("\ufeff" + text, encoding="utf-8")
    server = load(file).servers["a"]
    assert server.embedded
    assert server.url.database == str(tmp_path / "data")
    assert loads(text).servers["a"].url.database == "./data"


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(RulesError, match=r"none\.yaml:1:1: cannot be read: No such file"):
        load(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes("version: 1\n# é: \xe9".encode() + b"\xe9")
    with pytest.raises(RulesError, match=r"latin\.yaml:2:7: not UTF-8 text"):
        load(tmp_path / "latin.yaml")


@pytest.mark.parametrize(
    "url",
    ["mysql://h", "mariadb+pymysql://u:p@[::1]:3307", "mysql+pymysql://root@/?unix_socket=/tmp/s", "sqlite:////abs"],
)
def test_urls(url: str) -> None:
    assert loads(f"version: 1\nservers: {{ a: {{ url: '{url}' }} }}").servers["a"].url


@pytest.mark.parametrize(
    "url",
    [
        "mysql://",
        "mysql://h:0",
        "mysql://h:99999",
        "mysql://h/db",
        "sqlite://",
        "sqlite:///:memory:",
        "h:3306",
        "oracle://h",
    ],
)
def test_bad_urls(url: str) -> None:
    with pytest.raises(RulesError, match="2:22"):
        loads(f"version: 1\nservers: {{ a: {{ url: '{url}' }} }}")


def test_the_json_schema_knows_every_key_and_describes_the_sections() -> None:
    schema = json_schema()
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert set(schema["properties"]) == {
        "version", "name", "servers", "layouts", "tables", "broadcast", "single", "defaults",
    }  # fmt: skip
    assert schema["required"] == ["version", "servers"]
    assert schema["additionalProperties"] is False
    assert "null" not in str(schema)
    size = schema["$defs"]["PoolIn"]["properties"]["size"]
    assert {branch["type"] for branch in size["anyOf"]} == {"integer", "string"}
    assert all(
        "description" in inner
        or "$ref" in inner
        or name in ("unique", "column", "algorithm", "database", "table", "tables", "layout", "url")
        for part in schema["$defs"].values()
        for name, inner in part["properties"].items()
    )
