"""Which writes need the time of the servers."""

from __future__ import annotations

import pytest

from shardkit.backends.mysql_schema import describe
from shardkit.parse import read_schema


def extra(default: str | None, extra: str) -> tuple[bool, bool]:
    """What is known of a column with this default, as information_schema tells it."""
    row = ("at", "timestamp", "timestamp(6)", "YES", None, None, None, 6, None, extra, default, None)
    questions = describe("d", "t")
    next(questions)
    with pytest.raises(StopIteration) as end:
        questions.send([row])
    info = end.value.value
    return info.columns[0].clock_default, info.columns[0].clock_update


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


def test_scripts_of_tables_tell_it_too() -> None:
    text = "CREATE TABLE t (a INT, b TIMESTAMP DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP)"
    (table,) = read_schema(text).values()
    assert [(one.clock_default, one.clock_update) for one in table.columns] == [(False, False), (True, True)]
