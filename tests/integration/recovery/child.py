"""One process that makes one transfer, and kills itself at a step of its commit.

    python -m tests.integration.recovery.child RULES NAME KEY KEY …      prints what commit() said

`SHARDKIT_TEST_KILL` says when, with the number of the commit's Op: `before 1`, `after 1`, or `within 1`, which is when
the Op's statements are sent and no answer has been read.
Invariant: the wrappers are made here; shardkit knows nothing of them.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

import shardkit
from shardkit.backends.mysql_connection import MySqlConnection
from shardkit.errors import CommitInDoubt, Error
from shardkit.runtime.sync import Lanes
from tests.integration.recovery.bank import transfer

KILL = "SHARDKIT_TEST_KILL"


def arm(when: str, number: int) -> None:
    """From now on count Ops, and die at this one."""
    perform, collect = Lanes.perform, MySqlConnection.collect
    count = 0

    def performing(self: Lanes, op: Any) -> Any:
        nonlocal count
        count += 1
        if (when, number) == ("before", count):
            die()
        answer = perform(self, op)
        if (when, number) == ("after", count):
            die()
        return answer

    def collecting(self: MySqlConnection) -> None:
        if (when, number) == ("within", count):
            die()
        collect(self)

    Lanes.perform = performing  # type: ignore[method-assign]
    MySqlConnection.collect = collecting  # type: ignore[method-assign]


def die() -> None:
    """Without a word."""
    os.kill(os.getpid(), signal.SIGKILL)


def outcome(connection: shardkit.Connection) -> str:
    """What commit() says, in a word."""
    try:
        connection.commit()
    except CommitInDoubt:
        return "doubt"
    except Error as error:
        return f"aborted {type(error).__name__}"
    return "committed"


def main() -> None:
    """One transfer."""
    rules, name, *keys = sys.argv[1:]
    when, number = os.environ[KILL].split()
    with shardkit.Cluster(rules) as cluster, cluster.connect() as connection:
        transfer(connection, [int(key) for key in keys], name=name)
        arm(when, int(number))
        print(outcome(connection), flush=True)


if __name__ == "__main__":
    main()
