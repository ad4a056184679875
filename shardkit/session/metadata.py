"""Looking up tables when a text first needs them, and again when a column is not where it was.

Invariant: one look-up per table, not per statement.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from shardkit.errors import UnknownColumn, UnknownTable
from shardkit.flow import (
    Describe,
    DescribeCollation,
    Op,
    Query,
    Task,
)
from shardkit.plan import MetadataNeeded, Ready, generated_columns
from shardkit.rules import BroadcastTable, Rules, ShardedTable
from shardkit.session.state import Session
from shardkit.values import Params, PhysicalTable, ShardId


def prepared(session: Session, text: str, params: Params) -> Generator[Op, Any, Ready]:
    """The prepared form of a text; looks up the tables it needs first."""
    planner = session.planner
    asked: set[str] = set()
    while True:
        try:
            return planner.prepare(text, params)
        except MetadataNeeded as needed:
            tables = needed.tables
        except UnknownColumn as error:
            tables = tuple(name for name in error.tables if name not in asked)
            if not tables:
                raise  # looked up just now, and still unknown
        asked.update(tables)
        for name in tables:
            yield from describe(session, name)


def describe(session: Session, name: str) -> Generator[Op, Any, None]:
    """Look up one logical table on one of its shards. Raises UnknownTable."""
    catalog = session.planner.catalog
    place = sample(session.planner.rules, name)
    info = yield Describe(place.shard, place.name)
    if info is None:
        raise UnknownTable(f"Table '{name}' doesn't exist: {place} is not there", shards=(place.shard,))
    table = session.planner.rules.find(name)
    if isinstance(table, ShardedTable):
        generated_columns(table, info)
    if catalog.connection_collation is None and not session.variables:
        yield from describe_literals(session, place.shard)
    unknown = catalog.unknown_collations(info)
    collations = (yield DescribeCollation(place.shard, unknown)) if unknown else ()
    if catalog.table(name) not in (None, info):
        catalog.forget((name,))
    catalog.add(info, name, collations)


def describe_literals(session: Session, shard: ShardId) -> Generator[Op, Any, None]:
    """Look up the collation a new connection has for literals. Embedded databases have MySQL's default."""
    planner = session.planner
    if planner.rules.servers[shard.server].embedded:
        planner.catalog.connection_collation = "utf8mb4_0900_ai_ci"
        return
    (opened,) = yield Query((Task(shard, "SELECT @@collation_connection"),), False, planner.time)
    planner.catalog.connection_collation = str(opened.first.rows[0][0])


def sample(rules: Rules, name: str) -> PhysicalTable:
    """The physical table that stands for a logical one."""
    table = rules.find(name)
    if table is None:
        raise UnknownTable(f"Table '{name}' doesn't exist: the rules do not name it")
    if isinstance(table, ShardedTable):
        return table.layout.place(0, table.name)
    return PhysicalTable(table.layout.shards[0], table.name) if isinstance(table, BroadcastTable) else table.physical
