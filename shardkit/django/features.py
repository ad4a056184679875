"""What holds over several shards of the things that MySQL can do."""

from __future__ import annotations

from django.db.backends.mysql.features import DatabaseFeatures as MySqlFeatures
from django.utils.functional import cached_property


class DatabaseFeatures(MySqlFeatures):
    """MySQL's, without what shardkit refuses or what would ask the server's catalog."""

    can_return_columns_from_insert = False  # MariaDB's RETURNING
    can_return_rows_from_bulk_insert = False
    can_introspect_check_constraints = False
    can_introspect_json_field = False
    can_clone_databases = False
    test_db_allows_multiple_connections = True

    @cached_property  # type: ignore[untyped-decorator]
    def supports_foreign_keys(self) -> bool:
        """Embedded shards cannot add a key to a table that is there, which is how Django makes foreign keys."""
        return "sqlite" not in self.connection.mysql_server_info
