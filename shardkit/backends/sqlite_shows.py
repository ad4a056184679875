"""SHOW for an embedded file, told from SQLite's own catalogue in MySQL's words.

What SQLite does not keep is not there: comments, the names of foreign keys, ENUM (a text with a CHECK). The text of a
generated column is SQLite's.
Invariant: the CREATE TABLE that is shown makes the same columns, keys and foreign keys when it is run.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from shardkit.backends.protocol import Started
from shardkit.backends.sqlite_catalog import Catalog
from shardkit.errors import NotSupportedError, UnknownTable
from shardkit.flow import Column, TableInfo
from shardkit.values import Row

_NAME = r"(?:`(?:[^`]|``)+`\.)?`((?:[^`]|``)+)`"
_TABLES = re.compile(r"SHOW FULL TABLES FROM `(?:[^`]|``)+`")
_OF_TABLE = re.compile(rf"SHOW (FULL COLUMNS FROM|COLUMNS FROM|INDEX FROM|CREATE TABLE) {_NAME}(?: LIKE '(.*)')?", re.S)
_VARIABLES = re.compile(r"SHOW (?:SESSION |LOCAL |GLOBAL )?VARIABLES(?: LIKE '([^']*)')?", re.I)
_MODE = "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO"
_ISOLATION = re.compile(r"ISOLATION LEVEL ([A-Z ]+)", re.I)

_NAMES = r"SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\'"

VARIABLES: Mapping[str, str | int] = {
    "autocommit": 1, "character_set_client": "utf8mb4", "character_set_connection": "utf8mb4",
    "character_set_results": "utf8mb4", "collation_connection": "utf8mb4_0900_ai_ci", "lower_case_table_names": 0,
    "sql_mode": _MODE, "time_zone": "SYSTEM", "transaction_isolation": "SERIALIZABLE",
    "version_comment": "shardkit on SQLite",
}  # fmt: skip
"""What an embedded database answers to @@name and SHOW VARIABLES. A file's snapshots are serializable."""


def variable(name: str, state: Sequence[str]) -> str | int:
    """`@@name` on a connection with these SET statements. Raises NotSupportedError for what no file has."""
    if name == "transaction_isolation":
        levels = [found[1] for text in state if (found := _ISOLATION.search(text))]
        if levels:
            return "-".join(levels[-1].upper().split())
    if name not in VARIABLES:
        raise NotSupportedError(f"@@{name}", why="an embedded database has no such variable", instead="a MySQL server")
    return VARIABLES[name]


def show(raw: sqlite3.Connection, catalog: Catalog, sql: str, state: Sequence[str]) -> Started:
    """Answer one SHOW. Raises UnknownTable, NotSupportedError."""
    sql = sql.strip().rstrip("; ")
    if _TABLES.fullmatch(sql):
        names = raw.execute(_NAMES).fetchall()
        return _answer(("Tables", "Table_type"), [(name, "BASE TABLE") for (name,) in names])
    if (found := _VARIABLES.fullmatch(sql)) is not None:
        pattern = re.escape(found[1] or "%").replace("%", ".*").replace("_", ".").lower()
        names = [name for name in VARIABLES if re.fullmatch(pattern, name)]
        return _answer(("Variable_name", "Value"), [(name, str(variable(name, state))) for name in names])
    if (found := _OF_TABLE.fullmatch(sql)) is None:
        raise NotSupportedError(sql[:40], why="the embedded database does not tell it", instead="a MySQL server")
    name = found[2].replace("``", "`")
    info = catalog.table(name)
    if info is None:
        raise UnknownTable(f"Table '{name}' doesn't exist")
    table = _Table(raw, info)
    match found[1].upper():
        case "CREATE TABLE":
            return _answer(("Table", "Create Table"), [(info.name, table.text())])
        case "INDEX FROM":
            return _answer(_INDEX, table.index_rows())
        case form:
            return _columns(table, found[3], full=form.startswith("FULL"))


_INDEX = (
    "Table", "Non_unique", "Key_name", "Seq_in_index", "Column_name", "Collation", "Cardinality", "Sub_part", "Packed",
    "Null", "Index_type", "Comment", "Index_comment", "Visible", "Expression",
)  # fmt: skip


def _columns(table: _Table, like: str | None, *, full: bool) -> Started:
    names = ["Field", "Type", "Null", "Key", "Default", "Extra"]
    rows = [row for row in table.column_rows() if like is None or row[0].lower() == like.lower()]
    if not full:
        return _answer(names, rows)
    wide = {column.name: column.collation for column in table.info.columns}
    names[2:2], names[7:] = ["Collation"], ["Privileges", "Comment"]
    return _answer(names, [(*r[:2], wide[r[0]], *r[2:], "select,insert,update,references", "") for r in rows])


def _answer(names: Sequence[str], rows: Sequence[Row]) -> Started:
    description = tuple((name, 253, None, 256, 256, 0, True) for name in names)
    return Started(description, len(rows), None, rows, True)


class _Table:
    """One table of the file, as MySQL tells of it."""

    def __init__(self, raw: sqlite3.Connection, info: TableInfo) -> None:
        self.info, self._raw = info, raw
        rows = raw.execute("SELECT * FROM pragma_table_xinfo(?)", (info.name,)).fetchall()
        self._defaults: dict[str, str | None] = {row[1]: row[4] for row in rows}
        self._keys = [self._key(row) for row in self._all("index_list") if row[3] == "c"]
        self._keys.sort(key=lambda key: (not key[1], key[0]))
        moments = raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?", (info.name,))
        self._moments = {name.removeprefix(f"{info.name}.") for (name,) in moments}

    def _all(self, pragma: str) -> list[Any]:
        return self._raw.execute(f"SELECT * FROM pragma_{pragma}(?)", (self.info.name,)).fetchall()

    def _key(self, row: Sequence[Any]) -> tuple[str, bool, list[tuple[str, bool]]]:
        """Name, whether it is unique, and its columns with whether they go down."""
        parts = self._raw.execute("SELECT * FROM pragma_index_xinfo(?)", (row[1],)).fetchall()
        columns = [(part[2], bool(part[3])) for part in parts if part[5] and part[2]]
        return str(row[1]).removeprefix(f"{self.info.name}."), bool(row[2]), columns

    def text(self) -> str:
        """CREATE TABLE."""
        lines = [self._line(column) for column in self.info.columns]
        if self.info.primary_key:
            lines.append(f"PRIMARY KEY ({', '.join(map(_quoted, self.info.primary_key))})")
        for name, unique, columns in self._keys:
            parts = ",".join(_quoted(column) + (" DESC" if down else "") for column, down in columns)
            lines.append(f"{'UNIQUE KEY' if unique else 'KEY'} {_quoted(name)} ({parts})")
        body = ",\n  ".join([*lines, *self._foreign()])
        options = "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci"
        return f"CREATE TABLE {_quoted(self.info.name)} (\n  {body}\n) {options}"

    def _line(self, column: Column) -> str:
        parts = [_quoted(column.name), column.type_text]
        if column.collation and column.collation != "utf8mb4_0900_ai_ci":
            parts.append(f"CHARACTER SET utf8mb4 COLLATE {column.collation}")
        if not column.nullable:
            parts.append("NOT NULL")
        if column.auto_increment:
            parts.append("AUTO_INCREMENT")
        elif column.generated:
            return " ".join([*parts, self._made(column)])
        default = self._default(column, quoted=True)
        if default is not None or column.nullable:
            parts.append(f"DEFAULT {'NULL' if default is None else default}")
        if column.name in self._moments:
            parts.append(f"ON UPDATE CURRENT_TIMESTAMP{_digits(column)}")
        return " ".join(parts)

    def _default(self, column: Column, *, quoted: bool) -> str | None:
        given = self._defaults[column.name]
        if given is None or given.upper() == "NULL":
            return None
        if "my_now" in given:
            return f"CURRENT_TIMESTAMP{_digits(column)}"
        bare = given[1:-1].replace("''", "'") if given.startswith("'") else given
        return "'" + bare.replace("'", "''") + "'" if quoted else bare

    def _made(self, column: Column) -> str:
        """GENERATED ALWAYS AS (…), from the text that SQLite keeps; calls get MySQL's names back."""
        (sql,) = self._raw.execute("SELECT sql FROM sqlite_master WHERE name = ?", (self.info.name,)).fetchone()
        start = sql.index("GENERATED ALWAYS AS (", sql.index(f"\n  {_quoted(column.name)} "))
        end = start + len("GENERATED ALWAYS AS (")
        depth = 1
        while depth:
            depth += {"(": 1, ")": -1}.get(sql[end], 0)
            end += 1
        kind = "STORED" if sql[end:].startswith(" STORED") else "VIRTUAL"
        return f"{sql[start:end].replace('my_', '')} {kind}"

    def _foreign(self) -> list[str]:
        found: dict[int, list[Any]] = {}
        for row in self._all("foreign_key_list"):
            found.setdefault(row[0], []).append(row)
        lines = []
        for number, rows in enumerate(sorted(found.values(), key=lambda rows: -rows[0][0]), 1):
            rows.sort(key=lambda row: row[1])
            mine, theirs = (",".join(_quoted(row[at]) for row in rows) for at in (3, 4))
            first = rows[0]
            actions = "".join(
                f" ON {verb} {first[at]}" for verb, at in (("DELETE", 6), ("UPDATE", 5)) if first[at] != "NO ACTION"
            )
            name = _quoted(f"{self.info.name}_ibfk_{number}")
            lines.append(f"CONSTRAINT {name} FOREIGN KEY ({mine}) REFERENCES {_quoted(first[2])} ({theirs}){actions}")
        return lines

    def column_rows(self) -> list[tuple[Any, ...]]:
        """Field, Type, Null, Key, Default, Extra."""
        return [
            (
                c.name,
                c.type_text,
                "YES" if c.nullable else "NO",
                self._mark(c),
                self._default(c, quoted=False),
                _extra(c),
            )
            for c in self.info.columns
        ]

    def _mark(self, column: Column) -> str:
        if column.name in self.info.primary_key:
            return "PRI"
        firsts = [(unique and len(columns) == 1, columns[0][0]) for _, unique, columns in self._keys if columns]
        if (True, column.name) in firsts:
            return "UNI"
        return "MUL" if (False, column.name) in firsts else ""

    def index_rows(self) -> list[tuple[Any, ...]]:
        """As SHOW INDEX gives them."""
        nullable = {column.name: "YES" if column.nullable else "" for column in self.info.columns}
        primary = (
            [("PRIMARY", True, [(name, False) for name in self.info.primary_key])] if self.info.primary_key else []
        )
        return [
            (self.info.name, int(not unique), name, at, column, "D" if down else "A", None, None, None,
             nullable.get(column, ""), "BTREE", "", "", "YES", None)
            for name, unique, columns in [*primary, *self._keys]
            for at, (column, down) in enumerate(columns, 1)
        ]  # fmt: skip


def _extra(column: Column) -> str:
    return "auto_increment" if column.auto_increment else "VIRTUAL GENERATED" if column.generated else ""


def _digits(column: Column) -> str:
    return f"({column.scale})" if column.scale else ""


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
