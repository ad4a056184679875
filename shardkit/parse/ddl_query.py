"""The query inside of a DDL statement: a view's, or that of CREATE TABLE … SELECT. One server runs it where it lies.

Invariant: every table that the query names is a TableUse with its place in the text, or the statement is refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlglot import exp
from sqlglot.tokens import TokenType

from shardkit.errors import NotSupportedError, SqlSyntaxError
from shardkit.flow import Kind, TableUse
from shardkit.parse.draft import Draft
from shardkit.parse.lexer import Source, first_word, lex
from shardkit.parse.schemas import OWN
from shardkit.parse.statement import read
from shardkit.parse.tokens import Tokens

_FIRST = ("SELECT", "WITH", "TABLE", "VALUES")
_CHECKS = (["WITH", "CHECK", "OPTION"], ["WITH", "CASCADED", "CHECK", "OPTION"], ["WITH", "LOCAL", "CHECK", "OPTION"])


def query_of_table(tokens: Tokens, words: Sequence[str], after: int) -> int | None:
    """Where the query of CREATE TABLE … SELECT begins behind the table's name; None if there is none."""
    for index in range(after, len(words)):
        if words[index] == "SELECT" or (words[index] in _FIRST and tokens.depth[index] == 0):
            while tokens.items[index - 1].token_type == TokenType.L_PAREN:
                index -= 1
            return index
    return None


def query_of_view(source: Source, tokens: Tokens, words: Sequence[str], after: int) -> int:
    """Where the query of a view begins. Raises SqlSyntaxError if there is none."""
    for index in range(after, len(words) - 1):
        if words[index] == "AS" and tokens.depth[index] == 0:
            return index + 1
    raise SqlSyntaxError(f"You have an error in your SQL syntax: a view without AS, {source.place(len(source.text))}")


def query_uses(source: Source, tokens: Tokens, first: int, own: str) -> tuple[TableUse, ...]:
    """The tables that the query from this token on names.

    Raises what `read` raises, and NotSupportedError for columns that are qualified by the logical database's name.
    """
    start, end = tokens.start(first), tokens.start(_end(tokens))
    # Blanked instead of cut off: places in the query are places in the whole text.
    query = lex(re.sub(r"[^\n]", " ", source.text[:start]) + source.text[start:end], source.style)
    word = first_word(query)
    draft = read(query, word, own)
    if draft.kind is not Kind.SELECT:
        raise SqlSyntaxError(f"You have an error in your SQL syntax near '{word}', {source.place(start)}")
    for column in draft.tree.find_all(exp.Column):
        part = column.args.get("table")
        if part is not None and OWN in part.meta and not isinstance(part.parent, exp.Table):
            raise NotSupportedError(
                f"{own}.{part.name}.{column.name} in {tokens.words()[0]}", where=source.place(start),
                why="the server would keep the name, and knows no database of that name",
                instead=f"{part.name}.{column.name}",
            )  # fmt: skip
    return tuple(_use(draft, table, number) for number, table in enumerate(draft.tables))


def _end(tokens: Tokens) -> int:
    """The token at which the query ends: WITH CHECK OPTION is no part of it."""
    words = list(tokens.words())
    return next((len(words) - len(tail) for tail in _CHECKS if words[-len(tail) :] == tail), len(words))


def _use(draft: Draft, table: exp.Table, number: int) -> TableUse:
    tokens, start = draft.tokens, table.this.meta["start"]
    schema = draft.schema(table.name)
    last = tokens.items[tokens.at(start) + (2 if schema or OWN in table.this.meta else 0)]
    span = (draft.source.origin(start), draft.source.origin(last.end + 1))
    return TableUse(number, table.name, None, span, None, 0, schema=schema)
