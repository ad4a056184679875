"""Segments of buyers by recency, frequency and amount, over all shards in one SELECT.

Each shard sums up its own buyers (memberId is the shard key); the five fifths of all of them, NTILE over everybody,
are cut by one of the servers. Invariant: ties are broken by memberId, so the same orders always give the same segments;
only whole days count, so a list can be walked page by page while orders come in (moves of older orders do change it).
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from examples.centers.cursors import Cursors, Key
from examples.centers.pages import Listing, Page, Wanted
from examples.order_center.database import Database
from examples.order_center.models import Segment, SegmentMember
from examples.order_center.states import RELEASED, Status

NAMES = ("champions", "loyal", "big-spenders", "new", "at-risk", "hibernating", "regular")

_BOUGHT = tuple(status.value for status in Status if status not in RELEASED and status is not Status.CREATED)

_BUYERS = (
    "SELECT memberId, MAX(createdAt) AS lastAt, COUNT(*) AS orders, SUM(amount) AS amount FROM t_order"
    f" WHERE createdAt < %s AND currency = %s AND status IN ({', '.join(['%s'] * len(_BOUGHT))}) GROUP BY memberId"
)
_SCORED = (
    "SELECT memberId, lastAt, orders, amount, NTILE(5) OVER (ORDER BY lastAt, memberId) AS r,"
    " NTILE(5) OVER (ORDER BY orders, memberId) AS f, NTILE(5) OVER (ORDER BY amount, memberId) AS m"
    f" FROM ({_BUYERS}) AS buyer"
)
_NAMED = (
    "SELECT memberId, lastAt, orders, amount, CASE"
    " WHEN r >= 4 AND f >= 4 AND m >= 4 THEN 'champions'"
    " WHEN r >= 3 AND f >= 4 THEN 'loyal'"
    " WHEN r >= 3 AND m >= 4 THEN 'big-spenders'"
    " WHEN r >= 4 AND f <= 2 THEN 'new'"
    " WHEN r <= 2 AND (f >= 4 OR m >= 4) THEN 'at-risk'"
    " WHEN r <= 2 THEN 'hibernating'"
    " ELSE 'regular' END AS segment"
    f" FROM ({_SCORED}) AS scored"
)


class Scope(NamedTuple):
    """Which orders count: those before `until`, in one currency."""

    until: datetime
    currency: str

    def values(self) -> tuple[Any, ...]:
        """The values of the SELECT's own placeholders."""
        return (self.until, self.currency, *_BOUGHT)


async def segments(database: Database, scope: Scope) -> list[Segment]:
    """All segments of the buyers of these orders, also those that nobody is in."""
    sql = f"SELECT segment, COUNT(*), SUM(orders), SUM(amount) FROM ({_NAMED}) AS named GROUP BY segment"
    found = {row[0]: row[1:] for row in await database.rows(sql, scope.values())}
    return [_segment(name, found.get(name, (0, 0, Decimal("0.00")))) for name in NAMES]


def listing(segment: str, scope: Scope) -> Listing:
    """The members of a segment, those who spent most first."""
    named = f"({_NAMED}) AS named"
    condition = (("segment = %s", segment),)
    return Listing("memberId, lastAt, orders, amount", named, condition, ("amount", "memberId"), scope.values())


async def members(database: Database, cursors: Cursors, which: Listing, asked: Wanted) -> Page[SegmentMember]:
    """One page of a segment's members."""
    found = await database.rows(*which.page_sql(asked, which.after(cursors, asked)))
    shown = [SegmentMember(member_id=row[0], last_order_at=row[1], orders=row[2], amount=row[3]) for row in found]
    return which.page(cursors, asked, shown, _key)


def _key(member: SegmentMember) -> Key:
    return (member.amount, member.member_id)


def _segment(name: str, sums: tuple[Any, ...]) -> Segment:
    members, orders, amount = sums
    return Segment(segment=name, members=members, orders=int(orders), amount=amount)
