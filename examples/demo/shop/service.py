"""What one buyer does with orders, in typed functions over one shardkit connection in autocommit mode.

Every statement here carries the memberId, so each runs on the buyer's shard alone; the questions about all buyers are
in `overview`. Status changes are one conditional UPDATE, so two that race cannot both win. Invariant: an order is
stored with all its lines or not at all, and storing it twice is storing it once.
"""

from __future__ import annotations

from contextlib import closing

from examples.demo.shop.model import (
    CANCELLABLE,
    Line,
    NewOrder,
    Order,
    OrderConflict,
    OrderKey,
    OrderNotFound,
    OrderWithLines,
    Page,
    Status,
    WrongStatus,
    total,
)
from examples.demo.statements import Connection, Row, change, one, rows, transaction, whole_second
from shardkit.errors import IntegrityError

ORDER = "memberId, orderId, status, amount, currency, createdAt, country, invoice"
STEPS = {Status.PAID: Status.NEW, Status.SHIPPED: Status.PAID}


def place_order(connection: Connection, new: NewOrder) -> OrderWithLines:
    """Store an order and its lines in one transaction on the buyer's shard.

    Placing the same order again answers the stored one. Raises OrderConflict if the id holds another order.
    """
    try:
        with transaction(connection):
            _insert(connection, new)
    except IntegrityError:
        return _placed_before(connection, new)
    return get_order(connection, new.key)


def find_order(connection: Connection, key: OrderKey) -> OrderWithLines | None:
    """The order with its lines, or None: one join of bound tables on one shard."""
    found = rows(
        connection,
        "SELECT o.memberId, o.orderId, o.status, o.amount, o.currency, o.createdAt, o.country, o.invoice,"
        " i.lineNo, i.sku, i.description, i.quantity, i.price"
        " FROM t_order o JOIN t_order_item i ON i.memberId = o.memberId AND i.orderId = o.orderId"
        " WHERE o.memberId = %s AND o.orderId = %s ORDER BY i.lineNo",
        key,
    )
    if not found:
        return None
    return OrderWithLines(order_from(found[0][:8]), tuple(Line(*row[8:]) for row in found))


def get_order(connection: Connection, key: OrderKey) -> OrderWithLines:
    """The order with its lines. Raises OrderNotFound."""
    found = find_order(connection, key)
    if found is None:
        raise OrderNotFound(f"member {key.member_id} has no order {key.order_id}")
    return found


def member_orders(connection: Connection, member_id: int, page: Page = Page()) -> list[Order]:  # noqa: B008
    """One page of a buyer's orders, the newest first."""
    sql = f"SELECT {ORDER} FROM t_order WHERE memberId = %s ORDER BY createdAt DESC, orderId DESC LIMIT %s OFFSET %s"
    return [order_from(row) for row in rows(connection, sql, (member_id, page.size, page.offset))]


def advance_order(connection: Connection, key: OrderKey, to: Status) -> Order:
    """Take an order one step on: new to paid, paid to shipped. A step taken before answers the order.

    Raises OrderNotFound, WrongStatus; ValueError if `to` is not such a step.
    """
    if to not in STEPS:
        raise ValueError(f"no step leads to {to}; cancel_order cancels")
    return _move(connection, key, (STEPS[to],), to)


def cancel_order(connection: Connection, key: OrderKey) -> Order:
    """Cancel an order that has not been shipped. Cancelling twice is cancelling once.

    Raises OrderNotFound, WrongStatus.
    """
    return _move(connection, key, CANCELLABLE, Status.CANCELLED)


def order_from(row: Row) -> Order:
    """An Order from a row of the ORDER columns."""
    member_id, order_id, status, amount, currency, created_at, country, invoice = row
    return Order(OrderKey(member_id, order_id), Status(status), amount, currency, created_at, country, invoice)


def _insert(connection: Connection, new: NewOrder) -> None:
    change(
        connection,
        f"INSERT INTO t_order ({ORDER}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        (
            *new.key,
            Status.NEW.value,
            total(new.lines),
            new.currency,
            whole_second(new.created_at),
            new.country,
            new.invoice,
        ),
    )
    items = [(*new.key, i.line_no, i.sku, i.description, i.quantity, i.price) for i in new.lines]
    with closing(connection.cursor()) as cursor:
        cursor.executemany(
            "INSERT INTO t_order_item (memberId, orderId, lineNo, sku, description, quantity, price)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s)",
            items,
        )


def _placed_before(connection: Connection, new: NewOrder) -> OrderWithLines:
    stored = get_order(connection, new.key)
    same_lines = stored.lines == tuple(sorted(new.lines, key=lambda line: line.line_no))
    # The status is left out: the order may have been paid since, and is still the same order.
    order = stored.order
    facts = (order.currency, order.created_at, order.country, order.invoice)
    if not same_lines or facts != (new.currency, whole_second(new.created_at), new.country, new.invoice):
        raise OrderConflict(f"order {new.key.order_id} of member {new.key.member_id} exists with other content")
    return stored


def _move(connection: Connection, key: OrderKey, origins: tuple[Status, ...], to: Status) -> Order:
    marks = ", ".join(["%s"] * len(origins))
    moved = change(
        connection,
        f"UPDATE t_order SET status = %s WHERE memberId = %s AND orderId = %s AND status IN ({marks})",
        (to.value, *key, *(status.value for status in origins)),
    )
    row = one(connection, f"SELECT {ORDER} FROM t_order WHERE memberId = %s AND orderId = %s", key)
    if row is None:
        raise OrderNotFound(f"member {key.member_id} has no order {key.order_id}")
    order = order_from(row)
    if not moved and order.status != to:
        raise WrongStatus(key, order.status, to)
    return order
