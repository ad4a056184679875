"""What tables an embedded file holds, read back from SQLite's own catalogue.

Types come from PRAGMA table_xinfo, collations from the CREATE TABLE text that SQLite keeps.
Invariant: answers are as new as the file's schema version.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Any

from shardkit.flow import Column, TableInfo
from shardkit.rewrite import sqlite_types as types
from shardkit.rewrite.sqlite import Schema

_WORD = re.compile(r"`(?:[^`]|``)*`|\"(?:[^\"]|\"\")*\"|'(?:[^']|'')*'|\[[^\]]*\]|\w+|[^\s\w]")


class Catalog:
    """The tables of one connection's file."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._version = -1
        self._tables: dict[str, TableInfo | None] = {}
        self._schemas: dict[tuple[str, ...], Schema] = {}

    def schema(self, names: tuple[str, ...]) -> Schema:
        """The descriptions of those of these tables that exist; equal answers are one object."""
        self._refresh()
        found = self._schemas.get(names)
        if found is None:
            infos = (self._table(name) for name in names)
            found = self._schemas[names] = _interned(tuple(info for info in infos if info is not None))
        return found

    def table(self, name: str) -> TableInfo | None:
        """One table, or None."""
        self._refresh()
        return self._table(name)

    def _refresh(self) -> None:
        (version,) = self._connection.execute("PRAGMA schema_version").fetchone()
        if version != self._version:
            self._version = version
            self._tables.clear()
            self._schemas.clear()

    def _table(self, name: str) -> TableInfo | None:
        if name not in self._tables:
            self._tables[name] = self._read(name)
        return self._tables[name]

    def _read(self, name: str) -> TableInfo | None:
        query = "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name = ? COLLATE NOCASE"
        found = self._connection.execute(query, (name,)).fetchone()
        if found is None:
            return None
        own, sql = found
        rows = self._connection.execute("SELECT * FROM pragma_table_xinfo(?)", (own,)).fetchall()
        collations = _collations(sql)
        columns = tuple(_column(row, collations) for row in rows)
        keys = sorted((key, column) for _, column, _, _, _, key, _ in rows if key)
        return TableInfo(own, columns, tuple(column for _, column in keys))


def _column(row: tuple[Any, ...], collations: dict[str, str]) -> Column:
    """One row of PRAGMA table_xinfo. INTEGER as the key is what this backend writes for AUTO_INCREMENT."""
    _, name, declared, notnull, _, key, hidden = row
    kind, collation = types.mysql_type(declared), collations.get(name.lower())
    made = types.column(name, kind, nullable=not notnull, collation=collation)
    return replace(made, auto_increment=declared.upper() == "INTEGER" and key == 1, generated=hidden > 1)


@lru_cache(maxsize=1024)
def _interned(tables: tuple[TableInfo, ...]) -> Schema:
    return Schema(tables)


def _collations(sql: str) -> dict[str, str]:
    """Column (lower case) -> collation, from the text of CREATE TABLE."""
    found: dict[str, str] = {}
    for part in _parts(sql):
        for at, word in enumerate(part[:-1]):
            if word.upper() == "COLLATE":
                found.setdefault(_bare(part[0]).lower(), _bare(part[at + 1]).lower())
    return found


def _parts(sql: str) -> Iterator[list[str]]:
    """The words of each clause within the outer parentheses, inner parentheses left out."""
    depth = 0
    words: list[str] = []
    for word in _WORD.findall(sql):
        if word == ")" or (word == "," and depth == 1):
            depth -= word == ")"
            if depth < 1 or word == ",":
                yield words
                words = []
        elif depth == 1 and word != "(":
            words.append(word)
        depth += word == "("


def _bare(word: str) -> str:
    if word[:1] in "`\"'" and len(word) > 1:
        return word[1:-1].replace(word[0] * 2, word[0])
    return word[1:-1] if word.startswith("[") else word
