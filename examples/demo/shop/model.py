"""What goes into the shop and comes out of it, and the ways it says no.

Invariant: an order has at least one line, and its amount is the exact sum of its lines, rounded half up to cents.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import NamedTuple

CENT = Decimal("0.01")


class Status(StrEnum):
    """Where an order stands."""

    NEW = "new"
    PAID = "paid"
    SHIPPED = "shipped"
    CANCELLED = "cancelled"
    ADJUSTED = "adjusted"  # a bookkeeping entry; no step of this service leads here


CANCELLABLE = (Status.NEW, Status.PAID)
"""The statuses an order can be cancelled in: what has left the house cannot be."""


class OrderKey(NamedTuple):
    """Names one order; memberId leads to the shard."""

    member_id: int
    order_id: int


class Page(NamedTuple):
    """Page `number` (from 1) of `size` rows."""

    number: int = 1
    size: int = 20

    @property
    def offset(self) -> int:
        """Rows before this page. ValueError if number or size is below 1."""
        if self.number < 1 or self.size < 1:
            raise ValueError("a page has a number and a size of at least 1")
        return (self.number - 1) * self.size


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an order."""

    line_no: int
    sku: str
    description: str
    quantity: int
    price: Decimal


def total(lines: Iterable[Line]) -> Decimal:
    """The exact sum of quantity x price, rounded half up to cents."""
    exact = sum((line.price * line.quantity for line in lines), Decimal(0))
    return exact.quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order as it is placed. Prices must be whole cents: a column would round them in silence."""

    key: OrderKey
    created_at: datetime
    country: str
    lines: tuple[Line, ...]
    currency: str = "GBP"
    invoice: str | None = None

    def __post_init__(self) -> None:
        numbers = [line.line_no for line in self.lines]
        if not numbers or len(set(numbers)) < len(numbers):
            raise ValueError("an order needs lines, each with its own number")
        if any(line.price != line.price.quantize(CENT) for line in self.lines):
            raise ValueError("prices are in whole cents")


@dataclass(frozen=True, slots=True)
class Order:
    """One order as stored."""

    key: OrderKey
    status: Status
    amount: Decimal
    currency: str
    created_at: datetime
    country: str
    invoice: str | None


@dataclass(frozen=True, slots=True)
class OrderWithLines:
    """One order with its lines in the order of their numbers."""

    order: Order
    lines: tuple[Line, ...]


class DaySum(NamedTuple):
    """What was ordered on one day in one currency; cancelled orders are left out."""

    day: date
    currency: str
    orders: int
    amount: Decimal


class CountrySum(NamedTuple):
    """What was ordered from one country in one currency; cancelled orders are left out."""

    country: str
    currency: str
    orders: int
    amount: Decimal


class OrderCenterError(Exception):
    """The root of everything the shop refuses."""


class OrderNotFound(OrderCenterError):
    """There is no such order."""


class OrderConflict(OrderCenterError):
    """The orderId is taken by an order of other content."""


class WrongStatus(OrderCenterError):
    """The order's status does not allow this step; `status` is where it stands."""

    def __init__(self, key: OrderKey, status: Status, wanted: Status) -> None:
        self.key, self.status, self.wanted = key, status, wanted
        super().__init__(f"order {key.order_id} is {status} and cannot become {wanted}")
