"""What a process does that makes one transfer, and kills itself at a step of its commit.

`when` and `number` say at which Op of the commit: `before 1`, `after 1`, or `within 1`, which is when the Op's statements
are sent and no answer has been read.
Invariant: the wrappers are made here, in a process of their own; shardkit knows nothing of them.
"""

from __future__ import annotations

import os
import signal
from typing import Any

import shardkit
from shardkit.backends.mysql_connection import MySqlConnection
from shardkit.runtime.sync import Lanes
from tests.integration.recovery.bank import transfer


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


def transfer_and_die(rules: str, name: str, keys: tuple[int, ...], moment: tuple[str, int]) -> None:
    """One transfer, of which the process does not see the end."""
    with shardkit.Cluster(rules) as cluster, cluster.connect() as connection:
        transfer(connection, keys, name=name)
        arm(*moment)
        connection.commit()
