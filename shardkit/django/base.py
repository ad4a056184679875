"""The engine: Django's MySQL DatabaseWrapper where it speaks to the driver, told how shardkit's connection differs.

All connections of a process that name the same rules share one cluster, whose pools outlive Django's connections.
Invariant: SQL is made by Django's own MySQL backend; nothing here changes a statement.
"""

from __future__ import annotations

import atexit
import os
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db.backends.mysql import base as mysql
from django.utils.functional import cached_property

import shardkit
from shardkit.dbapi import Connection
from shardkit.django.creation import DatabaseCreation
from shardkit.django.features import DatabaseFeatures
from shardkit.django.introspection import DatabaseIntrospection
from shardkit.django.operations import DatabaseOperations
from shardkit.django.schema import DatabaseSchemaEditor
from shardkit.observe import Observer
from shardkit.sqlalchemy.opening import ThreadOpening

_OPENINGS: dict[tuple[str, tuple[Observer, ...]], ThreadOpening] = {}


def opening(rules: str, observers: tuple[Observer, ...]) -> ThreadOpening:
    """Where the process's connections to the shards of a rules file come from, that these observers hear of."""
    return _OPENINGS.setdefault((rules, observers), ThreadOpening())  # one that loses the race has opened nothing


def close_clusters() -> None:
    """Close the clusters of this process once their last connections are closed; Django makes new ones when it asks."""
    while _OPENINGS:
        _OPENINGS.popitem()[1].dispose()


atexit.register(close_clusters)


class DatabaseWrapper(mysql.DatabaseWrapper):
    """`ENGINE: "shardkit.django"`; NAME is the path of the rules file."""

    vendor = "mysql"
    Database = shardkit
    features_class = DatabaseFeatures
    introspection_class = DatabaseIntrospection
    ops_class = DatabaseOperations
    creation_class = DatabaseCreation
    SchemaEditorClass = DatabaseSchemaEditor

    def get_connection_params(self) -> dict[str, Any]:
        """The rules file, and what OPTIONS may hold: `isolation_level`, `observers`. Rules say the rest."""
        given = self.settings_dict
        name, options = given["NAME"], dict(given["OPTIONS"])
        wrong = [key for key in ("HOST", "PORT", "USER", "PASSWORD") if given[key]]
        if not name:
            raise ImproperlyConfigured("ENGINE shardkit.django: NAME is the path of the rules file")
        if wrong:
            raise ImproperlyConfigured(
                f"ENGINE shardkit.django: leave out {', '.join(wrong)}; servers and accounts stand in the rules file"
            )
        level = options.pop("isolation_level", "read committed")
        observers = tuple(options.pop("observers", ()))
        if options:
            raise ImproperlyConfigured(f"ENGINE shardkit.django: unknown OPTIONS {sorted(options)}")
        if level and level.lower() not in self.isolation_levels:
            raise ImproperlyConfigured(f"isolation_level is one of {sorted(self.isolation_levels)}, not {level!r}")
        self.isolation_level = level and level.lower()
        return {"rules": os.path.abspath(name), "observers": observers}

    def get_new_connection(self, conn_params: dict[str, Any]) -> Connection:
        """A connection of the process's cluster; autocommit is set by Django right after."""
        return opening(conn_params["rules"], conn_params["observers"]).connect(conn_params)

    def init_connection_state(self) -> None:
        """The isolation level, for every shard."""
        super(mysql.DatabaseWrapper, self).init_connection_state()
        if self.isolation_level:
            with self.cursor() as cursor:
                cursor.execute(f"SET SESSION TRANSACTION ISOLATION LEVEL {self.isolation_level.upper()}")

    def is_usable(self) -> bool:
        """Whether it is open. The connections to servers are looked after by the pools that own them."""
        try:
            self.connection.cursor().close()
        except shardkit.Error:
            return False
        return True

    def _set_autocommit(self, autocommit: bool) -> None:
        with self.wrap_database_errors:
            self.connection.autocommit = autocommit

    @cached_property  # type: ignore[untyped-decorator]
    def mysql_server_data(self) -> dict[str, Any]:
        """What Django wants to know of the server: one of them speaks for all."""
        with self.temporary_connection() as cursor:
            cursor.execute("SELECT VERSION(), @@sql_mode")
            version, sql_mode = cursor.fetchone()
            zones, names = False, 0
            if "sqlite" not in version:
                cursor.execute("SELECT CONVERT_TZ('2001-01-01', 'UTC', 'UTC') IS NOT NULL, @@lower_case_table_names")
                zones, names = cursor.fetchone()
        return {
            "version": version,
            "sql_mode": sql_mode,
            "default_storage_engine": "InnoDB",
            "sql_auto_is_null": False,
            "lower_case_table_names": bool(names),
            "has_zoneinfo_database": bool(zones),
        }
