"""Parameters become part of a statement's text, in the same way whichever driver sends it: PyMySQL's.

Invariant: a value reaches the server as a literal; it never becomes SQL.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from pymysql import Connection, err
from pymysql.cursors import Cursor

from shardkit import errors
from shardkit.backends.mysql_errors import wrong_parameters
from shardkit.values import Params, ShardId

Mogrify = Callable[[str, Any], str]


def bound(mogrify: Mogrify, sql: str, args: Params, shard: ShardId) -> str:
    """The statement with its parameters in it. Raises ParameterError, DataError."""
    if type(args) is tuple and len(args) == 1 and type(args[0]) is int:
        mogrify = operator.mod  # nothing to escape
    elif not isinstance(args, (tuple, list, dict)):
        if isinstance(args, (str, bytes)):
            raise errors.ParameterError(f"shard {shard}: parameters must be a sequence or a mapping")
        args = dict(args) if isinstance(args, Mapping) else tuple(args or ())
    try:
        return mogrify(sql, args)
    except (err.ProgrammingError, TypeError, KeyError, ValueError) as error:
        raise wrong_parameters(error, shard) from error


def unconnected(arguments: dict[str, Any]) -> tuple[Connection[Any], Mogrify]:
    """A PyMySQL connection that never connects: it knows what a URL means, and how values are written."""
    template: Any = Connection(**arguments, defer_connect=True)
    template.server_status = 0  # as on every server that shardkit accepts: backslashes are escapes
    return template, Cursor(template).mogrify
