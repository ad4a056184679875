"""Tables of schemas (`audit.log`): single tables in further databases on their server, spelled with their schema."""

from __future__ import annotations

import pytest

from shardkit.errors import CrossShardRefused, NotSupportedError
from tests.plan.catalog import table
from tests.plan.offline import Offline

RULES = """\
version: 1
name: shop
servers: { rds0: { url: "mysql://h0" }, rds1: { url: "mysql://h1" } }
layouts: { m: { databases: "m_{0..1}", servers: [rds0, rds1], tables: "{table}_{0..1}" } }
tables: { member: { layout: m, shard_by: id, algorithm: mod } }
single: { database: rds0/app, tables: [config], schemas: [audit] }
defaults: { transactions: best_effort, unlisted_tables: single }
"""
BODY = "id BIGINT NOT NULL PRIMARY KEY\nv INT"


def sql(text: str) -> list[str]:
    """What goes to the shards."""
    # A described table has its physical name.
    offline = Offline(RULES, [table(name, BODY) for name in ("member_0", "config", "log")])
    return [f"{task.shard.database}: {task.sql}" for task in offline.plan(text).tasks]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT * FROM audit.log", "SELECT * FROM `audit`.`log` AS `audit.log`"),
        ("SELECT audit.log.v, l.v FROM audit.log, audit.log l",
         "SELECT `audit.log`.v, l.v FROM `audit`.`log` AS `audit.log`, `audit`.`log` l"),
        ("SELECT log.v FROM `audit`.`log` WHERE log.id = 1",
         "SELECT `audit.log`.v FROM `audit`.`log` AS `audit.log` WHERE `audit.log`.id = 1"),
        ("SELECT audit.log.*, config.v FROM audit.log JOIN config ON config.id = audit.log.id",
         "SELECT `audit.log`.*, config.v FROM `audit`.`log` AS `audit.log` JOIN `app`.`config`"
         " ON config.id = `audit.log`.id"),
        ("SELECT shop.config.v FROM shop.config", "SELECT `config`.v FROM `app`.`config`"),
        ("INSERT INTO audit.log (id, v) VALUES (1, 2)", "INSERT INTO `audit`.`log` (id, v) VALUES (1, 2)"),
        ("UPDATE audit.log SET v = 1 WHERE audit.log.id = 2",
         "UPDATE `audit`.`log` AS `audit.log` SET v = 1 WHERE `audit.log`.id = 2"),
        ("DELETE FROM audit.log WHERE audit.log.id = 2", "DELETE FROM `audit`.`log` WHERE `log`.id = 2"),
        ("CREATE TABLE audit.log (id INT)", "CREATE TABLE `audit`.`log` (id INT)"),
        ("CREATE TABLE config (id INT, FOREIGN KEY (id) REFERENCES audit.log (id))",
         "CREATE TABLE `app`.`config` (id INT, FOREIGN KEY (id) REFERENCES `audit`.`log` (id))"),
        ("CREATE TABLE audit.log (id INT, FOREIGN KEY (id) REFERENCES shop.config (id))",
         "CREATE TABLE `audit`.`log` (id INT, FOREIGN KEY (id) REFERENCES `app`.`config` (id))"),
        ("CREATE VIEW audit.v AS SELECT audit.log.v, c.id FROM audit.log JOIN shop.config c ON c.id = log.id",
         "CREATE VIEW `audit`.`v` AS SELECT audit.log.v, c.id FROM `audit`.`log` JOIN `app`.`config` c"
         " ON c.id = log.id"),
        ("CREATE TABLE kept SELECT * FROM audit.log", "CREATE TABLE `app`.`kept` SELECT * FROM `audit`.`log`"),
        ("CREATE TABLE audit.kept LIKE config", "CREATE TABLE `audit`.`kept` LIKE `app`.`config`"),
        ("DROP VIEW audit.v", "DROP VIEW `audit`.`v`"),
        ("DROP TABLE IF EXISTS audit.log", "DROP TABLE IF EXISTS `audit`.`log`"),
    ],
)  # fmt: skip
def test_what_goes_to_the_server(text: str, expected: str) -> None:
    assert sql(text) == [f"app: {expected}"]


def test_the_logical_databases_name_before_a_sharded_table() -> None:
    assert sql("SELECT shop.member.v FROM shop.member WHERE shop.member.id = 3") == [
        "m_1: SELECT `member`.v FROM `m_1`.`member_1` AS `member` WHERE `member`.id = 3"
    ]


@pytest.mark.parametrize("text", ["SELECT 1 FROM other.log", "DROP TABLE m_0.member_0", "SELECT 1 FROM `audit.log`"])
def test_other_names_with_dots_are_refused(text: str) -> None:
    with pytest.raises(NotSupportedError) as caught:
        sql(text)
    assert caught.value.where.startswith("line 1, column ")


def test_a_schemas_table_is_not_brought_together_with_shards() -> None:
    with pytest.raises(CrossShardRefused, match=r"audit\.log"):
        sql("SELECT 1 FROM audit.log JOIN member ON member.v = audit.log.v")
