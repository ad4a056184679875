"""The database of `manage.py test`: a rules file of its own, whose tables are dropped afterwards.

Invariant: no table of the rules that the application uses is ever dropped.
"""

from __future__ import annotations

import os
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db.backends.mysql.creation import DatabaseCreation as MySqlCreation


class DatabaseCreation(MySqlCreation):
    """Uses `TEST: {"NAME": "test-rules.yaml"}`; the physical databases are there already, or are SQLite files."""

    def _get_test_db_name(self) -> str:
        given = self.connection.settings_dict
        name = given["TEST"]["NAME"]
        if not name or os.path.abspath(name) == os.path.abspath(given["NAME"]):
            raise ImproperlyConfigured(
                "ENGINE shardkit.django: tests need a rules file of their own, with databases of their own; "
                'write "TEST": {"NAME": "test-rules.yaml"}'
            )
        return str(name)

    def _create_test_db(self, verbosity: int, autoclobber: bool, keepdb: bool = False) -> str:
        name = self._get_test_db_name()
        if not keepdb:
            self._drop_tables(name)
        return name

    def _destroy_test_db(self, test_database_name: str, verbosity: int) -> None:
        self._drop_tables(test_database_name)

    def _drop_tables(self, name: str) -> None:
        connection: Any = self.connection.copy()
        connection.settings_dict["NAME"] = name
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET foreign_key_checks = 0")
                for table in connection.introspection.table_names(cursor):
                    cursor.execute(f"DROP TABLE {connection.ops.quote_name(table)}")
        finally:
            connection.close()

    def test_db_signature(self) -> tuple[Any, ...]:
        """Two aliases with the same rules file share their test database."""
        given = self.connection.settings_dict
        return (given["ENGINE"], str(given["NAME"]), str(given["TEST"]["NAME"]))
