"""The SQL of a grouped SELECT in two steps: partial groups on each shard, and the statement that finishes them.

    SELECT status, SUM(a) / COUNT(*) FROM t WHERE … GROUP BY status HAVING COUNT(*) > 2
    shard:  SELECT status AS sk__g0, SUM(a) AS sk__p0, COUNT(*) AS sk__p1 FROM `db`.`t` WHERE … GROUP BY sk__g0
    finish: SELECT sk__g0 AS `status`, SUM(sk__p0) / CAST(…SUM(sk__p1)…) AS `SUM(a) / COUNT(*)` FROM `db`.`sk__w0`
            GROUP BY sk__g0 HAVING CAST(…SUM(sk__p1)…) > 2

Arguments of DISTINCT aggregates become grouped columns of the first step, so that the second sees each value once.
Invariant: folding the partial groups of any split of the rows gives the value over all rows.
"""

from __future__ import annotations

from typing import NamedTuple

from shardkit.flow import Family, GroupCall, Grouping, ParamRef, Statement
from shardkit.rewrite import json_rows
from shardkit.rewrite.json_rows import Declared
from shardkit.rewrite.template import Edit, Name, Text, choice_edit, name_edits, quote


class TwoSteps(NamedTuple):
    """The edits that make the shards' text and the finishing text of the user's.

    `inline` finishes few partial groups in one step (see json_rows), if the types of all `families` are known.
    """

    partial: tuple[Edit, ...]
    finish: tuple[Edit, ...]
    inline: tuple[Edit, ...]
    families: tuple[Family, ...]


def two_steps(statement: Statement, given: Grouping) -> TwoSteps:
    """Both texts of a statement that has a Grouping; pure."""
    made = _Columns()
    groups = [
        made.add("g", sql, params, json_rows.value(known))
        for (sql, params), known in zip(given.groups, given.types, strict=True)
    ]
    finished = [_finished(call, made) for call in given.calls]
    keys = [name for name in made.columns if not name.startswith("sk__p")]
    finish = _finish(given, groups, finished)
    finish += [(span, None) for span in statement.cut]
    start, end = given.source
    finish.append(((start, start), Text("FROM ")))
    declared = made.declared()
    inline = [*finish, ((start, end), Text(json_rows.source(declared)))] if declared else []
    finish.append(((start, end), Name(0)))
    families = tuple(one.family for _, one in declared)
    return TwoSteps(tuple(_partial(statement, given, made, keys)), tuple(finish), tuple(inline), families)


class _Columns:
    """The columns of the partial groups: sk__g… and sk__d… are grouped by, sk__p… are parts of aggregates."""

    def __init__(self) -> None:
        self.columns: dict[str, Text] = {}
        self._types: dict[str, Declared | None] = {}

    def declared(self) -> list[tuple[str, Declared]]:
        """Every column with its type, or [] if the type of one is not known."""
        known = [(name, one) for name, one in self._types.items() if one is not None]
        return known if len(known) == len(self.columns) else []

    def add(self, kind: str, sql: str, params: tuple[ParamRef, ...], known: Declared | None) -> str:
        """The name of a column; the same one for the same text without parameters."""
        piece = Text(sql, params)
        for name, other in self.columns.items():
            if other == piece and name.startswith(f"sk__{kind}"):
                return name
        name = f"sk__{kind}{len(self.columns)}"
        self.columns[name] = piece
        self._types[name] = known
        return name


def _finished(call: GroupCall, made: _Columns) -> str:
    """The call over partial groups."""
    if call.distinct:
        names = [
            made.add("d", sql, params, json_rows.value(known))
            for (sql, params), known in zip(call.arguments, call.types, strict=True)
        ]
        return f"{call.function}(DISTINCT {', '.join(names)})"
    ((sql, params),) = call.arguments

    def part(function: str) -> str:
        return made.add("p", f"{function}({sql})", params, json_rows.part(function, call.types[0]))

    match call.function:
        case "COUNT":
            return _count(part("COUNT"))
        case "AVG":
            return f"(SUM({part('SUM')}) / SUM({part('COUNT')}))"
        case function:
            return f"{function}({part(function)})"


def _count(name: str) -> str:
    return f"CAST(IFNULL(SUM({name}), 0) AS SIGNED)"


def _partial(statement: Statement, given: Grouping, made: _Columns, keys: list[str]) -> list[Edit]:
    items = ", ".join(f"{piece.sql} AS {name}" for name, piece in made.columns.items())
    params = tuple(param for piece in made.columns.values() for param in piece.params)
    start, end = given.rows
    edits: list[Edit] = [edit for edit in name_edits(statement) if start <= edit[0][0] and edit[0][1] <= end]
    picks = (choice_edit(statement, number, pick) for number, pick in enumerate(statement.picks))
    edits += [edit for edit in picks if start <= edit[0][0] and edit[0][1] <= end]
    edits.append(((0, start), Text(f"SELECT {items} ", params)))
    tail = f" GROUP BY {', '.join(keys)}" if keys else ""
    edits.append(((end, len(statement.text)), Text(tail)))
    return edits


def _finish(given: Grouping, groups: list[str], finished: list[str]) -> list[Edit]:
    edits: list[Edit] = []
    for span, group, call in given.leaves:
        edits.append((span, Text(groups[group] if group is not None else finished[call or 0])))
    for offset, name in given.labels:
        edits.append(((offset, offset), Text(f" AS {quote(name)}")))
    end = given.source[1]
    if groups:
        edits.append(((end, end), Text(f" GROUP BY {', '.join(groups)}")))
    return edits
