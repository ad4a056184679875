"""A parsed text whose names are not resolved yet: what `read` gives and `analyse` takes.

Invariant: a cached tree is never changed.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from shardkit.flow import Kind
from shardkit.parse.lexer import Source
from shardkit.parse.tokens import Tokens


@dataclass(frozen=True, slots=True)
class Draft:
    """A parsed text whose names are not resolved yet."""

    source: Source
    kind: Kind
    tree: exp.Expr
    tokens: Tokens
    tables: tuple[exp.Table, ...]
    with_schema: frozenset[str] = frozenset()  # the tables among them that stand as `schema.table`

    @property
    def table_names(self) -> tuple[str, ...]:
        """The logical tables named, each once."""
        return tuple(dict.fromkeys(table.name for table in self.tables))

    def schema(self, table: str) -> str:
        """The schema that is written before this table, or ''."""
        return table.partition(".")[0] if table in self.with_schema else ""
