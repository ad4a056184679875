"""Makes SELECTs of the kinds that shardkit answers over many shards, each with the manner in which it is compared.

Choices come from a Dice, so that hypothesis can make statements smaller and a plain seed can make thousands.
Invariant: MySQL accepts every statement made here; order is `total` only when ORDER BY ends in a unique key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

from tests.differential.corpus import Case
from tests.differential.sources import SOURCES, Col, Source

T = TypeVar("T")


class Dice(Protocol):
    """Where choices come from."""

    def pick(self, values: Sequence[T]) -> T: ...
    def number(self, low: int, high: int) -> int: ...


class Text:
    """SQL in the making: text and parameters in the order of the text."""

    def __init__(self, dice: Dice) -> None:
        self.dice = dice
        self.parts: list[str] = []
        self.params: list[Any] = []
        self.bound = chance(dice, 35)

    def add(self, text: str) -> None:
        """Add text of ours; a percent sign is doubled when the statement has parameters."""
        self.parts.append(text.replace("%", "%%") if self.bound else text)

    def value(self, value: Any) -> None:
        """Add a value: as a literal, or as a parameter in a statement that has them."""
        if self.bound and chance(self.dice, 60):
            self.parts.append("%s")
            self.params.append(value)
        elif isinstance(value, int):
            self.add(str(value))
        else:
            self.add("'" + str(value).replace("\\", "\\\\").replace("'", "''") + "'")

    def limit(self, count: int) -> None:
        """Add a number for LIMIT or OFFSET."""
        if self.bound:
            self.parts.append("%s")
            self.params.append(count)
        else:
            self.parts.append(str(count))


def chance(dice: Dice, percent: int) -> bool:
    """True in that many of a hundred."""
    return dice.number(1, 100) > 100 - percent


def some(dice: Dice, values: Sequence[T], low: int, high: int) -> list[T]:
    """Between `low` and `high` different values, in any order."""
    left, taken = list(values), []
    for _ in range(dice.number(low, min(high, len(left)))):
        taken.append(left.pop(dice.number(0, len(left) - 1)))
    return taken


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of the select list."""

    sql: str
    column: str = ""  # the text column whose collation its values have; '' for other types


def statement(dice: Dice) -> Case:
    """One SELECT as a case without title."""
    source = dice.pick(SOURCES)
    shape = dice.pick((plain, plain, plain, distinct, total, grouped, grouped, by_key))
    return shape(dice, source)


def plain(dice: Dice, source: Source) -> Case:
    """Columns and expressions with WHERE, ORDER BY and LIMIT."""
    items = [Item("*")] if chance(dice, 10) else [_item(dice, source) for _ in range(dice.number(1, 4))]
    keys = some(dice, source.columns, 0, 2)
    if chance(dice, 60):
        ordered = [_direction(dice, key.sql) for key in keys]
        ordered += [_direction(dice, key) for key in source.unique]
        return _finish(dice, Draft(source, items, order=ordered, manner="total"))
    if items[0].sql == "*" or not keys:
        return _finish(dice, Draft(source, items))
    places = tuple(range(len(items), len(items) + len(keys)))
    items += [Item(f"{key.sql} AS k{number}", _collated(key)) for number, key in enumerate(keys)]
    ordered = [_direction(dice, f"k{number}") for number in range(len(keys))]
    return _finish(dice, Draft(source, items, order=ordered, manner="ties", keys=places))


def distinct(dice: Dice, source: Source) -> Case:
    """DISTINCT columns, ordered by some of them."""
    columns = some(dice, source.columns, 1, 3)
    items = [Item(f"{column.sql} AS d{number}", _collated(column)) for number, column in enumerate(columns)]
    keys = some(dice, range(len(columns)), 0, len(columns))
    ordered = [_direction(dice, dice.pick((f"d{key}", str(key + 1)))) for key in keys]
    manner = "ties" if keys else "none"
    return _finish(dice, Draft(source, items, order=ordered, manner=manner, keys=tuple(keys), head="DISTINCT "))


def total(dice: Dice, source: Source) -> Case:
    """Aggregates without GROUP BY."""
    items = [_aggregate(dice, source, number) for number in range(dice.number(1, 4))]
    return _finish(dice, Draft(source, items, limited=False))


def grouped(dice: Dice, source: Source) -> Case:
    """GROUP BY columns or simple expressions, ordered by all of them or by an aggregate."""
    keys = some(dice, source.group_keys, 1, 2)
    items = [Item(f"{key.sql} AS g{number}", _collated(key)) for number, key in enumerate(keys)]
    items += [_aggregate(dice, source, number) for number in range(dice.number(0, 3))]
    draft = Draft(source, items, group=[dice.pick((key.sql, f"g{number}")) for number, key in enumerate(keys)])
    match dice.number(0, 2):
        case 0:
            return _finish(dice, draft)
        case 1:
            ordered = [_direction(dice, f"g{number}") for number in range(len(keys))]
            return _finish(dice, replace(draft, order=ordered, manner="total"))
        case _:
            first = dice.number(0, len(items) - 1)
            ordered = [_direction(dice, str(first + 1))]
            return _finish(dice, replace(draft, order=ordered, manner="ties", keys=(first,)))


def by_key(dice: Dice, source: Source) -> Case:
    """GROUP BY the shard key: groups never cross shards, so HAVING and expressions are allowed."""
    items = [Item(f"{source.key} AS id"), Item("COUNT(*) AS n")]
    items += [_aggregate(dice, source, number) for number in range(dice.number(0, 2))]
    if chance(dice, 30):
        items.append(Item("COUNT(*) * 2 + 1 AS more"))
    draft = Draft(source, items, group=[source.key], having=dice.pick(("", "", "COUNT(*) > 1", "n < 4")))
    if chance(dice, 50):
        return _finish(dice, draft)
    ordered = [_direction(dice, "n")] if chance(dice, 50) else []
    ordered += [_direction(dice, "id")]
    return _finish(dice, replace(draft, order=ordered, manner="total"))


@dataclass(frozen=True, slots=True)
class Draft:
    """The clauses of a SELECT before it becomes text; WHERE and LIMIT are chosen on the way."""

    source: Source
    items: Sequence[Item]
    group: Sequence[str] = ()
    having: str = ""
    order: Sequence[str] = ()
    manner: str = "none"
    keys: tuple[int, ...] = ()
    head: str = ""
    limited: bool = True

    def collated(self) -> dict[int, str]:
        """Places that show one of several equal texts, or whose texts are only compared as sort keys."""
        merged = bool(self.head or self.group or not self.limited)
        places = enumerate(self.items)
        return {place: item.column for place, item in places if item.column and (merged or place in self.keys)}


def _finish(dice: Dice, draft: Draft) -> Case:
    text = Text(dice)
    text.add(f"SELECT {draft.head}{', '.join(item.sql for item in draft.items)} FROM {draft.source.sql}")
    _where(text, draft.source)
    having = [draft.having] if draft.having else []
    for word, parts in (("GROUP BY", draft.group), ("HAVING", having), ("ORDER BY", draft.order)):
        if parts:
            text.add(f" {word} {', '.join(parts)}")
    if draft.limited and chance(dice, 50):
        text.add(" LIMIT ")
        text.limit(dice.pick((0, 1, 2, 5, 10, 50)))
        if chance(dice, 50):
            text.add(" OFFSET ")
            text.limit(dice.pick((0, 1, 3, 10, 40)))
    params = tuple(text.params) if text.bound else None
    return Case("generated", "".join(text.parts), "generated", params, draft.manner, draft.keys, draft.collated())


def _direction(dice: Dice, key: str) -> str:
    return key + dice.pick(("", "", " ASC", " DESC", " DESC"))


def _collated(column: Col) -> str:
    return column.name if column.kind == "text" else ""


def _item(dice: Dice, source: Source) -> Item:
    column = dice.pick(source.columns)
    if chance(dice, 65):
        return Item(column.sql)
    return Item(dice.pick(EXPRESSIONS.get(column.kind, ("{0}",))).format(column.sql))


EXPRESSIONS = {
    "integer": ("{0} AS x", "{0} IS NULL AS x", "IFNULL({0}, 0)", "{0} % 7"),
    "decimal": ("{0} * 2", "-{0}", "ROUND({0}, 1) AS r", "CASE WHEN {0} > 5 THEN 'more' ELSE 'less' END AS c"),
    "text": ("UPPER({0})", "CONCAT({0}, '%')", "LENGTH({0}) AS len", "LEFT({0}, 2) AS l", "COALESCE({0}, 'none') AS c"),
    "date": ("YEAR({0})", "{0} + INTERVAL 1 DAY AS d"),
    "datetime": ("DATE({0})", "HOUR({0}) AS h"),
}


def _aggregate(dice: Dice, source: Source, number: int) -> Item:
    function = dice.pick(("COUNT(*)", "COUNT", "SUM", "SUM", "AVG", "MIN", "MAX"))
    if function == "COUNT(*)":
        return Item(f"COUNT(*) AS a{number}")
    if function in ("SUM", "AVG"):
        column = dice.pick(source.numbers)
        # Twice the largest BIGINT is an error of MySQL's own, so the shard key is summed as it is.
        forms = ("{0}",) if column.sql == source.key else ("{0}", "{0}", "{0} * 2")
        operand = dice.pick(forms).format(column.sql)
        return Item(f"{function}({operand}) AS a{number}")
    column = dice.pick(source.columns)
    collated = _collated(column) if function != "COUNT" else ""
    return Item(f"{function}({column.sql}) AS a{number}", collated)


def _where(text: Text, source: Source) -> None:
    dice = text.dice
    if chance(dice, 35):
        return
    text.add(" WHERE ")
    for number in range(dice.number(1, 3)):
        if number:
            text.add(dice.pick((" AND ", " AND ", " OR ")))
        text.add(dice.pick(("", "", "", "NOT ")) + "(")
        _atom(text, dice.pick(source.conditions))
        text.add(")")


def _atom(text: Text, column: Col) -> None:
    dice, form = text.dice, text.dice.number(0, 5)
    text.add(column.sql)
    if form == 0:
        text.add(dice.pick((" IS NULL", " IS NOT NULL")))
    elif form == 1:
        _list(text, dice.pick((" IN (", " NOT IN (")), some(dice, column.values, 1, 4))
    elif form == 2:
        text.add(" BETWEEN ")
        text.value(dice.pick(column.values))
        text.add(" AND ")
        text.value(dice.pick(column.values))
    elif form == 3 and column.kind == "text":
        text.add(" LIKE ")
        text.add(dice.pick(("'a%'", "'%e%'", "'S-_'", "'%'")))
    else:
        text.add(dice.pick((" = ", " = ", " <> ", " < ", " >= ", " <=> ")))
        text.value(dice.pick(column.values))


def _list(text: Text, head: str, values: Sequence[Any]) -> None:
    text.add(head)
    for number, value in enumerate(values):
        if number:
            text.add(", ")
        text.value(value)
    text.add(")")
