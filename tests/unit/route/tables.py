"""Tables of every kind of sharding, over two layouts of different servers."""

from __future__ import annotations

from tests.plan.catalog import table
from tests.plan.offline import Offline

RULES = """\
version: 1
servers: { rds0: { url: "mysql://h0" }, rds1: { url: "mysql://h1" } }
layouts:
  flat: { databases: "m_{0..3}", servers: [rds0, rds1] }
  deep: { databases: "o_{0..1}", servers: [rds0, rds1], tables: "{table}_{0..2}" }
tables:
  member: { layout: flat, shard_by: id, algorithm: mod }
  address: { layout: flat, shard_by: memberId, bound_to: member }
  other: { layout: flat, shard_by: id, algorithm: mod }
  ranged:
    layout: flat
    shard_by: id
    algorithm:
      type: range
      ranges: [{ below: 10, slot: 0 }, { from: 10, below: 20, slot: 1 }, { from: 20, below: 30, slot: 2 },
               { from: 30, slot: 3 }]
  listed:
    layout: flat
    shard_by: code
    algorithm: { type: list, lists: [{ values: [DE], slot: 0 }, { values: [NO, SE], slot: 1 },
                                     { values: [CN], slot: 2 }, { values: [FR], slot: 3 }] }
  log: { layout: deep, shard_by: { database: memberId, table: { column: at, algorithm: { type: date, unit: month } } } }
  orders: { layout: deep, shard_by: memberId, algorithm: mod }
  genes: { layout: deep, shard_by: [memberId, id], algorithm: { type: gene, key: memberId, id: id, bits: 10 } }
broadcast: { layout: flat, tables: [country] }
single: { database: rds0/app, tables: [config] }
defaults: { transactions: best_effort }
"""

TABLES = tuple(
    table(name, body)
    for name, body in {
        "member": "id BIGINT NOT NULL PRIMARY KEY\nname VARCHAR(20)\nn INT",
        "address": "memberId BIGINT NOT NULL\nid BIGINT\nn INT",
        "other": "id BIGINT NOT NULL PRIMARY KEY\nmemberId BIGINT",
        "ranged": "id BIGINT NOT NULL PRIMARY KEY\nn INT",
        "listed": "code VARCHAR(2) COLLATE utf8mb4_bin NOT NULL\nn INT",
        "log": "memberId BIGINT NOT NULL\nat DATETIME NOT NULL\nn INT",
        "orders": "memberId BIGINT NOT NULL\nid BIGINT NOT NULL\nn INT",
        "genes": "memberId BIGINT NOT NULL\nid BIGINT NOT NULL",
        "country": "code CHAR(2) NOT NULL PRIMARY KEY\nname VARCHAR(20)\nn INT",
        "config": "k VARCHAR(20) NOT NULL PRIMARY KEY\nv TEXT",
    }.items()
)


def session(defaults: str = "transactions: best_effort") -> Offline:
    """A session over these tables; `defaults` are the rules' defaults."""
    return Offline(RULES.replace("transactions: best_effort", defaults), TABLES)
