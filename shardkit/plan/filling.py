"""Generated ids of one INSERT text: how many an execution needs, and its parameters with the ids among them.

Planning makes no ids. Whoever runs the statement asks `wanted`, obtains the ids, and plans `prepared` with `fill`.
Invariant: the same parameters and ids always give the same plan.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from shardkit.errors import GeneratorError
from shardkit.flow import Column, Hints, NewId, Plan, Task
from shardkit.parse import asks_for_id
from shardkit.rewrite import Filled, Slot
from shardkit.rules import ShardedTable
from shardkit.values import Params

if TYPE_CHECKING:
    from shardkit.flow import TableInfo
    from shardkit.plan.prepared import Prepared

Ids = Mapping[str, Sequence[NewId]]
"""New ids by column, lower case, one for each time that it was wanted."""


class Wanted(NamedTuple):
    """So many ids of a generated column."""

    column: Column
    number: int


class Filling:
    """The ids of one text. `prepared` is the text with a placeholder for each."""

    def __init__(self, table: ShardedTable, columns: Mapping[str, Column], filled: Filled, prepared: Prepared) -> None:
        self.table, self.prepared = table, prepared
        self._columns, self._filled, self._slots = columns, filled, filled.slots
        self._given = sum(not isinstance(entry, Slot) or entry.given is not None for entry in filled.entries)
        always = all(slot.given is None for slot in self._slots)
        self._always = tuple(self._count(None)) if always else None

    def wanted(self, params: Params) -> Sequence[Wanted]:
        """The ids that an execution with these parameters needs, in the order of the rules."""
        return self._always if self._always is not None else tuple(self._count(params))

    @property
    def names(self) -> list[str]:
        """The columns that may get ids."""
        return [
            column.name for name, column in self._columns.items() if any(slot.column == name for slot in self._slots)
        ]

    def fill(self, params: Params, ids: Ids) -> Params:
        """The parameters of `prepared`."""
        left = {column: iter(new) for column, new in ids.items()}
        if self._filled.named:
            assert isinstance(params, Mapping)
            return {**params, **{slot.name: self._value(slot, params, left) for slot in self._slots}}
        return tuple(
            self._value(entry, params, left) if isinstance(entry, Slot) else params[entry]  # type: ignore[index]
            for entry in self._filled.entries
        )

    def sample(self, params: Params, around: Hints | None = None) -> Plan:
        """A plan with stand-ins for the ids, to show what would be done. Raises what planning raises."""
        ids = {
            column.name.lower(): self.table.generate[column.name.lower()].stand_ins(count, column)
            for column, count in self.wanted(params)
        }
        return self.prepared.plan(self.fill(params, ids), (), around)

    def suits(self, params: tuple[Any, ...]) -> bool:
        """Whether there are as many parameters as the text has places for; else the long way says what is wrong."""
        return len(params) == self._given

    def point(self, params: tuple[Any, ...]) -> Task | None:
        """The short way of the finished statement; see plan.point."""
        point = self.prepared.point
        return point.task(params) if point is not None else None

    def _count(self, params: Params) -> Iterator[Wanted]:
        counts = dict.fromkeys(self._columns, 0)
        for slot in self._slots:
            counts[slot.column] += self._lacks(slot, params)
        for name, count in counts.items():
            if count:
                yield Wanted(self._columns[name], count)

    def _lacks(self, slot: Slot, params: Params) -> bool:
        if slot.given is None:
            return True
        return asks_for_id(params[slot.given], self._columns[slot.column])  # type: ignore[index]

    def _value(self, slot: Slot, params: Params, left: Mapping[str, Iterator[NewId]]) -> Any:
        return next(left[slot.column]) if self._lacks(slot, params) else params[slot.given]  # type: ignore[index]


def generated_columns(table: ShardedTable, info: TableInfo) -> dict[str, Column]:
    """The generated columns of a table by lower-case name. Raises GeneratorError for one that cannot be."""
    known = {column.name.lower(): column for column in info.columns}
    found = {}
    for name, generator in table.generate.items():
        column = known.get(name)
        if column is None:
            raise GeneratorError(f"table {table.name} has no column {name}, for which the rules generate ids")
        needed = generator.unfit(column)
        if needed is not None:
            raise GeneratorError(
                f"column {column.name} of table {table.name} ({column.type_text}) cannot hold the ids that the rules "
                f"generate for it: they need {needed}"
            )
        found[name] = column
    return found


def chosen_column(table: ShardedTable, info: TableInfo, column: str | None) -> Column:
    """The generated column that `next_id` means. Raises GeneratorError if there is none, or several and no name."""
    known = generated_columns(table, info)
    if column is not None and column.lower() in known:
        return known[column.lower()]
    names = ", ".join(one.name for one in known.values())
    if not known or column is not None:
        what = f"{table.name}.{column}" if column is not None else f"table {table.name}"
        raise GeneratorError(f"the rules generate no ids for {what}" + (f"; they do for {names}" if names else ""))
    if len(known) > 1:
        raise GeneratorError(f"table {table.name} has several generated columns: say which one ({names})")
    return next(iter(known.values()))
