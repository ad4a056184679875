"""A query that takes only the first rows of one table: each shard need give no more than those.

    (SELECT orderId, amount FROM t_order WHERE status = %s ORDER BY created_at DESC LIMIT 20) UNION ALL …

Invariant: the first rows of the union of the shards' first rows are the first rows of all.
"""

from __future__ import annotations

from sqlglot import exp

from shardkit.flow import ParamRef, Top, Value
from shardkit.parse.aggregates import is_aggregated
from shardkit.parse.conditions import exactly
from shardkit.parse.predicate import value_of
from shardkit.parse.scopes import Scope

_ELSE = ("group", "having", "distinct", "windows", "with_", "joins", "laterals", "qualify")


def top(scope: Scope, use: int, params: tuple[ParamRef, ...]) -> Top | None:
    """The first rows that the query of this scope takes of its only table, or None if it looks at more."""
    select = scope.node
    if not isinstance(select, exp.Select) or list(scope.columns) != [use] or scope.derived:
        return None
    if any(select.args.get(clause) for clause in _ELSE) or select.find(exp.Window) is not None:
        return None
    limit, offset = select.args.get("limit"), select.args.get("offset")
    if not isinstance(limit, exp.Limit) or not all(exactly(fact.condition, scope, use, params) for fact in scope.facts):
        return None
    items = (is_aggregated(item, select, {id(select): scope}) for item in select.expressions)
    most, skipped = value_of(limit.expression, params), _skipped(offset, params)
    order = _order(select, scope, use)
    if any(items) or most is None or order is None or (offset is not None and skipped is None):
        return None
    return Top(order, most, skipped)


def _skipped(offset: exp.Expr | None, params: tuple[ParamRef, ...]) -> Value | None:
    return value_of(offset.expression, params) if offset is not None else None


def _order(select: exp.Select, scope: Scope, use: int) -> str | None:
    """ORDER BY of the table's own columns, '' without one; None for anything else."""
    order = select.args.get("order")
    if order is None:
        return ""
    aliases = {item.alias.lower() for item in select.expressions if isinstance(item, exp.Alias)}
    parts = []
    for entry in order.expressions:
        inner, down = (entry.this, entry.args.get("desc")) if isinstance(entry, exp.Ordered) else (entry, False)
        ref = scope.resolve(inner)
        known = scope.column(ref) if ref is not None and ref[0] == use else None
        if known is None or (not inner.table and inner.name.lower() in aliases):
            return None
        name = known.name.replace("`", "``").replace("%", "%%")
        parts.append(f"`{name}` DESC" if down else f"`{name}`")
    return f"ORDER BY {', '.join(parts)}"
