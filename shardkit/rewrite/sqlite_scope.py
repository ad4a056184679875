"""Types of expressions, from the tables' columns upwards: what MySQL would say a result column is.

SQLite has no DECIMAL and no DATETIME; the translator and the backend put them back, so they must know where one
stands. A type is a flow.Column (its name does not matter here); None is "not known". Types are kept in the nodes'
meta and travel with them through every later rewrite.
Invariant: a type that is given is the type MySQL gives; in doubt it is None.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sqlglot import exp

from shardkit.flow import Column, Family, TableInfo
from shardkit.rewrite import sqlite_infer

META = "shardkit_type"
Source = tuple[str, Sequence[Column] | None]
"""One table of a FROM clause: its alias and its columns, None when they are not known."""


class Schema:
    """The tables of one file that one statement names. Hashable, so that translations can be cached by it."""

    def __init__(self, tables: Iterable[TableInfo]) -> None:
        self.tables = tuple(tables)
        self._by_name = {table.name.lower(): table for table in self.tables}
        self._hash = hash(self.tables)

    def get(self, name: str) -> TableInfo | None:
        """The table of that name, or None."""
        return self._by_name.get(name.lower())

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Schema) and self.tables == other.tables)


def type_of(node: exp.Expr | None) -> Column | None:
    """The type that `annotate` found for a node."""
    found = node.meta.get(META) if node is not None else None
    return found if isinstance(found, Column) else None


def annotate(tree: exp.Expr, schema: Schema) -> tuple[Column | None, ...] | None:
    """Give every node its type; answer the types of the result's columns (None: a star that cannot be opened)."""
    typer = _Typer(schema)
    for node in list(tree.walk()):
        typer.of(node)
    return outputs_types(typer.outputs(tree))


def outputs_types(columns: Sequence[Column] | None) -> tuple[Column | None, ...] | None:
    """Columns whose family is OTHER stand for unknown types."""
    return None if columns is None else tuple(None if c.family is Family.OTHER else c for c in columns)


def _unknown(name: str) -> Column:
    return Column(name, Family.OTHER, "")


class _Typer:
    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._sources: dict[int, list[Source]] = {}
        self._open: set[int] = set()

    def of(self, node: exp.Expr) -> Column | None:
        """The type of one node, found once."""
        if META in node.meta:
            return type_of(node)
        if id(node) in self._open:
            return None  # an alias that names itself
        self._open.add(id(node))
        if isinstance(node, exp.Column):
            found = self._column(node)
        elif isinstance(node, exp.Subquery):
            inner = self.outputs(node.this)
            found = inner[0] if inner and len(inner) == 1 else None
        else:
            found = sqlite_infer.infer(node, self.of)
        if found is not None and found.family is Family.OTHER:
            found = None
        self._open.discard(id(node))
        node.meta[META] = found
        return found

    def outputs(self, query: exp.Expr | None) -> list[Column] | None:
        """The columns a query gives, or None if a star cannot be opened."""
        if isinstance(query, exp.Subquery):
            return self.outputs(query.this)
        if isinstance(query, exp.SetOperation):
            return self._united(query)
        if not isinstance(query, exp.Select):
            return None
        columns: list[Column] = []
        for item in query.expressions:
            opened = self._opened(query, item)
            if opened is None:
                return None
            columns += opened
        return columns

    def _united(self, query: exp.SetOperation) -> list[Column] | None:
        left = self.outputs(query.left)
        if left is None or id(query) in self._open:
            return left
        self._open.add(id(query))
        right = self.outputs(query.right)
        self._open.discard(id(query))
        if right is None or len(left) != len(right):
            return left
        return [
            replace(sqlite_infer.combined([a, b]) or _unknown(a.name), name=a.name)
            for a, b in zip(left, right, strict=True)
        ]

    def _opened(self, query: exp.Select, item: exp.Expr) -> list[Column] | None:
        """The columns of one item of the select list: several for a star."""
        of_one = isinstance(item, exp.Column) and isinstance(item.this, exp.Star)
        if of_one or isinstance(item, exp.Star):
            wanted = item.text("table").lower() if of_one else None
            columns: list[Column] = []
            for alias, known in self.sources(query):
                if wanted in (None, alias):
                    if known is None:
                        return None
                    columns += known
            return columns
        found = self.of(item) or _unknown("")
        # Only a column is known to have no NULL: MAX of one has, over no rows, and so has a subquery that finds none.
        return [replace(found, name=item.alias_or_name, nullable=found.nullable or not _is_column(item))]

    def _column(self, node: exp.Column) -> Column | None:
        name, table = node.name.lower(), node.table.lower()
        scope = node.find_ancestor(exp.Select, exp.Update, exp.Delete, exp.Insert)
        first = True
        while scope is not None:
            if first and not table and isinstance(scope, exp.Select):
                aliased = self._alias(node, scope, name)
                if aliased is not None:
                    return aliased
            for alias, columns in self.sources(scope):
                if table in ("", alias):
                    for column in columns or ():
                        if column.name.lower() == name:
                            return column
            scope, first = scope.find_ancestor(exp.Select, exp.Update, exp.Delete, exp.Insert), False
        return None

    def _alias(self, node: exp.Column, scope: exp.Select, name: str) -> Column | None:
        """In ORDER BY a bare name means the select list first; in HAVING and GROUP BY only if no table has it."""
        clause = node.find_ancestor(exp.Order, exp.Having, exp.Group)
        if clause is None or clause.parent is not scope:
            return None
        if not isinstance(clause, exp.Order) and any(
            column.name.lower() == name for _, columns in self.sources(scope) for column in columns or ()
        ):
            return None
        for item in scope.expressions:
            if isinstance(item, exp.Alias) and item.alias.lower() == name:
                return self.of(item)
        return None

    def sources(self, scope: exp.Expr) -> list[Source]:
        """The tables a SELECT, UPDATE, DELETE or INSERT can name."""
        if id(scope) not in self._sources:
            self._sources[id(scope)] = []  # while being found: a table that needs itself has no columns
            self._sources[id(scope)] = _outer(scope, [self._source(table) for table in _tables(scope)])
            if isinstance(scope, exp.Insert) and self._sources[id(scope)]:
                self._sources[id(scope)].append(("excluded", self._sources[id(scope)][0][1]))
        return self._sources[id(scope)]

    def _source(self, table: exp.Expr) -> Source:
        alias = table.alias_or_name.lower()
        if isinstance(table, exp.Subquery):
            return alias, _renamed(self.outputs(table.this), table.args.get("alias"))
        if isinstance(table, exp.Table) and not table.db:
            for holder in _holders(table):
                for cte in holder.expressions:
                    if isinstance(cte, exp.CTE) and cte.alias.lower() == table.name.lower():
                        return alias, _renamed(self.outputs(cte.this), cte.args.get("alias"))
        info = self._schema.get(table.name)
        return alias, info.columns if info is not None else None


def _tables(scope: exp.Expr) -> list[exp.Expr]:
    if isinstance(scope, exp.Select):
        first = scope.args.get("from_")
        tables = [first.this] if first is not None else []
        joins = scope.args.get("joins") or ()
    else:
        target = scope.this.this if isinstance(scope.this, exp.Schema) else scope.this
        tables = [target] if isinstance(target, exp.Table) else []
        joins = tables[0].args.get("joins") or () if tables else ()
    return [*tables, *(join.this for join in joins)]


def _outer(scope: exp.Expr, sources: list[Source]) -> list[Source]:
    """The sources of a SELECT, with NULLs in the columns of those that an outer join may leave without a row."""
    joins = scope.args.get("joins") or () if isinstance(scope, exp.Select) else ()
    optional: set[int] = set()
    for at, join in enumerate(joins, len(sources) - len(joins)):
        optional |= {at} if join.side in ("LEFT", "FULL") else set()
        optional |= set(range(at)) if join.side in ("RIGHT", "FULL") else set()
    return [
        (alias, columns and [replace(column, nullable=True) for column in columns])
        if at in optional
        else (alias, columns)
        for at, (alias, columns) in enumerate(sources)
    ]


def _is_column(item: exp.Expr) -> bool:
    return isinstance(item.unalias(), exp.Column)


def _holders(node: exp.Expr) -> Iterable[exp.With]:
    """The WITH clauses around a node, the nearest first."""
    above = node.parent
    while above is not None:
        found = above.args.get("with_")
        if isinstance(found, exp.With):
            yield found
        above = above.parent


def _renamed(columns: list[Column] | None, alias: exp.Expr | None) -> list[Column] | None:
    """Columns under the names of `AS x (a, b)`."""
    names = alias.args.get("columns") if isinstance(alias, exp.TableAlias) else None
    if columns is None or not names or len(names) != len(columns):
        return columns
    return [replace(column, name=name.name) for column, name in zip(columns, names, strict=True)]
