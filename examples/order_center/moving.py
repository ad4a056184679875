"""Moving an order from state to state: one conditional UPDATE, its history, and the stock that comes back.

Invariant: of two moves that race exactly one wins, because the UPDATE names the states it may start from; what a
cancelled or refunded order held is back in the stock in the same transaction.
"""

from __future__ import annotations

from typing import NamedTuple

from examples.centers.problems import Problem, not_found
from examples.centers.wire import now
from examples.order_center.database import Database, Link
from examples.order_center.models import ORDER_COLUMNS, Order, order_from
from examples.order_center.states import TRANSITIONS, Action, advice, allowed

GIVE_BACK = "UPDATE t_product SET available = available + %s, sold = sold - %s WHERE sku = %s"


class Asked(NamedTuple):
    """One action on one order."""

    member_id: int
    order_id: int
    action: Action
    note: str


async def move(database: Database, asked: Asked) -> Order:
    """Do the action; the order afterwards. An action that was done before answers the order as it is.

    Raises Problem: 404, and 409 for an action that the order's state does not allow.
    """
    moved = await database.transact(lambda link: _move(link, asked), database.home("t_order", asked.member_id))
    sql = f"SELECT {ORDER_COLUMNS} FROM t_order WHERE memberId = %s AND orderId = %s"
    row = await database.row(sql, (asked.member_id, asked.order_id))
    if row is None:
        raise not_found(f"order {asked.order_id} of member {asked.member_id}")
    order = order_from(row)
    if not moved and not await _done_before(database, asked):
        told = advice(order.status, asked.action)
        raise Problem(409, "wrong-state", told, state=order.status, allowed=list(allowed(order.status)))
    return order


async def _done_before(database: Database, asked: Asked) -> bool:
    """No action can happen twice to one order, so its history tells a repetition from a mistake."""
    sql = "SELECT 1 FROM t_order_move WHERE memberId = %s AND orderId = %s AND action = %s"
    return await database.row(sql, (asked.member_id, asked.order_id, asked.action.value)) is not None


async def _move(link: Link, asked: Asked) -> bool:
    sources, target, returns_stock = TRANSITIONS[asked.action]
    marks, moment = ", ".join(["%s"] * len(sources)), now()
    changed = await link.change(
        "UPDATE t_order SET status = %s, version = version + 1, updatedAt = %s"
        f" WHERE memberId = %s AND orderId = %s AND status IN ({marks})",
        (target.value, moment, asked.member_id, asked.order_id, *(status.value for status in sources)),
    )
    if not changed:
        return False
    key = (asked.member_id, asked.order_id)
    await link.change(
        "INSERT INTO t_order_move (memberId, orderId, version, action, status, note, movedAt)"
        " SELECT memberId, orderId, version, %s, status, %s, updatedAt FROM t_order"
        " WHERE memberId = %s AND orderId = %s",
        (asked.action.value, asked.note, *key),
    )
    if returns_stock:
        sql = "SELECT quantity, sku FROM t_order_item WHERE memberId = %s AND orderId = %s ORDER BY sku"
        for quantity, sku in await link.rows(sql, key):
            await link.change(GIVE_BACK, (quantity, quantity, sku))
    return True
