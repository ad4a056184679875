"""Backends for asyncio: the same servers and URLs as in backends, awaited.

Invariant: a driver is imported only when a server of its kind is opened.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from shardkit.backends.aio.protocol import Backend
from shardkit.registry import Registry

if TYPE_CHECKING:
    from shardkit.rules import Server

BackendFactory = Callable[["Server"], Backend]

BACKENDS: Registry[BackendFactory] = Registry("aio_backend")
"""By the dialect name of the URL; packages add theirs under the entry-point group `shardkit.aio_backend`."""


def _mysql(server: Server) -> Backend:
    from shardkit.backends.aio.mysql import AioMySqlBackend

    return AioMySqlBackend(server)


def _sqlite(server: Server) -> Backend:
    from shardkit.backends.aio.sqlite import AioSqliteBackend

    return AioSqliteBackend(server)


BACKENDS.add("mysql", _mysql)
BACKENDS.add("mariadb", _mysql)
BACKENDS.add("sqlite", _sqlite)


def open_backend(server: Server) -> Backend:
    """The asyncio backend of one configured server; ProgrammingError for a kind that nobody serves."""
    return BACKENDS.get(server.url.get_backend_name())(server)


__all__ = ["BACKENDS", "BackendFactory", "open_backend"]
