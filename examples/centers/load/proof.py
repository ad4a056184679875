"""After a run: what the buyers were told, against what lies on the shards.

The tables are read past the service, with shardkit's own connection. Invariant: each check states what must hold and
how many rows it looked at; a check that looked at nothing fails.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing
from typing import Any, NamedTuple

import shardkit
from examples.centers.load.buying import Cart, Record
from examples.centers.load.shop import Shop
from shardkit.rules import Rules

LIVE = "o.status NOT IN ('cancelled', 'refunded')"


class Check(NamedTuple):
    """One thing that must hold."""

    claim: str
    looked_at: int
    wrong: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether it does."""
        return bool(self.looked_at) and not self.wrong


def prove(rules: Rules, shop: Shop, record: Record) -> list[Check]:
    """All checks of a run."""
    with closing(shardkit.connect(rules, autocommit=True)) as connection:
        stored = _Stored(connection, shop)
    return [
        Check("every acknowledged checkout exists, once, as it was acknowledged", *_acknowledged(stored, record.carts)),
        Check("no checkout exists that was refused, failed or never asked for", *_nothing_else(stored, record.carts)),
        Check("every checkout has exactly one order for each of its sellers", *_split(stored, shop, record.carts)),
        Check("the items of each checkout are its cart", *_items(stored, record.carts)),
        Check("every acknowledged payment is kept", *_paid(stored, record)),
        Check("received = available + sold, and none below zero", *_balanced(stored, shop)),
        Check("pieces sold = pieces in orders, product by product", *_sold(stored, shop)),
        Check("one request, one answer", len(record.carts), tuple(record.contradictions)),
    ]


class _Stored:
    """The rows of a run."""

    def __init__(self, connection: Any, shop: Shop) -> None:
        def rows(sql: str, params: tuple[Any, ...]) -> Any:
            with connection.cursor() as cursor:
                return cursor.execute(sql, params).fetchall()

        mine = (f"{shop.prefix}-%",)
        self.checkouts = rows("SELECT memberId, requestId, checkoutId FROM t_checkout WHERE requestId LIKE %s", mine)
        self.orders = rows(
            "SELECT c.requestId, o.sellerId, o.orderId, o.status FROM t_checkout c JOIN t_order o"
            " ON o.memberId = c.memberId AND o.checkoutId = c.checkoutId WHERE c.requestId LIKE %s",
            mine,
        )
        self.items = rows(
            "SELECT c.requestId, i.sku, i.quantity FROM t_checkout c JOIN t_order o"
            " ON o.memberId = c.memberId AND o.checkoutId = c.checkoutId JOIN t_order_item i"
            " ON i.memberId = o.memberId AND i.orderId = o.orderId WHERE c.requestId LIKE %s",
            mine,
        )
        self.products = rows("SELECT sku, received, available, sold FROM t_product WHERE sku LIKE %s", mine)
        self.ordered = rows(
            "SELECT i.sku, SUM(i.quantity) FROM t_order o JOIN t_order_item i"
            f" ON i.memberId = o.memberId AND i.orderId = o.orderId WHERE i.sku LIKE %s AND {LIVE} GROUP BY i.sku",
            mine,
        )


Found = tuple[int, tuple[str, ...]]


def _acknowledged(stored: _Stored, carts: list[Cart]) -> Found:
    found: dict[tuple[int, str], list[int]] = defaultdict(list)
    for member, request, checkout in stored.checkouts:
        found[member, request].append(checkout)
    acknowledged = [cart for cart in carts if cart.checkout_id is not None]
    wrong = [
        f"{cart.request_id}: acknowledged {cart.checkout_id}, stored {found[cart.member_id, cart.request_id]}"
        for cart in acknowledged
        if found[cart.member_id, cart.request_id] != [cart.checkout_id]
    ]
    return len(acknowledged), tuple(wrong)


def _nothing_else(stored: _Stored, carts: list[Cart]) -> Found:
    asked = {(cart.member_id, cart.request_id) for cart in carts if cart.checkout_id is not None}
    others = [f"{request} of {member}" for member, request, _ in stored.checkouts if (member, request) not in asked]
    return len(stored.checkouts), tuple(others)


def _split(stored: _Stored, shop: Shop, carts: list[Cart]) -> Found:
    found = Counter((request, seller) for request, seller, _, _ in stored.orders)
    expected = Counter(
        (cart.request_id, seller) for cart in _kept(carts) for seller in {shop.seller(sku) for sku in cart.lines}
    )
    return len(stored.orders), tuple(_differences(expected, found))


def _items(stored: _Stored, carts: list[Cart]) -> Found:
    found = Counter(stored.items)
    expected = Counter(
        (cart.request_id, sku, quantity) for cart in _kept(carts) for sku, quantity in cart.lines.items()
    )
    return len(stored.items), tuple(_differences(expected, found))


def _paid(stored: _Stored, record: Record) -> Found:
    paid = {order for _, _, order, status in stored.orders if status == "paid"}
    return len(record.paid), tuple(f"order {order}" for order in record.paid ^ paid)


def _balanced(stored: _Stored, shop: Shop) -> Found:
    wrong = [
        f"{sku}: {received} received, {available} available, {sold} sold"
        for sku, received, available, sold in stored.products
        if received != available + sold or min(available, sold) < 0 or received != shop.pieces(sku)
    ]
    return len(stored.products), tuple(wrong)


def _sold(stored: _Stored, shop: Shop) -> Found:
    ordered = {sku: int(pieces) for sku, pieces in stored.ordered}
    wrong = [
        f"{sku}: {sold} sold, {ordered.get(sku, 0)} in orders"
        for sku, _, _, sold in stored.products
        if sold != ordered.get(sku, 0)
    ]
    return sum(ordered.values()), tuple(wrong)


def _kept(carts: list[Cart]) -> Iterator[Cart]:
    return (cart for cart in carts if cart.checkout_id is not None)


def _differences(expected: Counter[Any], found: Counter[Any]) -> Iterator[str]:
    yield from (f"missing: {one}" for one in (expected - found).elements())
    yield from (f"too many: {one}" for one in (found - expected).elements())
