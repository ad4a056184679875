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

from shardkit.flow import Column, TableInfo

QUERY_NODES = (exp.Select, exp.Update, exp.Delete, exp.Insert)


class Names(Protocol):
    """What parsing asks about names: answers come from the rules and from table metadata already at hand."""

    def keys(self, table: str) -> tuple[str, ...] | None:
        """Shard-key columns (lower case) in the order of the rules; () for broadcast and single; None if unknown."""

    def bound_group(self, table: str) -> str:
        """Tables with the same answer lie together when their shard keys are equal."""

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
    uses: dict[str, int] = field(default_factory=dict)  # visible name -> table use
    derived: set[str] = field(default_factory=set)  # names of derived tables and CTEs
    columns: dict[int, dict[str, Column]] = field(default_factory=dict)
    facts: list[Fact] = field(default_factory=list)
    equal: list[tuple[ColumnRef, ColumnRef, frozenset[int]]] = field(default_factory=list)  # from USING
    using: set[str] = field(default_factory=set)
    optional: set[int] = field(default_factory=set)
    natural: bool = False

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
            for key in (table, table.lower()):
                if key in scope.derived:
                    return None
                if key in scope.uses:
                    return scope.uses[key], name
            scope = scope.parent
        return None

    def _unqualified(self, name: str) -> ColumnRef | None:
        scope: Scope | None = self
        while scope is not None:
            found = [use for use, columns in scope.columns.items() if name in columns]
            if len(found) > 1 and name in scope.using and not scope.optional & set(found[:1]):
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
            scopes[id(node)] = Scope(node, parent, len(scopes))
    numbers = {id(table): use for table, use in tables}
    for node in tree.walk():
        _enter(node, numbers, scopes, names)
    for scope in scopes.values():
        _collect_facts(scope, numbers, scopes)
    return scopes


def _enter(node: exp.Expr, numbers: dict[int, int], scopes: dict[int, Scope], names: Names) -> None:
    scope = scope_of(node, scopes)
    if scope is None:
        return
    if isinstance(node, exp.Table):
        use = numbers.get(id(node))
        if use is None:
            scope.derived.add(node.alias_or_name)
            return
        scope.uses[node.alias_or_name] = use
        scope.uses.setdefault(node.alias_or_name.lower(), use)
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


def _collect_facts(scope: Scope, numbers: dict[int, int], scopes: dict[int, Scope]) -> None:
    seen: set[int] = set()
    node = scope.node
    first = node.args.get("from_")
    sources = [first.this] if isinstance(first, exp.From) else []
    if isinstance(node, (exp.Update, exp.Delete)) and isinstance(node.this, exp.Table):
        sources.append(node.this)
    for source in sources:
        seen |= _uses_in(source, numbers, scope, scopes)
        for join in source.args.get("joins") or ():
            _collect_join(scope, join, seen, numbers, scopes)
    for join in node.args.get("joins") or ():
        _collect_join(scope, join, seen, numbers, scopes)
    where = node.args.get("where")
    everything = frozenset(scope.columns)
    if isinstance(where, exp.Where):
        scope.facts += [Fact(part, everything) for part in conjuncts(where.this)]


def _uses_in(source: exp.Expr, numbers: dict[int, int], scope: Scope, scopes: dict[int, Scope]) -> set[int]:
    """Uses named in a FROM entry that belong to this scope (not to a subquery in it); nested joins left out."""
    found: set[int] = set()
    if isinstance(source, exp.Table):
        return {numbers[id(source)]} if id(source) in numbers else found
    for table in source.find_all(exp.Table):
        if id(table) in numbers and scope_of(table, scopes) is scope:
            found.add(numbers[id(table)])
    return found


def _collect_join(
    scope: Scope, join: exp.Join, seen: set[int], numbers: dict[int, int], scopes: dict[int, Scope]
) -> None:
    right = _uses_in(join.this, numbers, scope, scopes)
    nested = join.this.args.get("joins") or ()
    for inner in nested:
        right |= _uses_in(inner.this, numbers, scope, scopes)
    side = (join.side or "").upper()
    if join.args.get("method") or nested or isinstance(join.this, exp.Paren):
        scope.natural = True  # NATURAL and bracketed joins: their conditions are not told apart
    restricts = frozenset(right) if side == "LEFT" else frozenset(seen) if side == "RIGHT" else frozenset(seen | right)
    if side == "LEFT":
        scope.optional |= right
    elif side == "RIGHT":
        scope.optional |= seen
    on = join.args.get("on")
    if not nested:
        scope.facts += [Fact(part, restricts) for part in conjuncts(on)]
        for identifier in join.args.get("using") or ():
            _collect_using(scope, identifier.name.lower(), seen, right, restricts)
    seen |= right


def _collect_using(scope: Scope, name: str, left: set[int], right: set[int], restricts: frozenset[int]) -> None:
    scope.using.add(name)
    holders = [use for use in sorted(left) if name in scope.columns[use]]
    others = [use for use in sorted(right) if name in scope.columns[use]]
    if holders and len(others) == 1:
        scope.equal.append(((holders[0], name), (others[0], name), restricts))
