"""Backends: one class for each kind of server, found by the name in the server's URL (`mysql+pymysql://…` -> mysql).

Invariant: a driver is imported only when a server of its kind is opened.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from shardkit.backends.protocol import Backend
from shardkit.registry import Registry

if TYPE_CHECKING:
    from shardkit.rules import Server

BackendFactory = Callable[["Server"], Backend]

BACKENDS: Registry[BackendFactory] = Registry("backend")
"""By the dialect name of the URL; packages add theirs under the entry-point group `shardkit.backend`."""


def _mysql(server: Server) -> Backend:
    from shardkit.backends.mysql import MySqlBackend

    return MySqlBackend(server)


def _sqlite(server: Server) -> Backend:
    from shardkit.backends.sqlite import SqliteBackend

    return SqliteBackend(server)


BACKENDS.add("mysql", _mysql)
BACKENDS.add("mariadb", _mysql)
BACKENDS.add("sqlite", _sqlite)


def open_backend(server: Server) -> Backend:
    """The backend of one configured server; ProgrammingError for a kind that nobody serves. Connects to nothing."""
    return BACKENDS.get(server.url.get_backend_name())(server)


__all__ = ["BACKENDS", "BackendFactory", "open_backend"]
