"""Which values of a semi-join each shard can hold: known only while a statement runs, decided as routing decides.

Invariant: a row whose column has one of the values lies on a slot that gets it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shardkit.federate import Among
from shardkit.flow import Join, Pull
from shardkit.route import equal
from shardkit.rules import Rules, ShardedTable


def among(rules: Rules, pull: Pull, join: Join, values: Sequence[Any]) -> Among:
    """The semi-join, with each slot's own values when the column is the shard key."""
    table, name = rules.find(pull.table), join.column.name.lower()
    if not isinstance(table, ShardedTable) or name not in table.sharding.columns:
        return Among(join, values, lambda slot: values)
    by_slot: dict[int, list[Any]] = {}
    for value in values:
        for slot in equal(table, join.column, value):
            by_slot.setdefault(slot, []).append(value)
    return Among(join, values, lambda slot: by_slot.get(slot, ()))
