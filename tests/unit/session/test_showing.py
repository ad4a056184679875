"""SHOW and DESCRIBE: which physical tables are asked, and what of the answers reaches the caller."""

from __future__ import annotations

from typing import Any

import pytest

from shardkit.errors import OperationalError, UnknownTable
from shardkit.flow import Head, Opened, RowBatch
from shardkit.rules import loads
from shardkit.session.showing import logical_text
from shardkit.values import PhysicalTable, Row
from tests.unit.session.play import SHARDS, Play

ALL = """
version: 1
name: shop
servers:
  rds0: { url: "mysql+pymysql://u:p@h0:3306" }
  rds1: { url: "mysql+pymysql://u:p@h1:3306" }
layouts:
  o: { databases: "o_{0..1}", servers: [rds0, rds1], tables: "{table}_{0..1}" }
tables:
  t_order: { layout: o, shard_by: memberId }
  t_item: { layout: o, shard_by: memberId, bound_to: t_order }
broadcast: { layout: o, tables: [country] }
single: { database: rds0/o_0, tables: [config] }
defaults: { unlisted_tables: single }
"""


class Shop(Play):
    """A session over the rules above."""

    def __init__(self) -> None:
        super().__init__(autocommit=True)
        from shardkit.plan import Catalog, Planner
        from shardkit.session import Session

        self.session = Session(Planner(loads(ALL), Catalog()), autocommit=True)

    def know_tables(self, text: str, params: Any) -> None:
        """SHOW looks at the servers' answers only."""


def answer(*rows: Row, columns: int = 2) -> Opened:
    description = tuple((f"c{at}", 253, None, None, None, None, True) for at in range(columns))
    return Opened(description, RowBatch(0, rows, True), len(rows), None)


def shown(play: Play, text: str, *answers: tuple[Opened, ...]) -> Head:
    (head,) = play.execute(text, *answers)
    assert isinstance(head, Head)
    assert head.complete
    return head


NAMES = (
    ("config", "BASE TABLE"), ("country", "BASE TABLE"), ("extra", "VIEW"), ("shardkit_decision", "BASE TABLE"),
    ("t_item_0", "BASE TABLE"), ("t_item_1", "BASE TABLE"), ("t_order_0", "BASE TABLE"), ("t_order_1", "BASE TABLE"),
)  # fmt: skip


def test_tables_are_logical_and_pieces_are_hidden() -> None:
    play = Shop()
    head = shown(play, "SHOW FULL TABLES FROM `shop`", (answer(*NAMES),))
    assert head.rows == [
        ("config", "BASE TABLE"),
        ("country", "BASE TABLE"),
        ("extra", "VIEW"),
        ("t_item", "BASE TABLE"),
        ("t_order", "BASE TABLE"),
    ]
    assert [column[0] for column in head.description or ()] == ["Tables_in_shop", "Table_type"]
    assert play.told() == ["query o_0: SHOW FULL TABLES FROM o_0"]


def test_tables_that_do_not_exist_are_not_shown() -> None:
    head = shown(Shop(), "SHOW TABLES", (answer(("country", "BASE TABLE")),))
    assert head.rows == [("country",)]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [("t%", ["t_item", "t_order"]), ("t\\_o%", ["t_order"]), ("CONFIG", []), ("c______", ["country"]), ("%.%", [])],
)
def test_a_pattern_is_over_logical_names(pattern: str, found: list[str]) -> None:
    head = shown(Shop(), f"SHOW TABLES LIKE '{pattern}'", (answer(*NAMES),))
    assert [row[0] for row in head.rows] == found
    assert (head.description or ((),))[0][0] == f"Tables_in_shop ({pattern})"


def test_the_database_and_the_databases() -> None:
    assert shown(Shop(), "SELECT DATABASE()").rows == [("shop",)]
    assert shown(Shop(), "SHOW DATABASES").rows == [("information_schema",), ("shop",)]
    assert shown(Shop(), "SHOW DATABASES LIKE 's%'").rows == [("shop",)]


@pytest.mark.parametrize("text", ["SHOW TABLES FROM o_0", "DESCRIBE o_0.t_order_0", "SHOW CREATE TABLE mysql.user"])
def test_another_database_is_unknown(text: str) -> None:
    with pytest.raises(OperationalError) as caught:
        Shop().execute(text)
    assert caught.value.errno == 1049


def test_an_unknown_table_is_unknown() -> None:
    play = Play()
    with pytest.raises(UnknownTable):
        play.run(_script(play, "DESCRIBE nowhere"))


def _script(play: Play, text: str) -> Any:
    from shardkit.session import statements

    return statements.execute(play.session, text, None)


def test_columns_are_those_of_the_first_piece() -> None:
    play = Shop()
    head = shown(play, "SHOW FULL COLUMNS FROM t_order LIKE 'a\\_''b'", (answer(("a", "int")),))
    assert head.rows == [("a", "int")]
    assert play.told() == [r"query o_0: SHOW FULL COLUMNS FROM o_0.t_order_0 LIKE 'a\\_''b'"]


def test_an_index_names_the_logical_table_and_no_cardinality() -> None:
    row = ("t_order_0", 0, "PRIMARY", 1, "id", "A", 17, None, None, "", "BTREE")
    head = shown(Shop(), "SHOW INDEX FROM t_order", (answer(row, columns=11),))
    assert head.rows == [("t_order", 0, "PRIMARY", 1, "id", "A", None, None, None, "", "BTREE")]
    head = shown(Shop(), "SHOW INDEX FROM config", (answer(row, columns=11),))
    assert head.rows == [row]


CREATED = """CREATE TABLE `t_item_0` (
  `id` bigint NOT NULL AUTO_INCREMENT,
  `orderId` bigint NOT NULL COMMENT 'REFERENCES `t_order_0` AUTO_INCREMENT=3',
  PRIMARY KEY (`id`),
  KEY `k` (`orderId`),
  CONSTRAINT `t_item_0_ibfk_1` FOREIGN KEY (`orderId`) REFERENCES `t_order_0` (`orderId`) ON DELETE CASCADE,
  CONSTRAINT `mine` FOREIGN KEY (`id`, `orderId`) REFERENCES `country` (`id`, `b`)
) ENGINE=InnoDB AUTO_INCREMENT=8 DEFAULT CHARSET=utf8mb4 COMMENT='t_item_0'"""


def test_create_table_speaks_of_logical_tables() -> None:
    rules = loads(ALL)
    table = rules.sharded["t_item"]
    text = logical_text(rules, table, PhysicalTable(table.layout.shards[0], "t_item_0"), CREATED)
    assert text == (
        CREATED.replace("CREATE TABLE `t_item_0`", "CREATE TABLE `t_item`")
        .replace("t_item_0_ibfk_1", "t_item_ibfk_1")
        .replace("REFERENCES `t_order_0` (", "REFERENCES `t_order` (")
        .replace(" AUTO_INCREMENT=8", "")
    )


def test_a_single_tables_text_is_its_own() -> None:
    text = "CREATE TABLE `config` (\n  `a` int\n) ENGINE=InnoDB AUTO_INCREMENT=8"
    head = shown(Shop(), "SHOW CREATE TABLE config", (answer(("config", text)),))
    assert head.rows == [("config", text)]


def test_settings_are_asked_of_any_server_as_they_stand() -> None:
    play = Play(autocommit=True)
    head = shown(play, "SHOW VARIABLES LIKE 'sql_mode'", (answer(("sql_mode", "X")),))
    assert head.rows == (("sql_mode", "X"),)
    assert play.told() == [f"query {SHARDS[0].database}: SHOW VARIABLES LIKE 'sql_mode'"]
