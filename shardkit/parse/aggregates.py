"""Whose aggregate a call is, and which windows never reach from one shard to another.

An aggregate in a subquery belongs to the subquery, unless all that it looks at is the outer query's (MySQL then
computes it there). An aggregate with OVER is none.
Invariant: in doubt an aggregate is the query's own, and a window reaches everywhere.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from shardkit.parse.functions import WHOLE
from shardkit.parse.scopes import Scope


def is_aggregated(node: exp.Expr, select: exp.Select, scopes: dict[int, Scope]) -> bool:
    """Whether there is an aggregate of `select` inside, also one that sqlglot does not know."""
    return any(_is_aggregate(inner) and _belongs(inner, select, scopes) for inner in node.walk())


def windows_within(select: exp.Select, keyed: frozenset[str], identity: Callable[[exp.Expr], str]) -> bool:
    """Whether every window of the query is partitioned by a column that decides the shard."""
    named = {window.name.lower(): window for window in select.args.get("windows") or ()}
    mine = [window for window in select.find_all(exp.Window) if window.find_ancestor(exp.Select) is select]
    used = [window for window in mine if window.arg_key != "windows"]

    def whole(window: exp.Window, depth: int) -> bool:
        if any(identity(entry) in keyed for entry in window.args.get("partition_by") or ()):
            return True
        base = named.get(window.alias.lower()) if window.alias else None
        return base is not None and depth < len(named) and whole(base, depth + 1)

    return bool(used) and all(whole(window, 0) for window in used)


def _is_aggregate(node: exp.Expr) -> bool:
    known = node.name.upper() in WHOLE if isinstance(node, exp.Anonymous) else isinstance(node, exp.AggFunc)
    return known and not (isinstance(node.parent, exp.Window) and node.arg_key == "this")


def _belongs(call: exp.Expr, select: exp.Select, scopes: dict[int, Scope]) -> bool:
    inner = call.find_ancestor(exp.Select)
    if inner is None or inner is select:
        return True
    own = scopes.get(id(inner))
    for column in call.find_all(exp.Column):
        ref = own.resolve(column) if own is not None else None
        if ref is None:
            return True
        if own is not None and ref[0] in own.columns:
            return False
    return call.find(exp.Column) is not None
