"""The unsharded copy answers with the values PyMySQL would give, and comparing finds every difference."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from examples.demo.compare import first_difference, timed
from examples.demo.generate import generated
from examples.demo.plain import SqliteCopy, statements
from examples.demo.questions import Question, everything, lines_of, page, questions


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> SqliteCopy:
    made = SqliteCopy(tmp_path_factory.mktemp("copy") / "orders.sqlite")
    counted: list[int] = []
    made.insert(DATA.records, counted.append)
    assert sum(counted) == len(DATA.records) + DATA.lines
    return made


DATA = generated(1200, 9)
NEWEST = sorted((record.order for record in DATA.records), key=lambda order: (order[5], order[1]), reverse=True)


def test_pages_are_those_of_the_records(copy: SqliteCopy) -> None:
    assert copy.ask(everything()) == NEWEST
    assert copy.ask(page("", 4, 25)) == NEWEST[75:100]
    cancelled = [order for order in NEWEST if order[2] == "cancelled"]
    assert copy.ask(page("", 1, 10, "WHERE status = %s", ("cancelled",))) == cancelled[:10]


def test_lines_of_an_order(copy: SqliteCopy) -> None:
    record = DATA.records[7]
    assert copy.ask(lines_of(record.key)) == [(record.order[5], *item[2:]) for item in record.items]


def test_sums_are_exact_decimals_by_day(copy: SqliteCopy) -> None:
    sums: dict[date, Decimal] = defaultdict(Decimal)
    for order in NEWEST:
        sums[order[5].date()] += order[3]
    by_day = next(question for question in questions(DATA) if question.title == "sums by day")
    assert [(day, amount) for day, _, amount in copy.ask(by_day)] == sorted(sums.items())


def test_every_question_can_be_asked(copy: SqliteCopy) -> None:
    for question in questions(DATA):
        answer = copy.ask(question)
        assert answer
        assert all(len(row) == len(question.kinds) for row in answer)


def test_an_existing_file_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "orders.sqlite"
    path.write_text("mine")
    with pytest.raises(FileExistsError):
        SqliteCopy(path)
    assert path.read_text() == "mine"


def test_null_and_moments_come_back_as_python_values(copy: SqliteCopy) -> None:
    question = Question(
        "", "SELECT MIN(createdAt), MIN(invoice) FROM t_order WHERE status = %s", ("no",), ("moment", "")
    )
    assert copy.ask(question) == [(None, None)]
    first = copy.ask(page("", 1, 1))[0]
    assert isinstance(first[5], datetime)
    assert isinstance(first[3], Decimal)


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ([(1, "a")], [(1, "a")], None),
        ([], [], None),
        ([(1,), (2,)], [(2,), (1,)], "row 1: sharded (1,), unsharded (2,)"),
        ([(1,)], [(1,), (2,)], "sharded has 1 rows, unsharded 2"),
        ([(1, None)], [(1, 0)], "row 1: sharded (1, None), unsharded (1, 0)"),
    ],
)
def test_the_first_difference_is_named(ours: list[object], theirs: list[object], expected: str | None) -> None:
    assert first_difference(ours, theirs) == expected  # type: ignore[arg-type]


def test_questions_are_asked_a_few_times() -> None:
    calls: list[int] = []

    def ask() -> list[tuple[int, ...]]:
        calls.append(1)
        return [(1,)]

    answer, seconds = timed(ask)
    assert answer == [(1,)]
    assert len(calls) == 5
    assert seconds >= 0


def test_schema_statements() -> None:
    assert statements("-- a; comment\nCREATE TABLE a (x INT);\n\nCREATE TABLE b (\n y INT\n);\n") == [
        "CREATE TABLE a (x INT)",
        "CREATE TABLE b (\n y INT\n)",
    ]
