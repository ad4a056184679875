"""Which writes need the time of the servers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shardkit.backends.mysql_schema import describe
from shardkit.errors import CrossShardRefused
from shardkit.flow import Column
from shardkit.parse import read_schema
from tests.plan import catalog as known
from tests.plan.offline import Offline


def extra(default: str | bytes | None, words: str) -> tuple[bool, bool]:
    """What of it the time fills."""
    found = column(default, words)
    return found.clock_default, found.clock_update


def column(default: str | bytes | None, extra: str) -> Column:
    """What is known of a column with this default, as information_schema tells it."""
    row = ("at", "timestamp", "timestamp(6)", "YES", None, None, None, 6, None, extra, default, None)
    questions = describe("d", "t")
    next(questions)
    with pytest.raises(StopIteration) as end:
        questions.send([row])
    found: Column = end.value.value.columns[0]
    return found


@pytest.mark.parametrize(
    ("default", "words", "expected"),
    [
        (None, "", (False, False)),
        ("CURRENT_TIMESTAMP", "", (True, False)),
        ("CURRENT_TIMESTAMP(6)", "DEFAULT_GENERATED on update CURRENT_TIMESTAMP(6)", (True, True)),
        ("current_timestamp(6)", "on update current_timestamp(6)", (True, True)),
        ("(now() + interval 1 day)", "DEFAULT_GENERATED", (True, False)),
        ("2020-01-01 00:00:00", "", (False, False)),
        ("'current_timestamp'", "", (False, False)),
        (b"curdate()", "DEFAULT_GENERATED", (True, False)),
    ],
)
def test_columns_that_take_the_time(default: str | None, words: str, expected: tuple[bool, bool]) -> None:
    assert extra(default, words) == expected


@pytest.mark.parametrize(
    ("default", "expected"),
    [("uuid()", True), ("(uuid_to_bin(uuid()))", True), (b"rand()", True), ("'uuid()'", False), (None, False),
     ("now()", False)],
)  # fmt: skip
def test_columns_that_take_a_random_value(default: str | bytes | None, expected: bool) -> None:
    assert column(default, "").random_default is expected


def test_scripts_of_tables_tell_it_too() -> None:
    text = "CREATE TABLE t (a INT, b TIMESTAMP DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP)"
    (table,) = read_schema(text).values()
    assert [(one.clock_default, one.clock_update) for one in table.columns] == [(False, False), (True, True)]


def test_copies_take_no_random_default() -> None:
    tables = dict(known.tables())
    country = tables["country"]
    *others, last = country.columns
    tables["country"] = replace(country, columns=(*others, replace(last, random_default=True)))
    offline = Offline(tables=tables.values())
    names = [column.name for column in country.columns]
    with pytest.raises(CrossShardRefused, match=f"leaves country.{last.name} to its default"):
        offline.plan(f"INSERT INTO country ({', '.join(names[:-1])}) VALUES ({', '.join('1' for _ in others)})")
    given = offline.plan(f"INSERT INTO country ({', '.join(names)}) VALUES ({', '.join('1' for _ in names)})")
    assert len(given.tasks) == 5
