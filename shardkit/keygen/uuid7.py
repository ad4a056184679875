"""`uuid7`: UUIDs of version 7, ordered by time, as text (CHAR(36), VARCHAR) or as 16 bytes (BINARY(16), VARBINARY).

    generate: { accessToken: uuid7 }

    48 bits of milliseconds since 1970 | 0111 | 12 bits of counter | 10 | 30 bits of counter | 32 bits of chance

The counter begins at a random number below half its range in each millisecond and goes up by one within it. A clock
that goes back stops the time of new ids, not the ids: the counter goes on, and when it overflows, the time does by one.
Source: RFC 9562, section 5.7, and section 6.2, method 1 (a counter of fixed length).
Invariant: within a process each id is greater than the one before, as number, as text and as bytes.
"""

from __future__ import annotations

from shardkit.flow import Column, Family, NewId
from shardkit.keygen.protocol import Chance, Generator, Now, Stream, Taking
from shardkit.options import OptionMistakes, Options, unknown_options

COUNTER_BITS, TAIL_BITS = 42, 32
_VERSION, _VARIANT = 0x7 << 76, 0b10 << 62
_LOW_BITS = 30  # of the counter, behind the variant


def make(options: Options) -> Generator:
    """The uuid7 generator; it has no options."""
    if mistakes := unknown_options(options, ()):
        raise OptionMistakes(mistakes)
    return Uuid7()


class Uuid7:
    """See the module."""

    __slots__ = ()

    process_wide = True

    def unfit(self, column: Column) -> str | None:
        """Text of 36 characters or 16 bytes."""
        long_enough = {Family.TEXT: 36, Family.BINARY: 16}.get(column.family)
        holds = long_enough is not None and (column.length is None or column.length >= long_enough)
        padded = column.type_text.lower().startswith("binary") and column.length != 16
        return None if holds and not padded else "CHAR(36), VARCHAR(36) or BINARY(16)"

    def stand_ins(self, count: int, column: Column) -> list[NewId]:
        """UUIDs of the year 1970."""
        return [_stored(_uuid(0, number, 0), column) for number in range(1, count + 1)]

    def open(self, name: str) -> Stream:
        """A stream; the process needs one."""
        return Uuid7Stream()


class Uuid7Stream:
    """The time and the counter of the last id."""

    __slots__ = ("_counter", "_time")

    def __init__(self) -> None:
        self._time, self._counter = -1, 0

    def take(self, count: int, column: Column) -> Taking:
        """Ids of this moment, as the column stores them."""
        found = list[NewId]()
        now: int = yield Now()
        for _ in range(count):
            if now > self._time:
                self._time = now
                self._counter = yield Chance(COUNTER_BITS - 1)
            else:
                self._counter += 1
                if self._counter >> COUNTER_BITS:
                    self._time += 1
                    self._counter = yield Chance(COUNTER_BITS - 1)
            tail = yield Chance(TAIL_BITS)
            found.append(_stored(_uuid(self._time, self._counter, tail), column))
        return found


def _uuid(time: int, counter: int, tail: int) -> int:
    high, low = divmod(counter, 1 << _LOW_BITS)
    return (time & (1 << 48) - 1) << 80 | _VERSION | high << 64 | _VARIANT | low << TAIL_BITS | tail


def _stored(number: int, column: Column) -> NewId:
    if column.family is Family.BINARY:
        return number.to_bytes(16, "big")
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
