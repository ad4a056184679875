"""The workloads: what shardkit does, and what a program with the bare driver would do instead.

Each rival is written as its author would write it: one kept-open connection in autocommit mode, no work that the
answer does not need. The bare driver is even told where rows lie, for nothing. Invariant: all rivals of a workload
give the same answer to the same i; `check` compares them before anything is timed.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Any, NamedTuple, TypeAlias

from benchmarks.measure import Rival
from benchmarks.stage import DATABASES, Stage, database_name
from examples.demo.records import Row

ORDER = "memberId, orderId, status, amount, currency, createdAt, country, invoice"
PAGE = 20
CHECKED = 25  # answers of each workload that are compared before timing
INSERT_FROM = 5_000_000_000


Do: TypeAlias = Callable[[Any, str, Row], Any]
"""One statement on a connection: its rows, or None for a write."""


class Workload(NamedTuple):
    """One piece of work and those who do it; the first is shardkit, the second the bare driver it is compared with."""

    name: str
    about: str
    rivals: tuple[Rival, ...]
    reads: bool = True  # all rivals answer the same
    checked: int = CHECKED  # answers that are compared


class Difference(AssertionError):
    """Two rivals gave different answers: nothing of this run may be believed."""


def check(workload: Workload) -> None:
    """Compare the rivals' answers to the first operations. Raises Difference."""
    if not workload.reads:
        return
    for index in range(workload.checked):
        answers = [list(_rows(rival.run(index))) for rival in workload.rivals]
        for rival, answer in zip(workload.rivals[1:], answers[1:], strict=True):
            if answer != answers[0]:
                raise Difference(f"{workload.name}: {rival.name} answers operation {index} differently")


def build(stage: Stage) -> list[Workload]:
    """All workloads on this stage; the one that writes comes last, so that the others read what was loaded."""
    return [point_select(stage), buyer_page(stage), order_page(stage), status_sums(stage), scan(stage), insert(stage)]


def point_select(stage: Stage) -> Workload:
    """One member by memberId."""
    text = "SELECT memberName, email, level, createdAt FROM {} WHERE memberId = %s"
    ours = _by_member(stage, text.format("member"), lambda member, _i: (member,))
    theirs = _bare_by_member(stage, text, "member", lambda member, _i: (member,))
    return Workload("point-select", "one member by memberId", (ours, theirs))


def insert(stage: Stage) -> Workload:
    """One order in autocommit mode; the two use ids of their own, the rows lie in the same tables."""
    text = f"INSERT INTO {{}} ({ORDER}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"

    def values(first: int) -> Callable[[int, int], Row]:
        rest = ("new", Decimal("12.50"), "GBP", datetime(2025, 1, 1), "France", None)
        return lambda member, index: (member, first + index, *rest)

    ours = _by_member(stage, text.format("t_order"), values(INSERT_FROM), _tell)
    theirs = _bare_by_member(stage, text, "t_order", values(2 * INSERT_FROM), _tell)
    return Workload("insert", "one order, autocommit", (ours, theirs), reads=False)


def buyer_page(stage: Stage) -> Workload:
    """The newest twenty orders of one buyer."""
    text = f"SELECT {ORDER} FROM {{}} WHERE memberId = %s ORDER BY createdAt DESC, orderId DESC LIMIT {PAGE}"
    ours = _by_member(stage, text.format("t_order"), lambda member, _i: (member,))
    theirs = _bare_by_member(stage, text, "t_order", lambda member, _i: (member,))
    return Workload("buyer-page", f"the newest {PAGE} orders of one buyer", (ours, theirs))


def order_page(stage: Stage) -> Workload:
    """One of the first five pages of everybody's orders by time."""
    text = f"SELECT {ORDER} FROM {{}} ORDER BY createdAt DESC, orderId DESC LIMIT %s OFFSET %s"
    texts = [text.format(f"{database_name(number)}.t_order") for number in range(DATABASES)]

    def sequential(index: int) -> list[Row]:
        start = index % 5 * PAGE
        parts = [_ask(stage.server(n), sql, (start + PAGE, 0)) for n, sql in enumerate(texts)]
        merged = heapq.merge(*parts, key=lambda row: (row[5], row[1]), reverse=True)
        return list(islice(merged, start, start + PAGE))

    return Workload(
        "order-page",
        f"{PAGE} orders of all buyers by time, pages 1 to 5",
        (
            Rival("shardkit", lambda i: _ask(stage.sharded, text.format("t_order"), (PAGE, i % 5 * PAGE))),
            Rival("bare, one table", lambda i: _ask(stage.plain, text.format("t_order"), (PAGE, i % 5 * PAGE))),
            Rival("bare, 16 in turn + heapq", sequential),
        ),
    )


def status_sums(stage: Stage) -> Workload:
    """Count and sum of all orders by status."""
    text = "SELECT status, COUNT(*), SUM(amount) FROM {} GROUP BY status ORDER BY status"
    texts = [text.format(f"{database_name(number)}.t_order") for number in range(DATABASES)]

    def sequential(_index: int) -> list[Row]:
        return fold(_ask(stage.server(n), sql, ()) for n, sql in enumerate(texts))

    return Workload(
        "status-sums",
        "count and sum of all orders by status",
        (
            Rival("shardkit", lambda _i: _ask(stage.sharded, text.format("t_order"), ())),
            Rival("bare, one table", lambda _i: _ask(stage.plain, text.format("t_order"), ())),
            Rival("bare, 16 in turn + dict", sequential),
        ),
    )


def scan(stage: Stage) -> Workload:
    """All orders, read to the last row; what is compared is how many they are and the sum of their ids."""
    text = f"SELECT {ORDER} FROM {{}}"
    texts = [text.format(f"{database_name(number)}.t_order") for number in range(DATABASES)]

    def told(rows: Sequence[Row]) -> list[Row]:
        return [(len(rows), sum(row[1] for row in rows))]

    def sequential(_index: int) -> list[Row]:
        return told([row for n, sql in enumerate(texts) for row in _ask(stage.server(n), sql, ())])

    return Workload(
        "scan",
        "every column of all orders",
        (
            Rival("shardkit", lambda _i: told(_ask(stage.sharded, text.format("t_order"), ()))),
            Rival("bare, one table", lambda _i: told(_ask(stage.plain, text.format("t_order"), ()))),
            Rival("bare, 16 in turn", sequential),
        ),
    )


def fold(parts: Iterable[Sequence[Row]]) -> list[Row]:
    """Counts and sums by the first column, over the partial answers of several databases."""
    totals: dict[Any, tuple[int, Decimal]] = {}
    for part in parts:
        for key, count, amount in part:
            before = totals.get(key, (0, Decimal(0)))
            totals[key] = (before[0] + count, before[1] + amount)
    return [(key, *totals[key]) for key in sorted(totals)]


def _ask(connection: Any, sql: str, params: Row) -> Any:
    cursor = connection.cursor()
    cursor.execute(sql, params)
    rows = cursor.fetchall()
    cursor.close()
    return rows


def _tell(connection: Any, sql: str, params: Row) -> Any:
    cursor = connection.cursor()
    cursor.execute(sql, params)
    cursor.close()


def _by_member(stage: Stage, sql: str, params: Callable[[int, int], Row], do: Do = _ask) -> Rival:
    members, connection = stage.members, stage.sharded
    count = len(members)

    def run(index: int) -> Any:
        member = members[index % count]
        return do(connection, sql, params(member, index))

    return Rival("shardkit", run)


def _bare_by_member(stage: Stage, text: str, table: str, params: Callable[[int, int], Row], do: Do = _ask) -> Rival:
    ways = {
        number: (stage.server(number), text.format(f"{database_name(number)}.{table}")) for number in range(DATABASES)
    }
    members = [(member, *ways[stage.home(member)]) for member in stage.members]
    count = len(members)

    def run(index: int) -> Any:
        member, connection, sql = members[index % count]
        return do(connection, sql, params(member, index))

    return Rival("bare", run)


def _rows(answer: object) -> Sequence[Row]:
    if not isinstance(answer, list | tuple):
        raise TypeError("a rival of a reading workload answers with rows")
    return answer
