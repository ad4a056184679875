"""Migrations: Django's DDL for MySQL; shardkit runs it on every physical table."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from django.db.backends.mysql.schema import DatabaseSchemaEditor as MySqlSchemaEditor

_DROP_DEFAULT = re.compile(r"ALTER TABLE `[^`]+` ALTER COLUMN `[^`]+` DROP DEFAULT")


class DatabaseSchemaEditor(MySqlSchemaEditor):
    """MySQL's, which writes values without a driver's help."""

    def execute(self, sql: Any, params: Any = ()) -> None:
        """Run one statement. SQLite cannot drop a column's default: it stays, and Django gives every value anyway."""
        if "sqlite" in self.connection.mysql_server_info and _DROP_DEFAULT.fullmatch(str(sql)):
            return
        if params:  # DDL takes no parameters, and several physical tables get the same text
            sql, params = str(sql) % tuple(map(self.quote_value, params)), None
        super().execute(sql, params)

    def quote_value(self, value: Any) -> str:
        """A value in DDL (DEFAULT, COMMENT), where no parameters may stand."""
        if value is None:
            return "NULL"
        if isinstance(value, (bool, int, float, Decimal)):
            return f"{value:d}" if isinstance(value, bool) else str(value)
        if isinstance(value, (bytes, bytearray, memoryview)):
            return f"X'{bytes(value).hex()}'"
        return "'" + str(value).replace("\\", "\\\\").replace("'", "''") + "'"
