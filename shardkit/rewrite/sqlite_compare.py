"""Comparisons: both sides are made the same kind of value, under the collation MySQL would use.

    created_at >= '2020-01-01'   ->  created_at >= my_as_datetime('2020-01-01')
    LOWER(name) = 'x'            ->  my_lower(name) COLLATE utf8mb4_0900_ai_ci = 'x'

SQLite compares by storage class and takes a collation only from a bare column or from COLLATE.
Invariant: a bare column stays bare on its side where it can, so that its index still serves.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from shardkit.errors import ProgrammingError
from shardkit.flow import Column, Family
from shardkit.rewrite.sqlite_collations import DEFAULT
from shardkit.rewrite.sqlite_scope import META, type_of
from shardkit.rewrite.sqlite_terms import call

_MOMENTS = (Family.DATETIME, Family.TIMESTAMP)
_NUMBERS = (Family.INTEGER, Family.DECIMAL, Family.FLOAT, Family.DOUBLE, Family.YEAR)


def collated(node: exp.Expr) -> exp.Expr:
    """The node under its collation, unless SQLite knows it by itself or the node is surely not text."""
    kind = type_of(node)
    if _knows_collation(node) or (kind is not None and kind.family is not Family.TEXT):
        return node
    if isinstance(node, (exp.Null, exp.Star, exp.Tuple)):
        return node
    name = kind.collation if kind is not None and kind.collation else DEFAULT
    made = exp.Collate(this=exp.Paren(this=node), expression=exp.Var(this=name))
    made.meta[META] = kind
    return made


def _knows_collation(node: exp.Expr) -> bool:
    while isinstance(node, (exp.Paren, exp.Alias)):
        node = node.this
    return isinstance(node, (exp.Column, exp.Collate))


def matched(left: exp.Expr, right: exp.Expr) -> tuple[exp.Expr, exp.Expr]:
    """Both sides of a comparison, made comparable."""
    left, right = _like(left, right), _like(right, left)
    mixed = _mixed(left, right)
    if mixed is not None:
        return exp.Collate(this=exp.Paren(this=left), expression=exp.Var(this=mixed)), right
    if _knows_collation(left) or _knows_collation(right):
        return left, right
    if _textual(left) and _textual(right):
        return (collated(left), right) if type_of(left) is not None else _by_right(left, right)
    return left, right


def _mixed(left: exp.Expr, right: exp.Expr) -> str | None:
    """Two columns of different collations: MySQL takes the binary one, and refuses two others."""
    if not (_is_column(left) and _is_column(right)):
        return None
    names = {kind.collation for kind in (type_of(left), type_of(right)) if kind is not None and kind.collation}
    if len(names) < 2:
        return None
    binary = [name for name in names if name.endswith("_bin")]
    if len(binary) != 1:
        raise ProgrammingError(f"Illegal mix of collations {' and '.join(sorted(names))}: add COLLATE", errno=1267)
    return binary[0]


def _is_column(node: exp.Expr) -> bool:
    if isinstance(node, exp.Subquery):
        select = node.this
        return isinstance(select, exp.Select) and len(select.expressions) == 1 and _is_column(select.expressions[0])
    return isinstance(node.unalias() if isinstance(node, exp.Alias) else node, exp.Column)


def _by_right(left: exp.Expr, right: exp.Expr) -> tuple[exp.Expr, exp.Expr]:
    return (left, collated(right)) if type_of(right) is not None else (collated(left), right)


def _textual(node: exp.Expr) -> bool:
    kind = type_of(node)
    return (kind is None or kind.family is Family.TEXT) and not isinstance(node, (exp.Null, exp.Tuple))


def _like(node: exp.Expr, other: exp.Expr) -> exp.Expr:
    """`node` as a value that SQLite can compare with `other`."""
    mine, theirs = type_of(node), type_of(other)
    if theirs is None or isinstance(node, (exp.Null, exp.Tuple, exp.Select, exp.SetOperation)):
        return node
    convert = _conversion(mine, theirs)
    if isinstance(node, exp.HexString) and theirs.family in _NUMBERS:
        return exp.Literal.number(int(node.name, 16))
    return convert(node) if convert is not None else node


def _conversion(mine: Column | None, theirs: Column) -> Callable[[exp.Expr], exp.Expr] | None:
    """How a value of type `mine` (None: unknown) is brought to the kind of `theirs`; None: it stays."""
    family = mine.family if mine is not None else None
    if theirs.family in _MOMENTS and (family is None or family in (Family.TEXT, Family.DATE)):
        return lambda node: call("as_datetime", node)
    if theirs.family is Family.DATE and family in (None, Family.TEXT):
        return lambda node: call("as_date", node)
    if theirs.family is Family.TIME and family in (None, Family.TEXT):
        return lambda node: call("as_time", node)
    if theirs.family is Family.BINARY and family in (None, Family.TEXT):
        return lambda node: exp.Cast(this=node, to=exp.DataType(this=exp.DType.BLOB))
    if theirs.family in _NUMBERS and family is Family.TEXT:
        return lambda node: call("number", node)
    return None


def comparison(node: exp.Binary) -> exp.Expr:
    """`=`, `<>`, `<`, `<=`, `>`, `>=`, `<=>`."""
    left, right = matched(node.this, node.expression)
    return _rebuilt(node, this=left, expression=right)


def between(node: exp.Between) -> exp.Expr:
    """`x BETWEEN low AND high`: the bounds become what x is."""
    low, high = (_like(node.args[side], node.this) for side in ("low", "high"))
    value = node.this if type_of(node.this) is not None else _like(node.this, low)
    return _rebuilt(node, this=collated(value) if _textual(value) else value, low=low, high=high)


def member(node: exp.In) -> exp.Expr:
    """`x IN (…)`: the items become what x is; rows become VALUES, as SQLite has no lists of rows."""
    value, items = node.this, node.expressions
    if items and all(isinstance(item, exp.Tuple) for item in items):
        return _rebuilt(node, expressions=[], query=exp.Subquery(this=exp.Values(expressions=items)))
    query = node.args.get("query")
    if isinstance(query, exp.Subquery):
        value = matched(value, query)[0]
    made = [_like(item, value) for item in items]
    if made and type_of(value) is None:
        value = _like(value, made[0])
    return _rebuilt(node, this=collated(value) if _textual(value) else value, expressions=made)


def _rebuilt(node: exp.Expr, **parts: object) -> exp.Expr:
    for name, part in parts.items():
        node.set(name, part)
    return node
