"""How values come back: mysqlclient was told to give times of day, shardkit gives TIME as a duration."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

from django.db.backends.mysql.operations import DatabaseOperations as MySqlOperations


class DatabaseOperations(MySqlOperations):
    """MySQL's, with times of day from TIME columns, and every table emptied by itself."""

    def get_db_converters(self, expression: Any) -> list[Any]:
        """TimeField gets a time."""
        found: list[Any] = super().get_db_converters(expression)
        if expression.output_field.get_internal_type() == "TimeField":
            found.append(_time_of_day)
        return found

    def binary_placeholder_sql(self, value: Any) -> str:
        """Bytes travel as bytes, without MySQL's introducer `_binary`, before which no placeholder is understood."""
        return "%s"

    def last_executed_query(self, cursor: Any, sql: str, params: Any) -> str:
        """The statement as Django made it: its parameters travel beside it."""
        return f"{sql} with {params!r}" if params else sql

    def sql_flush(
        self, style: Any, tables: Sequence[str], *, reset_sequences: bool = False, allow_cascade: bool = False
    ) -> list[str]:
        """DELETE on every table; a TRUNCATE is DDL, which the shards cannot do in one transaction."""
        return [f"DELETE FROM {self.quote_name(table)}" for table in tables]


def _time_of_day(value: Any, expression: Any, connection: Any) -> time | None:
    return (datetime.min + value).time() if isinstance(value, timedelta) else value
