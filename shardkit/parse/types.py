"""The type an expression has in MySQL, as far as ordering and grouping need it. Unknown is an honest answer.

Invariant: a family given here is the family MySQL gives; None means the statement must not depend on it.
A scale is given only where no setting of the session changes it: a quotient and an average have none.
"""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from shardkit.flow import Column, Family
from shardkit.parse.predicate import number
from shardkit.parse.scopes import Scope

_EXACT = {Family.INTEGER, Family.DECIMAL, Family.YEAR, Family.BIT}
_COUNTED = {Family.YEAR, Family.BIT}
"""Computed with, they are unsigned whole numbers."""
_WHOLE = {Family.INTEGER, *_COUNTED}
_APPROXIMATE = {Family.FLOAT, Family.DOUBLE}
_SAME_TEXT = (exp.Lower, exp.Upper, exp.Trim, exp.Substring, exp.Left, exp.Right)
_INTEGER_CALLS = (
    exp.Length, exp.Year, exp.Month, exp.Day, exp.DayOfMonth, exp.DayOfWeek, exp.DayOfYear, exp.Week, exp.Quarter,
    exp.Hour, exp.Minute, exp.Second, exp.Ascii, exp.Sign, exp.DateDiff, exp.StrPosition, exp.Extract,
)  # fmt: skip
_INTEGER_NAMES = {
    "FIELD", "WEEKDAY", "YEARWEEK", "TO_DAYS", "BIT_COUNT", "FIND_IN_SET", "CRC32", "STRCMP", "ORD",
    "BIT_LENGTH", "OCTET_LENGTH", "INSTR", "LOCATE", "CHARACTER_LENGTH",
}  # fmt: skip
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
        return _literal(node, scope)
    if isinstance(node, _TRUTH):
        return of(Family.INTEGER)
    if isinstance(node, (exp.Count, *_INTEGER_CALLS)):
        return of(Family.INTEGER, nullable=not isinstance(node, exp.Count))
    if isinstance(node, exp.Window):
        return _window(node, scope)
    if isinstance(node, (exp.Sum, exp.Avg)):
        return _sum(node, scope)
    if isinstance(node, (exp.Min, exp.Max)):
        values = node.this.expressions if isinstance(node.this, exp.Distinct) else [node.this]
        return _extreme(infer(values[0], scope))
    if isinstance(node, (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.IntDiv, exp.Neg, exp.Abs)):
        return _arithmetic(node, scope)
    return _call(node, scope)


def column_of(scope: Scope, ref: tuple[int, str]) -> Column | None:
    """A resolved column's metadata; nullable where an outer join may leave it out."""
    column = scope.column(ref)
    if column is not None and ref[0] in scope.optional:
        return replace(column, nullable=True)
    return column


def _window(node: exp.Window, scope: Scope) -> Column | None:
    match node.this:
        case exp.RowNumber() | exp.Rank() | exp.DenseRank() | exp.Ntile():
            return of(Family.INTEGER)
        case exp.Count() | exp.Sum() | exp.Avg() | exp.Min() | exp.Max():
            return infer(node.this, scope)
        case _:
            return None


def _literal(node: exp.Literal, scope: Scope) -> Column | None:
    if node.is_string:
        return _computed(scope, nullable=False)
    value = number(str(node.this))
    if isinstance(value, int):
        return of(Family.INTEGER, nullable=False, unsigned=value >= 2**63)
    if isinstance(value, float):
        return of(Family.DOUBLE, nullable=False)
    return of(Family.DECIMAL, nullable=False, scale=max(-int(value.as_tuple().exponent), 0))


def _computed(scope: Scope, nullable: bool = True) -> Column | None:
    """Text that a function makes of something else: it has the connection's collation."""
    return of(Family.TEXT, collation=scope.literals, nullable=nullable) if scope.literals is not None else None


def _sum(node: exp.Expr, scope: Scope) -> Column | None:
    argument = node.this.expressions[0] if isinstance(node.this, exp.Distinct) else node.this
    inner = infer(argument, scope)
    if inner is None:
        return None
    if inner.family not in _EXACT:
        return of(Family.DOUBLE)
    return of(Family.DECIMAL, scale=None if isinstance(node, exp.Avg) else _scale(inner))


def _scale(column: Column) -> int | None:
    """Decimals of an exact number; None if not known."""
    return column.scale if column.family is Family.DECIMAL else 0


def _extreme(inner: Column | None) -> Column | None:
    if inner is None:
        return None
    if inner.family in (Family.ENUM, Family.SET):
        return replace(inner, family=Family.TEXT, nullable=True)  # MIN and MAX compare them as text
    return replace(inner, nullable=True)


def _arithmetic(node: exp.Expr, scope: Scope) -> Column | None:
    parts = [infer(part, scope) for part in (node.this, node.args.get("expression")) if part is not None]
    known = [part for part in parts if part is not None]
    families = {part.family for part in known}
    if len(known) != len(parts) or not families <= _EXACT | _APPROXIMATE:
        return None
    if families & _APPROXIMATE:
        return of(Family.DOUBLE)
    whole = families <= _WHOLE and not isinstance(node, exp.Div)
    if whole or isinstance(node, exp.IntDiv):
        return of(Family.INTEGER, unsigned=any(part.unsigned or part.family in _COUNTED for part in known))
    scales = [scale for part in known if (scale := _scale(part)) is not None]
    if len(scales) != len(known):
        return of(Family.DECIMAL)
    if isinstance(node, exp.Mul):
        return of(Family.DECIMAL, scale=sum(scales))
    return of(Family.DECIMAL, scale=None if isinstance(node, exp.Div) else max(scales))


def _call(node: exp.Expr, scope: Scope) -> Column | None:
    match node:
        case exp.TsOrDsToDate() | exp.Date() | exp.LastDay():
            return of(Family.DATE)
        case exp.If():
            return _common([node.args.get("true"), node.args.get("false")], scope)
        case exp.Coalesce() | exp.Greatest() | exp.Least():
            return _common([node.this, *node.expressions], scope)
        case exp.Case():
            return _common([*(branch.args["true"] for branch in node.args["ifs"]), node.args.get("default")], scope)
        case exp.Collate() if isinstance(node.expression, (exp.Var, exp.Column, exp.Identifier)):
            inner = infer(node.this, scope)
            text = inner is not None and inner.family is Family.TEXT
            return replace(inner, collation=node.expression.name.lower()) if inner is not None and text else None
        case exp.Concat():
            return _concatenated(node.expressions, scope)
        case exp.Floor() | exp.Ceil() | exp.Round():
            inner = infer(node.this, scope)
            exact = inner is not None and inner.family in _EXACT
            return of(Family.DECIMAL if exact else Family.DOUBLE) if inner is not None else None
        case exp.Cast():
            return _cast(node, scope)
        case exp.TimeToStr() | exp.MD5() | exp.SHA() | exp.SHA2() | exp.Hex():
            return _computed(scope)
        case exp.Anonymous() if node.name.upper() in _INTEGER_NAMES:
            return of(Family.INTEGER)
        case _ if isinstance(node, _SAME_TEXT):
            return _same_text(node, scope)
        case _:
            return None


def _cast(node: exp.Cast, scope: Scope) -> Column | None:
    kind = node.to.this
    if kind in (exp.DType.BIGINT, exp.DType.UBIGINT, exp.DType.INT):
        return of(Family.INTEGER, unsigned=kind is exp.DType.UBIGINT)
    if kind is exp.DType.DECIMAL:
        return of(Family.DECIMAL)
    if kind in (exp.DType.BINARY, exp.DType.VARBINARY):
        return of(Family.BINARY)
    if kind is exp.DType.DATE:
        return of(Family.DATE)
    if kind in (exp.DType.CHAR, exp.DType.VARCHAR, exp.DType.TEXT) and not node.to.args.get("charset"):
        return _computed(scope)
    return None


def _concatenated(parts: list[exp.Expr], scope: Scope) -> Column | None:
    """Columns decide the collation, when they agree; numbers and literals are weaker."""
    known = [infer(part, scope) for part in parts]
    if any(one is None or one.family in (Family.BINARY, Family.BIT, Family.JSON, Family.OTHER) for one in known):
        return None
    strong = {
        one.collation
        for part, one in zip(parts, known, strict=True)
        if one is not None and one.collation is not None and part.find(exp.Column) is not None
    }
    if len(strong) > 1:
        return None
    return of(Family.TEXT, collation=strong.pop()) if strong else _computed(scope)


def _same_text(node: exp.Expr, scope: Scope) -> Column | None:
    """A text function of one column keeps that column's collation; literals beside it are weaker."""
    inner = infer(node.this, scope)
    others = [part for key, part in node.args.items() if key != "this" and isinstance(part, exp.Expr)]
    if inner is None or inner.family is not Family.TEXT or any(part.find(exp.Column) for part in others):
        return None
    return replace(inner, nullable=True)


def _common(nodes: list[exp.Expr | None], scope: Scope) -> Column | None:
    """The type of IF, CASE, COALESCE when all branches agree; NULL agrees with anything, a literal with any text."""
    branches = [node for node in nodes if node is not None and not isinstance(node, exp.Null)]
    types = [infer(node, scope) for node in branches]
    known = [one for one in types if one is not None]
    if not known or len(known) != len(types):
        return None
    families = {one.family for one in known}
    if families <= {Family.INTEGER, Family.DECIMAL, Family.DOUBLE}:
        wide = next(f for f in (Family.DOUBLE, Family.DECIMAL, Family.INTEGER) if f in families)
        scales = [_scale(one) for one in known]
        scale = None if None in scales else max(scale or 0 for scale in scales)
        return of(wide, scale=scale, unsigned=any(one.unsigned for one in known))
    if families == {Family.TEXT}:
        return _concatenated([node for node in nodes if node is not None and not isinstance(node, exp.Null)], scope)
    if len(families) == 1 and families <= {Family.DATE, Family.DATETIME}:
        return replace(known[0], nullable=True)
    return None
