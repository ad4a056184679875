"""Planning without servers: tables come from a schema file, and whatever would need a server is an error.

Invariant: no plan made here is ever run; weights of collations are stand-ins, right in kind but not in value.
"""

from __future__ import annotations

from collections.abc import Iterable

from shardkit.errors import UnknownTable
from shardkit.flow import Collation, TableInfo
from shardkit.parse.schema import DEFAULT_COLLATION
from shardkit.plan import Catalog, Explanation, MetadataNeeded, Planner, explain_ready
from shardkit.rules import Rules
from shardkit.values import Params


def planner_of(rules: Rules, tables: Iterable[TableInfo]) -> Planner:
    """A planner that knows these tables and no others."""
    catalog = Catalog()
    catalog.connection_collation = DEFAULT_COLLATION
    for info in tables:
        catalog.add(info, info.name, [_collation(name) for name in catalog.unknown_collations(info)])
    return Planner(rules, catalog)


class Offline:
    """Explains statements from what the planner knows."""

    def __init__(self, planner: Planner) -> None:
        self._planner = planner

    def explain(self, text: str, params: Params) -> Explanation:
        """As cursor.explain. Raises UnknownTable for a table that the schema does not create."""
        try:
            return explain_ready(self._planner, text, params)
        except MetadataNeeded as needed:
            raise UnknownTable(f"the schema has no CREATE TABLE for {', '.join(needed.tables)}") from None


def _collation(name: str) -> Collation:
    return Collation(name, b"" if "_0900_" in name or "nopad" in name else b" ")
