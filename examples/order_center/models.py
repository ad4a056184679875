"""What the order center takes and gives: pydantic models, and with them its OpenAPI.

Invariant: prices come from the product, never from the buyer.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import Annotated, TypeAlias

from pydantic import ConfigDict, Field, field_validator

from examples.centers.wire import REQUEST_ID, Country, Currency, Id, Moment, Money, Wire
from examples.order_center.states import Action, Status

Sku: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,32}$", examples=["mug-red"])]
Quantity: TypeAlias = Annotated[int, Field(ge=1, le=10_000, examples=[2])]


class CartLine(Wire):
    """One line of a cart."""

    sku: Sku
    quantity: Quantity


class NewCheckout(Wire):
    """A cart to be ordered: products of any sellers, in one currency."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "lines": [{"sku": "mug-red", "quantity": 2}, {"sku": "tea-green", "quantity": 1}],
                    "country": "CN",
                    "currency": "CNY",
                }
            ]
        }
    )

    lines: list[CartLine] = Field(min_length=1, max_length=50)
    country: Country
    currency: Currency = "CNY"

    @field_validator("lines")
    @classmethod
    def each_sku_once(cls, lines: list[CartLine]) -> list[CartLine]:
        """A sku has one line, so that its stock is taken in one step."""
        if len({line.sku for line in lines}) < len(lines):
            raise ValueError("a sku may stand in one line only; add the quantities up")
        return lines

    def fingerprint(self) -> str:
        """Equal for carts of the same content, in whatever order, and only for them."""
        lines = sorted(self.lines, key=lambda line: line.sku)
        return sha256(self.model_copy(update={"lines": lines}).model_dump_json().encode()).hexdigest()


class Item(Wire):
    """One line of an order, with the title and price of the moment it was ordered."""

    line_no: int
    sku: Sku
    title: str
    quantity: Quantity
    price: Money


class Order(Wire):
    """One order: what one buyer bought from one seller in one checkout."""

    order_id: Id
    member_id: Id = Field(description="The buyer; decides the shard.")
    checkout_id: Id
    seller_id: Id
    status: Status
    version: int = Field(description="Grows by one with every move.")
    amount: Decimal
    currency: Currency
    country: Country
    created_at: Moment
    updated_at: Moment


class Move(Wire):
    """One step in the life of an order."""

    version: int
    action: Action
    status: Status = Field(description="Where the order stood afterwards.")
    note: str
    moved_at: Moment


class OrderDetail(Order):
    """An order with its items, its history, and what can be done to it now."""

    items: list[Item]
    moves: list[Move]
    allowed: list[Action]


class Checkout(Wire):
    """A placed cart: the parent of one order for each seller."""

    checkout_id: Id
    member_id: Id
    request_id: str
    amount: Decimal
    currency: Currency
    country: Country
    created_at: Moment
    orders: list[Order]


class Pending(Wire):
    """A checkout that is committed and not yet visible everywhere."""

    checkout_id: Id
    request_id: str
    detail: str = "the checkout is placed; parts of it show in a moment. Ask again under `location`"
    location: str


class NewMove(Wire):
    """Why an action is taken."""

    note: str = Field(default="", max_length=200, examples=["paid by card"])


class NewProduct(Wire):
    """What a seller offers. Stock comes by receipts."""

    seller_id: Id
    title: str = Field(min_length=1, max_length=200, examples=["Red mug"])
    price: Money
    currency: Currency = "CNY"


class Product(NewProduct):
    """A product with its stock."""

    sku: Sku
    received: int = Field(description="All that ever came in: available + sold.")
    available: int
    sold: int = Field(description="In orders that are neither cancelled nor refunded.")


class Receipt(Wire):
    """Goods that come into the stock."""

    request_id: str = Field(pattern=REQUEST_ID, description="The same receipt counts once.", examples=["delivery-1024"])
    quantity: int = Field(ge=1, le=100_000_000, examples=[500])


class Segment(Wire):
    """Buyers alike in recency, frequency and amount."""

    segment: str = Field(examples=["champions"])
    members: int
    orders: int
    amount: Decimal


class SegmentMember(Wire):
    """One buyer of a segment."""

    member_id: Id
    last_order_at: Moment
    orders: int
    amount: Decimal


ORDER_COLUMNS = (
    "memberId, orderId, checkoutId, sellerId, status, version, amount, currency, country, createdAt, updatedAt"
)


def order_from(row: tuple[int, int, int, int, str, int, Decimal, str, str, datetime, datetime]) -> Order:
    """An Order from a row of ORDER_COLUMNS."""
    member, order, checkout, seller, status, version, amount, currency, country, created, updated = row
    return Order(
        order_id=order, member_id=member, checkout_id=checkout, seller_id=seller, status=Status(status),
        version=version, amount=amount, currency=currency, country=country, created_at=created, updated_at=updated,
    )  # fmt: skip
