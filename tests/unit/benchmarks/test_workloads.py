"""Rivals that answer differently stop the run; servers come in pairs; passwords stay out of the record."""

from __future__ import annotations

import sys
from decimal import Decimal

import pytest
from rich.console import Console

from benchmarks.__main__ import _command
from benchmarks.measure import Rival
from benchmarks.servers import two_servers
from benchmarks.workloads import Difference, Workload, check, fold


def test_equal_answers_pass_whatever_sequence_holds_them() -> None:
    check(Workload("w", "", (Rival("a", lambda i: [(i,)]), Rival("b", lambda i: ((i,),)))))


def test_a_different_answer_is_named() -> None:
    work = Workload("w", "", (Rival("a", lambda i: [(i,)]), Rival("b", lambda i: [(i if i < 3 else 0,)])))
    with pytest.raises(Difference, match="w: b answers operation 3"):
        check(work)


def test_workloads_that_write_are_not_run_for_checking() -> None:
    def fail(_index: int) -> object:
        raise AssertionError

    check(Workload("w", "", (Rival("a", fail), Rival("b", fail)), reads=False))


def test_fold_adds_partial_counts_and_sums() -> None:
    parts = [[("new", 1, Decimal("0.10")), ("paid", 2, Decimal("5"))], [], [("new", 3, Decimal("0.20"))]]
    assert fold(parts) == [("new", 4, Decimal("0.30")), ("paid", 2, Decimal("5"))]


def test_given_servers_are_used() -> None:
    with two_servers(("mysql://a", "mysql://b"), Console(quiet=True)) as urls:
        assert urls == ("mysql://a", "mysql://b")


def test_one_server_is_refused() -> None:
    with pytest.raises(ValueError, match="two servers"), two_servers(("mysql://a",), Console(quiet=True)):
        pass


def test_the_recorded_command_holds_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        sys, "argv", ["x", "--server", "mysql://u:secret@h", "--server=mysql+pymysql://u:secret@h", "--quick"]
    )
    assert _command() == "python -m benchmarks --server URL --server=URL --quick"
