"""Which table a column belongs to, scope by scope, and which conditions hold for which table's rows.

A *fact* is a condition that every joined row of a scope fulfils, together with the table uses it may restrict: WHERE
and inner ON restrict all, the ON of an outer join only the side that may be missing.
Invariant: when a column cannot be resolved for certain it is not resolved, which only ever widens a route.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from sqlglot import exp

from shardkit.errors import ProgrammingError, UnknownColumn
from shardkit.flow import Column, TableInfo
from shardkit.parse.functions import BARE

_BRACKETS = (exp.Subquery, exp.Paren)
QUERY_NODES = (exp.Select, exp.Update, exp.Delete, exp.Insert)


class Names(Protocol):
    """What parsing asks about names: answers come from the rules and from table metadata already at hand."""

    def keys(self, table: str) -> tuple[str, ...] | None:
        """Shard-key columns (lower case) in the order of the rules; () for broadcast and single; None if unknown."""

    def bound_group(self, table: str) -> str:
        """Tables with the same answer lie together when their shard keys are equal."""

    def connection_collation(self) -> str | None:
        """The collation of literals and computed text, or None if it is not known."""

    def info(self, table: str) -> TableInfo | None:
        """The table's columns, or None when they are not known (CREATE TABLE)."""


ColumnRef: TypeAlias = tuple[int, str]
"""A table use and a lower-case column name."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A condition, and the uses whose rows it restricts."""

    condition: exp.Expr
    restricts: frozenset[int]


@dataclass(slots=True)
class Scope:
    """One SELECT (or the body of a write) with the tables it names."""

    node: exp.Expr
    parent: Scope | None
    number: int
    literals: str | None = None  # the collation of literals and computed text
    uses: dict[str, int] = field(default_factory=dict)  # visible name -> table use
    derived: set[str] = field(default_factory=set)  # names of derived tables and CTEs
    columns: dict[int, dict[str, Column]] = field(default_factory=dict)
    facts: list[Fact] = field(default_factory=list)
    equal: list[tuple[ColumnRef, ColumnRef, frozenset[int]]] = field(default_factory=list)  # from USING
    using: list[str] = field(default_factory=list)  # columns that USING or NATURAL make one, in their order
    optional: set[int] = field(default_factory=set)

    def resolve(self, column: exp.Expr) -> ColumnRef | None:
        """The use and column name this column means, or None when that is not certain."""
        if not isinstance(column, exp.Column) or isinstance(column.this, exp.Star):
            return None
        name = column.name.lower()
        if column.args.get("db"):
            return None
        if column.table:
            return self._qualified(column.table, name)
        return self._unqualified(name)

    def check(self, column: exp.Column) -> None:
        """Raise UnknownColumn for a column that certainly means nothing, or several things, here."""
        if self.derived or self.parent is not None or column.args.get("db"):
            return
        name = column.name.lower()
        if not column.table and not column.this.quoted and name.upper() in BARE:
            return
        if column.table:
            use = self.uses.get(column.table)
            found = 1 if use is not None and name in self.columns[use] else 0
        else:
            found = sum(name in columns for columns in self.columns.values())
        if found == 0:
            raise UnknownColumn(f"Unknown column '{column.sql(dialect='mysql')}'")
        if found > 1 and name not in self.using:
            raise UnknownColumn(f"Column '{column.name}' is ambiguous", errno=1052)

    def column(self, ref: ColumnRef) -> Column | None:
        """The metadata of a resolved column."""
        scope: Scope | None = self
        while scope is not None:
            if ref[0] in scope.columns:
                return scope.columns[ref[0]].get(ref[1])
            scope = scope.parent
        return None

    def _qualified(self, table: str, name: str) -> ColumnRef | None:
        scope: Scope | None = self
        while scope is not None:
            if table in scope.derived:
                return None
            if table in scope.uses:
                return scope.uses[table], name
            scope = scope.parent
        return None

    def _unqualified(self, name: str) -> ColumnRef | None:
        scope: Scope | None = self
        while scope is not None:
            found = [use for use, columns in scope.columns.items() if name in columns]
            if len(found) > 1 and name in scope.using and found[0] not in scope.optional:
                return found[0], name
            if scope.derived or len(found) > 1:
                return None
            if found:
                return found[0], name
            scope = scope.parent
        return None


def scope_of(node: exp.Expr, scopes: dict[int, Scope]) -> Scope | None:
    """The innermost scope a node stands in."""
    current: exp.Expr | None = node
    while current is not None:
        if id(current) in scopes:
            return scopes[id(current)]
        current = current.parent
    return None


def build(tree: exp.Expr, tables: list[tuple[exp.Table, int]], names: Names) -> dict[int, Scope]:
    """All scopes of a statement by the id of their node; table uses are entered in their scopes."""
    scopes: dict[int, Scope] = {}
    for node in tree.walk(bfs=True):
        if isinstance(node, QUERY_NODES):
            parent = scope_of(node.parent, scopes) if node.parent is not None else None
            scopes[id(node)] = Scope(node, parent, len(scopes), names.connection_collation())
    numbers = {id(table): use for table, use in tables}
    for node in tree.walk():
        _enter(node, numbers, scopes, names)
    for scope in scopes.values():
        _collect_facts(scope, numbers)
    return scopes


def _enter(node: exp.Expr, numbers: dict[int, int], scopes: dict[int, Scope], names: Names) -> None:
    scope = scope_of(node, scopes)
    if scope is None:
        return
    if isinstance(node, exp.Table):
        use = numbers.get(id(node))
        if use is None and (_is_delete_target(node) or isinstance(node.parent, exp.Lock)):
            return
        if use is None:
            scope.derived.add(node.alias_or_name)
            return
        if node.alias_or_name in scope.uses:
            raise ProgrammingError(f"Not unique table/alias: '{node.alias_or_name}'", errno=1066)
        scope.uses[node.alias_or_name] = use
        info = names.info(node.name)
        scope.columns[use] = {c.name.lower(): c for c in info.columns} if info else {}
        if info is None:
            scope.derived.add("")
    elif isinstance(node, (exp.Subquery, exp.Lateral, exp.Values, exp.UDTF)) and isinstance(
        node.parent, (exp.From, exp.Join)
    ):
        outer = scope_of(node.parent, scopes)
        if outer is not None:
            outer.derived.add(node.alias)


def _is_delete_target(table: exp.Table) -> bool:
    """The names after DELETE (or before USING) are aliases of the tables that follow."""
    parent = table.parent
    return isinstance(parent, exp.Delete) and (
        table.arg_key == "tables" or (table.arg_key == "this" and bool(parent.args.get("using")))
    )


def conjuncts(node: exp.Expr | None) -> Iterator[exp.Expr]:
    """The parts of a condition that must all hold."""
    if node is None:
        return
    if isinstance(node, exp.Paren):
        yield from conjuncts(node.this)
    elif isinstance(node, exp.And):
        yield from conjuncts(node.this)
        yield from conjuncts(node.expression)
    else:
        yield node


def _collect_facts(scope: Scope, numbers: dict[int, int]) -> None:
    node = scope.node
    first = node.args.get("from_")
    sources = [first.this] if isinstance(first, exp.From) else []
    if isinstance(node, (exp.Update, exp.Delete)) and isinstance(node.this, exp.Table):
        sources.append(node.this)
    seen: set[int] = set()
    for source in sources:
        seen |= _source(source, scope, numbers)
    for join in node.args.get("joins") or ():
        _join(scope, join, seen, numbers)
    where = node.args.get("where")
    everything = frozenset(scope.columns)
    if isinstance(where, exp.Where):
        scope.facts += [Fact(part, everything) for part in conjuncts(where.this)]


def _source(source: exp.Expr, scope: Scope, numbers: dict[int, int]) -> set[int]:
    """The uses of one FROM entry: a table, a bracket around joins, each with the joins that hang on it."""
    found: set[int] = set()
    if isinstance(source, exp.Table):
        found |= {numbers[id(source)]} if id(source) in numbers else set()
    elif isinstance(source, (exp.Subquery, exp.Paren)) and isinstance(
        source.this, (exp.Table, exp.Subquery, exp.Paren)
    ):
        found |= _source(source.this, scope, numbers)
    for join in source.args.get("joins") or ():
        _join(scope, join, found, numbers)
    return found


def _join(scope: Scope, join: exp.Join, seen: set[int], numbers: dict[int, int]) -> None:
    """Enter the facts of one join; `seen` are the uses left of it, to which those on its right are added."""
    right = _source(join.this, scope, numbers)
    side = (join.side or "").upper()
    restricts = frozenset(right) if side == "LEFT" else frozenset(seen) if side == "RIGHT" else frozenset(seen | right)
    if side == "LEFT":
        scope.optional |= right
    elif side == "RIGHT":
        scope.optional |= seen
    scope.facts += [Fact(part, restricts) for part in conjuncts(join.args.get("on"))]
    names = [identifier.name.lower() for identifier in join.args.get("using") or ()]
    if str(join.args.get("method") or "").upper() == "NATURAL":
        common = {name for use in seen for name in scope.columns[use]}
        names = [name for use in sorted(right) for name in scope.columns[use] if name in common]
    for name in names:
        _using(scope, name, (seen, right), restricts)
    seen |= right


def _using(scope: Scope, name: str, sides: tuple[set[int], set[int]], restricts: frozenset[int]) -> None:
    scope.using.append(name)
    left, right = ([use for use in sorted(side) if name in scope.columns[use]] for side in sides)
    if left and len(right) == 1:
        scope.equal.append(((left[0], name), (right[0], name), restricts))
