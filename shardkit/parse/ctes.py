"""Common table expressions: which a name means, and what to make of one that is named more than once.

MySQL opens the tables of a CTE once for each place that names it, and refuses to open a temporary table twice; so on a
workspace such a CTE becomes a temporary table itself.
Invariant: every place that names a CTE is among its references, but for a recursive one's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlglot import exp
from sqlglot.tokens import TokenType

from shardkit.flow import Blocker, Cte, Ctes, Reference, Span
from shardkit.parse.draft import Draft
from shardkit.parse.scopes import Scope
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


def ctes(draft: Draft, scopes: Mapping[int, Scope]) -> Ctes | Blocker | None:
    """The WITH clauses, if they must be taken apart; a Blocker if that cannot be done."""
    named: dict[int, list[exp.Table]] = {}
    circular = False
    for table in draft.tree.find_all(exp.Table):
        found = cte_of(table) if isinstance(table.this, exp.Identifier) and not table.args.get("db") else None
        if found is not None and table.find_ancestor(exp.CTE) is not found:
            named.setdefault(id(found), []).append(table)
            circular = circular or _stands_in(table, found)
    if not any(len(tables) > 1 for tables in named.values()):
        return None
    clauses = sorted(draft.tree.find_all(exp.With), key=_begin)
    mine = [cte for clause in clauses for cte in clause.expressions]
    if circular or not all(_closed(cte, scopes) for cte in mine):
        return Blocker(
            "a WITH inside of a subquery that depends on the row outside, beside a table used more than once, over "
            "several shards", "", "its rows would have to be kept for each row outside",
            "WITH at the front of the statement, or the subquery written twice",
        )  # fmt: skip
    if any(_untyped(cte.this) for cte in mine if id(cte) in named):
        return Blocker(
            "a WITH whose table is used more than once and has a column of NULL alone, over several shards", "",
            "a NULL has the type of what it meets, a table's column has one of its own",
            "CAST(NULL AS CHAR), or of whatever type it shall have",
        )  # fmt: skip
    made: list[Cte] = []
    spans: list[Span] = []
    for clause in clauses:
        first = draft.tokens.at(_begin(clause))
        recursive = bool(clause.args.get("recursive"))
        parts = list(_parts(draft.tokens, first))
        spans.append((draft.tokens.start(first - 1 - recursive), parts[-1][1][1] + 1))
        for cte, (head, body) in zip(clause.expressions, parts, strict=True):
            references = tuple(_reference(draft, table) for table in named.get(id(cte), ()))
            made.append(Cte(cte.alias, head, body, recursive, references))
    return Ctes(tuple(sorted(made, key=lambda cte: cte.body[1])), tuple(spans))


def _begin(clause: exp.With) -> int:
    """Where the name of its first CTE stands, for the parser."""
    start: int = clause.expressions[0].args["alias"].this.meta["start"]
    return start


def _stands_in(table: exp.Table, cte: exp.CTE) -> bool:
    node: exp.Expr | None = table
    while node is not None and node is not cte:
        node = node.parent
    return node is cte


def _closed(cte: exp.CTE, scopes: Mapping[int, Scope]) -> bool:
    """Whether every column in it certainly belongs to a table in it."""
    doubtful = cte.find_ancestor(exp.Lateral, exp.In, exp.Exists, exp.Any, exp.All, exp.Where, exp.Having) is not None
    for column in cte.find_all(exp.Column):
        known = _is_inside(column, cte, scopes)
        if known is False or (known is None and (doubtful or _is_scalar(cte))):
            return False
    return True


def _is_inside(column: exp.Column, cte: exp.CTE, scopes: Mapping[int, Scope]) -> bool | None:
    """Whether the column belongs to a table in the CTE's query; None if that is not certain."""
    derived, sorted_ = False, column.find_ancestor(exp.Order, exp.Group, exp.Having) is not None
    node: exp.Expr | None = column
    while node is not None and node is not cte:
        scope = scopes.get(id(node))
        if scope is not None:
            own = scope.columns.values()  # `resolve` would look outside too
            named = column.table in scope.uses or column.table in scope.derived
            if named or (not column.table and any(column.name.lower() in names for names in own)):
                return True
            derived = derived or bool(scope.derived)
        if isinstance(node, exp.Query) and not column.table and column.name in node.named_selects and sorted_:
            return True  # an alias
        node = node.parent
    return None if derived and not column.table else False


def _is_scalar(cte: exp.CTE) -> bool:
    """Whether it stands in a subquery that is an expression, which may name columns outside."""
    node: exp.Expr | None = cte
    while node is not None:
        if isinstance(node, exp.Subquery) and not isinstance(
            node.parent, (exp.From, exp.Join, exp.SetOperation, exp.Subquery, exp.CTE)
        ):
            return True
        node = node.parent
    return False


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


def _parts(tokens: Tokens, first: int) -> Iterator[tuple[Span, Span]]:
    """Of each CTE, the first at this token, the span of `name (columns)` and that of its query without the brackets."""
    words = tokens.words()
    at = first
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
