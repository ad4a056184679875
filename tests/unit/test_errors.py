"""The error tree: what a caller may rely on in every class."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator

import pytest

from shardkit import errors
from shardkit.errors import (
    BudgetExceeded,
    CommitInDoubt,
    CrossShardRefused,
    Error,
    NotSupportedError,
    Problem,
    ProgrammingError,
    RulesError,
    UnknownTable,
)
from shardkit.values import ShardId

A, B = ShardId("rds0", "order_00"), ShardId("rds1", "order_12")


def samples() -> Iterator[Error]:
    """One error of every class, each with its own kind of arguments."""
    yield RulesError([Problem("r.yaml", 3, 5, "unknown key 'shardby'", "shard_by")])
    yield CommitInDoubt("the outcome is unknown", committed=[A], pending=[B])
    for item in vars(errors).values():
        if isinstance(item, type) and issubclass(item, NotSupportedError):
            yield item("ROLLUP", why="partial sums differ", instead="add the shard key", where="1:20", shards=[A])
        elif isinstance(item, type) and issubclass(item, Error) and item not in (RulesError, CommitInDoubt):
            yield item("it failed", errno=1213, shards=[A, B])


@pytest.mark.parametrize("error", list(samples()), ids=lambda error: type(error).__name__)
def test_survives_pickling_and_copying(error: Error) -> None:
    """Errors cross process borders: pytest-xdist, multiprocessing and task queues pickle them."""
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(twin) is type(error)
        assert twin.args == error.args
        assert twin.shards == error.shards
        assert vars(twin) == vars(error)
        assert str(twin) == str(error)


@pytest.mark.parametrize("error", list(samples()), ids=lambda error: type(error).__name__)
def test_args_are_number_and_message(error: Error) -> None:
    assert error.args == (error.errno, error.message)
    assert isinstance(error.args[0], int)
    assert str(error) == f"[{error.code}] ({error.errno}) {error.message}"


@pytest.mark.parametrize(
    ("child", "parent"),
    [
        (errors.InterfaceError, errors.Error),
        (errors.DatabaseError, errors.Error),
        (errors.DataError, errors.DatabaseError),
        (errors.OperationalError, errors.DatabaseError),
        (errors.IntegrityError, errors.DatabaseError),
        (errors.InternalError, errors.DatabaseError),
        (errors.ProgrammingError, errors.DatabaseError),
        (errors.NotSupportedError, errors.DatabaseError),
        (errors.Error, Exception),
        (errors.Warning, Exception),
    ],
)
def test_pep_249_tree(child: type, parent: type) -> None:
    assert issubclass(child, parent)


def test_the_number_is_mysqls_own_where_it_has_one() -> None:
    assert UnknownTable("no table 'x'").args[0] == 1146
    assert errors.SqlSyntaxError("near 'FORM'").args[0] == 1064
    assert errors.UnknownColumn("no column 'x'").args[0] == 1054


def test_a_server_number_wins_over_the_class() -> None:
    assert errors.OperationalError("deadlock", errno=1213).args[0] == 1213
    assert errors.OperationalError("?", errno=0).args[0] == 0


def test_a_refusal_says_what_where_why_and_instead() -> None:
    error = CrossShardRefused(
        "a window function", why="it sees one shard only", instead="add memberId = …", where="1:8"
    )
    assert (error.what, error.where, error.why, error.instead) == (
        "a window function",
        "1:8",
        "it sees one shard only",
        "add memberId = …",
    )
    assert error.message == (
        "a window function at 1:8 is not supported: it sees one shard only. Instead: add memberId = …"
    )


def test_a_refusal_without_a_place_leaves_it_out() -> None:
    assert " at " not in NotSupportedError("XA", why="reasons", instead="nothing").message


def test_rules_error_prints_every_problem_with_its_place() -> None:
    problems = [Problem("r.yaml", 3, 5, "unknown key 'shardby'", "shard_by"), Problem("r.yaml", 9, 1, "no servers")]
    error = RulesError(problems)
    assert error.problems == tuple(problems)
    assert error.message.splitlines() == [
        "2 problems in the rules",
        "r.yaml:3:5: unknown key 'shardby' (shard_by)",
        "r.yaml:9:1: no servers",
    ]
    assert RulesError(problems[:1]).message.startswith("1 problem in the rules\n")


def test_commit_in_doubt_names_the_shards() -> None:
    error = CommitInDoubt("?", committed=iter([A]), pending=iter([B]))
    assert (error.committed, error.pending, error.shards) == ((A,), (B,), (A, B))


def test_one_class_serves_one_except_clause() -> None:
    with pytest.raises(errors.DatabaseError):
        raise BudgetExceeded("the group buffer holds more than 10 rows")
    with pytest.raises(ProgrammingError):
        raise UnknownTable("no table 'x'")
