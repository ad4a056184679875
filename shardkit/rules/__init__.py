"""What is sharded, how, and where: the rules file as frozen types.

Invariant: `load` and `loads` either answer rules without a mistake or raise RulesError with every mistake.
"""

from __future__ import annotations

from shardkit.rules.layout import Layout
from shardkit.rules.load import load, loads
from shardkit.rules.schema import json_schema
from shardkit.rules.sharding import Sharding
from shardkit.rules.tables import (
    BroadcastTable,
    Defaults,
    Pool,
    Replica,
    Rules,
    Server,
    ShardedTable,
    SingleTable,
    Table,
)

__all__ = [
    "BroadcastTable",
    "Defaults",
    "Layout",
    "Pool",
    "Replica",
    "Rules",
    "Server",
    "ShardedTable",
    "Sharding",
    "SingleTable",
    "Table",
    "json_schema",
    "load",
    "loads",
]
