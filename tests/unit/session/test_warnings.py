"""Warnings of several shards become those of one statement."""

from __future__ import annotations

from shardkit.errors import DataError
from shardkit.flow import Warned
from shardkit.parse import ShowWarnings
from shardkit.session.warnings import at_rows, failed_with, together, told

OLD = ("Warning", 1287, "'VALUES function' is deprecated")
DUPLICATE = ("Warning", 1062, "Duplicate entry '1' for key 't.PRIMARY'")


def cut(row: int) -> tuple[str, int, str]:
    return ("Warning", 1265, f"Data truncated for column 's' at row {row}")


def warned(*shown: tuple[str, int, str], number: int | None = None) -> Warned:
    return Warned(len(shown) if number is None else number, shown)


def test_row_numbers_become_the_users() -> None:
    assert at_rows(warned(cut(1), cut(3), OLD), (4, 7, 9)) == warned(cut(5), cut(10), OLD)
    assert at_rows(warned(cut(9)), (4, 7)) == warned(cut(9))
    assert at_rows(warned(cut(2)), ()) == warned(cut(2))
    assert at_rows(None, (1, 2)) is None


def test_they_stand_in_the_order_of_rows() -> None:
    first, second = warned(cut(1), DUPLICATE, cut(5)), warned(cut(2), cut(2), cut(9))
    assert together([second, first]) == warned(cut(1), DUPLICATE, cut(2), cut(2), cut(5), cut(9))
    assert together([]) == warned()


def test_what_concerns_the_text_counts_once() -> None:
    parts = [warned(OLD, OLD, DUPLICATE), warned(OLD, DUPLICATE), warned(OLD, OLD, OLD)]
    found = together(parts)
    assert found.number == 5
    assert sorted(found.shown) == sorted([OLD] * 3 + [DUPLICATE] * 2)


def test_more_may_have_been_than_are_shown() -> None:
    assert together([warned(cut(1), number=2000), warned(cut(2), number=5)]).number == 2005


def test_what_is_asked_is_given() -> None:
    parts = (warned(cut(1), cut(2), cut(3)), failed_with(DataError("shard a: bad", errno=1366)))
    error = ("Error", 1366, "shard a: bad")
    assert told(parts, ShowWarnings(errors=False)).rows == (error, cut(1), cut(2), cut(3))
    assert told(parts, ShowWarnings(errors=True)).rows == (error,)
    assert told(parts, ShowWarnings(errors=False, limit=2)).rows == (error, cut(1))
    assert told(parts, ShowWarnings(errors=False, offset=1, limit=2)).rows == (cut(1), cut(2))
    assert told(parts, ShowWarnings(errors=False, count=True)).rows == ((4,),)
    assert told(parts, ShowWarnings(errors=True, count=True)).rows == ((1,),)
