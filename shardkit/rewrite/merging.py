"""How a SELECT over several shards is asked and put together again: strategy, hidden columns, pushed limits.

    plain rows, or groups that never cross shards   -> CONCAT, or ORDERED when there is an ORDER BY
    aggregates and groups that may cross shards     -> GROUP: partial values, folded in process

Invariant: the visible columns are the user's, name and type untouched; hidden columns stand behind them.
"""

from __future__ import annotations

from dataclasses import dataclass

from shardkit.aggregates import aggregates
from shardkit.flow import (
    Blocker,
    Call,
    Compare,
    Expr,
    Family,
    Fold,
    Item,
    Key,
    MergeSpec,
    SelectShape,
    Sort,
    Statement,
    Strategy,
)  # fmt: skip
from shardkit.rewrite.keys import Blocked, Comparison, comparison
from shardkit.rewrite.template import Blanks, Edit, Limit, Text, choice_edit, name_edits

ONE_SHARD = "give the shard key with = so that one shard answers"


@dataclass(frozen=True, slots=True)
class Merging:
    """The outcome: the merge's spec and the edits of the shards' SQL, or the blockers."""

    spec: MergeSpec | None
    edits: tuple[Edit, ...]
    push_limit: bool
    blockers: tuple[Blocker, ...]


def merging(statement: Statement, blanks: Blanks) -> Merging:
    """Work out how to merge a SELECT; pure."""
    shape = statement.select
    if shape is None:
        what = Blocker("this form of SELECT over several shards", "",
                       "a UNION, a CTE or VALUES needs all its rows in one place", ONE_SHARD)  # fmt: skip
        return Merging(None, (), False, (what,))
    if statement.blockers:
        return Merging(None, (), False, statement.blockers)
    try:
        return _Builder(statement, shape, blanks).build()
    except Blocked as blocked:
        return Merging(None, (), False, (blocked.blocker,))


class _Builder:
    def __init__(self, statement: Statement, shape: SelectShape, blanks: Blanks) -> None:
        self.statement, self.shape, self.blanks = statement, shape, blanks
        self.hidden: list[Text] = []
        self.width = len(shape.items)
        self.aggregated = any(item.expr.aggregated for item in shape.items) or any(
            sort.expr.aggregated for sort in shape.order
        )

    def build(self) -> Merging:
        grouped = bool(self.shape.group) or self.aggregated
        if grouped and not self.shape.keyed:
            return self.folded()
        return self.plain(grouped)

    def blocked(self, what: str, expr: Expr | None, why: str, instead: str = ONE_SHARD) -> Blocked:
        return Blocked(Blocker(what, expr.place if expr else "", why, instead))

    def hide(self, sql: str, expr: Expr) -> int:
        """Add a hidden column (or find the same one) and give its index in the shard's row."""
        piece = Text(sql, expr.params)
        if piece not in self.hidden:
            self.hidden.append(piece)
        return self.width + self.hidden.index(piece)

    # --- rows and groups that never cross shards --------------------------------------------------------------------

    def plain(self, grouped: bool) -> Merging:
        order = tuple(key for sort in self.shape.order if (key := self.plain_key(sort, grouped)) is not None)
        distinct: tuple[Key, ...] = ()
        if self.shape.distinct:
            self.check_distinct_order()
            # a hidden weight tells apart what a padding collation holds equal, so the shards' DISTINCT is not enough
            if self.hidden or self.shape.group or not self.shape.keyed:
                distinct = tuple(self.distinct_key(index, item) for index, item in enumerate(self.shape.items))
        weighed = any(key.column >= self.width for key in distinct)
        push = (self.shape.limit is not None) and not weighed
        strategy = Strategy.ORDERED if order else Strategy.CONCAT
        return self.finish(MergeSpec(strategy, self.width, order=order, distinct=distinct), push, keep_order=True)

    def plain_key(self, sort: Sort, grouped: bool) -> Key | None:
        if self.is_constant(sort):
            return None
        self.check_extreme(sort)
        how = comparison(sort.expr, "ORDER BY", self.blanks, grouped)
        column = sort.item
        if how.hidden is not None or column is None:
            column = self.hide(how.hidden or sort.expr.text, sort.expr)
        return self.key(column, sort.expr, how, sort.descending)

    def is_constant(self, sort: Sort) -> bool:
        if sort.expr.params and sort.expr.constant and sort.item is None:
            raise self.blocked("ORDER BY a parameter over several shards", sort.expr,
                               "a number would be a position", "the column's name in the text")  # fmt: skip
        return sort.expr.constant

    def check_extreme(self, sort: Sort) -> None:
        """MIN and MAX of an ENUM or SET compare as text, but are sorted by number."""
        call = sort.expr.call
        if call is None or call.function not in ("min", "max") or call.type is None:
            return
        if call.type.family in (Family.ENUM, Family.SET):
            raise self.blocked(f"ORDER BY {sort.expr.text} over several shards", sort.expr,
                               "MySQL sorts it by its number, which is lost in the merge",
                               f"{call.function.upper()}({call.argument} + 0)")  # fmt: skip

    def key(self, column: int, expr: Expr, how: Comparison, descending: bool = False) -> Key:
        nullable = expr.type is None or expr.type.nullable or expr.type.family is Family.TIMESTAMP
        return Key(column, how.compare, descending, nullable, how.blank)

    def check_distinct_order(self) -> None:
        for sort in self.shape.order:
            if sort.item is None and not sort.expr.constant:
                raise self.blocked("ORDER BY a column that SELECT DISTINCT leaves out", sort.expr,
                                   "which of its values counts is not defined", "select the column too")  # fmt: skip

    def distinct_key(self, index: int, item: Item) -> Key:
        how = comparison(item.expr, "DISTINCT", self.blanks, bool(self.shape.group))
        column = index if how.hidden is None else self.hide(how.hidden, item.expr)
        return self.key(column, item.expr, how)

    # --- groups that may cross shards -------------------------------------------------------------------------------

    def folded(self) -> Merging:
        if self.shape.distinct and self.shape.group:
            raise self.blocked("SELECT DISTINCT with groups over several shards", None, "groups are folded after it")
        self.check_having()
        group = [self.group_key(number, expr) for number, expr in enumerate(self.shape.group)]
        identities = {expr.identity: key for expr, key in zip(self.shape.group, group, strict=True)}
        folds: list[Fold] = []
        for index, item in enumerate(self.shape.items):
            if item.expr.identity in identities or item.expr.constant:
                continue
            folds.append(self.fold(index, item.expr))
        order = [
            key for sort in self.shape.order if (key := self.folded_key(sort, identities, folds)) is not None
        ] if self.shape.group else []  # fmt: skip
        spec = MergeSpec(Strategy.GROUP, self.width, order=tuple(order), group=tuple(group), folds=tuple(folds))
        return self.finish(spec, push=False, keep_order=False)

    def check_having(self) -> None:
        if "having" in self.statement.clauses:
            raise self.blocked("HAVING over several shards", None, "a group's value is known only after merging",
                               "filter the merged rows in the program, or group by the shard key")  # fmt: skip

    def group_key(self, number: int, expr: Expr) -> Key:
        if expr.constant and expr.params:
            raise self.blocked("GROUP BY a parameter over several shards", expr, "a number would be a position")
        how = comparison(expr, "GROUP BY", self.blanks, grouped=True)
        column = self.shape.group_items[number]
        if how.hidden is not None or column is None:
            column = self.hide(how.hidden or expr.text, expr)
        return self.key(column, expr, how)

    def fold(self, column: int, expr: Expr) -> Fold:
        call = expr.call
        if call is None:
            raise self.not_foldable(expr)
        if call.distinct and not call.keyed and call.function not in ("min", "max"):
            raise self.blocked(f"{call.function.upper()}(DISTINCT …) over several shards", expr,
                               "equal values on two shards would count twice")  # fmt: skip
        if call.function in ("min", "max"):
            how = comparison(expr, call.function.upper(), self.blanks, grouped=True)
            if expr.type is not None and expr.type.family is Family.BIT:
                raise self.not_foldable(expr)
            compared = column if how.hidden is None else self.hide(how.hidden, expr)
            operands = (column,) if compared == column else (column, compared)
            return Fold(column, call.function, operands, (self.key(compared, expr, how),))
        if call.type is not None and call.type.family in (Family.FLOAT, Family.DOUBLE) and "(" in call.type.type_text:
            raise self.blocked(f"{call.function.upper()} of {call.type.type_text} over several shards", expr,
                               "the server rounds each shard's part", "a DECIMAL column")  # fmt: skip
        if call.function in ("sum", "avg") and has_quotient(call):
            raise self.blocked(f"{call.function.upper()} of a quotient over several shards", expr,
                               "MariaDB adds up more digits than a shard's part shows")  # fmt: skip
        partials = aggregates.get(call.function).partials(call.argument, text=False)
        hidden = [self.hide(partial, expr) for partial in partials]
        return Fold(column, call.function, (column, *hidden))

    def not_foldable(self, expr: Expr) -> Blocked:
        if expr.aggregated:
            return self.blocked(f"the expression {expr.text} over several shards", expr,
                                "it must be computed after its aggregates are merged",
                                "select the aggregates alone and compute in the program")  # fmt: skip
        return self.blocked(f"column {expr.text} beside groups over several shards", expr,
                            "it is neither a group's key nor an aggregate", "add it to GROUP BY")  # fmt: skip

    def folded_key(self, sort: Sort, identities: dict[str, Key], folds: list[Fold]) -> Key | None:
        expr = sort.expr
        if self.is_constant(sort):
            return None
        if expr.identity in identities:
            found = identities[expr.identity]
            return Key(found.column, found.compare, sort.descending, found.nullable, found.blank)
        self.check_extreme(sort)
        column = sort.item if sort.item is not None else self.hide(expr.text, expr)
        fold = next((one for one in folds if one.column == column), None)
        if fold is None:
            fold = self.fold(column, expr)
            folds.append(fold)
        if fold.keys:
            found = fold.keys[0]
            return Key(found.column, found.compare, sort.descending, True, found.blank)
        return Key(column, Compare.NATIVE, sort.descending, True)

    # --- together ---------------------------------------------------------------------------------------------------

    def finish(self, spec: MergeSpec, push: bool, keep_order: bool) -> Merging:
        shape, statement = self.shape, self.statement
        edits = name_edits(statement)
        if self.hidden:
            sql = "".join(f", {piece.sql} AS `sk__{number}`" for number, piece in enumerate(self.hidden))
            params = tuple(param for piece in self.hidden for param in piece.params)
            edits.append(((shape.list_end, shape.list_end), Text(sql, params)))
        if shape.group:
            edits += self.named(keep_order)
        if shape.limit_span is not None:
            edits.append((shape.limit_span, Limit() if push else None))
        if shape.order_span is not None and not keep_order:
            edits.append((shape.order_span, None))
        edits += [choice_edit(statement, number, pick) for number, pick in enumerate(statement.picks)]
        hidden = tuple(piece.sql for piece in self.hidden)
        final = MergeSpec(spec.strategy, spec.columns, hidden, spec.order, spec.group, spec.folds, spec.distinct)
        return Merging(final, tuple(edits), push, ())

    def named(self, keep_order: bool) -> list[Edit]:
        """Expressions of GROUP BY, and of ORDER BY if it stays, called by their hidden columns' names.

        MariaDB does not see that every expression in the list is the one in GROUP BY (error 1055).
        """
        shown = zip(self.shape.group, self.shape.group_items, strict=True)
        found = [expr for expr, item in shown if item is None]
        if keep_order:
            identities = {expr.identity for expr in found}
            found += [sort.expr for sort in self.shape.order if sort.expr.identity in identities]
        pieces = [(expr.span, Text(expr.text, expr.params)) for expr in found if not expr.identity.startswith("#")]
        return [(span, Text(f"`sk__{self.hidden.index(piece)}`")) for span, piece in pieces if piece in self.hidden]


def has_quotient(call: Call) -> bool:
    """Whether a division may be in the argument, or in a derived table's column that it is."""
    kind = call.type
    return "/" in call.argument or (kind is not None and kind.family is Family.DECIMAL and kind.scale is None)
