"""Merging any partition of rows, cut into any batches, arriving in any order, equals working on the whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cmp_to_key
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shardkit.flow import Budget, Compare, Fold, Key, MergeSpec, RowBatch, Strategy, Window
from shardkit.merge import merge
from shardkit.values import Row

BLANK = b" "
ints = st.none() | st.integers(-3, 3)
decimals = st.none() | st.decimals(-10, 10, places=2)
texts = st.none() | st.text("\t aB", max_size=3).map(str.encode)
rows_of = st.lists(st.tuples(ints, texts, decimals), max_size=30)
windows = st.builds(Window, st.integers(0, 8), st.none() | st.integers(0, 8))
all_keys = (Key(0), Key(1, Compare.WEIGHT, blank=BLANK), Key(2))
both_ways = st.builds(replace, st.sampled_from(all_keys), descending=st.booleans())
orders = st.lists(both_ways, min_size=1, max_size=3, unique_by=lambda key: key.column).map(tuple)


def deal(data: st.DataObject, rows: Sequence[Row]) -> list[list[Row]]:
    """The rows dealt out to some sources, in their order."""
    sources: list[list[Row]] = [[] for _ in range(data.draw(st.integers(1, 4), label="sources"))]
    to = st.integers(0, len(sources) - 1)
    for row, source in zip(rows, data.draw(st.lists(to, min_size=len(rows), max_size=len(rows))), strict=True):
        sources[source].append(row)
    return sources


def run(data: st.DataObject, spec: MergeSpec, window: Window, sources: list[list[Row]]) -> list[Row]:
    """Merge with batches of any size, of wanted and of other sources, in any order."""
    merger = merge(spec, window, len(sources), Budget())
    left = [list(rows) for rows in sources]
    ended = [False] * len(sources)
    out: list[Row] = []
    while not merger.done:
        wanted = merger.wanted()
        others = [n for n in range(len(sources)) if not ended[n] and n not in wanted]
        early = data.draw(st.lists(st.sampled_from(others), max_size=1)) if others else []
        for source in data.draw(st.permutations([*wanted, *early]), label="arrival"):
            size = data.draw(st.sampled_from([5, 3, 2, 1, 0]), label="batch")
            batch, left[source] = left[source][:size], left[source][size:]
            ended[source] = not left[source] and data.draw(st.sampled_from([True, False]), label="last")
            merger.feed(RowBatch(source, batch, ended[source]))
        out += merger.take()
    return out


def joined(sources: list[list[Row]]) -> list[Row]:
    return [row for rows in sources for row in rows]


def cut(rows: list[Row], window: Window) -> list[Row]:
    end = None if window.limit is None else window.offset + window.limit
    return rows[window.offset : end]


def plain(row: Row, key: Key) -> Any:
    """The cell by itself: a weight padded to full length, everything else as it is."""
    cell = row[key.column]
    return cell.ljust(8, BLANK) if isinstance(cell, bytes) else cell


def unique(rows: list[Row], keys: tuple[Key, ...]) -> list[Row]:
    first: dict[Any, Row] = {}
    for row in rows:
        first.setdefault(tuple(plain(row, key) for key in keys), row)
    return list(first.values())


def compare(left: Any, right: Any) -> int:
    if left is None or right is None:
        return (left is not None) - (right is not None)
    return int(left > right) - int(left < right)


def ordered(rows: list[Row], order: tuple[Key, ...]) -> list[Row]:
    """MySQL's order said the slow way, one comparison at a time."""

    def by_keys(left: Row, right: Row) -> int:
        signs = (compare(plain(left, key), plain(right, key)) * (-1 if key.descending else 1) for key in order)
        return next((sign for sign in signs if sign), 0)

    return sorted(rows, key=cmp_to_key(by_keys))


@given(st.data(), rows_of, windows, orders)
def test_ordered_merge_equals_sorting_the_whole(
    data: st.DataObject, rows: list[Row], window: Window, order: tuple[Key, ...]
) -> None:
    sources = [ordered(part, order) for part in deal(data, rows)]
    spec = MergeSpec(Strategy.ORDERED, 3, order=order)
    assert run(data, spec, window, sources) == cut(ordered(joined(sources), order), window)


@given(st.data(), rows_of, windows, orders)
def test_ordered_distinct_equals_distinct_of_the_sorted_whole(
    data: st.DataObject, rows: list[Row], window: Window, order: tuple[Key, ...]
) -> None:
    keys = tuple(data.draw(st.lists(st.sampled_from(all_keys), min_size=1, unique=True), label="distinct"))
    sources = [ordered(part, order) for part in deal(data, rows)]
    spec = MergeSpec(Strategy.ORDERED, 3, order=order, distinct=keys)
    assert run(data, spec, window, sources) == cut(unique(ordered(joined(sources), order), keys), window)


@given(st.data(), rows_of, windows, st.booleans())
def test_concatenation_keeps_every_row_and_distinct_the_first(
    data: st.DataObject, rows: list[Row], window: Window, distinct: bool
) -> None:
    sources = deal(data, rows)
    spec = MergeSpec(Strategy.CONCAT, 3, distinct=all_keys if distinct else ())
    whole = joined(sources)
    assert run(data, spec, window, sources) == cut(unique(whole, all_keys) if distinct else whole, window)


def aggregate(rows: list[Row]) -> Row:
    """What one server says: key, COUNT(x), SUM(x), MIN(x), MAX(x), AVG(x), and the hidden SUM(x), COUNT(x)."""
    values = [row[2] for row in rows if row[2] is not None]
    total = sum(values, Decimal("0.00")) if values else None
    low, high = (min(values), max(values)) if values else (None, None)
    average = None if total is None else (total / len(values)).quantize(Decimal("1e-6"), "ROUND_HALF_UP")
    return (rows[0][0] if rows else None, len(values), total, low, high, average, total, len(values))


def grouped(rows: list[Row]) -> list[Row]:
    keys = dict.fromkeys(row[0] for row in rows)
    return [aggregate([row for row in rows if row[0] == key]) for key in keys]


FOLDS = (
    Fold(1, "count", (1,)),
    Fold(2, "sum", (2,)),
    Fold(3, "min", (3,)),
    Fold(4, "max", (4,)),
    Fold(5, "avg", (5, 6, 7)),
)
GROUPS = MergeSpec(Strategy.GROUP, 6, ("SUM(x)", "COUNT(x)"), order=(Key(0),), group=(Key(0),), folds=FOLDS)


@given(st.data(), rows_of, windows)
def test_folding_partial_groups_equals_grouping_the_whole(data: st.DataObject, rows: list[Row], window: Window) -> None:
    sources = [grouped(part) for part in deal(data, rows)]
    whole = ordered([row[:6] for row in grouped(rows)], (Key(0),))
    assert run(data, GROUPS, window, sources) == cut(whole, window)


@given(st.data(), rows_of)
def test_folding_partials_without_group_by_equals_the_whole(data: st.DataObject, rows: list[Row]) -> None:
    spec = replace(GROUPS, order=(), group=())
    sources = [[(None, *aggregate(part)[1:])] for part in deal(data, rows)]
    assert run(data, spec, Window(), sources) == [(None, *aggregate(rows)[1:6])]


@given(st.data(), st.lists(st.tuples(st.integers(0, 2), st.floats(-1e6, 1e6)), max_size=20))
def test_folding_doubles_does_not_depend_on_arrival(data: st.DataObject, rows: list[Row]) -> None:
    spec = MergeSpec(Strategy.GROUP, 2, group=(Key(0),), folds=(Fold(1, "sum", (1,)),))
    sources = deal(data, rows)
    in_turn = [RowBatch(source, part, last=True) for source, part in enumerate(sources)]
    merger = merge(spec, Window(), len(sources), Budget())
    for batch in in_turn:
        merger.feed(batch)
    assert run(data, spec, Window(), sources) == merger.take()
