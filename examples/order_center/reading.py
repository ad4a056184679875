"""Reading orders: a buyer's on one shard; a seller's, an order's by its id and everybody's over all of them.

Invariant: lists are in the order (createdAt, orderId), newest first, which is total because orderId is unique.
"""

from __future__ import annotations

from typing import Any

from examples.centers.cursors import Cursors, Key
from examples.centers.pages import Listing, Page, Wanted
from examples.centers.problems import not_found
from examples.order_center.database import Database, Row
from examples.order_center.models import ORDER_COLUMNS, Item, Move, Order, OrderDetail, order_from
from examples.order_center.states import Action, Status, allowed


def listing(status: Status | None = None, **owner: int) -> Listing:
    """All orders, those of `memberId=…` or of `sellerId=…`; of one status, if it is given."""
    conditions: list[tuple[str, Any]] = [(f"{column} = %s", value) for column, value in owner.items()]
    if status is not None:
        conditions.append(("status = %s", status.value))
    return Listing(ORDER_COLUMNS, "t_order", tuple(conditions), ("createdAt", "orderId"))


async def page(database: Database, cursors: Cursors, which: Listing, asked: Wanted) -> Page[Order]:
    """One page of a list; with the total, if it is asked for by number."""
    found = await database.rows(*which.page_sql(asked, which.after(cursors, asked)))
    made = which.page(cursors, asked, [order_from(row) for row in found], _key)
    if asked.number is None:
        return made
    total = await database.row(*which.count_sql())
    return made.model_copy(update={"total": 0 if total is None else total[0]})


async def detail(database: Database, order_id: int, member_id: int | None = None) -> OrderDetail:
    """An order with items and history; with the buyer's memberId one shard is asked for it. Raises Problem (404)."""
    if member_id is None:
        row = await database.row(f"{_ORDER} WHERE orderId = %s", (order_id,))
    else:
        row = await database.row(f"{_ORDER} WHERE memberId = %s AND orderId = %s", (member_id, order_id))
    if row is None:
        raise not_found(f"order {order_id}")
    order = order_from(row)
    key = (order.member_id, order.order_id)
    items = await database.rows(f"{_ITEMS} WHERE memberId = %s AND orderId = %s ORDER BY lineNo", key)
    moves = await database.rows(f"{_MOVES} WHERE memberId = %s AND orderId = %s ORDER BY version", key)
    return OrderDetail(
        **dict(order), items=[_item(row) for row in items], moves=[_move(row) for row in moves],
        allowed=list(allowed(order.status)),
    )  # fmt: skip


_ORDER = f"SELECT {ORDER_COLUMNS} FROM t_order"
_ITEMS = "SELECT lineNo, sku, title, quantity, price FROM t_order_item"
_MOVES = "SELECT version, action, status, note, movedAt FROM t_order_move"


def _key(order: Order) -> Key:
    return (order.created_at.replace(tzinfo=None), order.order_id)


def _item(row: Row) -> Item:
    number, sku, title, quantity, price = row
    return Item(line_no=number, sku=sku, title=title, quantity=quantity, price=price)


def _move(row: Row) -> Move:
    version, action, status, note, moved = row
    return Move(version=version, action=Action(action), status=Status(status), note=note, moved_at=moved)
