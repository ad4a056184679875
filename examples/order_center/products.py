"""Products and their stock, by sku: one shard for each sku.

Invariant: received = available + sold; a receipt counts once, by its request id.
"""

from __future__ import annotations

from examples.centers.problems import Problem, not_found
from examples.centers.wire import now
from examples.order_center.database import Database, Link, Row
from examples.order_center.models import NewProduct, Product, Receipt
from shardkit.errors import IntegrityError

_PRODUCT = "SELECT sku, sellerId, title, price, currency, received, available, sold FROM t_product"

# Of a row that is there, only its own seller changes anything.
_OFFER = (
    "INSERT INTO t_product (sku, sellerId, title, price, currency, received, available, sold)"
    " VALUES (%s, %s, %s, %s, %s, 0, 0, 0) ON DUPLICATE KEY UPDATE"
    " title = IF(sellerId = VALUES(sellerId), VALUES(title), title),"
    " price = IF(sellerId = VALUES(sellerId), VALUES(price), price),"
    " currency = IF(sellerId = VALUES(sellerId), VALUES(currency), currency)"
)


async def offer(database: Database, sku: str, new: NewProduct) -> Product:
    """Offer a product, or change title and price of one's own. Raises Problem if another seller has this sku."""

    values = (sku, new.seller_id, new.title, new.price, new.currency)
    await database.transact(lambda link: link.change(_OFFER, values), database.home("t_product", sku))
    product = await get(database, sku)
    if product.seller_id != new.seller_id:
        raise Problem(409, "sku-taken", f"{sku} belongs to seller {product.seller_id}; choose another sku")
    return product


MOST = 2**31 - 1
"""The pieces that an INT column holds."""

_COUNT = (
    "UPDATE t_product SET received = received + %s, available = available + %s WHERE sku = %s AND received <= %s - %s"
)


async def receive(database: Database, sku: str, receipt: Receipt) -> Product:
    """Take goods into the stock; the same receipt a second time changes nothing.

    Raises Problem: 404, 422 for more pieces than can be counted, and 409 for a request id of another receipt.
    """
    pieces = receipt.quantity

    async def write(link: Link) -> None:
        # First, so that a receipt that was counted before stops here, whatever the product has become.
        row: Row = (sku, receipt.request_id, pieces, now())
        await link.insert("t_receipt", "sku, requestId, quantity, receivedAt", [row])
        if not await link.change(_COUNT, (pieces, pieces, sku, MOST, pieces)):
            raise _Uncounted

    try:
        await database.transact(write, database.home("t_product", sku))
    except _Uncounted:
        there = await get(database, sku)
        told = f"{there.received:,} pieces of {sku} came in so far, and {MOST:,} are the most that can be counted"
        raise Problem(422, "stock-too-large", told) from None
    except IntegrityError as error:
        sql = "SELECT quantity FROM t_receipt WHERE sku = %s AND requestId = %s"
        stored = await database.row(sql, (sku, receipt.request_id))
        if stored is None:
            told = "this request id was just being used; send the same receipt again"
            raise Problem(503, "try-again", told) from error
        if stored[0] != pieces:
            told = f"this request id has brought in {stored[0]}; another receipt needs a new request id"
            raise Problem(409, "request-id-reused", told, requestId=receipt.request_id) from None
    return await get(database, sku)


class _Uncounted(Exception):
    """There is no such product, or there is no room for so many pieces; the transaction is to be rolled back."""


async def get(database: Database, sku: str) -> Product:
    """The product with its stock. Raises Problem (404)."""
    row = await database.row(f"{_PRODUCT} WHERE sku = %s", (sku,))
    if row is None:
        raise not_found(f"product {sku}")
    return _product(row)


async def of_seller(database: Database, seller_id: int) -> list[Product]:
    """A seller's products by sku; all shards of the stock are asked."""
    sql = f"{_PRODUCT} WHERE sellerId = %s ORDER BY sku LIMIT 1000"
    return [_product(row) for row in await database.rows(sql, (seller_id,))]


def _product(row: Row) -> Product:
    sku, seller, title, price, currency, received, available, sold = row
    return Product(
        sku=sku, seller_id=seller, title=title, price=price, currency=currency,
        received=received, available=available, sold=sold,
    )  # fmt: skip
