"""PEP 249 over the sync interpreter."""

from shardkit.dbapi.cluster import Cluster, connect
from shardkit.dbapi.connection import Connection
from shardkit.dbapi.cursor import Cursor

__all__ = ["Cluster", "Connection", "Cursor", "connect"]
