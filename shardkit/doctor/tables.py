"""Whether all pieces of a logical table are alike: columns in their order, types, collations, keys.

Invariant: each piece is compared with what most pieces have, and each difference is told once for each piece.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from shardkit.doctor.facts import Finding, ShardFacts, TableShape
from shardkit.rules import Rules
from shardkit.values import PhysicalTable, ShardId

_ROLLS_BACK = frozenset({"InnoDB", "ROCKSDB", "None"})
"""Engines with transactions; a view has none."""


def tables(rules: Rules, shards: Mapping[ShardId, ShardFacts]) -> Iterator[Finding]:
    """Look at every table of the rules on the shards that answered."""
    for name, places in _places(rules):
        pieces = {
            place: shards[place.shard].tables.get(place.name.lower()) for place in places if place.shard in shards
        }
        yield from _alike(name, pieces)


def _places(rules: Rules) -> Iterator[tuple[str, list[PhysicalTable]]]:
    for name, sharded in rules.sharded.items():
        slots = range(sharded.layout.slots)
        yield name, list(dict.fromkeys(sharded.layout.place(slot, name) for slot in slots))
    for name, copied in rules.broadcast.items():
        yield name, [PhysicalTable(shard, name) for shard in copied.layout.shards]
    for name, single in rules.single.items():
        yield name, [PhysicalTable(single.shard, name)]


def _alike(name: str, pieces: Mapping[PhysicalTable, TableShape | None]) -> Iterator[Finding]:
    there = {place: shape for place, shape in pieces.items() if shape is not None}
    if there:
        missing = (place for place in pieces if place not in there)
        yield from (Finding("wrong", str(place.shard), f"table {place.name} is missing") for place in missing)
    else:
        if pieces:
            yield Finding("notice", name, "no shard has this table yet")
        return
    yield from (
        Finding("wrong", str(place.shard), f"table {place.name} is of engine {shape.engine}, which cannot roll back")
        for place, shape in there.items()
        if shape.engine not in _ROLLS_BACK
    )
    forms = {place: _form(shape) for place, shape in there.items()}
    usual = Counter(forms.values()).most_common(1)[0][0]
    model = next(shape for place, shape in there.items() if forms[place] == usual)
    for place, shape in there.items():
        if forms[place] != usual:
            for what in _differences(shape, model):
                yield Finding("wrong", str(place.shard), f"table {place.name}: {what}")


def _form(shape: TableShape) -> tuple[object, ...]:
    return (tuple(shape.columns.items()), tuple(sorted(shape.keys.items())), shape.collation)


def _differences(shape: TableShape, model: TableShape) -> Iterator[str]:
    for kind, mine, theirs in (("column", shape.columns, model.columns), ("key", shape.keys, model.keys)):
        yield from (f"{kind} {name} is missing" for name in theirs if name not in mine)
        yield from (f"{kind} {name} is only here" for name in mine if name not in theirs)
        yield from (
            f"{kind} {name} is {mine[name]!r}, elsewhere {theirs[name]!r}"
            for name in mine
            if name in theirs and mine[name] != theirs[name]
        )
    if set(shape.columns) == set(model.columns) and list(shape.columns) != list(model.columns):
        yield f"the columns stand in another order: {', '.join(shape.columns)}"
    if shape.collation != model.collation:
        yield f"its collation is {shape.collation}, elsewhere {model.collation}"
