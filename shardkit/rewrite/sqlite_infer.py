"""MySQL's rules for the type of an expression, one level at a time.

    DECIMAL(12,2) * INT -> scale 2; DECIMAL(12,2) * DECIMAL(4,3) -> scale 5; INT / INT -> scale 4; SUM(INT) -> scale 0

Invariant: pure; looks only at the node and at the types of its children.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlglot import exp

from shardkit.flow import Column, Family
from shardkit.rewrite.sqlite_collations import DEFAULT
from shardkit.rewrite.sqlite_names import FAMILY_OF, PREFIX

TypeOf = Callable[[exp.Expr], Column | None]
DIVISION_DIGITS = 4
"""MySQL's div_precision_increment."""

_LONGEST = 65535
_TYPE_TEXT = {Family.INTEGER: "bigint", Family.DOUBLE: "double", Family.DATE: "date", Family.DATETIME: "datetime(6)"}
_TYPE_TEXT |= {Family.TIME: "time(6)", Family.BINARY: "longblob", Family.TEXT: f"varchar({_LONGEST})"}
_YES_NO = (
    exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.And, exp.Or, exp.Xor, exp.Not, exp.In,
    exp.Between, exp.Like, exp.Is, exp.Exists, exp.RegexpLike, exp.Boolean,
)  # fmt: skip
_WHOLE = (*_YES_NO, exp.Count, exp.RowNumber, exp.Rank, exp.DenseRank, exp.Ntile, exp.IntDiv)
_SAME = (
    exp.Paren, exp.Alias, exp.Min, exp.Max, exp.Neg, exp.Abs, exp.Window, exp.Lag, exp.Lead, exp.FirstValue,
    exp.LastValue, exp.Distinct, exp.Ordered,
)  # fmt: skip
_NUMERIC = (Family.INTEGER, Family.DECIMAL, Family.FLOAT, Family.DOUBLE, Family.YEAR)
_INEXACT = (Family.FLOAT, Family.DOUBLE, Family.TEXT, Family.JSON)


def made(family: Family, scale: int | None = None, collation: str | None = None) -> Column:
    """A type by its family alone."""
    if family is Family.DECIMAL:
        return Column("", family, f"decimal(65,{scale})", precision=65, scale=scale)
    text = _TYPE_TEXT.get(family, family.value)
    if family is Family.TEXT:
        scale = 31  # MySQL's mark for the decimals of a text expression
    length = _LONGEST if family in (Family.TEXT, Family.BINARY) else None
    return Column("", family, text, scale=scale, length=length, collation=collation)


def infer(node: exp.Expr, of: TypeOf) -> Column | None:
    """The type of a node that is neither a column nor a subquery."""
    if isinstance(node, _WHOLE):
        return made(Family.INTEGER)
    if isinstance(node, _SAME):
        inner = next(iter(node.expressions), None) if isinstance(node, exp.Distinct) else node.this
        return of(inner) if isinstance(inner, exp.Expr) else None
    rule = _RULES.get(type(node))
    return rule(node, of) if rule is not None else None


def combined(types: Sequence[Column | None]) -> Column | None:
    """The type that holds values of all these (CASE, COALESCE, UNION); unknown ones are passed over."""
    known = [t for t in types if t is not None and t.family is not Family.OTHER]
    families = {t.family for t in known}
    if not known:
        return None
    if len(families) == 1:
        widest = max(known, key=lambda t: (t.scale or 0, t.length or 0))
        return made(Family.DECIMAL, widest.scale) if widest.family is Family.DECIMAL else widest
    if families <= set(_NUMERIC):
        return _number(known)
    if families <= {Family.DATE, Family.DATETIME, Family.TIMESTAMP}:
        return made(Family.DATETIME)
    texts = [t for t in known if t.family is Family.TEXT]
    return made(Family.TEXT, collation=texts[0].collation) if texts else None


def _number(known: Sequence[Column]) -> Column:
    if any(t.family in _INEXACT for t in known):
        return made(Family.DOUBLE)
    if any(t.family is Family.DECIMAL for t in known):
        return made(Family.DECIMAL, max(t.scale or 0 for t in known))
    return made(Family.INTEGER)


def _literal(node: exp.Literal, of: TypeOf) -> Column:
    if node.is_string:
        return made(Family.TEXT, collation=DEFAULT)
    text = node.name.lower()
    if "e" in text:
        return made(Family.DOUBLE)
    return made(Family.DECIMAL, len(text.split(".")[1])) if "." in text else made(Family.INTEGER)


def _sides(node: exp.Binary, of: TypeOf) -> tuple[Column, Column] | None:
    left, right = of(node.this), of(node.expression)
    numeric = (*_NUMERIC, Family.TEXT)
    if left is None or right is None or left.family not in numeric or right.family not in numeric:
        return None
    return left, right


def _sum_like(node: exp.Binary, of: TypeOf) -> Column | None:
    if isinstance(node.expression, exp.Interval):
        return _shifted(of(node.this), node.expression)
    sides = _sides(node, of)
    return _number(sides) if sides else None


def _product(node: exp.Binary, of: TypeOf) -> Column | None:
    sides = _sides(node, of)
    kind = _number(sides) if sides else None
    if sides is None or kind is None or kind.family is not Family.DECIMAL:
        return kind
    return made(Family.DECIMAL, min((sides[0].scale or 0) + (sides[1].scale or 0), 30))


def _quotient(node: exp.Binary, of: TypeOf) -> Column | None:
    sides = _sides(node, of)
    if sides is None or _number(sides).family is Family.DOUBLE:
        return made(Family.DOUBLE) if sides else None
    return made(Family.DECIMAL, min((sides[0].scale or 0) + DIVISION_DIGITS, 30))


def _total(node: exp.Func, of: TypeOf) -> Column | None:
    """SUM and AVG: exact numbers are DECIMAL, the rest is DOUBLE."""
    inner = of(node.this)
    if inner is None:
        return None
    if inner.family not in (Family.INTEGER, Family.DECIMAL, Family.YEAR):
        return made(Family.DOUBLE)
    more = DIVISION_DIGITS if isinstance(node, exp.Avg) else 0
    return made(Family.DECIMAL, min((inner.scale or 0) + more, 30))


def _several(node: exp.Expr, of: TypeOf) -> Column | None:
    return combined([of(node.this), *(of(item) for item in node.expressions)])


def _if(node: exp.If, of: TypeOf) -> Column | None:
    false = node.args.get("false")
    return combined([of(node.args["true"]), of(false) if false is not None else None])


def _case(node: exp.Case, of: TypeOf) -> Column | None:
    default = node.args.get("default")
    return combined([*(of(branch) for branch in node.args["ifs"]), of(default) if default is not None else None])


def _cast(node: exp.Cast, of: TypeOf) -> Column | None:
    target = node.to.this.name
    numbers = [int(part.name) for part in node.to.expressions if part.name.isdigit()]
    match target:
        case "BIGINT" | "UBIGINT" | "INT" | "UINT":
            return made(Family.INTEGER)
        case "DECIMAL":
            return made(Family.DECIMAL, numbers[1] if len(numbers) > 1 else 0)
        case "DOUBLE" | "FLOAT":
            return made(Family.DOUBLE)
        case "DATE" | "DATETIME" | "TIME":
            return made(Family[target], numbers[0] if numbers else 0)
        case "TIMESTAMP" | "TIMESTAMPTZ":
            return made(Family.DATETIME)
        case "BINARY" | "VARBINARY":
            return made(Family.BINARY)
        case _:
            return made(Family.TEXT, collation=_collation([of(node.this)]))


def _collation(types: Sequence[Column | None]) -> str:
    return next((t.collation for t in types if t is not None and t.collation), DEFAULT)


def _collate(node: exp.Collate, of: TypeOf) -> Column:
    return made(Family.TEXT, collation=node.expression.name.lower())


def _shifted(base: Column | None, interval: exp.Expr | None) -> Column | None:
    """A date moved by an interval stays a date if the interval counts days or more."""
    if base is None or base.family not in (Family.DATE, Family.DATETIME, Family.TIMESTAMP):
        return None
    unit = str(interval.args.get("unit") or "").upper() if isinstance(interval, exp.Interval) else "DAY"
    if base.family is Family.DATE and unit in ("DAY", "WEEK", "MONTH", "QUARTER", "YEAR"):
        return made(Family.DATE)
    return made(Family.DATETIME, base.scale)


def _call(node: exp.Anonymous, of: TypeOf) -> Column | None:
    """A function of ours, by its name."""
    name = node.name.lower().removeprefix(PREFIX)
    family = FAMILY_OF.get(name)
    types = [of(item) for item in node.expressions]
    if family is Family.TEXT:
        return made(family, collation=_collation(types))
    if family is not Family.OTHER:
        return made(family) if family is not None else None
    first = types[0] if types else None
    if name in ("adddate", "date_add", "date_sub", "subdate"):
        return _shifted(first, node.expressions[-1])
    if first is None or first.family not in (Family.INTEGER, Family.DECIMAL):
        return first if first is None or first.family is Family.DOUBLE else None
    if name == "mod":
        return _number([t for t in types if t is not None]) if len(types) == 2 and types[1] is not None else None
    return _rounded(name, node, first)


def _rounded(name: str, node: exp.Anonymous, first: Column) -> Column | None:
    if first.family is Family.INTEGER:
        return made(Family.INTEGER)
    digits = node.expressions[1] if len(node.expressions) > 1 else None
    if digits is None:
        return made(Family.DECIMAL, 0) if name == "round" else made(Family.INTEGER)
    if isinstance(digits, exp.Literal) and digits.name.isdigit():
        return made(Family.DECIMAL, min(first.scale or 0, int(digits.name)))
    return first


def _text(node: exp.Expr, of: TypeOf) -> Column:
    inner = node.this
    return made(Family.TEXT, collation=_collation([of(inner) if isinstance(inner, exp.Expr) else None]))


def _fixed(family: Family) -> Callable[[exp.Expr, TypeOf], Column]:
    return lambda node, of: made(family)


_RULES: dict[type[exp.Expr], Callable[..., Column | None]] = {
    exp.Literal: _literal,
    exp.Add: _sum_like,
    exp.Sub: _sum_like,
    exp.Mul: _product,
    exp.Div: _quotient,
    exp.Mod: _sum_like,
    exp.Sum: _total,
    exp.Avg: _total,
    exp.Coalesce: _several,
    exp.Greatest: _several,
    exp.Least: _several,
    exp.If: _if,
    exp.Case: _case,
    exp.Nullif: lambda node, of: of(node.this),
    exp.Cast: _cast,
    exp.Collate: _collate,
    exp.Anonymous: _call,
    exp.GroupConcat: _text,
    exp.Concat: _text,
    exp.Trim: _text,
    exp.Substring: _text,
    exp.Extract: _fixed(Family.INTEGER),
    exp.HexString: _fixed(Family.BINARY),
    exp.WeightString: _fixed(Family.BINARY),
    exp.CurrentDate: _fixed(Family.DATE),
    exp.CurrentTimestamp: _fixed(Family.DATETIME),
    exp.CurrentTime: _fixed(Family.TIME),
    exp.UtcDate: _fixed(Family.DATE),
    exp.UtcTimestamp: _fixed(Family.DATETIME),
    exp.Localtime: _fixed(Family.DATETIME),
    exp.Localtimestamp: _fixed(Family.DATETIME),
}
