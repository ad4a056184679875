"""The questions about all buyers at once: pages by time and status, sums by day and country, counts by status.

None of them names a buyer, so each asks all sixteen databases and merges exactly. Invariant: every ORDER BY is total
(orderId is unique), so pages neither overlap nor leave anything out while no order is added.
"""

from __future__ import annotations

from datetime import datetime

from examples.demo.shop.model import CountrySum, DaySum, Order, Page, Status
from examples.demo.shop.service import ORDER, order_from
from examples.demo.statements import Connection, rows

NEWEST_FIRST = "ORDER BY createdAt DESC, orderId DESC LIMIT %s OFFSET %s"


def recent_orders(connection: Connection, page: Page = Page()) -> list[Order]:  # noqa: B008
    """One page of everybody's orders, the newest first."""
    sql = f"SELECT {ORDER} FROM t_order {NEWEST_FIRST}"
    return [order_from(row) for row in rows(connection, sql, (page.size, page.offset))]


def orders_by_status(connection: Connection, status: Status, page: Page = Page()) -> list[Order]:  # noqa: B008
    """One page of everybody's orders of one status, the newest first."""
    sql = f"SELECT {ORDER} FROM t_order WHERE status = %s {NEWEST_FIRST}"
    return [order_from(row) for row in rows(connection, sql, (status.value, page.size, page.offset))]


def sums_by_day(connection: Connection, since: datetime, until: datetime) -> list[DaySum]:
    """Orders and their amounts per day and currency, from `since` up to, not including, `until`."""
    sql = (
        "SELECT DATE(createdAt), currency, COUNT(*), SUM(amount) FROM t_order"
        " WHERE createdAt >= %s AND createdAt < %s AND status <> %s"
        " GROUP BY DATE(createdAt), currency ORDER BY DATE(createdAt), currency"
    )
    return [DaySum(*row) for row in rows(connection, sql, (since, until, Status.CANCELLED.value))]


def sums_by_country(connection: Connection, since: datetime, until: datetime) -> list[CountrySum]:
    """Orders and their amounts per country and currency, from `since` up to, not including, `until`."""
    sql = (
        "SELECT country, currency, COUNT(*), SUM(amount) FROM t_order"
        " WHERE createdAt >= %s AND createdAt < %s AND status <> %s"
        " GROUP BY country, currency ORDER BY country, currency"
    )
    return [CountrySum(*row) for row in rows(connection, sql, (since, until, Status.CANCELLED.value))]


def counts_by_status(connection: Connection) -> dict[Status, int]:
    """How many orders stand where; a status nobody has counts 0."""
    counts = dict.fromkeys(Status, 0)
    for status, count in rows(connection, "SELECT status, COUNT(*) FROM t_order GROUP BY status"):
        counts[Status(status)] = count
    return counts
