"""How the table uses of one statement relate: which always share a slot, and which lists may be split by shard.

Invariant: two uses are co-located only if an equality on all their shard-key columns holds in every row that counts.
"""

from __future__ import annotations

from sqlglot import exp
from sqlglot.tokens import TokenType

from shardkit.flow import Pick, TableUse
from shardkit.parse.draft import Draft
from shardkit.parse.predicate import Solver
from shardkit.parse.scopes import Names, Scope


def colocated(
    uses: tuple[TableUse, ...], keys: list[tuple[str, ...]], solver: Solver, names: Names
) -> tuple[frozenset[int], ...]:
    """Groups of sharded uses that are joined on their shard keys; a subquery's uses may be joined with outer ones.

    A link has a direction: a use that may be missing, or stands in a subquery, lies with what it is joined to, but two
    tables that are both joined to it need not lie together. So a group has one use to which all others are linked.
    """
    left = [use for use in uses if keys[use.index]]
    linked = {
        use.index: {other.index for other in left if other is use or _linked(use, other, keys, solver, names)}
        for use in left
    }
    groups = []
    indexes = list(linked)
    while indexes:
        group = max(([use for use in indexes if root in linked[use]] for root in indexes), key=len)
        groups.append(frozenset(group))
        indexes = [use for use in indexes if use not in group]
    return tuple(groups)


def _linked(use: TableUse, other: TableUse, keys: list[tuple[str, ...]], solver: Solver, names: Names) -> bool:
    mine, theirs = keys[use.index], keys[other.index]
    if names.bound_group(use.name) != names.bound_group(other.name) or len(mine) != len(theirs):
        return False
    return all(
        (other.index, their) in solver.equal_columns((use.index, my)) for my, their in zip(mine, theirs, strict=True)
    )


def select_key_facts(
    uses: tuple[TableUse, ...], keys: list[tuple[str, ...]], groups: tuple[frozenset[int], ...]
) -> frozenset[tuple[int, str]]:
    """Columns that alone decide the slot of a joined row. A side that may be missing decides nothing."""
    if len(groups) != 1:
        return frozenset()
    mine = (use for use in groups[0] if not uses[use].optional and uses[use].scope == 0)
    return frozenset((use, keys[use][0]) for use in mine if len(keys[use]) == 1)


def picks(draft: Draft, scopes: list[Scope], keys: list[tuple[str, ...]], solver: Solver) -> tuple[Pick, ...]:
    """IN lists on a shard key that stand as a condition of their own: each shard may get its own values."""
    found = []
    for scope in scopes:
        for fact in scope.facts:
            node = fact.condition
            if not isinstance(node, exp.In) or not node.expressions or node.args.get("query"):
                continue
            ref = scope.resolve(node.this)
            if ref is None or ref[0] not in fact.restricts or ref[1] not in keys[ref[0]]:
                continue
            pick = _pick(draft, node, ref, solver)
            if pick is not None:
                found.append(pick)
    return tuple(sorted(found, key=lambda p: p.span))


def _pick(draft: Draft, node: exp.In, ref: tuple[int, str], solver: Solver) -> Pick | None:
    tokens = draft.tokens
    name = node.this.this if isinstance(node.this, exp.Column) else None
    at = tokens.at(name.meta["start"]) if name is not None and "start" in name.meta else -1
    if at < 0 or at + 2 >= len(tokens.items):
        return None
    if tokens.items[at + 1].token_type != TokenType.IN or tokens.items[at + 2].token_type != TokenType.L_PAREN:
        return None
    close = tokens.closing(at + 2)
    parts = tokens.split(at + 3, close)
    values = [solver.value(entry) for entry in node.expressions]
    known = tuple(v for v in values if v is not None)
    if len(parts) != len(values) or len(known) != len(values) or len(parts) < 2:
        return None
    spans = tuple(tokens.span(*part) for part in parts)
    return Pick(ref[0], ref[1], (spans[0][0], spans[-1][1]), spans, known)
