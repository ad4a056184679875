"""Placing a checkout: one order for each seller, the request id, and the stock they take, in one transaction.

The transaction writes on the buyer's shard first: the checkout with its request id, then orders and items. A request
that comes twice stops at that first row. The stock follows, sku by sku in their order, so no two checkouts wait for
each other in a circle, and the rows that everybody wants are locked for the shortest time. Invariant: a request id
makes at most one checkout for its buyer, and stock is taken exactly when that checkout lasts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from examples.centers.problems import Problem
from examples.centers.settings import decided
from examples.centers.wire import now
from examples.order_center.database import Database, Link, Row
from examples.order_center.models import ORDER_COLUMNS, CartLine, Checkout, NewCheckout, order_from
from examples.order_center.states import Status
from shardkit.errors import CommitInDoubt, IntegrityError


class Offer(NamedTuple):
    """What is known of a product when it is put into an order."""

    seller_id: int
    title: str
    price: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Placing:
    """One request to place a checkout."""

    member_id: int
    request_id: str
    body: NewCheckout


class Placed(NamedTuple):
    """The checkout, and whether this very request made it."""

    checkout: Checkout
    new: bool


class Uncertain(Exception):
    """The commit was sent and its end is not known, or not seen everywhere yet."""

    def __init__(self, checkout_id: int, certain: bool) -> None:
        self.checkout_id, self.certain = checkout_id, certain
        super().__init__(checkout_id, certain)


class SoldOut(Exception):
    """There is not enough of a product; the transaction is to be rolled back."""

    def __init__(self, line: CartLine) -> None:
        self.line = line
        super().__init__(line.sku)


def by_seller(lines: Sequence[CartLine], offers: Mapping[str, Offer]) -> dict[int, list[CartLine]]:
    """The lines of each seller, sellers and lines in the order of the cart."""
    parts: dict[int, list[CartLine]] = defaultdict(list)
    for line in lines:
        parts[offers[line.sku].seller_id].append(line)
    return dict(parts)


def amount(lines: Sequence[CartLine], offers: Mapping[str, Offer]) -> Decimal:
    """What these lines cost."""
    return sum((offers[line.sku].price * line.quantity for line in lines), Decimal(0))


async def place(database: Database, asked: Placing) -> Placed:
    """Place the checkout, or give the one that this request id has placed before.

    Raises Problem (unknown product, other currency, amount too large, sold out, request id used for another cart) and
    Uncertain.
    """
    try:
        offers = await _offers(database, asked.body)
    except Problem:
        # What was placed is answered as it was, whatever has become of its products since.
        if (before := await _placed_before(database, asked)) is not None:
            return Placed(before, new=False)
        raise
    checkout_id = await database.next_id("t_checkout")
    parts = by_seller(asked.body.lines, offers)
    numbers = {seller: await database.next_id("t_order") for seller in parts}
    draft = _Draft(asked, offers, checkout_id, numbers, now())
    try:
        await database.transact(draft.write, database.home("t_order", asked.member_id))
    except IntegrityError as error:
        if (before := await _placed_before(database, asked)) is None:
            told = "this request id was just being used; send the same request again"
            raise Problem(503, "try-again", told) from error
        return Placed(before, new=False)
    except SoldOut as error:
        raise await _sold_out(database, error.line) from None
    except CommitInDoubt as error:
        raise Uncertain(checkout_id, certain=bool(error.committed) and decided(database.rules)) from error
    return Placed(draft.checkout(), new=True)


async def find_by_request(database: Database, member_id: int, request_id: str) -> Checkout | None:
    """The checkout of a request, or None when nothing of it was kept."""
    row = await database.row(f"{_CHECKOUT} AND requestId = %s", (member_id, request_id))
    return None if row is None else await _whole(database, row)


async def find_checkout(database: Database, member_id: int, checkout_id: int) -> Checkout | None:
    """A checkout with its orders, or None."""
    row = await database.row(f"{_CHECKOUT} AND checkoutId = %s", (member_id, checkout_id))
    return None if row is None else await _whole(database, row)


_CHECKOUT = (
    "SELECT memberId, checkoutId, requestId, amount, currency, country, createdAt FROM t_checkout WHERE memberId = %s"
)


class _Draft(NamedTuple):
    asked: Placing
    offers: Mapping[str, Offer]
    checkout_id: int
    numbers: Mapping[int, int]  # seller to orderId
    moment: datetime

    async def write(self, link: Link) -> None:
        """All writes of the transaction."""
        asked, body = self.asked, self.asked.body
        head = (
            asked.member_id,
            self.checkout_id,
            asked.request_id,
            body.fingerprint(),
            amount(body.lines, self.offers),
        )
        await link.insert("t_checkout", _CHECKOUT_COLUMNS, [(*head, body.currency, body.country, self.moment)])
        await link.insert("t_order", ORDER_COLUMNS, self.orders())
        await link.insert("t_order_item", ITEM_COLUMNS, self.items())
        for line in sorted(body.lines, key=lambda line: line.sku):
            taken = await link.change(TAKE, (line.quantity, line.quantity, line.sku, line.quantity))
            if not taken:
                raise SoldOut(line)

    def orders(self) -> list[Row]:
        """The rows of t_order."""
        body = self.asked.body
        return [
            (
                *(self.asked.member_id, self.numbers[seller], self.checkout_id, seller, Status.CREATED.value, 1),
                *(amount(lines, self.offers), body.currency, body.country, self.moment, self.moment),
            )
            for seller, lines in by_seller(body.lines, self.offers).items()
        ]

    def items(self) -> list[Row]:
        """The rows of t_order_item."""
        return [
            (
                *(self.asked.member_id, self.numbers[seller], number, line.sku),
                *(self.offers[line.sku].title, line.quantity, self.offers[line.sku].price),
            )
            for seller, lines in by_seller(self.asked.body.lines, self.offers).items()
            for number, line in enumerate(lines, 1)
        ]

    def checkout(self) -> Checkout:
        """What was written, as it will be read."""
        body = self.asked.body
        return Checkout(
            checkout_id=self.checkout_id, member_id=self.asked.member_id, request_id=self.asked.request_id,
            amount=amount(body.lines, self.offers), currency=body.currency, country=body.country,
            created_at=self.moment, orders=[order_from(row) for row in sorted(self.orders(), key=lambda row: row[1])],
        )  # fmt: skip


_CHECKOUT_COLUMNS = "memberId, checkoutId, requestId, bodyHash, amount, currency, country, createdAt"
ITEM_COLUMNS = "memberId, orderId, lineNo, sku, title, quantity, price"
LARGEST = Decimal("999999999999.99")
"""What an amount column holds, DECIMAL(14,2)."""
TAKE = "UPDATE t_product SET available = available - %s, sold = sold + %s WHERE sku = %s AND available >= %s"


async def _offers(database: Database, body: NewCheckout) -> dict[str, Offer]:
    skus = [line.sku for line in body.lines]
    marks = ", ".join(["%s"] * len(skus))
    sql = f"SELECT sku, sellerId, title, price, currency FROM t_product WHERE sku IN ({marks})"
    offers = {row[0]: Offer(*row[1:]) for row in await database.rows(sql, tuple(skus))}
    if missing := [sku for sku in skus if sku not in offers]:
        raise Problem(422, "unknown-product", f"nobody offers {', '.join(missing)}", skus=missing)
    if other := [sku for sku in skus if offers[sku].currency != body.currency]:
        told = f"{', '.join(other)} is not sold in {body.currency}; place a checkout for each currency"
        raise Problem(422, "other-currency", told, skus=other)
    if (total := amount(body.lines, offers)) > LARGEST:
        told = f"the cart costs {total:,} {body.currency}, and a checkout at most {LARGEST:,}; order in parts"
        raise Problem(422, "amount-too-large", told)
    return offers


async def _placed_before(database: Database, asked: Placing) -> Checkout | None:
    """What this request id has placed. Raises Problem (409) if that was another cart."""
    row = await database.row(
        "SELECT bodyHash FROM t_checkout WHERE memberId = %s AND requestId = %s", (asked.member_id, asked.request_id)
    )
    if row is None:
        return None
    if row[0] != asked.body.fingerprint():
        told = "this request id has placed another cart; a new cart needs a new request id"
        raise Problem(409, "request-id-reused", told, requestId=asked.request_id)
    return await find_by_request(database, asked.member_id, asked.request_id)


async def _sold_out(database: Database, line: CartLine) -> Problem:
    row = await database.row("SELECT available FROM t_product WHERE sku = %s", (line.sku,))
    left = 0 if row is None else int(row[0])
    told = f"{line.quantity} of {line.sku} are wanted and {left} are there; nothing was ordered. Order fewer, or later"
    return Problem(409, "sold-out", told, sku=line.sku, wanted=line.quantity, available=left)


async def _whole(database: Database, row: Row) -> Checkout:
    member_id, checkout_id, request_id, total, currency, country, created = row
    sql = f"SELECT {ORDER_COLUMNS} FROM t_order WHERE memberId = %s AND checkoutId = %s ORDER BY orderId"
    orders: list[Any] = [order_from(found) for found in await database.rows(sql, (member_id, checkout_id))]
    return Checkout(
        checkout_id=checkout_id, member_id=member_id, request_id=request_id, amount=total, currency=currency,
        country=country, created_at=created, orders=orders,
    )  # fmt: skip
