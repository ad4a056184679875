"""The answers to parsing's questions about names, from the rules and the catalog.

Invariant: logical tables that the rules do not know have no answer here; the planner refuses them before.
"""

from __future__ import annotations

from shardkit.flow import TableInfo
from shardkit.plan.catalog import Catalog
from shardkit.rules import Rules, ShardedTable


class RuleNames:
    """Implements parse.Names."""

    def __init__(self, rules: Rules, catalog: Catalog, collation: str | None) -> None:
        self._rules, self._catalog, self._collation = rules, catalog, collation

    def keys(self, table: str) -> tuple[str, ...] | None:
        """Shard-key columns, lower case, in the order of the rules."""
        found = self._rules.find(table)
        if found is None:
            return None
        return tuple(dict.fromkeys(found.sharding.columns)) if isinstance(found, ShardedTable) else ()

    def connection_collation(self) -> str | None:
        """The collation of literals and computed text in this session."""
        return self._collation

    def bound_group(self, table: str) -> str:
        """The root of the table's binding; a table that is not sharded is bound to itself."""
        found = self._rules.find(table)
        return found.bound_group if isinstance(found, ShardedTable) else table

    def info(self, table: str) -> TableInfo | None:
        """The table's columns, if described."""
        return self._catalog.table(table)
