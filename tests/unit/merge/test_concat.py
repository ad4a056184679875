"""CONCAT: source after source, asking for one at a time."""

from __future__ import annotations

from shardkit.flow import Budget, Key, MergeSpec, RowBatch, Strategy, Window
from shardkit.merge import merge
from tests.unit.merge.feeding import run

SPEC = MergeSpec(Strategy.CONCAT, 1)


def test_sources_come_out_in_order() -> None:
    assert run(SPEC, [[(1,), (2,), (3,)], [], [(4,)], [(5,), (6,)]]) == [(1,), (2,), (3,), (4,), (5,), (6,)]


def test_only_the_source_being_read_is_wanted() -> None:
    merger = merge(SPEC, Window(), 3, Budget())
    assert merger.wanted() == (0,)
    merger.feed(RowBatch(2, [(9,)], last=False))  # first batches come unasked
    merger.feed(RowBatch(1, [(5,)], last=True))
    assert (merger.wanted(), merger.take()) == ((0,), [])
    merger.feed(RowBatch(0, [(1,)], last=False))
    assert (merger.wanted(), merger.take(), merger.wanted()) == ((), [(1,)], (0,))
    merger.feed(RowBatch(0, [], last=True))
    assert (merger.wanted(), merger.take()) == ((), [(5,), (9,)])
    assert (merger.wanted(), merger.done) == ((2,), False)
    merger.feed(RowBatch(2, [], last=True))
    assert merger.done


def test_window_ends_early() -> None:
    merger = merge(SPEC, Window(offset=1, limit=2), 2, Budget())
    merger.feed(RowBatch(0, [(1,), (2,), (3,), (4,)], last=False))
    assert merger.take() == [(2,), (3,)]
    assert merger.done
    merger.feed(RowBatch(1, [(5,)], last=True))  # already under way when the limit was reached
    assert (merger.take(), merger.wanted()) == ([], ())


def test_limit_zero_is_done_at_once() -> None:
    for strategy in Strategy:
        merger = merge(MergeSpec(strategy, 1), Window(limit=0), 3, Budget())
        assert (merger.done, merger.wanted(), merger.take()) == (True, (), [])


def test_no_sources_no_rows() -> None:
    assert run(SPEC, []) == []
    assert run(MergeSpec(Strategy.ORDERED, 1, order=(Key(0),)), []) == []


def test_hidden_columns_are_cut_off() -> None:
    spec = MergeSpec(Strategy.CONCAT, 1, hidden=("WEIGHT_STRING(a)",), distinct=(Key(1),))
    assert run(spec, [[("a", b"A"), ("b", b"B")], [("A", b"A")]]) == [("a",), ("b",)]
