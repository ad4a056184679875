"""The tables as Django sees them: asked with SHOW, which shardkit answers for logical tables."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django.db.backends.mysql.introspection import DatabaseIntrospection as MySqlIntrospection
from django.db.backends.mysql.introspection import FieldInfo, TableInfo
from django.utils.datastructures import OrderedSet

_TYPE = re.compile(r"(\w+)(?:\((\d+)(?:,(\d+))?\))?(.*)", re.DOTALL)
_NAME = r"`((?:[^`]|``)+)`"
_FOREIGN = re.compile(
    rf"CONSTRAINT {_NAME} FOREIGN KEY \(((?:{_NAME}(?:, ?)?)+)\) REFERENCES {_NAME} \(((?:{_NAME}(?:, ?)?)+)\)"
)
_COLLATION = re.compile(r"\) .* COLLATE=(\w+)[^)]*\Z")
_TEXT = ("char", "varchar", "binary", "varbinary")


class DatabaseIntrospection(MySqlIntrospection):
    """MySQL's questions of information_schema, put as SHOW."""

    def get_table_list(self, cursor: Any) -> list[Any]:
        """Every logical table that exists."""
        cursor.execute("SHOW FULL TABLES")
        return [TableInfo(name, "v" if kind == "VIEW" else "t", "") for name, kind in cursor.fetchall()]

    def get_table_description(self, cursor: Any, table_name: str) -> list[Any]:
        """The columns of a table."""
        quoted = self.connection.ops.quote_name(table_name)
        cursor.execute(f"SELECT * FROM {quoted} LIMIT 1")
        codes = {column[0]: column[1] for column in cursor.description}
        cursor.fetchall()
        usual = _COLLATION.search(self._text(cursor, table_name))
        cursor.execute(f"SHOW FULL COLUMNS FROM {quoted}")
        return [_field(row, codes, usual[1] if usual else "") for row in cursor.fetchall() if row[0] in codes]

    def get_relations(self, cursor: Any, table_name: str) -> dict[str, tuple[str, str]]:
        """Column -> (column, table) of every foreign key."""
        return {
            column: (other, table)
            for _, columns, table, others in self._foreign(cursor, table_name)
            for column, other in zip(columns, others, strict=True)
        }

    def get_storage_engine(self, cursor: Any, table_name: str) -> str:
        """InnoDB: shardkit's transactions ask for it."""
        return "InnoDB"

    def get_constraints(self, cursor: Any, table_name: str) -> dict[str, dict[str, Any]]:
        """Keys, unique or not, and foreign keys; CHECKs are not told."""
        found: dict[str, dict[str, Any]] = {}
        cursor.execute(f"SHOW INDEX FROM {self.connection.ops.quote_name(table_name)}")
        for _, common, name, _, column, direction, *_rest in cursor.fetchall():
            key = found.setdefault(name, _constraint(primary_key=name == "PRIMARY", unique=not common, index=True))
            key["columns"].add(column)
            key["orders"].append("DESC" if direction == "D" else "ASC")
        for name, columns, table, others in self._foreign(cursor, table_name):
            key = found.setdefault(name, _constraint())
            key["columns"].update(columns)
            key["foreign_key"] = (table, others[0])
        return found | {name: key | {"columns": list(key["columns"])} for name, key in found.items()}

    def _foreign(self, cursor: Any, table: str) -> list[tuple[str, list[str], str, list[str]]]:
        """Name, columns, other table and its columns of each foreign key."""
        keys = _FOREIGN.finditer(self._text(cursor, table))
        return [(_plain(key[1]), _names(key[2]), _plain(key[4]), _names(key[5])) for key in keys]

    def _text(self, cursor: Any, table: str) -> str:
        cursor.execute(f"SHOW CREATE TABLE {self.connection.ops.quote_name(table)}")
        return str(cursor.fetchone()[1])


def _field(row: Sequence[Any], codes: dict[str, int], usual: str) -> Any:
    name, kind, collation, nullable, _, default, extra, _, comment = row[:9]
    matched = _TYPE.match(str(kind))
    word, length, scale, rest = matched.groups() if matched else (str(kind), None, None, "")
    size = int(length) if length and word in _TEXT else None
    precision = int(length) if length and word == "decimal" else None
    return FieldInfo(
        name, codes[name], size, size, precision, int(scale or 0) if precision else None, nullable == "YES", default,
        None if collation == usual else collation, extra,
        "unsigned" in rest, False, comment, word,
    )  # fmt: skip


def _constraint(*, primary_key: bool = False, unique: bool = False, index: bool = False) -> dict[str, Any]:
    return {
        "columns": OrderedSet(), "primary_key": primary_key, "unique": unique, "index": index, "check": False,
        "foreign_key": None, "orders": [], "type": "idx" if index else None,
    }  # fmt: skip


def _names(text: str) -> list[str]:
    return [_plain(name) for name in re.findall(_NAME, text)]


def _plain(name: str) -> str:
    return name.replace("``", "`")
