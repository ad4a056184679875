"""What a SELECT must see of each table, should the rows have to come to one place: columns, conditions, joined columns.

Columns are found by name alone: a column whose name stands nowhere in the text (and that no star can mean) is not
needed. Conditions are written anew, not copied, from a few kinds of nodes that mean the same wherever they stand.
Invariant: a row that matters fulfils every condition given here; a column that matters is among the columns.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp
from sqlglot.tokens import TokenType

from shardkit.errors import NotSupportedError
from shardkit.flow import Blocker, Column, Condition, Family, Link, Need, Span, TableUse
from shardkit.parse.conditions import condition
from shardkit.parse.draft import Draft
from shardkit.parse.functions import CLOCK, FOLDED, OTHER, SCALAR, VOLATILE, WHOLE, WINDOW
from shardkit.parse.obstacles import is_call
from shardkit.parse.scopes import Names, Scope, scope_of
from shardkit.parse.top import top


def needs(draft: Draft, uses: tuple[TableUse, ...], scopes: dict[int, Scope], names: Names) -> tuple[Need, ...]:
    """One Need for each use."""
    words = {token.text.lower() for token in draft.tokens.items}
    whole = _whole(draft.tree, scopes)
    ordered = list(scopes.values())
    joined = _joined(ordered)
    found = []
    for use in uses:
        info = names.info(use.name)
        columns = info.columns if info is not None else ()
        if use.index not in whole:
            key = info.primary_key if info is not None else ()
            columns = _named(columns, words, key)
        scope = next((scope for scope in ordered if use.index in scope.columns), None)
        conditions = _conditions(scope, use.index, draft) if scope is not None else ()
        links = tuple(_links(scope, use.index, scopes)) if scope is not None else ()
        first = top(scope, use.index, draft.source.params) if scope is not None else None
        found.append(Need(columns, conditions, tuple(sorted(joined.get(use.index, ()))), links, first))
    return tuple(found)


def index_hints(draft: Draft) -> tuple[Span, ...]:
    """Where USE, FORCE and IGNORE INDEX stand: they name indexes that a workspace does not have."""
    tokens, words, found = draft.tokens, draft.tokens.words(), []
    for at in range(len(words) - 2):
        if words[at] not in ("USE", "FORCE", "IGNORE") or words[at + 1] not in ("INDEX", "KEY"):
            continue
        opening = at + 2
        while opening < len(words) and tokens.items[opening].token_type != TokenType.L_PAREN:
            opening += 1
        found.append((tokens.start(at), tokens.start(tokens.closing(opening)) + 1))
    return tuple(found)


def shown(draft: Draft, uses: tuple[TableUse, ...]) -> tuple[int, ...]:
    """The uses that stand in a column of the answer which has no alias, so that its name is its text."""
    query = draft.tree
    while isinstance(query, (exp.SetOperation, exp.Subquery)):
        query = query.this
    numbers = {id(table): use.index for table, use in zip(draft.tables, uses, strict=True)}
    items = query.expressions if isinstance(query, exp.Select) else []
    bare = [item for item in items if not isinstance(item, exp.Alias)]
    return tuple(numbers[id(table)] for item in bare for table in item.find_all(exp.Table) if id(table) in numbers)


def lock(draft: Draft) -> str:
    """The locking clause that does for every table what the statement asks for some: FOR UPDATE, FOR SHARE, or ''."""
    found = list(draft.tree.find_all(exp.Lock))
    if not found:
        return ""
    words = draft.tokens.words()
    waits = " SKIP LOCKED" if "SKIP" in words and "LOCKED" in words else " NOWAIT" if "NOWAIT" in words else ""
    if any(one.args.get("update") for one in found):
        return f"FOR UPDATE{waits}"
    return f"FOR SHARE{waits}" if waits else "LOCK IN SHARE MODE"


def calc_found_rows(draft: Draft, plain: bool) -> tuple[Span, ...]:
    """Where SQL_CALC_FOUND_ROWS stands. Only a plain SELECT can be counted without its LIMIT."""
    found = []
    for at, word in enumerate(draft.tokens.words()):
        if word != "SQL_CALC_FOUND_ROWS":
            continue
        if not plain or draft.tokens.depth[at] != 0:
            raise NotSupportedError(
                "SQL_CALC_FOUND_ROWS in a UNION, a WITH or a subquery",
                where=draft.source.place(draft.tokens.start(at)),
                why="only the rows of a plain SELECT can be counted without its LIMIT",
                instead="SELECT COUNT(*) beside it",
            )
        found.append(draft.tokens.span(at, at + 1))
    return tuple(found)


def unknown_call(draft: Draft) -> Blocker | None:
    """The first function that MySQL does not have: a stored one may read tables that nobody sees."""
    own = {alias.name.upper() for node in draft.tree.find_all(exp.TableAlias) for alias in [node.this] if alias}
    for at, word in enumerate(draft.tokens.words()):
        if word in _KNOWN or word in own or word in _TYPES or not is_call(draft.tokens, at):
            continue
        if word.startswith("ST_"):
            continue
        return Blocker(
            f"function {word} over several shards", draft.source.place(draft.tokens.start(at)),
            "it is none of MySQL's own, and a stored function may read tables that lie elsewhere",
            "a built-in function, or the shard key with = so that one shard answers",
        )  # fmt: skip
    return None


_KNOWN = CLOCK | FOLDED | OTHER | SCALAR | VOLATILE | WHOLE | WINDOW
_TYPES = frozenset({
    "COLUMNS", "CHAR", "BINARY", "DATETIME", "TIMESTAMP", "TIME", "BIGINT", "SMALLINT", "TINYINT", "MEDIUMINT", "TEXT",
    "BLOB", "BIT", "YEAR", "INTEGER", "DEC", "FIXED", "REAL", "NCHAR", "SIGNED", "UNSIGNED", "JSON", "KEY_BLOCK_SIZE",
})  # fmt: skip
"""Words before a bracket in CAST and JSON_TABLE."""


def _named(columns: tuple[Column, ...], words: set[str], key: tuple[str, ...]) -> tuple[Column, ...]:
    """The columns whose names occur, and the primary key: it tells what GROUP BY may leave out."""
    wanted = {name.lower() for name in key}
    kept = tuple(column for column in columns if column.name.lower() in words or column.name.lower() in wanted)
    return kept or columns[:1]


def _whole(tree: exp.Expr, scopes: dict[int, Scope]) -> set[int]:
    """The uses of which a star, or a NATURAL join, may mean every column."""
    found: set[int] = set()
    for star in tree.find_all(exp.Star):
        scope = scope_of(star, scopes)
        if scope is None or isinstance(star.parent, exp.Count) or _only_exists(star):
            continue
        table = star.parent.table if isinstance(star.parent, exp.Column) else ""
        mine = [use for name, use in scope.uses.items() if not table or name == table]
        found.update(mine)
    for join in tree.find_all(exp.Join):
        scope = scope_of(join, scopes)
        if scope is not None and str(join.args.get("method") or "").upper() == "NATURAL":
            found.update(scope.columns)
    return found


def _only_exists(star: exp.Star) -> bool:
    """`EXISTS (SELECT * …)` looks at no column."""
    select = star.parent
    if not isinstance(select, exp.Select) or star.arg_key != "expressions":
        return False
    outer = select.parent
    while isinstance(outer, (exp.Subquery, exp.Paren)):
        outer = outer.parent
    return isinstance(outer, exp.Exists)


def _conditions(scope: Scope, use: int, draft: Draft) -> tuple[Condition, ...]:
    optional = use in scope.optional
    parts = (
        condition(fact.condition, scope, use, draft.source.params, optional)
        for fact in scope.facts
        if use in fact.restricts
    )
    return tuple(part for part in parts if part is not None)


def _joined(scopes: list[Scope]) -> dict[int, set[str]]:
    """Columns that some `a.x = b.y` compares with another use's."""
    found: dict[int, set[str]] = {}
    for scope in scopes:
        for left, right in _pairs(scope):
            for (use, column), other in ((left, right), (right, left)):
                if use != other[0]:
                    found.setdefault(use, set()).add(column)
    return found


def _links(scope: Scope, use: int, scopes: dict[int, Scope]) -> Iterator[Link]:
    """Equalities with other uses' columns that every row of this use that matters fulfils, and that compare alike."""
    pairs = [(left, right) for left, right, restricts in scope.equal if use in restricts]
    for fact in scope.facts:
        if use not in fact.restricts:
            continue
        if isinstance(fact.condition, exp.EQ):
            sides = scope.resolve(fact.condition.this), scope.resolve(fact.condition.expression)
            if sides[0] is not None and sides[1] is not None:
                pairs.append((sides[0], sides[1]))
        elif isinstance(fact.condition, exp.In):
            yield from _membership(fact.condition, scope, use, scopes)
    for pair in pairs:
        for mine, other in (pair, pair[::-1]):
            one, two = scope.column(mine), scope.column(other)
            if mine[0] == use != other[0] and one is not None and two is not None and _alike(one, two):
                yield Link(one, other[0], two.name)


def _membership(node: exp.In, scope: Scope, use: int, scopes: dict[int, Scope]) -> Iterator[Link]:
    """`column IN (SELECT other.column FROM …)`: the column has one of that table's values."""
    query = node.args.get("query")
    select = query.unnest() if query is not None else None
    mine, inner = scope.resolve(node.this), scopes.get(id(select))
    if not isinstance(select, exp.Select) or inner is None or mine is None or mine[0] != use:
        return
    only = select.expressions[0] if len(select.expressions) == 1 else None
    theirs = inner.resolve(only.unalias()) if only is not None else None
    if theirs is None or theirs[0] not in inner.columns:
        return
    one, two = scope.column(mine), inner.column(theirs)
    if one is not None and two is not None and _alike(one, two):
        yield Link(one, theirs[0], two.name)


def _alike(one: Column, two: Column) -> bool:
    return one.family is two.family and one.collation == two.collation and one.family in _LINKED


_LINKED = (Family.INTEGER, Family.DECIMAL, Family.TEXT, Family.DATE, Family.BINARY)
"""Types whose values come back from a server as they went: a list of them means what the column means."""


def _pairs(scope: Scope) -> Iterator[tuple[tuple[int, str], tuple[int, str]]]:
    for left, right, _ in scope.equal:
        yield left, right
    for fact in scope.facts:
        for equality in fact.condition.find_all(exp.EQ):
            first, second = scope.resolve(equality.this), scope.resolve(equality.expression)
            if first is not None and second is not None:
                yield first, second
