"""Computed values in writes: what stands in their text, and whether they can be computed before the write.

Invariant: a value that is said to stand alone means the same wherever it is computed, once.
"""

from __future__ import annotations

from sqlglot import exp
from sqlglot.tokens import TokenType

from shardkit.flow import Cell
from shardkit.parse.functions import BARE, CLOCK, VOLATILE
from shardkit.parse.scopes import QUERY_NODES
from shardkit.parse.tokens import Tokens

Range = tuple[int, int]
"""Tokens, end exclusive."""


def cell(node: exp.Expr, column: str, tokens: Tokens, part: Range, owner: exp.Expr) -> Cell:
    """The facts of one computed value of the write `owner`."""
    called = words(tokens, part)
    return Cell(
        span=tokens.span(*part), column=column.lower(), query=node.find(exp.Select) is not None,
        volatile=bool(called & (VOLATILE - CLOCK)), clock=bool(called & CLOCK),
        alone="DEFAULT" not in _plain(tokens, part) and not any(own_columns(node, owner)),
    )  # fmt: skip


def own_columns(node: exp.Expr, owner: exp.Expr) -> list[exp.Column]:
    """The columns in an expression that belong to no subquery of it, and so to the write's own tables."""
    found = []
    for column in node.find_all(exp.Column):
        bare = not column.table and not column.this.quoted and column.name.upper() in BARE
        if not bare and column.find_ancestor(*QUERY_NODES) is owner:
            found.append(column)
    return found


def words(tokens: Tokens, part: Range) -> set[str]:
    """The functions called among these tokens, in capitals."""
    plain = _plain(tokens, part)
    following = [token.token_type == TokenType.L_PAREN for token in tokens.items[part[0] + 1 : part[1]]]
    called = {word for word, bracket in zip(plain, following, strict=False) if bracket}
    return called | (set(plain) & BARE)


def _plain(tokens: Tokens, part: Range) -> list[str]:
    return list(tokens.words()[part[0] : part[1]])
