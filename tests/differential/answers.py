"""Asking the two connections of the tests: shardkit's, and PyMySQL's own, whose errors are not shardkit's.

Invariant: both are read and compared by shardkit.verify; only the errors of the bare driver are told apart here.
"""

from __future__ import annotations

import pymysql

from shardkit import verify
from shardkit.values import Params
from shardkit.verify import Answer, Connection, Failure

WRONG_PARAMETERS = 1210
"""MySQL's number for a wrong count of parameters. PyMySQL formats them itself and raises errors without a number."""


def ask(connection: Connection, sql: str, params: Params = None) -> Answer | Failure:
    """Run one statement and read all of it. Errors of the database become a Failure, others (bugs) pass."""
    try:
        return verify.ask(connection, sql, params)
    except pymysql.MySQLError as error:
        number = error.args[0] if error.args else None
        return Failure(number if isinstance(number, int) else WRONG_PARAMETERS, str(error))
    except (TypeError, KeyError) as error:
        if not isinstance(connection, pymysql.Connection):
            raise
        return Failure(WRONG_PARAMETERS, f"{type(error).__name__}: {error}")
