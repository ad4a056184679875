"""The facts of INSERT and REPLACE: which values go into the shard-key columns, row by row, and where each row stands.

Invariant: a row whose shard key is not a literal or a placeholder has None there, and is refused, never guessed.
"""

from __future__ import annotations

from sqlglot import exp
from sqlglot.tokens import TokenType

from shardkit.errors import NotSupportedError, UnknownColumn
from shardkit.flow import Blocker, Cell, FillShape, InsertShape, Kind, Pick, Span, TableInfo, Value
from shardkit.parse.cells import cell
from shardkit.parse.draft import Draft
from shardkit.parse.lexer import Source
from shardkit.parse.predicate import value_of
from shardkit.parse.tokens import Tokens


def insert_columns(node: exp.Insert, info: TableInfo | None) -> tuple[str, ...]:
    """The columns an INSERT gives values for, lower case, in order."""
    target = node.this
    if isinstance(target, exp.Schema):
        return tuple(column.name.lower() for column in target.expressions)
    if info is None:
        return ()
    return tuple(column.name.lower() for column in info.columns)


def insert_rows(node: exp.Insert) -> list[list[exp.Expr]] | None:
    """The rows of an INSERT … VALUES or SET, or None for INSERT … SELECT."""
    source = node.expression
    if not isinstance(source, exp.Values):
        return None
    rows = []
    for row in source.expressions:
        cells = list(row.expressions) if isinstance(row, exp.Tuple) else [row]
        if len(cells) == 1 and isinstance(cells[0], exp.Anonymous) and cells[0].name.upper() == "ROW":
            cells = list(cells[0].expressions)
        rows.append(cells)
    return rows


def shape(draft: Draft, keys: tuple[str, ...], info: TableInfo | None) -> InsertShape | None:
    """The facts of INSERT … VALUES or SET; None for INSERT … SELECT. Raises when a row's width differs."""
    node, source, tokens = draft.tree, draft.source, draft.tokens
    assert isinstance(node, exp.Insert)
    rows = insert_rows(node)
    if rows is None:
        return None
    columns = insert_columns(node, info)
    auto = next((column.name.lower() for column in info.columns if column.auto_increment), None) if info else None
    found: list[tuple[Value | None, ...]] = []
    counted: list[Value | None] = []
    for number, row in enumerate(rows, 1):
        if len(row) != len(columns) and (row or isinstance(node.this, exp.Schema)):
            raise UnknownColumn(f"Column count doesn't match value count at row {number}", errno=1136)
        given = dict(zip(columns, row, strict=False))
        found.append(tuple(value_of(given[key], source.params) if key in given else None for key in keys))
        if auto is not None:
            counted.append(value_of(given[auto], source.params) if auto in given else None)
    cells = _cells(draft, columns, rows)
    pick = _row_list(source, tokens, len(rows))
    ignore = bool(node.args.get("ignore"))
    lenient = ignore or bool(node.args.get("conflict")) or draft.kind is Kind.REPLACE
    return InsertShape(columns, tuple(found), keys, pick, tuple(counted), cells, _loose(draft, cells), ignore, lenient)


def fill(draft: Draft, info: TableInfo | None) -> FillShape | None:
    """The facts of INSERT … SELECT; None for others."""
    node, tokens = draft.tree, draft.tokens
    if not isinstance(node, exp.Insert) or isinstance(node.expression, exp.Values) or node.expression is None:
        return None
    table = node.this.this if isinstance(node.this, exp.Schema) else node.this
    first = tokens.at(table.this.meta["start"]) + 1
    if isinstance(node.this, exp.Schema):
        first = tokens.closing(first) + 1
    end = _duplicate(tokens)
    loose = _loose(draft, ())
    if loose is None and not _tail_is_own(node, table, info):
        loose = Blocker(
            "ON DUPLICATE KEY UPDATE with columns of the SELECT", draft.source.place(tokens.start(end)),
            "the rows are read first and inserted as values", "VALUES(column)",
        )  # fmt: skip
    items, star = _select_list(node.expression, tokens)
    return FillShape(
        insert_columns(node, info), tokens.span(first, end), loose, bool(node.args.get("ignore")), items, star
    )


def _select_list(query: exp.Expr, tokens: Tokens) -> tuple[tuple[Span, ...], Span | None]:
    """Where the values of the SELECT of an INSERT stand, or where its only star does."""
    clause = tokens.clauses().get("select")
    if not isinstance(query, exp.Select) or clause is None:
        return (), None
    parts = tokens.split(clause.first, clause.end)
    if len(parts) != len(query.expressions):
        return (), None
    if any(node.is_star and not isinstance(node.unalias(), exp.Count) for node in query.expressions):
        only = query.expressions[0] if len(parts) == 1 else None
        return (), tokens.span(*parts[0]) if isinstance(only, exp.Star) else None
    spans = []
    for node, (first, end) in zip(query.expressions, parts, strict=True):
        if isinstance(node, exp.Alias):
            end -= 2 if tokens.items[end - 2].token_type == TokenType.ALIAS else 1
        spans.append(tokens.span(first, end))
    return tuple(spans), None


def _tail_is_own(node: exp.Insert, table: exp.Table, info: TableInfo | None) -> bool:
    """Whether ON DUPLICATE KEY UPDATE names columns of the target alone."""
    conflict = node.args.get("conflict")
    known = {column.name.lower() for column in info.columns} if info is not None else set()
    columns = conflict.find_all(exp.Column) if conflict is not None else ()
    return all(column.table in ("", table.name) and column.name.lower() in known for column in columns)


def _duplicate(tokens: Tokens) -> int:
    """The token at which ON DUPLICATE KEY UPDATE, or else the end, stands."""
    words = tokens.words()
    for at in range(len(words) - 1):
        if words[at] == "ON" and words[at + 1] == "DUPLICATE" and tokens.depth[at] == 0:
            return at
    return next((at for at, word in enumerate(words) if word == "RETURNING" and tokens.depth[at] == 0), len(words))


def _loose(draft: Draft, cells: tuple[Cell, ...]) -> Blocker | None:
    """A subquery of an INSERT that is not the whole of a value, or rows that shall come back."""
    tokens = draft.tokens
    end = _duplicate(tokens)
    for at, token in enumerate(tokens.items):
        if token.token_type != TokenType.SELECT or (not cells and at < end):
            continue
        start = tokens.start(at)
        if not any(cell.alone and cell.span[0] <= start < cell.span[1] for cell in cells):
            return Blocker("a subquery in ON DUPLICATE KEY UPDATE, or beside columns of the row",
                           draft.source.place(start), "it cannot be read before the row is there",
                           "read the value first")  # fmt: skip
    return None


def _cells(draft: Draft, columns: tuple[str, ...], rows: list[list[exp.Expr]]) -> tuple[Cell, ...]:
    """The computed values, where every value's text can be told."""
    tokens = draft.tokens
    found = []
    for row, parts in zip(rows, _value_parts(draft), strict=False):
        if len(parts) != len(row):
            continue
        for column, node, part in zip(columns, row, parts, strict=False):
            if value_of(node, draft.source.params) is None:
                found.append(cell(node, column, tokens, part, draft.tree))
    return tuple(found)


def _value_parts(draft: Draft) -> list[list[tuple[int, int]]]:
    """For each row the tokens of its values."""
    tokens = draft.tokens
    words = tokens.words()
    clause = tokens.clauses().get("values")
    if clause is not None and clause.keyword < _duplicate(tokens):
        rows = tokens.value_rows(clause.first)
        openings = [first + (words[first] == "ROW") for first, _ in rows]
        return [tokens.split(opening + 1, end - 1) for opening, (_, end) in zip(openings, rows, strict=True)]
    at = next((at for at, word in enumerate(words) if word == "SET" and tokens.depth[at] == 0), -1)
    if at < 0:
        return []
    parts = []
    for first, end in tokens.split(at + 1, _duplicate(tokens)):
        equals = next((i for i in range(first, end) if words[i] in ("=", ":=")), first)
        parts.append((equals + 1, end))
    return [parts]


def _row_list(source: Source, tokens: Tokens, count: int) -> Pick | None:
    keyword = tokens.values_keyword()
    if keyword < 0:
        return None
    ranges = tokens.value_rows(keyword + 1)
    if len(ranges) != count:
        if count == 1:
            return None
        raise NotSupportedError(
            "this form of VALUES", where=source.place(tokens.start(keyword)),
            why="its rows cannot be told apart",
            instead="INSERT INTO t (columns) VALUES (…), (…)",
        )  # fmt: skip
    spans = tuple(tokens.span(*part) for part in ranges)
    return Pick(0, "", (spans[0][0], spans[-1][1]), spans, ())


def assigned_columns(node: exp.Expr) -> list[exp.Column]:
    """The columns that an UPDATE, or an INSERT's ON DUPLICATE KEY UPDATE, gives new values."""
    if isinstance(node, exp.Update):
        pairs = node.expressions
    else:
        conflict = node.args.get("conflict")
        pairs = conflict.expressions if conflict is not None else []
    return [pair.this for pair in pairs if isinstance(pair, exp.EQ) and isinstance(pair.this, exp.Column)]


def write_blockers(source: Source, tokens: Tokens) -> list[Blocker]:
    """Why an UPDATE or DELETE cannot run shard by shard, though its tables lie together."""
    clause = tokens.clauses().get("limit")
    if clause is None:
        return []
    return [
        Blocker("LIMIT in a write over several shards", source.place(tokens.start(clause.keyword)),
                "the rows it takes are chosen over all shards together",
                "give the shard key with = so that one shard is written"),
    ]  # fmt: skip
