"""This process's worker numbers: leased in the home database, renewed in the background, given up in time.

What makes ids safe is not the renewal but the interval of times that comes with a lease: a holder's ids bear times up
to `ceiling`, and the next holder's begin after it. So a process that was frozen, or whose clock is wrong, may come
too late, but cannot repeat an id.
Invariant: a lease is used only before `until` by this machine's monotonic clock, which is before its end on the server.
"""

from __future__ import annotations

import secrets
import threading
import weakref
from dataclasses import dataclass, replace
from functools import partial
from time import monotonic

from shardkit.errors import ClockError, Error, IdsUnavailable, InterfaceError
from shardkit.keygen import LEASE, MUTEX, Lease, WorkerRow, choose
from shardkit.runtime.home import WORKERS, Ask, Home

RENEW = 0.3
"""The part of a lease's time after which it is renewed."""

_LOCK = f"SELECT worker, expires, allowed FROM {{}}.`{WORKERS}` WHERE worker >= %s ORDER BY worker FOR UPDATE"
_OWN = f"SELECT token, expires FROM {{}}.`{WORKERS}` WHERE worker = %s FOR UPDATE"
_ADD = f"INSERT INTO {{}}.`{WORKERS}` (worker, token, expires, allowed) VALUES (%s, %s, %s, %s)"
_SET = f"UPDATE {{}}.`{WORKERS}` SET token = %s, expires = %s, allowed = %s WHERE worker = %s"


@dataclass(frozen=True, slots=True)
class Held:
    """A lease with its proof, and the moment of this machine's monotonic clock until which it may be used."""

    lease: Lease
    token: str
    until: float


class Leases:
    """The worker numbers that one cluster holds in one home, one for each number of bits."""

    def __init__(self, home: Home, length: int = LEASE) -> None:
        self._home, self._length = home, length
        self._held: dict[int, Held] = {}
        self._used: dict[int, int] = {}  # the latest time that ids were asked for
        self._lock = threading.Lock()
        self._io = threading.Lock()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def get(self, bits: int, at: int, clock: int) -> Lease:
        """A lease that allows ids of the time `at`; `clock` is this machine's time.

        Raises ClockError when the clock is too far ahead of the server's, IdsUnavailable.
        """
        found = self._usable(bits, at)
        if found is not None:
            return found
        with self._io:
            found = self._usable(bits, at)
            if found is None:
                self._ask_for(bits, clock)
                found = self._usable(bits, at)
        if found is not None:
            return found
        raise ClockError(
            f"this machine's clock is over {self._length // 1000} s ahead of the clock of {self._home.shard}, or the "
            "database's answer took as long: no id is made with such a time"
        )

    def has(self, bits: int, at: int) -> bool:
        """Whether `get` would answer at once."""
        return self._usable(bits, at) is not None

    def renew(self) -> None:
        """Renew every lease. One that was lost is forgotten; one that cannot be renewed runs out by itself."""
        with self._io:
            for bits, held in list(self._held.items()):
                try:
                    self._renew(bits, held)
                except IdsUnavailable:
                    continue  # `get` says so once the lease has run out; until then the next renewal may succeed

    def close(self) -> None:
        """Give the numbers back, with the times that were used."""
        self._closed.set()
        with self._io:
            with self._lock:
                held, self._held = self._held, {}
            for bits, one in held.items():
                try:
                    self._home.transact(partial(self._release, held=one, used=self._used[bits]))
                except Error:
                    return  # they run out by themselves

    @property
    def closed(self) -> threading.Event:
        """Set when nothing is to be renewed any more."""
        return self._closed

    @property
    def pause(self) -> float:
        """Seconds between two renewals."""
        return self._length * RENEW / 1000

    def _usable(self, bits: int, at: int) -> Lease | None:
        with self._lock:
            if self._closed.is_set():
                raise InterfaceError("the cluster is closed")
            held = self._held.get(bits)
            if held is None or at > held.lease.ceiling or monotonic() >= held.until:
                return None
            if at > self._used[bits]:
                self._used[bits] = at
            return held.lease

    def _ask_for(self, bits: int, clock: int) -> None:
        held = self._held.get(bits)
        if held is not None and monotonic() < held.until and self._renew(bits, held):
            return
        with self._lock:
            self._held.pop(bits, None)
        token = secrets.token_hex(16)
        sent = monotonic()
        lease = self._home.transact(lambda ask: self._take(ask, bits, token, clock))
        with self._lock:
            self._held[bits] = Held(lease, token, sent + self._length / 1000)
            self._used[bits] = lease.floor
        self._begin_renewing()

    def _renew(self, bits: int, held: Held) -> bool:
        """Whether the lease could be made longer; one that another process has taken is forgotten."""
        sent = monotonic()
        ceiling = self._home.transact(lambda ask: self._extend(ask, held))
        if ceiling is None:
            with self._lock:
                self._held.pop(bits, None)
            return False
        lease = held.lease._replace(ceiling=max(ceiling, held.lease.ceiling))
        with self._lock:
            self._held[bits] = replace(held, lease=lease, until=sent + self._length / 1000)
        return True

    # --- transactions -----------------------------------------------------------------------------------------------

    def _take(self, ask: Ask, bits: int, token: str, clock: int) -> Lease:
        rows = [WorkerRow(*row) for row in ask.rows(_LOCK, MUTEX)]
        if not any(row.worker == MUTEX for row in rows):
            ask.run(_ADD, MUTEX, "", 0, 0)
            rows = [WorkerRow(*row) for row in ask.rows(_LOCK, MUTEX)]
        now = ask.now()
        row = choose(rows, bits, now, clock)
        if row is None:
            raise IdsUnavailable(
                f"all {1 << bits} worker numbers in {self._home.shard} are leased: wait until a process ends, or give "
                "the generator more worker bits", shards=(self._home.shard,),
            )  # fmt: skip
        end = now + self._length
        allowed = max(end, row.allowed)
        if any(one.worker == row.worker for one in rows):
            ask.run(_SET, token, end, allowed, row.worker)
        else:
            ask.run(_ADD, row.worker, token, end, allowed)
        return Lease(row.worker, row.allowed, allowed)

    def _extend(self, ask: Ask, held: Held) -> int | None:
        """The new ceiling, or None if the lease has ended."""
        found = ask.rows(_OWN, held.lease.worker)
        now = ask.now()
        if not found or found[0][0] != held.token or found[0][1] <= now:
            return None
        end = now + self._length
        allowed = max(end, held.lease.ceiling)
        ask.run(_SET, held.token, end, allowed, held.lease.worker)
        return allowed

    def _release(self, ask: Ask, held: Held, used: int) -> None:
        found = ask.rows(_OWN, held.lease.worker)
        if found and found[0][0] == held.token:
            ask.run(_SET, "", 0, max(used, held.lease.floor), held.lease.worker)

    # --- the background ---------------------------------------------------------------------------------------------

    def _begin_renewing(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            arguments = (weakref.ref(self), self._closed, self.pause)
            self._thread = threading.Thread(target=_keep, args=arguments, name="shardkit-leases", daemon=True)
            self._thread.start()


def _keep(reference: weakref.ref[Leases], closed: threading.Event, pause: float) -> None:
    """Renew until closed, or until the cluster was forgotten: its leases then run out."""
    while not closed.wait(pause):
        leases = reference()
        if leases is None:
            return
        leases.renew()
        del leases
