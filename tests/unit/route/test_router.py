"""Where statements go: slots of conditions, units of tables that share a slot, and what is refused."""

from __future__ import annotations

import pytest

from shardkit.errors import CrossShardRefused, Error, NotYetError, ScatterWriteRefused, ShardKeyError
from shardkit.values import Params, ShardId
from tests.unit.route.tables import session

ALL = [0, 1, 2, 3]
SESSION = session()


@pytest.mark.parametrize(
    ("condition", "slots"),
    [
        ("id = 5", [1]), ("id = -1", [3]), ("id IN (1, 5, 2)", [1, 2]), ("id IN (1, NULL)", [1]), ("id IN (NULL)", [0]),
        ("id = NULL", [0]), ("id = 1 OR id = 6", [1, 2]), ("id = 1 OR n = 6", ALL), ("id = 1 AND id = 2", [0]),
        ("id IN (1, 2) AND id IN (2, 3)", [2]), ("id BETWEEN 4 AND 6", [0, 1, 2]), ("id BETWEEN 5 AND 5", [1]),
        ("id BETWEEN 6 AND 4", [0]), ("id > 3", ALL), ("id = '5'", [1]), ("id = '05'", ALL), ("id = 5.0", [1]),
        ("id = 5.5", ALL), ("1 = 0", [0]), ("NOT id = 1", ALL), ("id = id", ALL), ("1", ALL),
        ("id IN (1, '02')", ALL), ("id = 99999999999999999999", [3]),
    ],
)  # fmt: skip
def test_slots_of_one_key(condition: str, slots: list[int]) -> None:
    assert SESSION.slots(f"SELECT n FROM member WHERE {condition}") == slots


@pytest.mark.parametrize(
    ("condition", "slots"),
    [
        ("id = 15", [1]), ("id < 10", [0, 1]), ("id <= 10", [0, 1]), ("id >= 20", [2, 3]),
        ("id > 5 AND id < 25", [0, 1, 2]),
        ("id BETWEEN 12 AND 13", [1]), ("id BETWEEN 12 AND '13'", [1]), ("id BETWEEN 12 AND 13.5", ALL),
        ("id BETWEEN 12 AND NULL", [0]), ("id > 30 OR id < 5", [0, 3]), ("id > 30 AND id < 5", [0]),
        ("15 > id", [0, 1]),
    ],
)  # fmt: skip
def test_slots_of_ranges(condition: str, slots: list[int]) -> None:
    assert SESSION.slots(f"SELECT n FROM ranged WHERE {condition}") == slots


@pytest.mark.parametrize(
    ("condition", "slots"),
    [("code = 'NO'", [1]), ("code = 'no'", [0]), ("code IN ('DE', 'SE', 'XX')", [0, 1]), ("code = 'DE '", [0]),
     ("code > 'A'", ALL), ("code = 0", ALL), ("code = 'XX'", [0])],
)  # fmt: skip
def test_slots_of_lists(condition: str, slots: list[int]) -> None:
    """A value that no list names has no rows; any shard may say so."""
    assert SESSION.slots(f"SELECT n FROM listed WHERE {condition}") == slots


@pytest.mark.parametrize(
    ("condition", "count"),
    [
        ("memberId = 5 AND at = '2024-02-01'", 1), ("memberId = 5", 3), ("at = '2024-02-01'", 2), ("n = 1", 6),
        ("memberId = 5 AND at BETWEEN '2024-02-01' AND '2024-03-31'", 2), ("memberId = 5 OR at = '2024-02-01'", 4),
        ("memberId = 5 AND memberId = NULL", 1),
    ],
)  # fmt: skip
def test_slots_of_two_axes(condition: str, count: int) -> None:
    found = SESSION.slots(f"SELECT n FROM log WHERE {condition}")
    assert len(found) == count
    assert found == sorted(set(found))


def test_physical_tables_of_slots() -> None:
    targets = SESSION.plan("SELECT n FROM orders o WHERE memberId IN (1, 5)").route.targets
    assert [(target.shard, target.slot, target.names) for target in targets] == [
        (ShardId("rds0", "o_0"), 1, ("orders_1",)), (ShardId("rds1", "o_1"), 5, ("orders_2",)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("params", "slots"),
    [((5,), [1]), (("5",), [1]), ((" 5",), ALL), ((None,), [0]), ((True,), [1]), (([1, 2],), ALL), ((b"5",), ALL)],
)
def test_one_text_goes_where_its_parameters_say(params: Params, slots: list[int]) -> None:
    assert SESSION.slots("SELECT n FROM member WHERE id = %s", params) == slots


@pytest.mark.parametrize(
    ("sql", "slots"),
    [
        ("SELECT 1", [0]),
        ("SELECT v FROM config", [0]),
        ("SELECT name FROM country", [0]),
        ("SELECT 1 FROM member m JOIN address a ON a.memberId = m.id", ALL),
        ("SELECT 1 FROM member m JOIN address a ON a.memberId = m.id WHERE a.memberId = 5", [1]),
        (
            "SELECT 1 FROM member m JOIN address a ON a.memberId = m.id WHERE m.id IN (1, 2) AND a.memberId IN (2, 3)",
            [2],
        ),
        ("SELECT 1 FROM member m, other o WHERE m.id = 1 AND o.id = 5", [1]),
        ("SELECT 1 FROM member m LEFT JOIN country c ON c.code = m.name", ALL),
        ("SELECT 1 FROM country c JOIN member m ON c.code = m.name", ALL),
        ("SELECT 1 FROM country c LEFT JOIN member m ON c.code = m.name AND m.id = 5", [1]),
        ("SELECT 1 FROM member m LEFT JOIN address a ON a.memberId = m.id AND a.memberId = 5", ALL),
        ("SELECT 1 FROM member WHERE id = 5 AND EXISTS (SELECT 1 FROM address WHERE memberId = 5)", [1]),
        ("SELECT 1 FROM member WHERE id = 5 UNION SELECT 2 FROM other WHERE id = 9", [1]),
        ("SELECT 1 FROM config WHERE 1 = 0", [0]),
    ],
)
def test_tables_together(sql: str, slots: list[int]) -> None:
    assert SESSION.slots(sql) == slots


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("SELECT 1 FROM member m, other o WHERE m.id = 1 AND o.id = 2", "tables of different shards"),
        ("SELECT 1 FROM member m, other o WHERE m.id = o.id", "not joined on their shard keys"),
        ("SELECT 1 FROM member m, address a WHERE m.id = a.id", "not joined on their shard keys"),
        ("SELECT 1 FROM member, config", "a join with a single table"),
        ("SELECT 1 FROM member, config WHERE id = 1", "tables of different shards"),
        ("SELECT 1 FROM country c LEFT JOIN member m ON c.code = m.name", "preserved side of an outer join"),
        ("SELECT 1 FROM member m RIGHT JOIN country c ON c.code = m.name", "preserved side of an outer join"),
        ("SELECT 1 FROM orders o JOIN country c ON c.code = o.n", "a join with broadcast table country"),
        ("SELECT 1 FROM config x JOIN country c ON c.code = x.k", "a join with broadcast table country"),
        ("SELECT 1 FROM member m, orders o WHERE m.id = 1 AND o.memberId = 1", "tables of different shards"),
        ("SELECT 1 FROM (SELECT * FROM member) d", "a subquery"),
        ("SELECT 1 FROM member UNION SELECT 1 FROM other", "not joined on their shard keys"),
        ("SELECT 1 FROM country UNION SELECT 1 FROM member", "a subquery"),
    ],
)
def test_tables_that_do_not_lie_together(sql: str, what: str) -> None:
    plan = SESSION.plan(sql)
    assert what in plan.route.reason
    assert plan.federation is not None
    assert plan.route.targets == ()


def test_any_shard_prefers_one_that_is_in_use() -> None:
    ready = SESSION.prepared("SELECT name FROM country")
    used = ShardId("rds1", "m_3")
    assert ready.plan(None, (used,)).tasks[0].shard == used
    assert ready.plan(None, (ShardId("rds0", "o_0"),)).tasks[0].shard == ShardId("rds0", "m_0")


@pytest.mark.parametrize(
    ("sql", "params", "rows"),
    [
        ("INSERT INTO member (id, n) VALUES (1, 0), (5, 0), (2, 0)", None, {1: (0, 1), 2: (2,)}),
        ("INSERT INTO member (n, id) VALUES (%s, %s), (%s, %s)", (0, 3, 0, "2"), {2: (1,), 3: (0,)}),
        ("REPLACE INTO member (id) VALUES (1)", None, {1: (0,)}),
        ("INSERT INTO ranged SET id = 15", None, {1: (0,)}),
    ],
)
def test_rows_of_an_insert(sql: str, params: Params, rows: dict[int, tuple[int, ...]]) -> None:
    route = SESSION.plan(sql, params).route
    assert {target.slot: mine for target, mine in zip(route.targets, route.rows, strict=True)} == rows


@pytest.mark.parametrize(
    ("sql", "errno"),
    [
        ("INSERT INTO member (n) VALUES (1)", 1364), ("INSERT INTO member () VALUES ()", 1364),
        ("INSERT INTO member (id) VALUES (NULL)", 1048), ("INSERT INTO member (n, id) VALUES (1, n + 1)", 1105),
        ("INSERT INTO member (id) VALUES ('x')", None), ("INSERT INTO member (id) VALUES (99999999999999999999)", None),
        ("INSERT INTO listed (code) VALUES ('XX')", None), ("INSERT INTO log (memberId) VALUES (1)", 1364),
        ("INSERT INTO member (id) VALUES (1), (DEFAULT)", 1105),
    ],
)  # fmt: skip
def test_rows_without_a_certain_key_are_refused(sql: str, errno: int | None) -> None:
    with pytest.raises(ShardKeyError) as caught:
        SESSION.plan(sql)
    assert errno in (None, caught.value.errno)


@pytest.mark.parametrize(
    ("sql", "slots"),
    [
        ("UPDATE member SET n = 1 WHERE id = 5", [1]), ("UPDATE member SET n = 1 WHERE id IN (5, 6)", [1, 2]),
        ("DELETE FROM member WHERE id = 5 AND n = 1", [1]), ("DELETE FROM member WHERE 1 = 0", [0]),
        ("UPDATE member m JOIN address a ON a.memberId = m.id SET a.n = 1 WHERE m.id = 6", [2]),
        ("UPDATE config SET v = 1", [0]), ("UPDATE country SET n = 1", ALL),
        ("DELETE FROM country WHERE code = 'x'", ALL),
        ("INSERT INTO country (code) VALUES ('a'), ('b')", ALL), ("INSERT INTO config (k) VALUES ('a')", [0]),
        ("UPDATE ranged SET n = 1 WHERE id > 15", [1, 2, 3]),
    ],
)  # fmt: skip
def test_writes(sql: str, slots: list[int]) -> None:
    assert SESSION.slots(sql) == slots


def test_a_broadcast_write_writes_copies() -> None:
    route = SESSION.plan("UPDATE country SET n = 1").route
    assert (route.copies, route.rows) == (True, ())
    assert not SESSION.plan("UPDATE member SET n = 1 WHERE id IN (1, 2)").route.copies


@pytest.mark.parametrize(
    "sql", ["UPDATE member SET n = 1", "DELETE FROM member WHERE n = 5", "UPDATE member SET n = 1 WHERE NOT id = 1"]
)
def test_a_write_without_a_key_needs_leave(sql: str) -> None:
    with pytest.raises(ScatterWriteRefused, match="full_scan_writes"):
        SESSION.plan(sql)
    assert session("full_scan_writes: allow").slots(sql) == ALL


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE member m JOIN country c ON c.code = m.name SET c.n = 1 WHERE m.id = 1",
        "DELETE c FROM member m JOIN country c ON c.code = m.name WHERE m.id = 1",
        "UPDATE country c JOIN member m ON c.code = m.name SET c.n = 1 WHERE m.id = 1",
        "INSERT INTO country (code) SELECT name FROM member WHERE id = 1",
        "INSERT INTO country (code) SELECT code FROM country",
        "INSERT INTO country (code) SELECT k FROM config",
        "UPDATE country SET n = (SELECT COUNT(*) FROM member WHERE id = 1)",
        "UPDATE country SET n = (SELECT COUNT(*) FROM config)",
        "UPDATE country SET n = RAND()", "UPDATE country SET name = NOW()",
        "UPDATE country SET name = CURRENT_TIMESTAMP",
        "DELETE FROM country LIMIT 1", "UPDATE country SET n = 1 ORDER BY code LIMIT 1",
    ],
)  # fmt: skip
def test_copies_never_come_apart(sql: str) -> None:
    plan = SESSION.plan(sql)
    assert plan.stage is not None
    assert plan.tasks == ()


@pytest.mark.parametrize("value", ["UTC_TIMESTAMP", "UTC_DATE", "LOCALTIME", "LOCALTIMESTAMP", "@@hostname", "my_f()"])
def test_copies_never_come_apart_by_a_value_of_the_server(value: str) -> None:
    stage = SESSION.plan(f"UPDATE country SET name = {value}").stage
    assert stage is not None
    assert f"({value})" in stage.sql
    stage = SESSION.plan(f"INSERT INTO country (code, name) VALUES ('a', {value})").stage
    assert stage is not None
    assert stage.sql == f"SELECT ({value})"


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE country SET n = 1 WHERE RAND() < 0.5", "DELETE FROM country ORDER BY RAND() LIMIT 1",
        "UPDATE member SET n = 1 WHERE id IN (1, 2) AND RAND() < 0.5", "DELETE FROM member ORDER BY UUID() LIMIT 3",
        "INSERT INTO country (code, n) VALUES ('a', RAND() + n)",
        "INSERT INTO country (code) VALUES ('a') ON DUPLICATE KEY UPDATE name = NOW()",
        "INSERT INTO member (id) VALUES (1), (2) ON DUPLICATE KEY UPDATE n = (SELECT COUNT(*) FROM other)",
    ],
)  # fmt: skip
def test_what_differs_from_shard_to_shard_is_refused(sql: str) -> None:
    with pytest.raises(CrossShardRefused):
        session("transactions: best_effort, full_scan_writes: allow").plan(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE address SET n = 1 WHERE memberId IN (1, 2) LIMIT 1", "DELETE FROM orders WHERE memberId > 0 LIMIT 1",
        "UPDATE member m JOIN other o ON o.memberId = m.id SET m.n = o.id, m.name = m.n",
        "UPDATE IGNORE member SET id = id + 1", "UPDATE member SET id = DEFAULT",
        "DELETE FROM member WHERE n IN (SELECT n FROM other) RETURNING id",
    ],
)  # fmt: skip
def test_rows_that_cannot_be_found_first(sql: str) -> None:
    with pytest.raises(CrossShardRefused):
        session("transactions: best_effort, full_scan_writes: allow").plan(sql)


@pytest.mark.parametrize("sql", ["UPDATE member SET n = 1 LIMIT 3", "UPDATE member m JOIN other o ON o.memberId = m.id "
                                 "SET m.n = 1", "UPDATE member SET id = id + 1"])  # fmt: skip
def test_a_staged_write_without_a_key_needs_leave(sql: str) -> None:
    with pytest.raises(ScatterWriteRefused, match="full_scan_writes"):
        SESSION.plan(sql)
    assert session("full_scan_writes: allow").plan(sql).stage is not None


def test_a_key_that_stays_needs_no_stage() -> None:
    sql = "UPDATE member SET id = %s, n = 1 WHERE id = %s"
    assert len(SESSION.plan(sql, (5, 5)).tasks) == 1
    assert SESSION.plan(sql, (6, 5)).stage is not None
    assert SESSION.plan(sql, (9, 5)).tasks  # another key of the same slot


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE member SET n = 1 WHERE id IN (1, 2) LIMIT 1", "DELETE FROM member WHERE id > 0 ORDER BY n LIMIT 1",
        "UPDATE member SET n = (SELECT COUNT(*) FROM address WHERE memberId = 1) WHERE id = 2",
        "DELETE FROM member WHERE id IN (1, 2) AND n IN (SELECT n FROM other)",
        "INSERT INTO member (id, n) VALUES (1, (SELECT COUNT(*) FROM address))",
        "INSERT INTO member SELECT 1, 'a', 2", "INSERT INTO member SELECT * FROM member WHERE id = 1",
    ],
)  # fmt: skip
def test_writes_that_need_all_rows_in_one_place(sql: str) -> None:
    plan = session("transactions: best_effort, full_scan_writes: allow").plan(sql)
    assert plan.stage is not None
    assert plan.tasks == ()


def test_what_the_rules_name_but_this_version_does_not_do() -> None:
    with pytest.raises(NotYetError, match="table genes"):
        SESSION.plan("SELECT 1 FROM genes WHERE memberId = 1")


def test_a_table_without_its_shard_key() -> None:
    broken = session()
    broken.tables["member"] = broken.tables["config"]
    with pytest.raises(ShardKeyError, match="has no column id"):
        broken.plan("SELECT 1 FROM member")


@pytest.mark.parametrize(
    ("sql", "reason", "narrowed"),
    [
        ("SELECT 1 FROM member WHERE id = 1", "id decides one slot", True),
        ("SELECT 1 FROM member WHERE id IN (1, 2)", "conditions on id leave 2 of 4 slots", True),
        ("SELECT n FROM member", "no condition on id narrows it down: all 4 slots", False),
        ("SELECT 1", "no table: any shard can answer", True),
        ("SELECT 1 FROM country", "no sharded table: any shard can answer", True),
        ("SELECT 1 FROM member WHERE 1 = 0", "no row can match: one shard answers for all", True),
        ("UPDATE country SET n = 1", "broadcast table country: every copy", True),
        ("INSERT INTO member (id) VALUES (1), (2)", "id of each row: 2 rows on 2 slots", True),
        ("CREATE INDEX i ON member (n)", "every physical table of member", True),
    ],
)
def test_reasons(sql: str, reason: str, narrowed: bool) -> None:
    route = SESSION.plan(sql).route
    assert (route.reason, route.narrowed) == (reason, narrowed)


def test_errors_hold_no_values() -> None:
    for sql, params in [
        ("INSERT INTO member (id) VALUES (%s)", ("s3cret",)),
        ("INSERT INTO listed (code) VALUES (%s)", ("zz",)),
    ]:
        with pytest.raises(Error) as caught:
            SESSION.plan(sql, params)
        assert str(params[0]) not in str(caught.value)
