"""Batches of INSERTs, what one execution gives back, and the catalog behind it."""

from __future__ import annotations

from typing import Any

import pytest

from shardkit.errors import ParameterError, ShardKeyError
from shardkit.flow import Collation, TableInfo
from shardkit.plan import Catalog, Prepared
from shardkit.rewrite import PACKET
from shardkit.values import Params
from tests.plan.catalog import table
from tests.unit.route.tables import session

INSERT = "INSERT INTO member (id, n) VALUES (%s, %s)"


def ready(sql: str, params: Params) -> Prepared:
    return session().prepared(sql, params)


def batches(rows: list[Any], size: int = 500, sql: str = INSERT) -> list[tuple[str, Any]]:
    plans = ready(sql, rows[0]).batch(rows, size)
    assert plans is not None
    assert all(len(plan.tasks) == 1 and plan.merge is None for plan in plans)
    return [(plan.tasks[0].sql, plan.tasks[0].args) for plan in plans]


def test_rows_travel_together_shard_by_shard() -> None:
    assert batches([(1, "a"), (2, "b"), (5, "c"), (9, "d")]) == [
        ("INSERT INTO `m_1`.`member` (id, n) VALUES (%s, %s), (%s, %s), (%s, %s)", (1, "a", 5, "c", 9, "d")),
        ("INSERT INTO `m_2`.`member` (id, n) VALUES (%s, %s)", (2, "b")),
    ]


def test_batches_have_a_size_in_rows_and_in_bytes() -> None:
    assert [len(args) // 2 for _, args in batches([(4, 0)] * 7, 3)] == [3, 3, 1]
    large = "x" * (PACKET // 2)
    assert [len(args) // 2 for _, args in batches([(4, large)] * 3 + [(4, 0)] * 2)] == [1, 1, 3]


def test_what_follows_the_row_is_kept() -> None:
    sql = "INSERT IGNORE INTO member (id, n) VALUES ( %s, 7 ) ON DUPLICATE KEY UPDATE n = n + 1 -- end"
    assert batches([(1,), (5,)], sql=sql) == [
        (sql.replace("INTO member", "INTO `m_1`.`member`").replace(" ON", ", ( %s, 7 ) ON"), (1, 5))
    ]


@pytest.mark.parametrize(
    ("sql", "params"),
    [
        ("UPDATE member SET n = %s WHERE id = %s", (1, 2)), ("INSERT INTO member (id) VALUES (%s), (%s)", (1, 2)),
        ("INSERT INTO member (id, n) VALUES (%s, 1) ON DUPLICATE KEY UPDATE n = %s", (1, 2)),
        ("INSERT INTO member (id) VALUES (%(a)s)", {"a": 1}), ("INSERT INTO member SET id = %s", (1,)),
        ("INSERT INTO country (code) VALUES (%s)", ("a",)), ("INSERT INTO config (k) VALUES (%s)", ("a",)),
        ("INSERT INTO member (id) VALUES (1)", None), ("SELECT n FROM member WHERE id = %s", (1,)),
    ],
)  # fmt: skip
def test_other_statements_are_no_batch(sql: str, params: Params) -> None:
    assert ready(sql, params).batch([params], 500) is None


@pytest.mark.parametrize(
    ("row", "error"), [((1,), ParameterError), ((1, 2, 3), ParameterError), (("x", 1), ShardKeyError)]
)
def test_a_wrong_row_stops_the_batch_before_anything_is_sent(row: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        batches([(1, 1), (2, 2), row])


def test_a_mapping_among_sequences_is_a_parameter_error() -> None:
    with pytest.raises(ParameterError):
        batches([(1, 1), {"a": 1, "b": 2}])


def test_copies_are_told_apart() -> None:
    assert ready("INSERT INTO country (code) VALUES ('a')", None).writes_copies
    assert not ready("SELECT 1 FROM country", None).writes_copies
    assert not ready("INSERT INTO config (k) VALUES ('a')", None).writes_copies


def test_stored_functions_and_deletes_over_tables_need_a_database() -> None:
    for sql in ("SELECT my_f(n) FROM member WHERE id = 1", "DELETE m FROM member m WHERE m.id = 1"):
        assert session().plan(sql).tasks[0].needs_database
    assert not session().plan("SELECT UPPER(name) FROM member WHERE id = 1").tasks[0].needs_database


def test_the_catalog_answers_from_memory() -> None:
    catalog = Catalog()
    info: TableInfo = table("t", "a INT\nb VARCHAR(9) COLLATE utf8mb4_bin\nc VARCHAR(9) COLLATE utf8mb4_general_ci")
    assert catalog.missing(["t", "u"]) == ("t", "u")
    assert catalog.unknown_collations(info) == ("utf8mb4_bin", "utf8mb4_general_ci")
    catalog.connection_collation = "utf8mb4_0900_ai_ci"
    assert catalog.unknown_collations(info)[0] == "utf8mb4_0900_ai_ci"
    catalog.add(info, "t", [Collation("utf8mb4_bin", b" ")])
    assert (catalog.table("t"), catalog.missing(["t", "u"])) == (info, ("u",))
    assert list(catalog.infos(["t", "u"])) == ["t"]
    assert [column.name for column in catalog.infos(["t"])["t"].columns] == ["a", "b", "c"]
    assert (catalog.blank("utf8mb4_bin"), catalog.blank("latin1_bin")) == (b" ", None)
    version = catalog.version
    catalog.forget(["t", "unknown"])
    assert (catalog.table("t"), catalog.version > version) == (None, True)
    assert catalog.blank("utf8mb4_bin") == b" "
