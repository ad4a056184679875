"""The facts of a plain SELECT that merging needs: items, order, groups, limits, and what stands in the way.

Texts are copied from the user's own (comments blanked), never generated.
Invariant: an expression whose meaning is not certain here becomes a blocker, not a guess.
"""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp
from sqlglot.tokens import TokenType

from shardkit.errors import SqlSyntaxError
from shardkit.flow import Blocker, Call, Expr, Item, SelectShape, Sort, Value
from shardkit.parse import types
from shardkit.parse.aggregates import is_aggregated, windows_within
from shardkit.parse.lexer import Source
from shardkit.parse.obstacles import ONE_SHARD, Whole, obstacles
from shardkit.parse.predicate import value_of
from shardkit.parse.scopes import Scope
from shardkit.parse.tokens import Clause, Tokens


class Shaper:
    """Reads one SELECT. `blockers` collects why it could not be merged."""

    def __init__(self, node: exp.Select, source: Source, tokens: Tokens, scopes: dict[int, Scope]) -> None:
        self.node, self.source, self.tokens = node, source, tokens
        self.scope, self.scopes = scopes[id(node)], scopes
        self.clauses = tokens.clauses()
        self.blockers: list[Blocker] = []
        self.keyed: frozenset[str] = frozenset()

    def block(self, what: str, token: int, why: str, instead: str = ONE_SHARD) -> None:
        """Note why this statement cannot be merged."""
        self.blockers.append(Blocker(what, self.source.place(self.tokens.start(token)), why, instead))

    def shape(self, keyed_columns: frozenset[tuple[int, str]]) -> SelectShape:
        """All facts at once; `keyed_columns` are the columns that decide a row's slot on their own."""
        self.keyed = frozenset(f"#{use}.{name}" for use, name in keyed_columns)
        items = self.items()
        group, group_items = self.groups(items)
        order = self.orders(items)
        distinct = self.node.args.get("distinct") is not None
        identities = {expression.identity for expression in group}
        if distinct and not group and not any(item.expr.aggregated for item in items):
            identities = {item.expr.identity for item in items}
        keyed = bool(self.keyed & identities)
        whole = Whole(keyed and bool(group), windows_within(self.node, self.keyed, self.identity))
        for what, token, why, instead in obstacles(self.tokens, self.clauses, whole):
            self.block(what, token, why, instead)
        limit, offset = self.limits()
        return SelectShape(
            tuple(items), distinct, tuple(order), tuple(group), tuple(group_items), keyed, limit, offset,
            self.list_end(), self.span("order"), self.span("limit"),
        )  # fmt: skip

    # --- expressions ------------------------------------------------------------------------------------------------

    def expr(self, node: exp.Expr, first: int, end: int) -> Expr:
        """An expression that stands in these tokens."""
        start, stop = self.tokens.span(first, end)
        text = self.source.clean[start:stop]
        bare, inside = node.unnest(), text
        while isinstance(node, exp.Paren) and inside.startswith("("):
            node, inside = node.this, inside[1:-1].strip()
        call = self.call(bare, inside)
        aggregated = is_aggregated(node, self.node, self.scopes)
        constant = isinstance(bare, (exp.Literal, exp.Null, exp.Boolean, exp.Placeholder))
        return Expr(
            text, self.source.params_between(start, stop), self.identity(node), types.infer(node, self.scope),
            call, aggregated, constant, self.source.place(start), (start, stop),
        )  # fmt: skip

    def call(self, node: exp.Expr, text: str) -> Call | None:
        names: dict[type[exp.Expr], str] = {
            exp.Count: "count", exp.Sum: "sum", exp.Min: "min", exp.Max: "max", exp.Avg: "avg",
        }  # fmt: skip
        function = names.get(type(node))
        if function is None or not text.endswith(")"):
            return None
        argument = text[text.index("(") + 1 : text.rindex(")")].strip()
        distinct = isinstance(node.this, exp.Distinct) or argument.upper().startswith("DISTINCT")
        values = node.this.expressions if isinstance(node.this, exp.Distinct) else [node.this]
        keyed = len(values) == 1 and self.identity(values[0]) in self.keyed
        return Call(function, argument, distinct, keyed, types.infer(node.this, self.scope))

    def identity(self, node: exp.Expr) -> str:
        """A name that two spellings of one expression share."""
        ref = self.scope.resolve(node.unnest())
        if ref is not None:
            return f"#{ref[0]}.{ref[1]}"

        def named(inner: exp.Expr) -> exp.Expr:
            found = self.scope.resolve(inner) if isinstance(inner, exp.Column) else None
            return exp.column(f"#{found[0]}.{found[1]}", quoted=True) if found else inner

        return node.copy().transform(named, copy=False).sql(dialect="mysql")

    def items(self) -> list[Item]:
        """The select list, stars written out."""
        clause = self.clauses["select"]
        parts = self.tokens.split(clause.first, clause.end)
        items: list[Item] = []
        if len(parts) != len(self.node.expressions):
            raise SqlSyntaxError(f"You have an error in your SQL syntax: the select list, {self.place(clause.first)}")
        for node, (first, end) in zip(self.node.expressions, parts, strict=True):
            if node.is_star and not isinstance(node.unalias(), exp.Count):
                items += self.star(node, first)
                continue
            inner, stop = node, end
            if isinstance(node, exp.Alias):
                inner = node.this
                stop = end - 1
                if self.tokens.items[stop - 1].token_type == TokenType.ALIAS:
                    stop -= 1
            self.check(inner)
            expression = self.expr(inner, first, stop)
            name = node.alias or (inner.name if isinstance(inner, exp.Column) else "")
            items.append(Item(expression, name, isinstance(node, exp.Alias)))
        return items

    def star(self, node: exp.Expr, token: int) -> list[Item]:
        """The columns of `*` or `t.*`; USING and NATURAL show their columns once, first."""
        table = node.table if isinstance(node, exp.Column) else ""
        uses = dict.fromkeys(self.scope.uses.values())
        joined = [] if table else list(dict.fromkeys(self.scope.using))
        if self.scope.derived or (joined and (len(uses) != 2 or 0 in self.scope.optional)):
            self.block("SELECT * here", token, "the columns cannot be counted before it runs", "name the columns")
            return []
        places = [(use, name) for use in uses for name in self.scope.columns[use]]
        shown = [(use, name) for use, name in places if not table or self.scope.uses.get(table) == use]
        first = [place for place in shown if place[0] == next(iter(uses)) and place[1] in joined]
        return [self.starred(place, token) for place in (*first, *(p for p in shown if p[1] not in joined))]

    def starred(self, place: tuple[int, str], token: int) -> Item:
        use, name = place
        table = next(shown for shown, number in self.scope.uses.items() if number == use)
        known = types.column_of(self.scope, place)
        column = known.name if known is not None else name
        text = f"`{table}`.`{column}`"
        return Item(Expr(text, (), f"#{use}.{name}", known, None, False, False, self.place(token)), column, False)

    def place(self, token: int) -> str:
        return self.source.place(self.tokens.start(token))

    # --- clauses ----------------------------------------------------------------------------------------------------

    def list_end(self) -> int:
        """Where hidden columns go in: before whatever follows the select list."""
        return self.tokens.span(self.clauses["select"].first, self.clauses["select"].end)[1]

    def span(self, name: str) -> tuple[int, int] | None:
        clause = self.clauses.get(name)
        return self.tokens.span(clause.keyword, clause.end) if clause else None

    def groups(self, items: list[Item]) -> tuple[list[Expr], list[int | None]]:
        group = self.node.args.get("group")
        clause = self.clauses.get("group")
        if group is None or clause is None:
            return [], []
        end = self.rollup_start(clause)
        parts = self.tokens.split(clause.first, end)
        if len(parts) != len(group.expressions):
            self.block("this GROUP BY", clause.keyword, "its entries cannot be told apart")
            return [], []
        found = [self.group(node, part, items) for node, part in zip(group.expressions, parts, strict=True)]
        return [expression for expression, _ in found], [item for _, item in found]

    def rollup_start(self, clause: Clause) -> int:
        for index in range(clause.first, clause.end):
            if self.tokens.words()[index] == "ROLLUP":
                return index - 1
        return clause.end

    def group(self, node: exp.Expr, part: tuple[int, int], items: list[Item]) -> tuple[Expr, int | None]:
        """GROUP BY looks for columns first, then for aliases."""
        position = self.position(node, items)
        if position is None and isinstance(node, exp.Column) and not node.table and self.scope.resolve(node) is None:
            position = self.alias(node.name, items)
        if position is not None:
            return items[position].expr, position
        self.check(node)
        expression = self.expr(node, *part)
        shown = next((i for i, item in enumerate(items) if item.expr.identity == expression.identity), None)
        return expression, shown

    def orders(self, items: list[Item]) -> list[Sort]:
        order = self.node.args.get("order")
        clause = self.clauses.get("order")
        if order is None or clause is None:
            return []
        parts = self.tokens.split(clause.first, clause.end)
        if len(parts) != len(order.expressions):
            raise SqlSyntaxError(f"You have an error in your SQL syntax: ORDER BY, {self.place(clause.first)}")
        return [self.sort(node, part, items) for node, part in zip(order.expressions, parts, strict=True)]

    def sort(self, node: exp.Expr, part: tuple[int, int], items: list[Item]) -> Sort:
        """ORDER BY looks for positions, then for select items by name, then for columns."""
        first, end = part
        inner, descending = node, False
        if isinstance(node, exp.Ordered):
            inner, descending = node.this, bool(node.args.get("desc"))
            if self.tokens.items[end - 1].token_type in (TokenType.ASC, TokenType.DESC):
                end -= 1
        position = self.position(inner, items)
        if position is None and isinstance(inner, exp.Column) and not inner.table:
            position = self.alias(inner.name, items)
        if position is not None:
            return Sort(replace(items[position].expr, place=self.place(first)), position, descending)
        self.check(inner)
        expression = self.expr(inner, first, end)
        shown = next((i for i, item in enumerate(items) if item.expr.identity == expression.identity), None)
        if shown is None and self.hides_alias(inner, items):
            self.block("ORDER BY an expression of an alias", first, "the alias cannot be used in a hidden column",
                       "order by the alias itself, or write its expression out")  # fmt: skip
        return Sort(expression, shown, descending)

    def check(self, node: exp.Expr) -> None:
        """A plain column that is unknown or ambiguous is an error in MySQL too."""
        if isinstance(node, exp.Column) and not isinstance(node.this, exp.Star):
            self.scope.check(node)

    def hides_alias(self, node: exp.Expr, items: list[Item]) -> bool:
        aliases = {item.name.lower(): item.expr.identity for item in items if item.aliased}
        for column in node.find_all(exp.Column):
            wanted = aliases.get(column.name.lower()) if not column.table else None
            if wanted is not None and wanted != self.identity(column):
                return True
        return False

    def position(self, node: exp.Expr, items: list[Item]) -> int | None:
        bare = node.unnest()
        if isinstance(bare, exp.Literal) and not bare.is_string and str(bare.this).isdigit():
            position = int(str(bare.this)) - 1
            return position if 0 <= position < len(items) else None
        return None

    def alias(self, name: str, items: list[Item]) -> int | None:
        """The select item of that name, aliases before column names."""
        for aliased in (True, False):
            for index, item in enumerate(items):
                if item.aliased is aliased and item.name.lower() == name.lower():
                    return index
        return None

    def limits(self) -> tuple[Value | None, Value | None]:
        limit, offset = self.node.args.get("limit"), self.node.args.get("offset")
        found: list[Value | None] = []
        for clause in (limit, offset):
            value = value_of(clause.expression, self.source.params) if clause is not None else None
            if clause is not None and value is None:
                self.block("this LIMIT", self.clauses["limit"].keyword, "it is not a number or a placeholder")
            found.append(value)
        return found[0], found[1]
