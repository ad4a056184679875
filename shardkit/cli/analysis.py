"""How `shardkit analyze` shows its report: kinds, the heaviest statements, and the shard keys they ask for.

Invariant: every number says what it is a part of.
"""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table
from rich.text import Text

from shardkit.analyze import Judged, KeyUse, Report
from shardkit.cli.output import one_line, out

STYLES = {"pass": "green", "refused": "yellow", "error": "red"}
BROKEN = ("refused", "error")
COUNTED = (
    "Counted for shard keys: SELECT, UPDATE and DELETE, each by its first example. A column serves a statement if "
    "every use of the table is compared with one value of it. Not counted: INSERT, which carries every column. Columns "
    "that an UPDATE changes are no shard keys; columns with few values, as far as name and type tell, get no index "
    "table."
)


def show(found: Report, form: str, top: int, examples: bool) -> None:
    """Print the report; `top` statements at most, each with an example if `examples`."""
    tally = found.tally
    time = f", {duration(tally.seconds)} of Query_time" if tally.timed else ""
    out.print(Text(f"{form} log: {tally.count:,} statements, {len(tally.groups):,} fingerprints{time}", style="bold"))
    if tally.left_out:
        text = (
            f"Only the first {len(tally.groups):,} fingerprints are classified (--most): {tally.left_out:,} executions "
            "of later ones are in no number below."
        )
        out.print(Text(text, style="bold yellow"), soft_wrap=True)
    if not tally.groups:
        return
    out.print(_kinds(found))
    out.print(_statements(found, list(found.judged[:top]), f"The {top} heaviest statements", examples))
    broken = [one for one in found.judged[top:] if one.fate.kind in BROKEN]
    if broken:
        title = f"Refused or in error beside them{f', the first {top}' if len(broken) > top else ''}"
        out.print(_statements(found, broken[:top], title, examples))
    for line in _key_lines(found):
        out.print(line, soft_wrap=True)
    out.print(Text(COUNTED, style="dim"))
    if form == "slow":
        out.print(Text("A slow log holds only the statements that were slow; the shares are of those.", style="dim"))


def _kinds(found: Report) -> Table:
    tally = found.tally
    table = Table("kind", title="What becomes of them", header_style="bold")
    for name in ("statements", "share", "fingerprints", *(("time", "share of time") if tally.timed else ())):
        table.add_column(name, justify="right")
    whole = tally.count - tally.left_out
    spent = tally.seconds - tally.left_out_seconds
    for kind in found.kinds():
        row = [f"{kind.count:,}", percent(kind.count, whole), f"{kind.fingerprints:,}"]
        if tally.timed:
            row += [duration(kind.seconds), percent(kind.seconds, spent)]
        table.add_row(Text(kind.name, style=STYLES.get(kind.name, "")), *row)
    return table


def _statements(found: Report, ones: list[Judged], title: str, examples: bool) -> Table:
    share = "share of time" if found.tally.timed else "share"
    table = Table(title=title, header_style="bold", show_lines=True)
    for name in (share, "count", "shards"):
        table.add_column(name, justify="right")
    table.add_column("kind")
    table.add_column("statement, and why", overflow="fold", ratio=1)
    for one in ones:
        text = Text(one_line(one.group.text, 400))
        if one.fate.reason:
            text.append(f"\n{one_line(one.fate.reason, 300)}", style="dim")
        if examples:
            text.append(f"\n{one_line(one.group.examples[0], 400)}", style="italic")
        kind = Text(one.fate.name, style=STYLES.get(one.fate.kind, ""))
        shards = str(one.fate.shards) if one.fate.shards else ""
        table.add_row(percent(one.weight, found.tally.total), f"{one.group.count:,}", shards, kind, text)
    return table


def _key_lines(found: Report) -> Iterator[Text]:
    unit = "of their time" if found.tally.timed else "of statements"
    for use in found.keys:
        if not use.weight:
            continue
        names = {name: column.name for name, column in found.columns.get(use.table, {}).items()}
        keys = (" and " if use.every else " or ").join(names.get(key, key) for key in use.keys)
        line = Text(f"{use.table}: ", style="bold")
        line.append(f"{percent(use.served, use.weight)} {unit} would go to one shard with {keys} (now)", "not bold")
        for name, share in use.better():
            line.append(f", {percent(share, 1)} with {names.get(name, name)}", "green")
        yield line
        yield from _index_lines(found, use)


def _index_lines(found: Report, use: KeyUse) -> Iterator[Text]:
    table = found.columns.get(use.table, {})
    for name, share in use.indexable(table):
        yield Text(f"  a secondary index table on {table[name].name} would route {percent(share, 1)} more")
    for key in use.keys:
        changed = use.columns[key].assigned if key in use.columns else 0.0
        if changed:
            text = f"  {key} is changed by {percent(changed, use.weight)}, which a shard key must not be"
            yield Text(text, "yellow")


def percent(part: float, whole: float) -> str:
    """A share as people read it: 37 %, 0.4 %."""
    share = round(100 * part / whole, 1) if whole else 0.0
    return f"{share:.0f} %" if share >= 10 or share == 0 else f"{share:.1f} %"


def duration(seconds: float) -> str:
    """A time as people read it: 12.3 s, 45 ms."""
    return f"{seconds:,.1f} s" if seconds >= 1 else f"{seconds * 1000:.1f} ms"
