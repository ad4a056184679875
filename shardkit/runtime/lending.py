"""How connections are lent, for the pools of both interpreters: the rules' limits, which one is lent, what is refused.

Invariant: nothing here waits or takes a lock.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol, TypeVar

from shardkit.errors import PoolTimeout
from shardkit.runtime.state import State, is_prefix


class Limits(NamedTuple):
    """What the rules say about a server's pool."""

    server: str
    size: int
    wait: float
    key: str = "size"  # the setting that says how many there are


class _Stateful(Protocol):
    state: State


C = TypeVar("C", bound=_Stateful)


def best_of(idle: list[C], state: State) -> C:
    """Take the idle connection that was used last, preferring one in this state, then one that needs no reset."""
    for suits in (lambda have: have == state, lambda have: is_prefix(have, state)):
        for index in range(len(idle) - 1, -1, -1):
            if suits(idle[index].state):
                return idle.pop(index)
    return idle.pop()


def too_many(limits: Limits, count: int) -> PoolTimeout:
    """The error to raise when more is asked for than the pool will ever hold."""
    return PoolTimeout(
        f"{count} connections to server {limits.server} are needed at once, but its pool holds "
        f"{limits.size}; raise servers.{limits.server}.pool.{limits.key} in the rules"
    )


def no_permit(limits: Limits, count: int, wait: float, in_use: int) -> PoolTimeout:
    """The error to raise when nothing became free in time."""
    server = limits.server
    what = "connection" if count == 1 else f"{count} connections"
    return PoolTimeout(
        f"no {what} to server {server} became free within {wait:g} s (pool size {limits.size}, {in_use} in use); "
        f"raise servers.{server}.pool.{limits.key} or servers.{server}.pool.wait in the rules, or end "
        "transactions and results sooner"
    )
