"""ORDERED: rows leave in order, ties by source, and a shard that sorts otherwise is refused."""

from __future__ import annotations

import pytest

from shardkit.errors import InternalError
from shardkit.flow import Budget, Compare, Key, MergeSpec, RowBatch, Strategy, Window
from shardkit.merge import merge
from shardkit.values import Row
from tests.unit.merge.feeding import run


def spec(*order: Key, columns: int = 1, hidden: tuple[str, ...] = (), distinct: tuple[Key, ...] = ()) -> MergeSpec:
    return MergeSpec(Strategy.ORDERED, columns, hidden, order=order, distinct=distinct)


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_null_comes_first_ascending_and_last_descending(size: int) -> None:
    ascending: list[list[Row]] = [[(None,), (1,), (4,)], [(2,), (3,)], [], [(None,), (5,)]]
    assert run(spec(Key(0)), ascending, size=size) == [(None,), (None,), (1,), (2,), (3,), (4,), (5,)]
    descending = [rows[::-1] for rows in ascending]
    assert run(spec(Key(0, descending=True)), descending, size=size)[-3:] == [(1,), (None,), (None,)]


@pytest.mark.parametrize("size", [1, 2, 3, 100])
@pytest.mark.parametrize("descending", [False, True])
def test_ties_go_by_source_then_by_position_however_batches_are_cut(size: int, descending: bool) -> None:
    sources: list[list[Row]] = [
        [(1, "a"), (1, "b"), (1, "c")],
        [(1, "d")],
        [(1, "e"), (1, "f"), (1, "g"), (1, "h")],
    ]
    got = run(spec(Key(0, descending=descending), columns=2), sources, size=size)
    assert "".join(row[1] for row in got) == "abcdefgh"


def test_only_sources_with_an_empty_buffer_are_wanted() -> None:
    merger = merge(spec(Key(0)), Window(), 3, Budget())
    assert merger.wanted() == (0, 1, 2)
    merger.feed(RowBatch(1, [(1,), (5,)], last=False))
    merger.feed(RowBatch(0, [], last=False))  # an empty batch that is not the last brings nothing
    merger.feed(RowBatch(2, [], last=True))
    assert (merger.wanted(), merger.take()) == ((0,), [])
    merger.feed(RowBatch(0, [(3,)], last=False))
    assert merger.wanted() == ()
    assert merger.take() == [(1,), (3,)]
    assert merger.wanted() == (0,)


def test_a_batch_that_comes_unasked_waits() -> None:
    merger = merge(spec(Key(0)), Window(), 2, Budget())
    merger.feed(RowBatch(0, [(1,), (4,)], last=False))
    merger.feed(RowBatch(0, [(6,)], last=True))
    merger.feed(RowBatch(1, [(5,)], last=True))
    assert merger.take() == [(1,), (4,), (5,), (6,)]
    assert merger.done


def test_window_over_merged_rows_ends_early() -> None:
    merger = merge(spec(Key(0)), Window(offset=2, limit=3), 2, Budget())
    merger.feed(RowBatch(0, [(n,) for n in range(0, 100, 2)], last=False))
    merger.feed(RowBatch(1, [(n,) for n in range(1, 100, 2)], last=False))
    assert merger.take() == [(2,), (3,), (4,)]
    assert merger.done


def test_text_is_ordered_by_its_hidden_weight() -> None:
    key = Key(1, Compare.WEIGHT, blank=b" ")
    sources: list[list[Row]] = [[("a\t", b"A\t"), ("a ", b"A ")], [("A", b"A"), ("b", b"B")]]
    assert run(spec(key, hidden=("WEIGHT_STRING(a)",)), sources) == [("a\t",), ("a ",), ("A",), ("b",)]


def test_distinct_over_order() -> None:
    sources: list[list[Row]] = [[(1, 1), (1, 2), (2, 1)], [(1, 2), (1, 3), (2, 1)]]
    both = (Key(0), Key(1))
    want = [(1, 1), (1, 2), (1, 3), (2, 1)]
    assert run(spec(*both, columns=2, distinct=both), sources) == want
    assert run(spec(Key(0), columns=2, distinct=both), sources) == want
    assert run(spec(*both, columns=2, distinct=(Key(0),)), sources) == [(1, 1), (2, 1)]
    assert run(spec(*both, columns=2, distinct=both), sources, Window(1, 2)) == [(1, 2), (1, 3)]


@pytest.mark.parametrize("descending", [False, True])
def test_a_shard_in_another_order_is_refused(descending: bool) -> None:
    merger = merge(spec(Key(0, descending=descending)), Window(), 1, Budget())
    rows: list[Row] = [(1,), (3,), (2,)]
    with pytest.raises(InternalError, match="source 0 delivered rows in another order"):
        merger.feed(RowBatch(0, rows[::-1] if descending else rows, last=True))


def test_another_order_is_noticed_from_batch_to_batch() -> None:
    merger = merge(spec(Key(0)), Window(), 2, Budget())
    merger.feed(RowBatch(0, [(5,)], last=False))
    merger.feed(RowBatch(1, [(9,)], last=False))
    assert merger.take() == [(5,)]
    with pytest.raises(InternalError, match="another order"):
        merger.feed(RowBatch(0, [(4,)], last=True))


def test_batches_that_do_not_fit_the_plan_are_refused() -> None:
    merger = merge(spec(Key(0)), Window(), 2, Budget())
    with pytest.raises(InternalError, match="rows of 2 columns where 1 were planned"):
        merger.feed(RowBatch(0, [(1, 2)], last=False))
    with pytest.raises(InternalError, match="source 7"):
        merger.feed(RowBatch(7, [(1,)], last=False))
    merger.feed(RowBatch(1, [(1,)], last=True))
    with pytest.raises(InternalError, match="has ended"):
        merger.feed(RowBatch(1, [(2,)], last=True))
