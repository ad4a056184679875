"""`hash`: spreads any key evenly. The function is fixed for ever, because stored rows lie where it put them.

    int            k = key mod 2^64, then the SplitMix64 finaliser:
                   k = (k xor k>>30) * 0xBF58476D1CE4E5B9; k = (k xor k>>27) * 0x94D049BB133111EB; k = k xor k>>31
    str            first 8 bytes of BLAKE2b (digest size 8) of the UTF-8 text, big-endian: `b2sum -l 64`
    bytes          the same of the bytes, personalised `shardkit:bytes`
    date, datetime the same of the ISO text, personalised `shardkit:date`; midnight is written as the date alone
    Decimal        a whole number as the int; others the plain text without trailing zeros, as `shardkit:decimal`

Then modulo the number of slots. Source: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators" (OOPSLA
2014) with the constants of Stafford's variant 13, as in Java's SplittableRandom; BLAKE2: RFC 7693.
Invariant: values that are equal in MySQL and canonical have equal hashes.
"""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from hashlib import blake2b

from shardkit.algorithms.protocol import (
    Algorithm,
    KeyValue,
    OptionMistakes,
    Options,
    naive,
    unknown_options,
    wrong_type,
)
from shardkit.errors import ShardKeyError

_MASK = (1 << 64) - 1
_FIRST = 0xBF58476D1CE4E5B9
_SECOND = 0x94D049BB133111EB
_MOST_DIGITS = 65  # of a MySQL DECIMAL


def make(slots: int, options: Options) -> Algorithm:
    """The hash algorithm; it has no options."""
    if mistakes := unknown_options(options, ()):
        raise OptionMistakes(mistakes)
    return HashAlgorithm(slots)


def mix(key: int) -> int:
    """The SplitMix64 finaliser of key mod 2^64: 0 .. 2^64-1."""
    key &= _MASK
    key = ((key ^ (key >> 30)) * _FIRST) & _MASK
    key = ((key ^ (key >> 27)) * _SECOND) & _MASK
    return key ^ (key >> 31)


def digest(value: KeyValue) -> int:
    """The 64-bit hash of any canonical value; ShardKeyError for a value that has none."""
    match value:
        case int():
            return mix(value)
        case str():
            return _blake(_utf8(value), b"")
        case bytes():
            return _blake(value, b"shardkit:bytes")
        case date():
            return _blake(iso_text(naive("hash", value)).encode(), b"shardkit:date")
        case Decimal():
            return _decimal(value)
    raise wrong_type("hash", value, "numbers, text, bytes and dates")


def iso_text(value: date) -> str:
    """A date or datetime as text; a datetime at midnight equals the date, as in MySQL, so it is written like it."""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time.min else value.isoformat(" ")
    return value.isoformat()


def _blake(data: bytes, person: bytes) -> int:
    return int.from_bytes(blake2b(data, digest_size=8, person=person).digest(), "big")


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise ShardKeyError("text with lone surrogates is not Unicode text and cannot be a shard key") from None


def _decimal(value: Decimal) -> int:
    if not value.is_finite() or value.adjusted() >= _MOST_DIGITS or value.adjusted() < -_MOST_DIGITS:
        raise ShardKeyError("a decimal that no MySQL column can hold cannot be a shard key")
    text = format(value, "f")  # exact: normalize() would round to the precision of the thread's decimal context
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return _blake(text.encode(), b"shardkit:decimal") if "." in text else mix(int(text))


class HashAlgorithm:
    """slot = hash(value) mod slots."""

    __slots__ = ("_slots",)

    def __init__(self, slots: int) -> None:
        self._slots = slots

    def slot(self, value: KeyValue) -> int:
        """The slot of any canonical value."""
        if type(value) is int:  # mix() written out: this is the hot path of every point select
            key = value & _MASK
            key = ((key ^ (key >> 30)) * _FIRST) & _MASK
            key = ((key ^ (key >> 27)) * _SECOND) & _MASK
            return (key ^ (key >> 31)) % self._slots
        return digest(value) % self._slots

    def between(self, low: KeyValue | None, high: KeyValue | None) -> frozenset[int] | None:
        """Precise for a few consecutive integers and for low == high; otherwise None."""
        if low is None or high is None:
            return None
        if isinstance(low, int) and isinstance(high, int):
            return None if high - low >= self._slots else frozenset(map(self.slot, range(low, high + 1)))
        return frozenset((self.slot(low),)) if type(low) is type(high) and low == high else None
