"""A process that moves money between accounts on different shards until it is killed, and writes down what it was told.

Each line of its log is one word and a transfer's name: `begun` before its first statement, then what became of it.
Invariant: accounts are locked in one order by all workers, so that none waits for another in a circle.
"""

from __future__ import annotations

import random
from pathlib import Path

import shardkit
from shardkit.errors import CommitInDoubt, Error
from tests.integration.recovery.bank import ACCOUNTS, SHARDS, transfer


def work(rules: str, log: str, seed: str, stop: str) -> None:
    """Transfers until the file `stop` exists, or SIGKILL comes."""
    dice, number = random.Random(seed), 0
    with shardkit.Cluster(rules) as cluster, Path(log).open("ab", buffering=0) as out:
        connection = cluster.connect()
        while not Path(stop).exists():
            number += 1
            name, keys = f"{seed}.{number}", some_accounts(dice)
            out.write(f"begun {name} {','.join(map(str, keys))}\n".encode())
            out.write(f"{outcome(connection, keys, dice.randrange(1, 9), name)} {name}\n".encode())
        connection.close()


def some_accounts(dice: random.Random) -> list[int]:
    """Accounts of two or more shards, in order."""
    shards = dice.sample(range(SHARDS), dice.choice((2, 2, 2, 3, 4)))
    return sorted(shard + SHARDS * dice.randrange(ACCOUNTS // SHARDS) for shard in shards)


def outcome(connection: shardkit.Connection, keys: list[int], amount: int, name: str) -> str:
    """Make one transfer; what its caller may believe."""
    try:
        transfer(connection, keys, amount, name)
    except Error:
        connection.rollback()
        return "aborted"
    try:
        connection.commit()
    except CommitInDoubt:
        return "doubt"
    except Error:
        return "aborted"
    return "committed"
