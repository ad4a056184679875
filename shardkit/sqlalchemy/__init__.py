"""The SQLAlchemy 2 dialect: `create_engine("mysql+shardkit:///shard-rules.yaml")`, or create_async_engine.

It is SQLAlchemy's own MySQL dialect, whose driver happens to be shardkit: types, SQL and reflection are theirs.
Invariant: nothing here knows of shards; what a statement may do is decided below, by the rules.
"""

from shardkit.sqlalchemy.aio import ShardkitAsyncDialect
from shardkit.sqlalchemy.dialect import ShardkitDialect
from shardkit.sqlalchemy.mariadb import ShardkitAsyncMariaDialect, ShardkitMariaDialect
from shardkit.sqlalchemy.pool import ClusterPool, LoopPool

__all__ = [
    "ClusterPool",
    "LoopPool",
    "ShardkitAsyncDialect",
    "ShardkitAsyncMariaDialect",
    "ShardkitDialect",
    "ShardkitMariaDialect",
]
