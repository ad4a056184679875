"""`snowflake`: 64-bit ids, ordered by time: milliseconds since an epoch, then the worker's number, then a sequence.

    generate: { orderId: snowflake }
    generate: { orderId: { type: snowflake, epoch: "2020-01-01", bits: { worker: 10, sequence: 12 } } }

    0 | 41 bits of milliseconds | 10 bits of worker | 12 bits of sequence

The sequence goes on from one millisecond to the next instead of beginning at 0, so that ids modulo a power of two
spread evenly however slowly they are made; at its end the next millisecond is waited for. Times come from this machine
and stay within the lease's interval. A clock that goes back a little is waited for, else it is an error.
Source: Twitter's Snowflake (2010), with a sequence that goes on, and a lease in place of a configured worker number.
Invariant: within one stream ids only grow; (time, worker) pairs of two streams of one worker number never overlap.
"""

from __future__ import annotations

from datetime import UTC, datetime

from shardkit.errors import ClockError
from shardkit.flow import Column, NewId
from shardkit.keygen.protocol import Chance, Generator, Lease, Now, Stream, Taking, Wait, Worker
from shardkit.options import Mistake, OptionMistakes, Options, number_option, unknown_options

EPOCH = "2025-01-01"
"""Where the time of ids begins unless the rules say otherwise. Fixed for ever: stored ids were made with it."""

WORKER_BITS, SEQUENCE_BITS = 10, 12
TIME_BITS = 39
"""The fewest bits that the time may have: 17 years."""

PATIENCE = 1000
"""Milliseconds that a clock may go back without an error."""


def make(options: Options) -> Generator:
    """The snowflake generator from `epoch` and `bits`."""
    mistakes = unknown_options(options, ("epoch", "bits"))
    epoch = _epoch(options.get("epoch", EPOCH))
    if isinstance(epoch, Mistake):
        mistakes.append(epoch)
    bits = options.get("bits", {})
    if not isinstance(bits, dict):
        mistakes.append(Mistake(("bits",), "bits is a mapping", "write bits: { worker: 10, sequence: 12 }"))
        bits = {}
    mistakes += unknown_options(bits, ("worker", "sequence"), ("bits",))
    worker = number_option(bits, "worker", WORKER_BITS, range(1, 15))
    sequence = number_option(bits, "sequence", SEQUENCE_BITS, range(4, 21))
    mistakes += [one._replace(path=("bits", *one.path)) for one in (worker, sequence) if isinstance(one, Mistake)]
    if isinstance(worker, int) and isinstance(sequence, int) and worker + sequence > 63 - TIME_BITS:
        message = f"{worker} and {sequence} bits leave fewer than {TIME_BITS} for the time"
        mistakes.append(Mistake(("bits",), message, f"together at most {63 - TIME_BITS}"))
    if mistakes or isinstance(epoch, Mistake) or isinstance(worker, Mistake) or isinstance(sequence, Mistake):
        raise OptionMistakes(mistakes)
    return Snowflake(epoch, worker, sequence)


def _epoch(value: object) -> int | Mistake:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is not None:
        return Mistake(("epoch",), "the epoch is a date or a time in UTC", f'write epoch: "{EPOCH}"')
    return int(moment.replace(tzinfo=UTC).timestamp() * 1000)


class Snowflake:
    """See the module. `epoch` in milliseconds since 1970."""

    __slots__ = ("epoch", "sequence_bits", "worker_bits")

    process_wide = False

    def __init__(self, epoch: int, worker_bits: int, sequence_bits: int) -> None:
        self.epoch, self.worker_bits, self.sequence_bits = epoch, worker_bits, sequence_bits

    def unfit(self, column: Column) -> str | None:
        """Only BIGINT holds them."""
        return None if column.type_text.lower().startswith("bigint") else "a BIGINT"

    def stand_ins(self, count: int, column: Column) -> list[NewId]:
        """1, 2, 3 …"""
        return list(range(1, count + 1))

    def open(self, name: str) -> Stream:
        """A stream with a sequence of its own."""
        return SnowflakeStream(self)


class SnowflakeStream:
    """The time of the last id, and the first value of the sequence that is not used in it."""

    __slots__ = ("_last", "_layout", "_next", "_spent")

    def __init__(self, layout: Snowflake) -> None:
        self._layout = layout
        self._last = 0
        self._next = -1
        self._spent = True  # nothing is left of the millisecond `_last`

    def take(self, count: int, column: Column) -> Taking:
        """Ids of this moment. Raises ClockError."""
        layout, found = self._layout, list[NewId]()
        if self._next < 0:
            self._next = yield Chance(layout.sequence_bits)
        while len(found) < count:
            now: int = yield Now()
            lease: Lease = yield Worker(layout.worker_bits, max(now, self._last))
            if lease.floor >= self._last:
                self._last, self._spent = lease.floor, True
            if now < self._last or (self._spent and now == self._last):
                yield Wait(self._pause(now))
                continue
            if now > self._last:
                self._last, self._spent = now, False
            found += self._numbers(self._base(now, lease.worker), count - len(found))
        return found

    def _pause(self, now: int) -> int:
        """How long to wait for the clock."""
        behind = self._last - now
        if behind > PATIENCE:
            raise ClockError(
                f"this machine's clock is {behind} ms behind the last id it may have given: no id is made before it "
                "has caught up, because ids could repeat"
            )
        return max(behind, 1)

    def _base(self, now: int, worker: int) -> int:
        layout = self._layout
        time = now - layout.epoch
        shift = layout.worker_bits + layout.sequence_bits
        if not 0 <= time < 1 << (63 - shift):
            raise ClockError("this machine's clock shows a time that ids of this epoch and these bits cannot hold")
        return time << shift | worker << layout.sequence_bits

    def _numbers(self, base: int, wanted: int) -> range:
        size = 1 << self._layout.sequence_bits
        first = self._next
        end = min(first + wanted, size)
        self._spent, self._next = end == size, end % size
        return range(base + first, base + end)
