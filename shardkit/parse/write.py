"""The facts of INSERT and REPLACE: which values go into the shard-key columns, row by row, and where each row stands.

Invariant: a row whose shard key is not a literal or a placeholder has None there, and is refused, never guessed.
"""

from __future__ import annotations

from sqlglot import exp
from sqlglot.tokens import TokenType

from shardkit.errors import NotSupportedError, UnknownColumn
from shardkit.flow import Blocker, InsertShape, Pick, TableInfo, Value
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


def shape(
    node: exp.Insert, source: Source, tokens: Tokens, keys: tuple[str, ...], info: TableInfo | None
) -> InsertShape | None:
    """The facts of INSERT … VALUES or SET; None for INSERT … SELECT. Raises when a row's width differs."""
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
    return InsertShape(columns, tuple(found), keys, _row_list(source, tokens, len(rows)), tuple(counted))


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


def write_blockers(node: exp.Expr, source: Source, tokens: Tokens) -> list[Blocker]:
    """Why an UPDATE or DELETE cannot run shard by shard."""
    found = []
    one_shard = "give the shard key with = so that one shard is written"
    for name, what in (("order", "ORDER BY"), ("limit", "LIMIT")):
        clause = tokens.clauses().get(name)
        if clause is not None:
            place = source.place(tokens.start(clause.keyword))
            found.append(Blocker(f"{what} in a write over several shards", place,
                                 "the rows it takes are chosen over all shards together", one_shard))  # fmt: skip
    for index, token in enumerate(tokens.items):
        if token.token_type == TokenType.SELECT:
            found.append(Blocker("a subquery in a write over several shards", source.place(tokens.start(index)),
                                 "its rows may lie on other shards", one_shard))  # fmt: skip
            break
    if len(list(node.find_all(exp.Table))) > 1 and not isinstance(node, exp.Insert):
        found.append(Blocker("a write over several tables and several shards", source.place(0),
                             "the joined rows may lie on different shards", one_shard))  # fmt: skip
    return found
