"""The pool: limits, order, state, liveness, and nothing lost."""

from __future__ import annotations

import gc
import threading
import time

import pytest

from shardkit.backends.protocol import Connection
from shardkit.backends.scripted import Reply, ScriptedBackend
from shardkit.errors import InterfaceError, PoolTimeout, ProgrammingError, ShardUnavailable
from shardkit.runtime import pool as pool_module
from shardkit.runtime.lending import Limits
from shardkit.runtime.pool import Pool
from shardkit.values import ShardId

S = ShardId("rds0", "db_00")


def make(size: int = 2, wait: float = 0.2) -> tuple[Pool, ScriptedBackend]:
    backend = ScriptedBackend("rds0")
    return Pool(Limits("rds0", size, wait), backend.connect), backend


def test_a_connection_is_used_again_last_in_first_out() -> None:
    pool, backend = make()
    first, second = pool.acquire(S, ()), pool.acquire(S, ())
    pool.release(first)
    pool.release(second)
    assert pool.acquire(S, ()) is second
    assert len(backend.connections) == 2


def test_an_exhausted_pool_says_who_how_many_and_how_long() -> None:
    pool, _ = make(size=1)
    pool.acquire(S, ())
    began = time.monotonic()
    with pytest.raises(PoolTimeout, match=r"rds0 became free within 0\.2 s \(pool size 1, 1 in use\)") as caught:
        pool.acquire(S, ())
    assert 0.15 < time.monotonic() - began < 2
    assert caught.value.errno == 1040
    assert pool.in_use == 1


def test_patience_shortens_the_wait() -> None:
    pool, _ = make(size=1, wait=30)
    pool.acquire(S, ())
    with pytest.raises(PoolTimeout):
        pool.acquire(S, (), 0.05)


def test_more_than_the_size_is_refused_at_once_and_names_the_key() -> None:
    pool, _ = make(size=2, wait=30)
    with pytest.raises(PoolTimeout, match=r"servers\.rds0\.pool\.size"):
        pool.reserve(3, ())
    assert pool.in_use == 0


def test_two_that_need_all_never_hold_half_each() -> None:
    pool, _ = make(size=4, wait=10)
    done = []

    def scatter() -> None:
        for _ in range(50):
            taken = [pool.ready(candidate, S, ()) for candidate in pool.reserve(3, ())]
            for connection in taken:
                pool.release(connection)
        done.append(True)

    threads = [threading.Thread(target=scatter) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(done) == 4
    assert pool.in_use == 0


def test_who_asked_first_is_served_first() -> None:
    pool, _ = make(size=2, wait=5)
    held = [pool.acquire(S, ()), pool.acquire(S, ())]
    order: list[str] = []

    def ask(name: str, count: int) -> None:
        taken = pool.reserve(count, ())
        order.append(name)
        for candidate in taken:
            pool.release(pool.ready(candidate, S, ()))

    big = threading.Thread(target=ask, args=("big", 2))
    big.start()
    time.sleep(0.05)
    small = threading.Thread(target=ask, args=("small", 1))
    small.start()
    time.sleep(0.05)
    pool.release(held.pop())
    time.sleep(0.05)
    assert order == []  # the small one does not overtake
    pool.release(held.pop())
    big.join(5)
    small.join(5)
    assert order == ["big", "small"]


def test_one_that_gives_up_does_not_block_those_behind_it() -> None:
    pool, _ = make(size=2, wait=0.2)
    held = pool.acquire(S, ())

    def ask_for_two() -> None:
        with pytest.raises(PoolTimeout):
            pool.reserve(2, ())

    thread = threading.Thread(target=ask_for_two)
    thread.start()
    time.sleep(0.05)
    began = time.monotonic()
    other = pool.acquire(S, (), 2)
    assert time.monotonic() - began < 1
    thread.join(5)
    pool.release(other)
    pool.release(held)
    assert pool.in_use == 0


def test_a_connection_in_the_wanted_state_is_preferred() -> None:
    pool, backend = make()
    plain, zoned = pool.acquire(S, ()), pool.acquire(S, ("SET time_zone = '+01:00'",))
    pool.release(zoned)
    pool.release(plain)
    assert pool.acquire(S, ("SET time_zone = '+01:00'",)) is zoned
    assert backend.happened("reset") == []


def test_state_is_extended_without_a_reset_and_undone_by_one() -> None:
    pool, backend = make(size=1)
    pool.release(pool.acquire(S, ("SET a = 1",)))
    pool.release(pool.acquire(S, ("SET a = 1", "SET b = 2")))
    assert backend.happened("run") == ["SET a = 1", "SET b = 2"]
    connection = pool.acquire(S, ())
    assert connection.state == ()
    assert len(backend.happened("reset")) == 1


def test_a_state_the_server_refuses_leaves_no_hole_in_the_pool() -> None:
    pool, backend = make(size=1)
    backend.on("SET nonsense = 1", Reply(error=ProgrammingError("unknown variable", errno=1193)))
    with pytest.raises(ProgrammingError):
        pool.acquire(S, ("SET nonsense = 1",))
    assert pool.in_use == 0
    assert pool.acquire(S, ()).state == ()


def test_a_failed_reset_means_another_connection() -> None:
    pool, backend = make(size=1)
    pool.release(pool.acquire(S, ("SET a = 1",)))
    backend.on("RESET", Reply(error=ProgrammingError("no reset")))
    connection = pool.acquire(S, ())
    assert [c.closed for c in backend.connections] == [True, False]
    assert connection is backend.connections[1]


def test_only_long_idle_connections_are_pinged(monkeypatch: pytest.MonkeyPatch) -> None:
    pool, backend = make()
    pool.release(pool.acquire(S, ()))
    pool.release(pool.acquire(S, ()))
    assert backend.happened("ping") == []
    monkeypatch.setattr(pool_module, "PING_AFTER", 0.0)
    pool.release(pool.acquire(S, ()))
    assert len(backend.happened("ping")) == 1


def test_a_connection_that_died_while_idle_is_replaced_silently(monkeypatch: pytest.MonkeyPatch) -> None:
    pool, backend = make()
    pool.release(pool.acquire(S, ()))
    backend.connections[0].alive = False
    monkeypatch.setattr(pool_module, "PING_AFTER", 0.0)
    assert pool.acquire(S, ()) is backend.connections[1]
    assert backend.connections[0].closed


def test_after_one_broke_the_others_are_asked_before_use() -> None:
    pool, backend = make(size=3)
    taken = [pool.acquire(S, ()) for _ in range(3)]
    pool.release(taken[0])
    pool.release(taken[1])
    backend.connections[0].alive = backend.connections[1].alive = False
    backend.connections[2].broken = True
    pool.release(taken[2])
    assert pool.acquire(S, ()) is backend.connections[3]
    assert [connection.closed for connection in backend.connections] == [True, True, True, False]


def test_a_server_that_is_down_costs_no_permit() -> None:
    pool, backend = make(size=1)
    backend.connect_errors = [ShardUnavailable("down"), ShardUnavailable("down")]
    for _ in range(2):
        with pytest.raises(ShardUnavailable):
            pool.acquire(S, ())
    assert pool.acquire(S, ()).usable


def test_an_unusable_connection_never_becomes_idle() -> None:
    pool, backend = make()
    connection = pool.acquire(S, ())
    backend.connections[0].broken = True
    pool.release(connection)
    assert (pool.idle, pool.in_use, backend.open_count) == (0, 0, 0)


def test_close_refuses_new_ones_wakes_the_waiting_and_closes_what_comes_back() -> None:
    pool, backend = make(size=1, wait=10)
    held = pool.acquire(S, ())
    caught: list[BaseException] = []

    def wait() -> None:
        try:
            pool.acquire(S, ())
        except InterfaceError as error:
            caught.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    time.sleep(0.05)
    pool.close()
    thread.join(5)
    assert len(caught) == 1
    pool.release(held)
    assert backend.open_count == 0
    with pytest.raises(InterfaceError):
        pool.acquire(S, ())


def test_a_lost_owner_only_marks_and_the_next_user_closes() -> None:
    pool, backend = make(size=1, wait=2)
    pool.orphan(pool.acquire(S, ()))
    gc.collect()
    assert not backend.connections[0].closed
    assert pool.acquire(S, ()) is backend.connections[1]
    assert backend.connections[0].closed


def test_a_waiting_thread_finds_what_is_lost_meanwhile() -> None:
    pool, _ = make(size=1, wait=5)
    held: list[Connection] = [pool.acquire(S, ())]
    threading.Timer(0.05, lambda: pool.orphan(held.pop())).start()
    began = time.monotonic()
    pool.acquire(S, ())
    assert time.monotonic() - began < 2


def test_an_interrupted_wait_keeps_no_permit(monkeypatch: pytest.MonkeyPatch) -> None:
    pool, _ = make(size=1, wait=5)
    held = pool.acquire(S, ())

    def interrupted(waiter: object, deadline: float) -> None:
        pool.release(held)  # the permit comes in the very moment of the interruption
        raise KeyboardInterrupt

    monkeypatch.setattr(pool, "_await", interrupted)
    with pytest.raises(KeyboardInterrupt):
        pool.acquire(S, ())
    assert pool.in_use == 0


def test_a_candidate_that_was_not_looked_at_is_no_fresher_than_before() -> None:
    pool, backend = make()
    pool.release(pool.acquire(S, ()))
    (candidate,) = pool.reserve(1, ())
    assert candidate is not None
    candidate.used_at -= 1000  # the server has closed it since
    pool.return_unused(candidate)
    assert pool.in_use == 0
    assert pool.idle == 1
    assert pool.acquire(S, ()) is candidate
    assert [noted.what for noted in backend.log].count("ping") == 1


def test_a_candidate_does_not_outlive_its_pool() -> None:
    pool, backend = make()
    pool.release(pool.acquire(S, ()))
    (candidate,) = pool.reserve(1, ())
    pool.close()
    pool.return_unused(candidate)
    assert backend.open_count == 0
    assert pool.in_use == pool.idle == 0
