"""The type an expression has in MySQL, as far as ordering and grouping need it. Unknown is an honest answer.

Invariant: a family given here is the family MySQL gives; None means the statement must not depend on it.
"""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from shardkit.flow import Column, Family
from shardkit.parse.predicate import number
from shardkit.parse.scopes import Scope

_EXACT = {Family.INTEGER, Family.DECIMAL, Family.YEAR, Family.BIT}
_APPROXIMATE = {Family.FLOAT, Family.DOUBLE}
_SAME_TEXT = (exp.Lower, exp.Upper, exp.Trim, exp.Substring, exp.Left, exp.Right)
_INTEGER_CALLS = (
    exp.Length, exp.Year, exp.Month, exp.Day, exp.DayOfMonth, exp.DayOfWeek, exp.DayOfYear, exp.Week, exp.Quarter,
    exp.Hour, exp.Minute, exp.Second, exp.Ascii, exp.Sign, exp.DateDiff, exp.StrPosition,
)  # fmt: skip
_TRUTH = (exp.Predicate, exp.Connector, exp.Not, exp.Boolean)


def of(family: Family, **facts: object) -> Column:
    """An unnamed column of that family."""
    return Column(name="", family=family, type_text=family.value, **facts)  # type: ignore[arg-type]


def infer(node: exp.Expr, scope: Scope) -> Column | None:
    """The type of an expression, or None when it is not known for certain."""
    if isinstance(node, exp.Paren):
        return infer(node.this, scope)
    if isinstance(node, exp.Column):
        ref = scope.resolve(node)
        return column_of(scope, ref) if ref is not None else None
    if isinstance(node, exp.Literal):
        return _literal(node)
    if isinstance(node, _TRUTH):
        return of(Family.INTEGER)
    if isinstance(node, (exp.Count, *_INTEGER_CALLS)):
        return of(Family.INTEGER, nullable=not isinstance(node, exp.Count))
    if isinstance(node, (exp.Sum, exp.Avg)):
        return _sum(node, scope)
    if isinstance(node, (exp.Min, exp.Max)):
        return _extreme(infer(node.this, scope))
    if isinstance(node, (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.IntDiv, exp.Neg, exp.Abs)):
        return _arithmetic(node, scope)
    return _call(node, scope)


def column_of(scope: Scope, ref: tuple[int, str]) -> Column | None:
    """A resolved column's metadata; nullable where an outer join may leave it out."""
    column = scope.column(ref)
    if column is not None and ref[0] in scope.optional:
        return replace(column, nullable=True)
    return column


def _literal(node: exp.Literal) -> Column | None:
    if node.is_string:
        return None  # its collation is the connection's
    value = number(str(node.this))
    if isinstance(value, int):
        return of(Family.INTEGER, nullable=False)
    return of(Family.DOUBLE if isinstance(value, float) else Family.DECIMAL, nullable=False)


def _sum(node: exp.Expr, scope: Scope) -> Column | None:
    argument = node.this.expressions[0] if isinstance(node.this, exp.Distinct) else node.this
    inner = infer(argument, scope)
    if inner is None:
        return None
    if inner.family not in _EXACT:
        return of(Family.DOUBLE)
    scale = inner.scale or 0
    return of(Family.DECIMAL, scale=scale + 4 if isinstance(node, exp.Avg) else scale)


def _extreme(inner: Column | None) -> Column | None:
    if inner is None:
        return None
    if inner.family in (Family.ENUM, Family.SET):
        return replace(inner, family=Family.TEXT, nullable=True)  # MIN and MAX compare them as text
    return replace(inner, nullable=True)


def _arithmetic(node: exp.Expr, scope: Scope) -> Column | None:
    parts = [infer(part, scope) for part in (node.this, node.args.get("expression")) if part is not None]
    families = {part.family for part in parts if part is not None}
    if None in parts or not families <= _EXACT | _APPROXIMATE:
        return None
    if families & _APPROXIMATE:
        return of(Family.DOUBLE)
    whole = families <= {Family.INTEGER} and not isinstance(node, exp.Div)
    return of(Family.INTEGER if whole or isinstance(node, exp.IntDiv) else Family.DECIMAL)


def _call(node: exp.Expr, scope: Scope) -> Column | None:
    match node:
        case exp.TsOrDsToDate() | exp.Date():
            return of(Family.DATE)
        case exp.If():
            return _common([node.args.get("true"), node.args.get("false")], scope)
        case exp.Coalesce():
            return _common([node.this, *node.expressions], scope)
        case exp.Case():
            return _common([*(branch.args["true"] for branch in node.args["ifs"]), node.args.get("default")], scope)
        case exp.Collate() if isinstance(node.expression, (exp.Var, exp.Column, exp.Identifier)):
            inner = infer(node.this, scope)
            text = inner is not None and inner.family is Family.TEXT
            return replace(inner, collation=node.expression.name.lower()) if inner is not None and text else None
        case _ if isinstance(node, _SAME_TEXT):
            return _same_text(node, scope)
        case _:
            return None


def _same_text(node: exp.Expr, scope: Scope) -> Column | None:
    """A text function of one column keeps that column's collation; literals beside it are weaker."""
    inner = infer(node.this, scope)
    others = [part for key, part in node.args.items() if key != "this" and isinstance(part, exp.Expr)]
    if inner is None or inner.family is not Family.TEXT or any(part.find(exp.Column) for part in others):
        return None
    return replace(inner, nullable=True)


def _common(nodes: list[exp.Expr | None], scope: Scope) -> Column | None:
    """The type of IF, CASE, COALESCE when all branches agree; NULL agrees with anything."""
    branches = [node for node in nodes if node is not None and not isinstance(node, exp.Null)]
    types = [infer(node, scope) for node in branches]
    known = [one for one in types if one is not None]
    if not known or len(known) != len(types):
        return None
    families = {one.family for one in known}
    if families <= {Family.INTEGER, Family.DECIMAL, Family.DOUBLE}:
        wide = next(f for f in (Family.DOUBLE, Family.DECIMAL, Family.INTEGER) if f in families)
        return of(wide, scale=max((one.scale or 0) for one in known))
    if len({(one.family, one.collation) for one in known}) == 1 and families <= {
        Family.TEXT,
        Family.DATE,
        Family.DATETIME,
    }:
        return replace(known[0], nullable=True)
    return None
