"""The asyncio twins of the PEP 249 shells: the same names and arguments, awaited."""

from shardkit.dbapi.aio.cluster import Cluster, connect
from shardkit.dbapi.aio.connection import Connection
from shardkit.dbapi.aio.cursor import Cursor

__all__ = ["Cluster", "Connection", "Cursor", "connect"]
