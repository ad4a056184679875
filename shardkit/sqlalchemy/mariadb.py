"""The same dialects under SQLAlchemy's name for MariaDB: `mariadb+shardkit:///shard-rules.yaml`.

`mysql+shardkit://` works over MariaDB shards too and finds out what they are; this name says it, as SQLAlchemy's
`mariadb+pymysql://` does.
Invariant: nothing differs from the other name but what SQLAlchemy itself does for MariaDB.
"""

from __future__ import annotations

from sqlalchemy.dialects.mysql.mariadb import MariaDBDialect
from sqlalchemy.engine import URL

from shardkit.sqlalchemy.aio import ShardkitAsyncDialect
from shardkit.sqlalchemy.dialect import ShardkitDialect


class ShardkitMariaDialect(MariaDBDialect, ShardkitDialect):
    """`mariadb+shardkit://`, for create_engine."""

    supports_statement_cache = True
    supports_native_uuid = False
    """A Uuid is CHAR(32), as under the other name: what one engine writes the other reads."""

    @classmethod
    def get_async_dialect_cls(cls, url: URL) -> type[ShardkitDialect]:
        """create_async_engine takes the same URL."""
        return ShardkitAsyncMariaDialect


class ShardkitAsyncMariaDialect(MariaDBDialect, ShardkitAsyncDialect):
    """`mariadb+shardkit://`, for create_async_engine."""

    supports_statement_cache = True
    supports_native_uuid = False
