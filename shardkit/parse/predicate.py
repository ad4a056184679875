"""What must hold of the shard keys of one table use: the Predicate that routing solves.

Equality carries over: with `i.memberId = o.memberId` the conditions on either column hold for both, in the direction
in which the fact restricts. Everything that is not understood becomes Anything.
Invariant: the predicate holds for every row that can contribute to the statement's result.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from sqlglot import exp

from shardkit.flow import And, Anything, Between, Eq, In, Literal, Nothing, Or, ParamRef, Predicate, Value
from shardkit.parse.lexer import PREFIX
from shardkit.parse.scopes import ColumnRef, Fact, Scope

ANYTHING, NOTHING = Anything(), Nothing()


class Solver:
    """Builds predicates for the uses of one statement."""

    def __init__(self, scopes: list[Scope], params: tuple[ParamRef, ...]) -> None:
        self.scopes = {use: scope for scope in scopes for use in scope.columns}
        self.params = params

    def predicate(self, use: int, keys: tuple[str, ...]) -> Predicate:
        """What must hold of `keys` for every row of this use that contributes."""
        if use not in self.scopes or not keys:
            return ANYTHING
        columns: dict[ColumnRef, str] = {}
        owners: dict[int, None] = {use: None}
        for key in keys:
            for ref in self.equal_columns((use, key)):
                columns[ref] = key
                owners.setdefault(ref[0])
        parts = []
        for owner in owners:
            scope = self.scopes[owner]
            parts += [self.reduce(f.condition, scope, columns) for f in scope.facts if owner in f.restricts]
        return conjunction(parts)

    def equal_columns(self, start: ColumnRef) -> list[ColumnRef]:
        """Columns that equal `start` in every row that contributes, itself first."""
        found = [start]
        for ref in found:
            scope = self.scopes.get(ref[0])
            if scope is None:
                continue
            for left, right in self.equalities(scope, ref[0]):
                for a, b in ((left, right), (right, left)):
                    if a == ref and b not in found:
                        found.append(b)
        return found

    def equalities(self, scope: Scope, use: int) -> Iterator[tuple[ColumnRef, ColumnRef]]:
        """Column = column facts that restrict this use."""
        for left, right, restricts in scope.equal:
            if use in restricts:
                yield left, right
        for fact in scope.facts:
            pair = self.column_pair(fact, scope) if use in fact.restricts else None
            if pair is not None:
                yield pair

    def column_pair(self, fact: Fact, scope: Scope) -> tuple[ColumnRef, ColumnRef] | None:
        """The two columns of a plain `a = b`, when both compare alike."""
        condition = fact.condition
        if not isinstance(condition, exp.EQ):
            return None
        left, right = scope.resolve(condition.this), scope.resolve(condition.expression)
        if left is None or right is None:
            return None
        one, other = scope.column(left), scope.column(right)
        same = one is not None and other is not None and (one.family, one.collation) == (other.family, other.collation)
        return (left, right) if same else None

    def reduce(self, node: exp.Expr, scope: Scope, columns: dict[ColumnRef, str]) -> Predicate:
        """A condition as far as it speaks of these columns."""
        match node:
            case exp.Paren():
                return self.reduce(node.this, scope, columns)
            case exp.And():
                return conjunction(
                    [self.reduce(node.this, scope, columns), self.reduce(node.expression, scope, columns)]
                )
            case exp.Or():
                return disjunction(
                    [self.reduce(node.this, scope, columns), self.reduce(node.expression, scope, columns)]
                )
            case exp.EQ():
                return self.equality(node.this, node.expression, scope, columns)
            case exp.GT() | exp.GTE() | exp.LT() | exp.LTE():
                return self.comparison(node, scope, columns)
            case exp.In():
                return self.membership(node, scope, columns)
            case exp.Between():
                key = self.key(node.this, scope, columns)
                low, high = self.value(node.args["low"]), self.value(node.args["high"])
                if key is None or low is None or high is None or node.args.get("symmetric"):
                    return ANYTHING
                return Between(key, low, high)
            case exp.Boolean() | exp.Literal() | exp.Null():
                return constant(node)
            case _:
                return ANYTHING

    def equality(self, one: exp.Expr, other: exp.Expr, scope: Scope, columns: dict[ColumnRef, str]) -> Predicate:
        if (
            isinstance(one, exp.Tuple)
            and isinstance(other, exp.Tuple)
            and len(one.expressions) == len(other.expressions)
        ):
            pairs = zip(one.expressions, other.expressions, strict=True)
            return conjunction([self.equality(left, right, scope, columns) for left, right in pairs])
        for column, compared in ((one, other), (other, one)):
            key = self.key(column, scope, columns)
            value = self.value(compared)
            if key is not None and value is not None:
                return Eq(key, value)
        match self.value(one), self.value(other):
            case Literal(int(left)), Literal(int(right)):
                return ANYTHING if left == right else NOTHING
            case _:
                return ANYTHING

    def comparison(self, node: exp.Expr, scope: Scope, columns: dict[ColumnRef, str]) -> Predicate:
        upward = isinstance(node, (exp.GT, exp.GTE))
        for column, other, low in ((node.this, node.expression, upward), (node.expression, node.this, not upward)):
            key = self.key(column, scope, columns)
            value = self.value(other)
            if key is not None and value is not None:
                return Between(key, value, None) if low else Between(key, None, value)
        return ANYTHING

    def membership(self, node: exp.In, scope: Scope, columns: dict[ColumnRef, str]) -> Predicate:
        if node.args.get("query") or node.args.get("unnest") or not node.expressions:
            return ANYTHING
        if not isinstance(node.this, exp.Tuple):
            return self.among(node.this, node.expressions, scope, columns)
        width = len(node.this.expressions)
        if any(not isinstance(row, exp.Tuple) or len(row.expressions) != width for row in node.expressions):
            return ANYTHING
        positions = zip(*(row.expressions for row in node.expressions), strict=True)
        pairs = zip(node.this.expressions, positions, strict=True)
        return conjunction([self.among(column, entries, scope, columns) for column, entries in pairs])

    def among(
        self, column: exp.Expr, entries: Sequence[exp.Expr], scope: Scope, columns: dict[ColumnRef, str]
    ) -> Predicate:
        """`column IN (entries)`."""
        key = self.key(column, scope, columns)
        if key is None:
            return ANYTHING
        values = [self.value(entry) for entry in entries]
        known = tuple(v for v in values if v is not None)
        return In(key, known) if len(known) == len(values) else ANYTHING

    def key(self, node: exp.Expr, scope: Scope, columns: dict[ColumnRef, str]) -> str | None:
        while isinstance(node, exp.Paren):
            node = node.this
        ref = scope.resolve(node)
        return columns.get(ref) if ref is not None else None

    def value(self, node: exp.Expr) -> Value | None:
        """A literal or placeholder, or None for anything that must be computed."""
        return value_of(node, self.params)


def value_of(node: exp.Expr, params: tuple[ParamRef, ...]) -> Value | None:
    """A literal or placeholder, or None for anything that must be computed."""
    match node:
        case exp.Paren():
            return value_of(node.this, params)
        case exp.Placeholder():
            return params[int(node.name.removeprefix(PREFIX))]
        case exp.Null():
            return Literal(None)
        case exp.Literal(is_string=True):
            return Literal(str(node.this))
        case exp.Literal():
            return Literal(number(str(node.this)))
        case exp.Neg() if isinstance(node.this, exp.Literal) and not node.this.is_string:
            return Literal(-number(str(node.this.this)))
        case _:
            return None


def number(text: str) -> int | Decimal | float:
    """A numeric literal as MySQL types it: integer, exact decimal, or (with an exponent) double."""
    if text.isdigit():
        return int(text)
    return float(text) if "e" in text.lower() else Decimal(text)


def constant(node: exp.Expr) -> Predicate:
    """A constant used as a condition."""
    if isinstance(node, exp.Null):
        return NOTHING
    if isinstance(node, exp.Boolean):
        return ANYTHING if node.this else NOTHING
    if isinstance(node, exp.Literal) and not node.is_string:
        return ANYTHING if number(str(node.this)) != 0 else NOTHING
    return ANYTHING


def conjunction(parts: list[Predicate]) -> Predicate:
    """AND, with the parts that say nothing left out."""
    if any(isinstance(part, Nothing) for part in parts):
        return NOTHING
    kept = tuple(dict.fromkeys(part for part in _ranges(parts) if not isinstance(part, Anything)))
    if not kept:
        return ANYTHING
    return kept[0] if len(kept) == 1 else And(kept)


def _ranges(parts: list[Predicate]) -> list[Predicate]:
    """`a >= x` and `a < y` as one range, which an algorithm can tell more of than of its halves."""
    halves = [part for part in parts if isinstance(part, Between) and None in (part.low, part.high)]
    whole: list[Predicate] = []
    for column in dict.fromkeys(half.column for half in halves):
        mine = [half for half in halves if half.column == column]
        lows, highs = [h for h in mine if h.high is None], [h for h in mine if h.low is None]
        if len(lows) == len(highs) == 1:
            whole.append(Between(column, lows[0].low, highs[0].high))
            parts = [part for part in parts if part not in mine]
    return [*parts, *whole]


def disjunction(parts: list[Predicate]) -> Predicate:
    """OR: one part that says nothing makes the whole say nothing."""
    if any(isinstance(part, Anything) for part in parts):
        return ANYTHING
    kept = tuple(part for part in parts if not isinstance(part, Nothing))
    if not kept:
        return NOTHING
    return kept[0] if len(kept) == 1 else Or(kept)
