"""Where an INSERT takes generated ids: rows without the column, or with DEFAULT, NULL or 0 in it, or a placeholder.

    INSERT INTO t (a) VALUES (%s), (%s)        ->  INSERT INTO t (a, `id`) VALUES (%s, *), (%s, *)
    INSERT INTO t (id, a) VALUES (NULL, 1)     ->  INSERT INTO t (id, a) VALUES (*, 1)
    INSERT INTO t SET a = 1                    ->  INSERT INTO t SET a = 1, `id` = *

NULL and 0 ask for an id as they do of AUTO_INCREMENT; 0 only where the column is an integer.
Invariant: a value that the statement computes (`id + 1`, `UUID()`) is left as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sqlglot import exp
from sqlglot.tokens import TokenType

from shardkit.errors import NotSupportedError
from shardkit.flow import Blank, Blanks, Column, Family, Literal, ParamRef, Span, TableInfo
from shardkit.parse.draft import Draft
from shardkit.parse.predicate import value_of
from shardkit.parse.tokens import Tokens
from shardkit.parse.write import insert_columns, insert_rows

ALIAS_PREFIX = "sk__"
"""What a row alias calls the columns that were added."""


class _Row(NamedTuple):
    """Where the values of one row stand, and where more are put in."""

    cells: tuple[Span, ...]
    end: int


class _Form(NamedTuple):
    """How one INSERT is written: its rows, where it names its columns, and whether names stand beside the values."""

    rows: tuple[_Row, ...]
    lists: tuple[tuple[int, str, str], ...]  # offset, and what stands before and after a list of added names
    assigns: bool


def asks_for_id(value: object, column: Column) -> bool:
    """Whether a value given for a generated column stands for a new id."""
    return value is None or (column.family is Family.INTEGER and value in (0, "0"))


def blanks(draft: Draft, generated: Sequence[Column], info: TableInfo) -> Blanks:
    """The places for ids of these columns of the INSERT's table. Raises NotSupportedError for INSERT … SELECT."""
    node = draft.tree
    assert isinstance(node, exp.Insert)
    rows, columns = insert_rows(node), insert_columns(node, info)
    if rows is None:
        _refuse_select(draft, [column for column in generated if column.name.lower() not in columns])
        return Blanks(())
    if not isinstance(node.this, exp.Schema) and not any(rows):
        columns = ()  # VALUES (): every column has its default
    form = _assignments(draft.tokens) or _value_rows(draft, len(rows), listed=isinstance(node.this, exp.Schema))
    added = [column.name for column in generated if column.name.lower() not in columns]
    found: list[Blank] = []
    for row, cells in zip(form.rows, rows, strict=True):
        given = dict(zip(columns, zip(cells, row.cells, strict=True), strict=False))
        found += _in_row(draft, generated, given, row, assigns=form.assigns)
    return Blanks(tuple(sorted(found, key=lambda blank: blank.span)), tuple(_names(form, added)))


def _in_row(
    draft: Draft, generated: Sequence[Column], given: dict[str, tuple[exp.Expr, Span]], row: _Row, *, assigns: bool
) -> Iterator[Blank]:
    first = not row.cells
    for column in generated:
        name = column.name.lower()
        if name not in given:
            before = ("" if first else ", ") + (f"{_quoted(column.name)} = " if assigns else "")
            first = False
            yield Blank(name, (row.end, row.end), None, before)
            continue
        cell, span = given[name]
        value = value_of(cell, draft.source.params)
        if isinstance(value, ParamRef):
            yield Blank(name, span, value)
        elif _is_default(cell) or (isinstance(value, Literal) and asks_for_id(value.value, column)):
            yield Blank(name, span, None)


def _names(form: _Form, added: Sequence[str]) -> Iterator[tuple[int, str]]:
    if not added or form.assigns:
        return
    for number, (offset, before, after) in enumerate(form.lists):
        prefix = ALIAS_PREFIX if number else ""
        yield offset, before + ", ".join(_quoted(prefix + name) for name in added) + after


def _value_rows(draft: Draft, count: int, *, listed: bool) -> _Form:
    tokens = draft.tokens
    keyword = tokens.values_keyword()
    ranges = tokens.value_rows(keyword + 1)
    if keyword < 0 or len(ranges) != count:
        raise NotSupportedError(
            "generating ids for this form of INSERT", why="its rows cannot be told apart",
            instead="INSERT INTO t (columns) VALUES (…), (…)",
        )  # fmt: skip
    rows = []
    for first, end in ranges:
        opening = first if tokens.items[first].token_type == TokenType.L_PAREN else first + 1
        cells = tuple(tokens.span(*part) for part in tokens.split(opening + 1, end - 1))
        rows.append(_Row(cells, tokens.start(end - 1)))
    if listed:
        empty = tokens.items[keyword - 2].token_type == TokenType.L_PAREN
        lists = [(tokens.start(keyword - 1), "" if empty else ", ", "")]
    else:
        lists = [(tokens.start(keyword), "(", ") ")]
    return _Form(tuple(rows), (*lists, *_alias_list(tokens, ranges[-1][1])), assigns=False)


def _alias_list(tokens: Tokens, index: int) -> Iterator[tuple[int, str, str]]:
    """`AS new (m, n)` behind the rows names every column."""
    kinds = [token.token_type for token in tokens.items[index : index + 3]]
    if len(kinds) == 3 and kinds[0] == TokenType.ALIAS and kinds[2] == TokenType.L_PAREN:
        yield tokens.start(tokens.closing(index + 2)), ", ", ""


def _assignments(tokens: Tokens) -> _Form | None:
    """The form INSERT … SET, or None."""
    words = tokens.words()
    level = [index for index in range(len(words)) if tokens.depth[index] == 0]
    first = next((index + 1 for index in level if tokens.items[index].token_type == TokenType.SET), None)
    if first is None or tokens.values_keyword() in range(first):
        return None
    ends = (i for i in level if i > first and (words[i] in ("ON", "RETURNING") or words[i] == "AS"))
    parts = tokens.split(first, next(ends, len(words)))
    cells = []
    for begin, end in parts:
        equals = next(i for i in range(begin, end) if tokens.items[i].token_type in (TokenType.EQ, TokenType.COLON_EQ))
        cells.append(tokens.span(equals + 1, end))
    return _Form((_Row(tuple(cells), cells[-1][1]),), (), assigns=True)


def _refuse_select(draft: Draft, missing: Sequence[Column]) -> None:
    if missing:
        raise NotSupportedError(
            f"generating {missing[0].name} for INSERT … SELECT", where=draft.source.place(0),
            why="the rows are made by a server, and shardkit does not see them",
            instead="read the rows, then INSERT them with VALUES",
        )  # fmt: skip


def _is_default(cell: exp.Expr) -> bool:
    return isinstance(cell, exp.Var) and cell.name.upper() == "DEFAULT"


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
