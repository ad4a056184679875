"""DDL on every physical table of its logical one.

Invariant: what a statement names beside its table lies beside each of that table's pieces, or the statement is refused.
"""

from __future__ import annotations

from collections.abc import Sequence

from shardkit.errors import CrossShardRefused
from shardkit.flow import Kind, Plan, Route, Target, Task
from shardkit.parse import NEW_NAME, Ddl
from shardkit.rewrite import ConstraintName, Template, name_edits
from shardkit.rules import BroadcastTable, Rules, ShardedTable, SingleTable, Table
from shardkit.values import Params, PhysicalTable, ShardId

_INSTEAD = {
    "a foreign key to": "a foreign key to a bound or broadcast table of the same layout",
    "CREATE TABLE … LIKE": "the columns written out",
    "CREATE TABLE … SELECT from": "CREATE TABLE, then INSERT … SELECT",
}
_QUERY = "the query itself, or a WITH"


def check_names(ddl: Ddl, rules: Rules) -> None:
    """Raise CrossShardRefused for a RENAME from or to a name that the rules give."""
    if NEW_NAME not in ddl.refers:
        return
    names = [use.name for use in ddl.statement.tables]
    old, new = names[0], names[1 + ddl.refers.index(NEW_NAME)]
    for name in (old, new):
        if name in rules.table_names():
            raise CrossShardRefused(
                f"renaming {old} to {new}", why=f"the rules name {name}",
                instead="a new table in the rules, and its rows copied",
            )  # fmt: skip


def spread(ddl: Ddl, tables: Sequence[Table]) -> Plan:
    """One task for each physical table. `tables`: those that it names, in their order. Raises CrossShardRefused."""
    statement, main = ddl.statement, tables[0]
    _check(ddl, main)
    edits = name_edits(statement)
    if isinstance(main, ShardedTable):
        several = main.layout.tables_per_shard > 1
        edits += [(span, ConstraintName(name, several)) for span, name in ddl.constraints]
    template = Template(statement, edits)
    targets = []
    for piece, slot in _pieces(main):
        others = zip(tables[1:], ddl.refers, strict=True)
        names = (_beside(other, main, piece.shard, slot, how) for other, how in others)
        targets.append(Target(piece.shard, slot, (piece.name, *names)))
    # With arguments, if only an empty set of them, the driver makes one percent sign of two.
    args: Params = None if statement.named is None else {} if statement.named else ()
    tasks = tuple(Task(t.shard, template.render(t, args, {}, None)[0], args) for t in targets)
    return Plan(Kind.DDL, Route(tuple(targets), f"every physical table of {main.name}"), tasks)


def _check(ddl: Ddl, main: Table) -> None:
    if isinstance(main, ShardedTable) and ddl.gone & set(main.sharding.columns):
        raise CrossShardRefused(
            f"dropping or changing the shard key of {main.name}", why="the rules find rows by it",
            instead="a new table in the rules, and its rows copied",
        )  # fmt: skip
    if ddl.query and not isinstance(main, SingleTable):
        raise CrossShardRefused(
            f"{ddl.query} under the name of {main.name}", why="by the rules it is a table in several databases",
            instead="a name that the rules give to no such table",
        )  # fmt: skip


def _pieces(main: Table) -> list[tuple[PhysicalTable, int]]:
    """The physical tables, with their slots."""
    match main:
        case ShardedTable():
            return [(main.layout.place(slot, main.name), slot) for slot in range(main.layout.slots)]
        case SingleTable():
            return [(PhysicalTable(main.shard, main.physical.name), 0)]
        case BroadcastTable():
            return [(PhysicalTable(shard, main.name), number) for number, shard in enumerate(main.layout.shards)]


def _beside(other: Table, main: Table, shard: ShardId, slot: int, how: str) -> str:
    """The physical table that the statement refers to like this; it must lie beside the one that it speaks of."""
    match other:
        case ShardedTable() if isinstance(main, ShardedTable) and other.layout is main.layout:
            return other.layout.place(slot, other.name).name
        case BroadcastTable() if shard in other.layout.shards:
            return other.name
        case SingleTable() if other.shard == shard:
            return other.physical.name
        case _:
            raise CrossShardRefused(
                f"{how} {other.name}", why=f"its rows do not lie in {shard}", instead=_INSTEAD.get(how, _QUERY)
            )
