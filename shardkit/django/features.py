"""What holds over several shards of the things that MySQL can do."""

from __future__ import annotations

from django.db.backends.mysql.features import DatabaseFeatures as MySqlFeatures


class DatabaseFeatures(MySqlFeatures):
    """MySQL's, without what shardkit refuses or what would ask the server's catalog."""

    can_return_columns_from_insert = False  # MariaDB's RETURNING
    can_return_rows_from_bulk_insert = False
    can_introspect_check_constraints = False
    can_introspect_json_field = False
    can_clone_databases = False
    test_db_allows_multiple_connections = True
