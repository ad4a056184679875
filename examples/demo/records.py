"""What the demo loads: orders as rows of the two tables of the shop.

Invariant: orderId is unique among all records, and the amount is the sum of the lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from examples.demo.shop.model import OrderKey

Row: TypeAlias = tuple[Any, ...]

ORDER_COLUMNS = ("memberId", "orderId", "status", "amount", "currency", "createdAt", "country", "invoice")
ITEM_COLUMNS = ("memberId", "orderId", "lineNo", "sku", "description", "quantity", "price")

GUESTS_FROM = 10_000_000_000
"""A guest has no customer number. Each guest order gets a member of its own: this number plus the orderId."""


class Record(NamedTuple):
    """One order and its items, as rows in the order of ORDER_COLUMNS and ITEM_COLUMNS."""

    order: Row
    items: tuple[Row, ...]

    @property
    def key(self) -> OrderKey:
        """memberId and orderId."""
        return OrderKey(self.order[0], self.order[1])


@dataclass(frozen=True, slots=True)
class Dataset:
    """Records from one source, and what a reader should know about how they were made."""

    title: str
    records: tuple[Record, ...]
    notes: tuple[str, ...] = ()

    @property
    def lines(self) -> int:
        """How many items the orders have together."""
        return sum(len(record.items) for record in self.records)


def guest_member(order_id: int) -> int:
    """The synthetic member of one guest order."""
    return GUESTS_FROM + order_id
