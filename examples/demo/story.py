"""What the demo shows, step by step, on the two stores once they hold the same orders.

Invariant: nothing is claimed that was not compared: the verdict at the end counts the questions asked of both.
"""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from typing import Any

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from examples.demo.compare import Comparison, compare
from examples.demo.questions import page, questions
from examples.demo.records import GUESTS_FROM, Dataset, Row
from examples.demo.statements import rows
from examples.demo.stores import Stores

HOME = "SELECT orderId, status, amount, createdAt FROM t_order WHERE memberId = %s ORDER BY createdAt DESC LIMIT 3"


def tell(console: Console, connection: Any, stores: Stores, data: Dataset) -> bool:
    """Show everything; whether all answers of both stores were equal."""
    show_member(console, connection, stores, data)
    show_page(console, connection)
    with console.status("asking sixteen databases and the unsharded copy") as status:
        found = []
        for question in questions(data):
            status.update(f"asking both stores: {question.title}")
            found.append(compare(connection, stores.copy, question))
    return show_comparisons(console, found)


def show_member(console: Console, connection: Any, stores: Stores, data: Dataset) -> None:
    """Where the busiest member lives, and why."""
    counts = Counter(record.key.member_id for record in data.records)
    member, orders = max(counts.items(), key=lambda item: (item[0] < GUESTS_FROM, item[1]))
    table = stores.rules.sharded["t_order"]
    slot = table.sharding.slot({table.sharding.columns[0]: member})
    console.rule("[bold]1. Where a member lives")
    console.print(f"Member {member} has {orders:,} orders. They lie together, found from the id alone:")
    console.print(
        f"hash({member}) mod {table.layout.slots} = slot {slot}, which is {table.layout.place(slot, table.name)}"
    )
    show_explain(console, connection, HOME, (member,))
    show_rows(console, ("orderId", "status", "amount", "createdAt"), rows(connection, HOME, (member,)))


def show_page(console: Console, connection: Any) -> None:
    """A page of everybody's orders with its plan."""
    question = page("", 2, 5)
    console.rule("[bold]2. A page of everybody's orders, merged from sixteen databases")
    console.print("Page 2 of five orders, the newest first:")
    show_explain(console, connection, question.sql, question.params)
    show_rows(
        console,
        ("memberId", "orderId", "status", "amount", "currency", "createdAt", "country", "invoice"),
        rows(connection, question.sql, question.params),
    )


def show_explain(console: Console, connection: Any, sql: str, params: Row) -> None:
    """The plan of a statement as a tree."""
    with closing(connection.cursor()) as cursor:
        plan = str(cursor.explain(sql, params))
    console.print(
        Text(sql, "cyan"), Panel(Text(plan, no_wrap=True, overflow="ellipsis"), title="explain", title_align="left")
    )


def show_rows(console: Console, names: tuple[str, ...], found: list[Row]) -> None:
    """Rows as a table; values are shown as they are, never read as markup."""
    table = Table(*names)
    for row in found:
        table.add_row(*(Text("NULL" if value is None else str(value)) for value in row))
    console.print(table)


def show_comparisons(console: Console, found: list[Comparison]) -> bool:
    """Both stores side by side; whether all answers were equal."""
    console.rule("[bold]3. The same questions to sixteen databases and to one unsharded copy")
    table = Table("question", "rows", "equal, row by row", "sixteen databases", "one copy, bare driver")
    for column in table.columns[1:]:
        column.justify = "right"
    for item in found:
        verdict = Text("yes", "green") if item.difference is None else Text("NO", "bold red")
        times = [f"{seconds * 1000:,.1f} ms" for seconds in (item.sharded_seconds, item.plain_seconds)]
        table.add_row(item.question.title, f"{item.count:,}", verdict, *times)
    console.print(table)
    different = [item for item in found if item.difference is not None]
    for item in different:
        console.print(Text(f"{item.question.title}: {item.difference}", "red"))
    console.print(
        "Everything runs on this one machine, so sixteen databases cannot be faster than one copy here;"
        " the times show what asking and merging cost."
    )
    compared = sum(item.count for item in found)
    if different:
        console.print(f"[bold red]{len(different)} of {len(found)} answers differ.")
    else:
        console.print(f"[bold green]All {len(found)} answers are equal, {compared:,} rows compared one by one.")
    return not different
