"""Common table expressions: which a name means, and what to make of one that is named more than once.

MySQL opens the tables of a CTE once for each place that names it, and refuses to open a temporary table twice; so on a
workspace such a CTE becomes a temporary table itself.
Invariant: every place that names a CTE of the outermost WITH is among its references, but for a recursive one's own.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp
from sqlglot.tokens import TokenType

from shardkit.flow import Blocker, Cte, Ctes, Reference, Span
from shardkit.parse.draft import Draft
from shardkit.parse.tokens import Tokens


def cte_of(table: exp.Table) -> exp.CTE | None:
    """The CTE that is meant, if one is. A CTE sees those before it, and itself if the clause is RECURSIVE."""
    node: exp.Expr | None = table.parent
    inside: exp.Expr | None = None
    while node is not None:
        if isinstance(node, exp.CTE):
            inside = node
        clause = node.args.get("with_")
        if clause is not None:
            seen = list(clause.expressions)
            if inside in seen:
                seen = seen[: seen.index(inside) + bool(clause.args.get("recursive"))]
            found = next((cte for cte in reversed(seen) if cte.alias == table.name), None)
            if isinstance(found, exp.CTE):
                return found
            inside = None
        node = node.parent
    return None


def ctes(draft: Draft) -> Ctes | Blocker | None:
    """The outermost WITH, if it must be taken apart; a Blocker if an inner one had to be, which is not done."""
    named: dict[int, list[exp.Table]] = {}
    for table in draft.tree.find_all(exp.Table):
        found = cte_of(table) if isinstance(table.this, exp.Identifier) and not table.args.get("db") else None
        if found is not None and table.find_ancestor(exp.CTE) is not found:
            named.setdefault(id(found), []).append(table)
    outermost = draft.tree.args.get("with_")
    mine: list[exp.CTE] = list(outermost.expressions) if isinstance(outermost, exp.With) else []
    if not any(len(tables) > 1 for tables in named.values()):
        return None
    inner = [key for key, tables in named.items() if len(tables) > 1 and key not in map(id, mine)]
    if inner:
        return Blocker(
            "a WITH inside of a subquery whose table is used more than once, over several shards", "",
            "its rows would have to be kept for the subquery alone",
            "WITH at the front of the statement, or the subquery written twice",
        )  # fmt: skip
    if any(_untyped(cte.this) for cte in mine if id(cte) in named):
        return Blocker(
            "a WITH whose table is used more than once and has a column of NULL alone, over several shards", "",
            "a NULL has the type of what it meets, a table's column has one of its own",
            "CAST(NULL AS CHAR), or of whatever type it shall have",
        )  # fmt: skip
    parts = list(_parts(draft.tokens))
    recursive = draft.tokens.words()[1] == "RECURSIVE"
    made = tuple(
        Cte(cte.alias, head, body, recursive, tuple(_reference(draft, table) for table in named.get(id(cte), ())))
        for cte, (head, body) in zip(mine, parts, strict=True)
    )
    return Ctes(made, (draft.tokens.start(0), parts[-1][1][1] + 1))


def _untyped(query: exp.Expr) -> bool:
    """Whether some column of it is NULL in every arm."""
    arms: list[exp.Expr] = [query]
    while any(isinstance(arm, (exp.SetOperation, exp.Subquery, exp.Paren)) for arm in arms):
        arms = [side for arm in arms for side in _sides(arm)]
    lists = [[isinstance(item.unalias(), exp.Null) for item in arm.expressions] for arm in arms]
    return any(all(column) for column in zip(*lists, strict=False))


def _sides(arm: exp.Expr) -> list[exp.Expr]:
    if isinstance(arm, exp.SetOperation):
        return [arm.this, arm.expression]
    return [arm.this] if isinstance(arm, (exp.Subquery, exp.Paren)) else [arm]


def _reference(draft: Draft, table: exp.Table) -> Reference:
    start, end = table.this.meta["start"], table.this.meta["end"]
    return Reference((draft.source.origin(start), draft.source.origin(end) + 1), bool(table.alias))


def _parts(tokens: Tokens) -> Iterator[tuple[Span, Span]]:
    """Of each CTE the span of `name (columns)` and that of its query, without the brackets."""
    words = tokens.words()
    at = 2 if words[1] == "RECURSIVE" else 1
    while True:
        first = at
        at += 1
        if tokens.items[at].token_type == TokenType.L_PAREN:
            at = tokens.closing(at) + 1
        head = tokens.span(first, at)
        opening = at + 1  # behind AS
        close = tokens.closing(opening)
        yield head, (tokens.start(opening) + 1, tokens.start(close))
        at = close + 1
        if at >= len(words) or tokens.items[at].token_type != TokenType.COMMA:
            return
        at += 1
