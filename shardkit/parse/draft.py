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

    @property
    def table_names(self) -> tuple[str, ...]:
        """The logical tables named, each once."""
        return tuple(dict.fromkeys(table.name for table in self.tables))
