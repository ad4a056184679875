"""A grouped SELECT read as two steps: what each shard groups, and what is left to compute over the partial groups.

    SELECT status, SUM(a) / COUNT(*) FROM t GROUP BY status HAVING COUNT(*) > 2
           ~~~~~~  ~~~~~~   ~~~~~~~~                             ~~~~~~~~          leaves; the rest stays as it is

Whatever stands outside of the leaves is computed by a server over finished groups, so it must not look at rows.
Invariant: if anything in those parts could mean a row's own column, or an aggregate that cannot be put together from
parts, there is no Grouping.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from sqlglot import exp
from sqlglot.tokens import TokenType

from shardkit.flow import Column, Expr, Family, GroupCall, Grouping, Item, Leaf, ParamRef
from shardkit.parse.functions import FOLDED, VOLATILE, WHOLE
from shardkit.parse.lexer import Source
from shardkit.parse.obstacles import is_call
from shardkit.parse.scopes import Scope
from shardkit.parse.tokens import Clause, Tokens

SPLIT = FOLDED | {"BIT_AND", "BIT_OR", "BIT_XOR", "ANY_VALUE"}
"""Aggregates whose parts can be put together by an aggregate."""

Part: TypeAlias = tuple[str, tuple[ParamRef, ...]]
_ALTERED = (Family.FLOAT, Family.TIMESTAMP, Family.BIT)
"""What a shard's answer shows otherwise than it is: rounded, in a time zone, as another type behind MIN and MAX."""
_LONGEST_NAME = 255
_FINISHED = ("having", "window", "order")


class _NotInTwoSteps(Exception):
    """Something outside the leaves needs rows."""


def grouping(
    select: exp.Select, source: Source, tokens: Tokens, scope: Scope, shown: tuple[Sequence[Item], Sequence[Expr]]
) -> Grouping | None:
    """The two steps of a SELECT whose items and GROUP BY entries are `shown`, or None."""
    items, groups = shown
    try:
        return _Reader(select, source, tokens, scope, groups).read(items)
    except _NotInTwoSteps:
        return None


class _Reader:
    def __init__(
        self, select: exp.Select, source: Source, tokens: Tokens, scope: Scope, groups: Sequence[Expr]
    ) -> None:
        self.source, self.tokens, self.scope, self.groups = source, tokens, scope, groups
        self.words = tokens.words()
        self.clauses = tokens.clauses()
        self.columns = _columns(select)
        self.identities = {expr.identity: number for number, expr in enumerate(groups)}
        self.at = {tokens.start(at): at for at in range(len(tokens.items))}
        self.spelled = [(words, number) for number, expr in enumerate(groups) if (words := self.spelling(expr))]
        self.calls: dict[GroupCall, int] = {}
        self.leaves: list[Leaf] = []
        self.labels: list[tuple[int, str]] = []
        self.aliases: dict[str, str] = {}
        self.call_type: Column | None = None
        self.whole = False  # what is being read is one call, not an expression around it

    def read(self, items: Sequence[Item]) -> Grouping:
        rows, source = self.sources()
        parts = self.tokens.split(self.clauses["select"].first, self.clauses["select"].end)
        if len(parts) != len(items) or any(expr.constant for expr in self.groups):
            raise _NotInTwoSteps
        for (first, end), item in zip(parts, items, strict=True):
            self.item(first, end, item)
        self.aliases = {item.name.lower(): item.expr.identity for item in items if item.name}
        for name in _FINISHED:
            if name in self.clauses:
                self.region(self.clauses[name].first, self.clauses[name].end)
        if not self.groups and not self.calls:
            raise _NotInTwoSteps  # its aggregates, if any, are windows over rows
        groups = tuple(self.group(expr) for expr in self.groups)
        types = tuple(expr.type for expr in self.groups)
        return Grouping(
            groups, types, tuple(self.calls), tuple(self.leaves), tuple(self.labels), source, rows, bool(self.groups)
        )

    def sources(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """FROM to WHERE, and FROM to GROUP BY without WITH ROLLUP; both must be the shards' own."""
        clauses, tokens = self.clauses, self.tokens
        if "from" not in clauses:
            raise _NotInTwoSteps
        begin = clauses["from"].keyword
        end = clauses["where" if "where" in clauses else "from"].end
        if any(tokens.items[at].token_type == TokenType.SELECT for at in range(begin, end)):
            raise _NotInTwoSteps
        group = clauses.get("group")
        stop = end if group is None else self.before_rollup(group)
        return tokens.span(begin, end), tokens.span(begin, stop)

    def before_rollup(self, clause: Clause) -> int:
        for at in range(clause.first, clause.end):
            if self.words[at] == "ROLLUP":
                return at - 1
        return clause.end

    # --- leaves -----------------------------------------------------------------------------------------------------

    def item(self, first: int, end: int, item: Item) -> None:
        """One column of the select list; without an alias it keeps the name it would have had."""
        stop = end
        if item.aliased:
            stop = end - 2 if self.tokens.items[end - 2].token_type == TokenType.ALIAS else end - 1
        before = len(self.leaves)
        number = self.identities.get(item.expr.identity)
        self.whole = item.expr.call is not None
        self.call_type = item.expr.call.type if item.expr.call is not None else None
        if number is not None:
            self.leaves.append(Leaf(self.tokens.span(first, stop), number, None))
        else:
            self.region(first, stop)
        self.whole = False
        if not item.aliased and len(self.leaves) > before:
            begin, close = self.tokens.span(first, stop)
            name = item.name or self.source.text[begin:close]
            if "%" in name and self.source.params_between(begin, close):
                raise _NotInTwoSteps  # its name would hold a value
            if len(name) > _LONGEST_NAME or any(ord(letter) > 0xFFFF for letter in name):
                raise _NotInTwoSteps  # a text that no alias can be
            self.labels.append((close, name))

    def region(self, first: int, end: int) -> None:
        """Find the leaves of tokens that are computed over groups."""
        at = first
        while at < end:
            at = self.step(at, end)

    def step(self, at: int, end: int) -> int:
        """Take in what begins at this token, and give the next one."""
        token, word = self.tokens.items[at], self.words[at]
        if token.token_type == TokenType.SELECT:
            raise _NotInTwoSteps
        for spelled, number in self.spelled:
            if at + len(spelled) <= end and tuple(self.words[at : at + len(spelled)]) == spelled:
                self.leaves.append(Leaf(self.tokens.span(at, at + len(spelled)), number, None))
                return at + len(spelled)
        if is_call(self.tokens, at) and word in SPLIT | WHOLE:
            close = self.tokens.closing(at + 1)
            if close + 1 < len(self.words) and self.words[close + 1] == "OVER":
                return at + 1  # it runs over finished groups
            if word not in SPLIT:
                raise _NotInTwoSteps
            self.call(word, at, close)
            return close + 1
        column = self.columns.get(token.start)
        return self.column(column, at) if column is not None else at + 1

    def column(self, column: exp.Column, at: int) -> int:
        """A column outside of an aggregate: a group's, or the name of a select item."""
        width = 3 if column.table else 1
        ref = self.scope.resolve(column)
        identity = f"#{ref[0]}.{ref[1]}" if ref is not None else None
        named = self.aliases.get(column.name.lower()) if not column.table else None
        number = self.identities.get(identity or "")
        if named is not None and (named == identity or number is None):
            if number is None:
                return at + width  # an alias, which the final statement has too
        elif named is not None:
            raise _NotInTwoSteps  # an alias of one thing and a group of another
        if number is None:
            raise _NotInTwoSteps
        self.leaves.append(Leaf(self.tokens.span(at, at + width), number, None))
        return at + width

    def call(self, word: str, at: int, close: int) -> None:
        first = at + 2
        distinct = first < close and self.words[first] == "DISTINCT"
        if distinct or (first < close and self.words[first] == "ALL"):
            first += 1
        parts = self.tokens.split(first, close)
        self.check_rows(first, close)
        arguments = tuple(self.argument(*part) for part in parts)
        types = tuple(self.type_of(*part) for part in parts)
        call = GroupCall(word, arguments, distinct and word in ("COUNT", "SUM", "AVG"), types)
        if len(arguments) > 1 and not call.distinct:
            raise _NotInTwoSteps
        if word == "AVG" and not (call.distinct or self.whole):
            raise _NotInTwoSteps  # MySQL computes on with more digits than it shows, a quotient is rounded first
        if word in ("SUM", "AVG") and any(self.words[part] == "/" for part in range(first, close)):
            raise _NotInTwoSteps  # MariaDB adds up more digits of a quotient than a shard's part shows
        number = self.calls.setdefault(call, len(self.calls))
        self.leaves.append(Leaf(self.tokens.span(at, close + 1), None, number))

    def check_rows(self, first: int, end: int) -> None:
        """What a shard computes: no subquery, no name of a select item, nothing that its text rounds."""
        for at in range(first, end):
            if self.tokens.items[at].token_type == TokenType.SELECT:
                raise _NotInTwoSteps
            column = self.columns.get(self.tokens.items[at].start)
            if column is None:
                continue
            ref = self.scope.resolve(column)
            known = self.scope.column(ref) if ref is not None else None
            alias = self.aliases.get(column.name.lower()) if not column.table else None
            if known is None or ref is None or known.family in _ALTERED or alias not in (None, f"#{ref[0]}.{ref[1]}"):
                raise _NotInTwoSteps

    def type_of(self, first: int, end: int) -> Column | None:
        """The type of an argument that is a column, or all of an item."""
        column = self.columns.get(self.tokens.items[first].start)
        if column is not None and end - first == (3 if column.table else 1):
            ref = self.scope.resolve(column)
            return self.scope.column(ref) if ref is not None else None
        return self.call_type if self.whole else None

    # --- texts ------------------------------------------------------------------------------------------------------

    def argument(self, first: int, end: int) -> Part:
        """Some tokens as text that may stand elsewhere."""
        begin, close = self.tokens.span(first, end)
        return self.source.clean[begin:close], self.source.params_between(begin, close)

    def group(self, expr: Expr) -> Part:
        """A grouped expression, as the shards shall compute it: to all of them it must be the same."""
        first, end = self.extent(expr)
        self.check_rows(first, end)
        if any(self.words[at] in VOLATILE and is_call(self.tokens, at) for at in range(first, end)):
            raise _NotInTwoSteps
        return expr.text, expr.params

    def extent(self, expr: Expr) -> tuple[int, int]:
        """The tokens of an expression."""
        begin, close = expr.span
        first = self.at.get(begin)
        if first is None or close <= begin:
            raise _NotInTwoSteps
        end = first
        while end < len(self.words) and self.tokens.start(end) < close:
            end += 1
        return first, end

    def spelling(self, expr: Expr) -> tuple[str, ...]:
        """The words of a grouped call, which may stand inside of other expressions; () for what is no single call."""
        words = self.words[slice(*self.extent(expr))]
        closed = len(words) > 2 and words[1] == "(" and words[-1] == ")" and words[0].isidentifier()
        return tuple(words) if closed and not expr.params and _one_call(words) else ()


def _one_call(words: Sequence[str]) -> bool:
    """Whether the first bracket closes with the last word."""
    depth = 0
    for number, word in enumerate(words[1:], 1):
        depth += (word == "(") - (word == ")")
        if depth == 0:
            return number == len(words) - 1
    return False


def _columns(select: exp.Select) -> dict[int, exp.Column]:
    """Columns by the offset at which they begin in the parser's text."""
    found = {}
    for column in select.find_all(exp.Column):
        first = column.args.get("table") or column.this
        if "start" in first.meta:
            found[first.meta["start"]] = column
    return found
