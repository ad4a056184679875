"""A condition on one table's columns, written anew so that a shard can apply it before its rows travel.

    WHERE o.status IN ('paid', %s) AND o.amount > i.price   ->   `status` IN (%s, %s)

Only comparisons of columns with constants, and AND, OR and NOT of them, are taken; literals become parameters.
Invariant: every row for which the condition holds fulfils the result; what is not understood is left out, which keeps
more rows, never fewer.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from shardkit.flow import Condition, Literal, ParamRef
from shardkit.parse.predicate import value_of
from shardkit.parse.scopes import Scope

_OPERATORS: dict[type[exp.Expr], str] = {
    exp.EQ: "=", exp.NEQ: "<>", exp.GT: ">", exp.GTE: ">=", exp.LT: "<", exp.LTE: "<=", exp.Like: "LIKE",
}  # fmt: skip
_CONSTANT = (
    exp.Literal, exp.Neg, exp.Paren, exp.Interval, exp.Var, exp.Add, exp.Sub, exp.Mul, exp.DataType, exp.DateAdd,
    exp.DateSub,
)  # fmt: skip


class _NotPushable(Exception):
    """This node cannot be said on one table alone."""


def condition(node: exp.Expr, scope: Scope, use: int, params: tuple[ParamRef, ...], optional: bool) -> Condition | None:
    """The part of `node` that speaks of table use `use` alone, or None.

    `optional`: the use may be missing from a joined row (the far side of an outer join), so only what NULLs cannot
    fulfil may be said before the join.
    """
    try:
        return _Writer(scope, use, params, optional).loose(node)
    except _NotPushable:
        return None


def exactly(node: exp.Expr, scope: Scope, use: int, params: tuple[ParamRef, ...]) -> bool:
    """Whether `condition` says all that `node` says."""
    try:
        _Writer(scope, use, params, False).exact(node)
    except _NotPushable:
        return False
    return True


class _Writer:
    def __init__(self, scope: Scope, use: int, params: tuple[ParamRef, ...], optional: bool) -> None:
        self.scope, self.use, self.params, self.optional = scope, use, params, optional

    def loose(self, node: exp.Expr) -> Condition:
        """A condition that holds wherever `node` holds."""
        match node:
            case exp.Paren():
                return self.loose(node.this)
            case exp.And():
                parts = [part for side in (node.this, node.expression) if (part := self.attempt(side)) is not None]
                if not parts:
                    raise _NotPushable
                return _joined(parts, " AND ")
            case exp.Or():
                return _joined([self.loose(node.this), self.loose(node.expression)], " OR ")
            case _:
                return self.exact(node)

    def attempt(self, node: exp.Expr) -> Condition | None:
        try:
            return self.loose(node)
        except _NotPushable:
            return None

    def exact(self, node: exp.Expr) -> Condition:
        """A condition that holds exactly where `node` does."""
        match node:
            case exp.Like() if node.args.get("negate"):
                return self.pair(node, "NOT LIKE")
            case exp.Paren():
                return self.exact(node.this)
            case exp.Not(this=exp.Is() as inner) | exp.Not(this=exp.Paren(this=exp.Is() as inner)):
                return self.null_test(inner, "IS NOT NULL")
            case exp.Not():
                inside = self.comparison(node.this.unnest())
                return Condition(f"NOT ({inside.sql})", inside.values)
            case exp.Is() if not self.optional:
                return self.null_test(node, "IS NULL")
            case exp.NullSafeEQ() if not self.optional:
                return self.pair(node, "<=>")
            case _:
                return self.comparison(node)

    def comparison(self, node: exp.Expr) -> Condition:
        """What is NULL, so never true, when its column is NULL."""
        _plain(node)
        operator = _OPERATORS.get(type(node))
        if operator is not None:
            return self.pair(node, operator)
        match node:
            case exp.In() if node.expressions:
                parts = [self.column(node.this), *(self.constant(entry) for entry in node.expressions)]
                column, *entries = parts
                return _joined(entries, ", ", before=f"{column.sql} IN (", after=")")
            case exp.Between():
                column = self.column(node.this)
                low, high = self.constant(node.args["low"]), self.constant(node.args["high"])
                return Condition(f"{column.sql} BETWEEN {low.sql} AND {high.sql}", low.values + high.values)
            case _:
                raise _NotPushable

    def pair(self, node: exp.Expr, operator: str) -> Condition:
        left, right = node.this, node.expression
        sides: list[Callable[[exp.Expr], Condition]] = [self.column, self.constant]
        if self.scope.resolve(left.unnest()) is None:
            sides.reverse()
            if operator.endswith("LIKE"):
                raise _NotPushable
        elif self.scope.resolve(right.unnest()) is not None:
            sides = [self.column, self.column]
        first, second = sides[0](left), sides[1](right)
        return Condition(f"{first.sql} {operator} {second.sql}", first.values + second.values)

    def null_test(self, node: exp.Is, words: str) -> Condition:
        if not isinstance(node.expression, exp.Null) or node.args.get("negate"):
            raise _NotPushable
        return Condition(f"{self.column(node.this).sql} {words}")

    def column(self, node: exp.Expr) -> Condition:
        ref = self.scope.resolve(node.unnest())
        known = self.scope.column(ref) if ref is not None and ref[0] == self.use else None
        if known is None:
            raise _NotPushable
        name = known.name.replace("`", "``").replace("%", "%%")
        return Condition(f"`{name}`")

    def constant(self, node: exp.Expr) -> Condition:
        value = value_of(node, self.params)
        if value is None:
            return self.computed(node)
        if isinstance(value, Literal) and (value.value is None or _doubtful(value.value)):
            raise _NotPushable
        return Condition("%s", (value,))

    def computed(self, node: exp.Expr) -> Condition:
        """Constant arithmetic with numbers, dates and intervals."""
        for part in node.walk():
            plain = isinstance(part, _CONSTANT) and not (isinstance(part, exp.Literal) and _doubtful(str(part.this)))
            if not plain and not (isinstance(part, exp.Cast) and part.to.this in _MOMENTS):
                raise _NotPushable
        return Condition(node.sql(dialect="mysql").replace("%", "%%"))


_UNDERSTOOD = frozenset({"this", "expression", "expressions", "low", "high"})


def _plain(node: exp.Expr) -> None:
    """Refuse a node that says more than its parts: NOT LIKE is a LIKE with a mark on it."""
    if any(value for name, value in node.args.items() if name not in _UNDERSTOOD):
        raise _NotPushable


_MOMENTS = (exp.DataType.Type.DATE, exp.DataType.Type.DATETIME, exp.DataType.Type.TIMESTAMP)


def _doubtful(value: object) -> bool:
    """Texts with escapes may mean something else to the server than to the parser."""
    return isinstance(value, str) and any(mark in value for mark in ("\\", "'", "\0"))


def _joined(parts: list[Condition], between: str, before: str = "(", after: str = ")") -> Condition:
    sql = between.join(part.sql for part in parts)
    return Condition(f"{before}{sql}{after}", tuple(value for part in parts for value in part.values))
