"""The eight TPC-H tables as MySQL makes them, and the rules that spread them.

Orders and lines lie together by the order's key, parts and their offers by the part's key, customers and suppliers each
by their own; regions and nations are copied everywhere. So most of the 22 queries join tables that do not lie together.
Invariant: one text per table; the oracle and every shard are made from the same text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml

from tests.servers import ServerUrl

BROADCAST = ("region", "nation")

TABLES: dict[str, dict[str, str]] = {
    "region": {"r_regionkey": "INT NOT NULL", "r_name": "CHAR(25) NOT NULL", "r_comment": "VARCHAR(152)"},
    "nation": {
        "n_nationkey": "INT NOT NULL",
        "n_name": "CHAR(25) NOT NULL",
        "n_regionkey": "INT NOT NULL",
        "n_comment": "VARCHAR(152)",
    },
    "supplier": {
        "s_suppkey": "INT NOT NULL",
        "s_name": "CHAR(25) NOT NULL",
        "s_address": "VARCHAR(40) NOT NULL",
        "s_nationkey": "INT NOT NULL",
        "s_phone": "CHAR(15) NOT NULL",
        "s_acctbal": "DECIMAL(15,2) NOT NULL",
        "s_comment": "VARCHAR(101) NOT NULL",
    },
    "part": {
        "p_partkey": "INT NOT NULL",
        "p_name": "VARCHAR(55) NOT NULL",
        "p_mfgr": "CHAR(25) NOT NULL",
        "p_brand": "CHAR(10) NOT NULL",
        "p_type": "VARCHAR(25) NOT NULL",
        "p_size": "INT NOT NULL",
        "p_container": "CHAR(10) NOT NULL",
        "p_retailprice": "DECIMAL(15,2) NOT NULL",
        "p_comment": "VARCHAR(23) NOT NULL",
    },
    "partsupp": {
        "ps_partkey": "INT NOT NULL",
        "ps_suppkey": "INT NOT NULL",
        "ps_availqty": "INT NOT NULL",
        "ps_supplycost": "DECIMAL(15,2) NOT NULL",
        "ps_comment": "VARCHAR(199) NOT NULL",
    },
    "customer": {
        "c_custkey": "INT NOT NULL",
        "c_name": "VARCHAR(25) NOT NULL",
        "c_address": "VARCHAR(40) NOT NULL",
        "c_nationkey": "INT NOT NULL",
        "c_phone": "CHAR(15) NOT NULL",
        "c_acctbal": "DECIMAL(15,2) NOT NULL",
        "c_mktsegment": "CHAR(10) NOT NULL",
        "c_comment": "VARCHAR(117) NOT NULL",
    },
    "orders": {
        "o_orderkey": "BIGINT NOT NULL",
        "o_custkey": "INT NOT NULL",
        "o_orderstatus": "CHAR(1) NOT NULL",
        "o_totalprice": "DECIMAL(15,2) NOT NULL",
        "o_orderdate": "DATE NOT NULL",
        "o_orderpriority": "CHAR(15) NOT NULL",
        "o_clerk": "CHAR(15) NOT NULL",
        "o_shippriority": "INT NOT NULL",
        "o_comment": "VARCHAR(79) NOT NULL",
    },
    "lineitem": {
        "l_orderkey": "BIGINT NOT NULL",
        "l_linenumber": "INT NOT NULL",
        "l_partkey": "INT NOT NULL",
        "l_suppkey": "INT NOT NULL",
        "l_quantity": "DECIMAL(15,2) NOT NULL",
        "l_extendedprice": "DECIMAL(15,2) NOT NULL",
        "l_discount": "DECIMAL(15,2) NOT NULL",
        "l_tax": "DECIMAL(15,2) NOT NULL",
        "l_returnflag": "CHAR(1) NOT NULL",
        "l_linestatus": "CHAR(1) NOT NULL",
        "l_shipdate": "DATE NOT NULL",
        "l_commitdate": "DATE NOT NULL",
        "l_receiptdate": "DATE NOT NULL",
        "l_shipinstruct": "CHAR(25) NOT NULL",
        "l_shipmode": "CHAR(10) NOT NULL",
        "l_comment": "VARCHAR(44) NOT NULL",
    },
}
"""table -> its columns and their types."""

PRIMARY = {
    "region": ("r_regionkey",),
    "nation": ("n_nationkey",),
    "supplier": ("s_suppkey",),
    "part": ("p_partkey",),
    "partsupp": ("ps_partkey", "ps_suppkey"),
    "customer": ("c_custkey",),
    "orders": ("o_orderkey",),
    "lineitem": ("l_orderkey", "l_linenumber"),
}
"""table -> its primary key."""

POINTERS: dict[str, list[tuple[str, ...]]] = {
    "nation": [("n_regionkey",)],
    "supplier": [("s_nationkey",)],
    "partsupp": [("ps_suppkey",)],
    "customer": [("c_nationkey",)],
    "orders": [("o_custkey",)],
    "lineitem": [("l_partkey", "l_suppkey"), ("l_suppkey",)],
}
"""table -> the columns that point to other tables; the specification allows indexes on them."""

SHARDING: dict[str, Any] = {
    "supplier": {"layout": "tpch", "shard_by": "s_suppkey", "algorithm": "mod"},
    "part": {"layout": "tpch", "shard_by": "p_partkey"},
    "partsupp": {"bound_to": "part", "shard_by": "ps_partkey"},
    "customer": {"layout": "tpch", "shard_by": "c_custkey"},
    "orders": {"layout": "tpch", "shard_by": "o_orderkey"},
    "lineitem": {"bound_to": "orders", "shard_by": "l_orderkey"},
}


def create(table: str) -> str:
    """The CREATE TABLE statement of a table."""
    parts = [f"{name} {kind}" for name, kind in TABLES[table].items()]
    parts.append(f"PRIMARY KEY ({', '.join(PRIMARY[table])})")
    parts += [f"KEY ({', '.join(columns)})" for columns in POINTERS.get(table, ())]
    return f"CREATE TABLE {table} ({', '.join(parts)}) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4"


def rules(servers: Sequence[ServerUrl], prefix: str, shards: int) -> str:
    """The rules file: `shards` databases, dealt out over the servers."""
    return yaml.safe_dump(
        {
            "version": 1,
            "servers": {server.name: {"url": server.text} for server in servers},
            "layouts": {
                "tpch": {
                    "databases": f"{prefix}{{00..{shards - 1:02}}}",
                    "servers": [server.name for server in servers][:shards],
                }
            },
            "tables": SHARDING,
            "broadcast": {"layout": "tpch", "tables": list(BROADCAST)},
            "defaults": {"transactions": "best_effort"},
        },
        sort_keys=False,
    )
