"""Small terms that every part of the SQLite translator writes: calls of ours, text literals, and the refusal.

Invariant: a node made here carries the type of what it stands for, where it stands for something.
"""

from __future__ import annotations

from sqlglot import exp

from shardkit.errors import NotSupportedError
from shardkit.rewrite.sqlite_scope import META, type_of


def refused(what: str, why: str = "SQLite has nothing that answers as MySQL does") -> NotSupportedError:
    """The error for SQL that the embedded database leaves to MySQL."""
    return NotSupportedError(
        f"{what} in the embedded database", why=why, instead="rewrite it with plain SQL, or use a MySQL server"
    )


def call(name: str, *arguments: exp.Expr, like: exp.Expr | None = None) -> exp.Anonymous:
    """A call of one of our functions; it has the type of the node it stands for."""
    made = exp.Anonymous(this=f"my_{name}", expressions=list(arguments))
    if like is not None:
        made.meta[META] = type_of(like)
    return made


def string(value: str) -> exp.Expr:
    """A string literal; one with a NUL character cannot be written as such."""
    if "\0" not in value:
        return exp.Literal.string(value)
    return exp.Cast(this=exp.HexString(this=value.encode().hex()), to=exp.DataType(this=exp.DType.TEXT))
