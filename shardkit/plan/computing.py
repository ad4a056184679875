"""Values of an INSERT that must be known before it goes out: subqueries, computed shard keys, clocks on several shards.

    INSERT INTO t_order (memberId, orderId, amount) VALUES (7, 1, (SELECT MAX(amount) FROM t_order))
        ->  SELECT (SELECT MAX(amount) FROM t_order)
        ->  INSERT INTO t_order (memberId, orderId, amount) VALUES (7, 1, %s)

Invariant: each such value is computed once, on one server, whatever the number of shards that get it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from shardkit.flow import Again, Cell, Description, Stage, Statement, TableInfo
from shardkit.plan.carry import Carrier, more_digits
from shardkit.plan.composed import Composed, Part, with_values
from shardkit.values import Params, Row


class Computing:
    """How some values of one statement are computed first."""

    def __init__(self, statement: Statement, infos: Mapping[str, TableInfo], cells: Sequence[Cell]) -> None:
        self.statement, self.cells = statement, cells
        info = infos[statement.tables[0].name]
        by_name = {column.name.lower(): column for column in info.columns}
        self.columns = [by_name[cell.column] for cell in cells]
        parts: list[Part] = ["SELECT "]
        for number, (cell, column) in enumerate(zip(cells, self.columns, strict=True)):
            text = statement.text[slice(*cell.span)]
            parts += ["(" if number == 0 else ", (", cell.span, f"){more_digits(text, column, infos.values())}"]
        self.find = Composed(statement, parts)

    def stage(self, params: Params) -> Stage:
        """One execution."""
        args = self.find.args(params)
        lenient = self.statement.insert is not None and self.statement.insert.ignore
        return Stage(self.find.text, args, lambda head, rows: self._again(params, head, rows), strict=not lenient)

    def _again(self, params: Params, head: Description, rows: Sequence[Row]) -> Again:
        carriers = [Carrier(column[1], known) for column, known in zip(head or (), self.columns, strict=True)]
        values = [carrier.carry(value) for carrier, value in zip(carriers, rows[0], strict=True)]
        return Again(*with_values(self.statement, [cell.span for cell in self.cells], params, values))


def wanted(statement: Statement, keep: Callable[[Cell], bool]) -> tuple[Cell, ...]:
    """The cells of an INSERT that can be computed first and for which `keep` holds."""
    insert = statement.insert
    return tuple(cell for cell in insert.cells if cell.alone and keep(cell)) if insert is not None else ()
