"""shardkit for asyncio: the module's twin, with the same names.

    import shardkit.aio
    connection = await shardkit.aio.connect("shard-rules.yaml")
    cursor = await connection.cursor().execute("SELECT * FROM t_order WHERE memberId = %s", (42,))
    async for row in cursor: ...

MySQL is reached through asyncmy, or aiomysql where that is what is installed or said in the server's URL.
"""

from shardkit.dbapi.aio import Cluster, Connection, Cursor, connect
from shardkit.errors import (
    DatabaseError,
    DataError,
    Error,
    IntegrityError,
    InterfaceError,
    InternalError,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
    Warning,
)  # fmt: skip

__all__ = [
    "Cluster", "Connection", "Cursor", "DataError", "DatabaseError", "Error", "IntegrityError", "InterfaceError",
    "InternalError", "NotSupportedError", "OperationalError", "ProgrammingError", "Warning", "connect",
]  # fmt: skip
