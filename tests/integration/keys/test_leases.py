"""Worker numbers: given back, run out, taken over, lost by a process that was frozen, and missing servers."""

from __future__ import annotations

import os
import signal
import time
from contextlib import ExitStack

import pytest

from shardkit.errors import IdsUnavailable, InterfaceError
from shardkit.runtime.keys import Keys
from tests.integration.dbapi.stage import eventually
from tests.integration.keys.family import children
from tests.integration.keys.world import LEASE, World

LONG = 30_000


def worker(number: object) -> int:
    """The worker of an id of table `few`: one bit of worker, twelve of sequence."""
    assert isinstance(number, int)
    return number >> 12 & 1


def moment(number: object) -> int:
    """The time of an id of table `few`."""
    assert isinstance(number, int)
    return number >> 13


def test_a_number_that_is_given_back_is_taken_at_once_and_no_id_repeats(world: World) -> None:
    seen: list[object] = []
    for _ in range(5):
        with world.cluster(LONG) as cluster:
            seen += [cluster.connect().next_id("few") for _ in range(10)]
    assert {worker(one) for one in seen} == {0}
    assert seen == sorted(set(seen), key=str)


def test_two_processes_never_share_a_number(world: World) -> None:
    with world.cluster(LONG) as one, world.cluster(LONG) as other, world.cluster(LONG) as third:
        assert worker(one.connect().next_id("few")) == 0
        assert worker(other.connect().next_id("few")) == 1
        with pytest.raises(IdsUnavailable, match="all 2 worker numbers"):
            third.connect().next_id("few")
        one.close()
        assert worker(third.connect().next_id("few")) == 0
        with pytest.raises(InterfaceError):
            one.engine.keys._offices.popitem()[1].leases.get(1, 0, 0)


def test_a_killed_process_keeps_its_number_until_the_lease_ends(world: World) -> None:
    with world.cluster(LONG) as holder, children(world.rules, 1, LEASE) as (child,), world.cluster() as heir:
        assert worker(child.number("few")) == 0
        last = int(child.ask("take", "few", 50).split()[-1])
        assert worker(holder.connect().next_id("few")) == 1
        killed = time.monotonic()
        child.signal(signal.SIGKILL)
        connection = heir.connect()
        with pytest.raises(IdsUnavailable):
            connection.next_id("few")
        found: list[object] = []

        def taken() -> bool:
            try:
                found.append(connection.next_id("few"))
            except IdsUnavailable:
                return False
            return True

        eventually(taken, "the lease has ended")
        assert time.monotonic() - killed > LEASE / 1000 * 0.5  # it was last renewed at most 0.3 leases before
        assert worker(found[0]) == 0
        assert moment(found[0]) > moment(last)


def test_a_frozen_process_does_not_use_a_lease_that_has_ended(world: World) -> None:
    with ExitStack() as stack:
        (child,) = stack.enter_context(children(world.rules, 1, LEASE))
        before = child.number("few")
        child.signal(signal.SIGSTOP)
        holder = stack.enter_context(world.cluster(LONG)).connect()
        assert worker(holder.next_id("few")) == 1
        heir = stack.enter_context(world.cluster(LONG)).connect()

        def taken() -> bool:
            try:
                return worker(heir.next_id("few")) == 0
            except IdsUnavailable:
                return False

        eventually(taken, "the frozen process's lease has ended")
        child.signal(signal.SIGCONT)
        assert worker(before) == 0
        assert child.ask("take", "few", 1) == "IdsUnavailable"


def test_a_lease_is_renewed_in_the_background(world: World) -> None:
    with world.cluster(LEASE) as cluster:
        connection = cluster.connect()
        before = connection.next_id("few")
        time.sleep(LEASE / 1000 * 1.5)
        leases = next(iter(cluster.engine.keys._offices.values())).leases
        assert leases._held[1].until > time.monotonic()
        after = connection.next_id("few")
        assert worker(before) == worker(after) == 0


def test_no_id_when_the_lease_cannot_be_renewed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with world.cluster(LEASE) as cluster:
        connection = cluster.connect()
        connection.next_id("few")
        connection.next_id("dense")
        office = next(iter(cluster.engine.keys._offices.values()))

        def fails(shard: object) -> None:
            raise IdsUnavailable("the server is gone")

        office.home._discard()
        with monkeypatch.context() as patched:
            patched.setattr(office.home, "_open", lambda: fails(None))
            assert isinstance(connection.next_id("few"), int)  # the lease is still good
            time.sleep(LEASE / 1000 * 1.1)
            with pytest.raises(IdsUnavailable, match="gone"):
                connection.next_id("few")
            assert isinstance(connection.next_id("dense"), int)  # a block in hand stays good
        assert isinstance(connection.next_id("few"), int)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # that this process has threads is the point
def test_a_child_of_fork_begins_anew(world: World) -> None:
    with world.cluster(LONG) as cluster:
        keys: Keys = cluster.engine.keys
        connection = cluster.connect()
        mine = [connection.next_id("member") for _ in range(10)]
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                found = [connection.next_id("member") for _ in range(10)]
                os.write(writing, repr(found).encode())
            finally:
                os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            theirs = [int(one) for one in pipe.read().strip("[]").split(",")]
        os.waitpid(pid, 0)
        mine += [connection.next_id("member") for _ in range(10)]
        assert keys._lines.pid == os.getpid()
        assert not set(mine) & set(theirs)
        assert len({one >> 12 & 1023 for one in (*theirs, *mine) if isinstance(one, int)}) == 2
