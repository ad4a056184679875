"""What happens when: the arrivals of a run, worked out before it begins.

The model is open: requests come when they come, whether or not earlier ones have been answered, as buyers do.
Invariant: the same seed gives the same schedule.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a request does."""

    CHECKOUT = "place a cart"
    PAY = "pay an order"
    PRODUCT = "see a product"
    BUYER = "a buyer's orders"
    ORDER = "an order"
    SELLER = "a seller's orders"


MIX = {Kind.CHECKOUT: 40, Kind.PAY: 10, Kind.PRODUCT: 25, Kind.BUYER: 15, Kind.ORDER: 8, Kind.SELLER: 2}
"""Requests of each kind in a hundred. A seller's orders are asked of all shards, the others of one or two."""


class Trouble(StrEnum):
    """What goes wrong on the buyer's side of a checkout."""

    NONE = "none"
    HANGS_UP = "hangs up"  # the connection breaks before the answer, and the request is sent again
    TWICE = "twice"  # sent twice at the same time: an impatient buyer


@dataclass(frozen=True, slots=True)
class Phase:
    """Seconds at one rate (requests a second)."""

    name: str
    seconds: float
    rate: float


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request: when it is to be sent, and chance numbers for what it asks."""

    at: float
    phase: str
    kind: Kind
    trouble: Trouble
    seed: int


def phases(base: float, factor: float, calm: float, rush: float) -> tuple[Phase, ...]:
    """Calm, rush, calm again."""
    return (
        Phase("before", calm, base),
        Phase("promotion", rush, base * factor),
        Phase("after", calm, base),
    )


def arrivals(parts: tuple[Phase, ...], seed: int) -> Iterator[Arrival]:
    """The arrivals of all phases in the order of time: a Poisson process for each phase."""
    chance = random.Random(seed)
    start = 0.0
    for part in parts:
        at = start + chance.expovariate(part.rate)
        while at < start + part.seconds:
            [kind] = chance.choices(list(MIX), list(MIX.values()))
            [trouble] = chance.choices(list(Trouble), (92, 4, 4))
            yield Arrival(at, part.name, kind, trouble, chance.getrandbits(48))
            at += chance.expovariate(part.rate)
        start += part.seconds
