"""A bare driver's connection from the URL that a rules file would hold, for what must not go through shardkit.

It is opened with the very options shardkit would use (TLS and timeouts included), so that comparing the two is fair.
Invariant: no message of this module holds a password.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import pymysql
from pymysql.cursors import Cursor
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from shardkit.backends.mysql_url import client_arguments, connect_arguments

BareConnection: TypeAlias = "pymysql.connections.Connection[Cursor]"
"""PyMySQL's; mysqlclient's offers the same."""


def connect(url: str, database: str | None = None) -> BareConnection:
    """An autocommit connection to the server of `mysql+pymysql://user:password@host:port`, or of `mysql+mysqldb://`.

    Raises ValueError for what is no URL, shardkit's ProgrammingError for other drivers and unknown options.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ValueError("a server is written mysql+pymysql://user:password@host:port") from None
    chosen: dict[str, Any] = {} if database is None else {"database": database}
    if parsed.drivername.endswith("+mysqldb"):
        from shardkit.backends.mysqlclient_wire import login

        bare: BareConnection = login(client_arguments("given", parsed) | chosen)
        return bare
    return pymysql.connect(**connect_arguments("given", parsed) | chosen)


def databases(connection: BareConnection, names: list[str]) -> list[str]:
    """Which of these databases the server has."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT schema_name FROM information_schema.schemata")
        present = {str(row[0]) for row in cursor.fetchall()}
    return [name for name in names if name in present]


def drop_databases(connection: BareConnection, names: list[str]) -> None:
    """Drop these databases where they exist. The names are the program's own, never input."""
    with connection.cursor() as cursor:
        for name in databases(connection, names):
            cursor.execute(f"DROP DATABASE `{name}`")
