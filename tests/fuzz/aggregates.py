"""Aggregate calls, and expressions around them.

Invariant: what an aggregate shows does not depend on the order of the rows, but for kind `bag` (a JSON array or object
that is compared as a bag), texts that are `loose` (any one of its equals) and the last digits of kind `approx`.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.fuzz.conditions import Scope, condition, formed, sample, subquery_value
from tests.fuzz.dice import Maker
from tests.fuzz.forms import EXACT, NUMBERS
from tests.fuzz.tables import Col


@dataclass(frozen=True, slots=True)
class Aggregate:
    """SQL over a group, what kind of value it gives, and the column whose collation its text has if it is loose."""

    sql: str
    kind: str
    loose: str = ""


def operand(make: Maker, scope: Scope, kinds: frozenset[str]) -> Col | None:
    """A column or expression of one of these kinds."""
    columns = [column for column in scope.columns if column.kind in kinds]
    if not columns:
        return None
    column = make.pick(columns)
    if column.kind == "id":
        return column  # sums of larger expressions overflow
    for _ in range(2):
        made = formed(make, column)
        if made.kind in kinds:
            return made
    return column


def aggregate(make: Maker, scope: Scope, strict: bool = False) -> Aggregate:
    """One call. `strict`: only what can be compared and computed with afterwards."""
    form = make.number(0, 9 if strict else 15)
    number = operand(make, scope, NUMBERS)
    match form:
        case 1 | 2 if number is not None:
            return Aggregate(f"SUM({number.sql})", "dec")
        case 3 if number is not None:
            return Aggregate(f"AVG({number.sql})", "dec")
        case 4 | 5:
            return extreme(make, scope, strict)
        case 6:
            return counted(make, scope)
        case 7 if number is not None:
            return Aggregate(f"{make.pick(('SUM', 'AVG', 'COUNT'))}(DISTINCT {number.sql})", "dec")
        case 8:
            kind = make.pick(("SUM(CASE WHEN {0} THEN 1 ELSE 0 END)", "COUNT(IF({0}, 1, NULL))", "SUM({0})"))
            return Aggregate(kind.format(condition(make, scope)), "dec")
        case 9 if number is not None:
            word = make.pick(("BIT_AND", "BIT_OR", "BIT_XOR"))
            return Aggregate(f"{word}({number.sql})", "id")
        case 10 | 11:
            return approximate(make, scope)
        case 12 | 13:
            return concatenated(make, scope)
        case 14 | 15:
            return document(make, scope)
        case _:
            return Aggregate("COUNT(*)", "int")


def extreme(make: Maker, scope: Scope, strict: bool) -> Aggregate:
    """MIN or MAX of anything that has an order."""
    kinds = EXACT - {"enum", "set"} if strict else EXACT | {"text", "dbl", "flt", "bit"}
    column = operand(make, scope, kinds)
    if column is None:
        return Aggregate("COUNT(*)", "int")
    kind = {"enum": "shown", "set": "shown", "bit": "shown", "flt": "shown", "dbl": "shown"}.get(
        column.kind, column.kind
    )
    loose = column.collated if column.kind == "text" else ""
    return Aggregate(f"{make.pick(('MIN', 'MAX'))}({column.sql})", kind, loose)


def counted(make: Maker, scope: Scope) -> Aggregate:
    """COUNT of values, of different values, of different tuples."""
    columns = [column for column in scope.columns if column.kind not in ("json", "shown")] or list(scope.columns)
    first, second = make.pick(columns), make.pick(columns)
    form = make.pick(("COUNT({0})", "COUNT(DISTINCT {0})", "COUNT(DISTINCT {0}, {1})", "COUNT(ALL {0})"))
    return Aggregate(form.format(formed(make, first).sql, second.sql), "int")


def approximate(make: Maker, scope: Scope) -> Aggregate:
    """Variances, and sums of doubles: right to nine digits."""
    column = operand(make, scope, frozenset({"int", "dec", "flt"}))
    if make.chance(35):
        doubles = scope.of("dbl", "flt")
        if doubles:
            return Aggregate(f"{make.pick(('SUM', 'AVG'))}({make.pick(doubles).sql})", "approx")
    if column is None:
        return Aggregate("COUNT(*)", "int")
    word = make.pick(("STD", "STDDEV", "STDDEV_SAMP", "VAR_POP", "VARIANCE", "VAR_SAMP", "STDDEV_POP"))
    return Aggregate(f"{word}({column.sql})", "approx")


def concatenated(make: Maker, scope: Scope) -> Aggregate:
    """GROUP_CONCAT in an order that leaves nothing open."""
    separator = f" SEPARATOR {make.pick((chr(39) + '; ' + chr(39), chr(39) * 2, chr(39) + '😀' + chr(39)))}"
    separator = separator if make.chance(40) else ""
    column = operand(make, scope, EXACT | {"text"})
    if column is None:
        return Aggregate("COUNT(*)", "int")
    if column.kind != "text" and make.chance(50):
        direction = make.pick(("", " DESC"))
        return Aggregate(f"GROUP_CONCAT(DISTINCT {column.sql} ORDER BY {column.sql}{direction}{separator})", "shown")
    if column.kind == "text":
        column = Col(f"HEX({column.sql})", "str")
    elif make.chance(30):
        column = Col(f"{column.sql}, '=', HEX({column.sql})", "str")
    # Equal values look alike, so their order among themselves does not show.
    first = column.sql.split(", '='", maxsplit=1)[0]
    return Aggregate(f"GROUP_CONCAT({column.sql} ORDER BY {first}{separator})", "shown")


def document(make: Maker, scope: Scope) -> Aggregate:
    """JSON_ARRAYAGG and JSON_OBJECTAGG: compared as bags."""
    column = operand(make, scope, frozenset({"int", "id", "dec", "str", "date", "dt", "text"}))
    if column is None:
        return Aggregate("COUNT(*)", "int")
    if make.chance(25) and column.kind in ("int", "id"):
        return Aggregate(f"JSON_OBJECTAGG(CONCAT('k', COALESCE({column.sql}, 'none')), 1)", "bag")
    return Aggregate(f"JSON_ARRAYAGG({column.sql})", "bag")


AROUND = (
    "{0} + 1", "IFNULL({0}, 0)", "{0} * 2", "ROUND({0}, 2)", "CASE WHEN {0} > 3 THEN 'many' ELSE 'few' END", "-{0}",
    "COALESCE({0}, -1) / 3", "{0} IS NULL", "IF({0} > 1, {0}, NULL)", "CONCAT('n=', {0})", "{0} % 5", "{0} / 7",
)  # fmt: skip
BETWEEN = ("{0} - {1}", "{0} / {1}", "{0} + {1}", "GREATEST({0}, {1})", "{0} > {1}", "ROUND({0} / NULLIF({1}, 0), 3)")
KINDS = {
    "CASE": "str", "{0} IS": "int", "CONCAT": "str", "{0} >": "int",
}  # fmt: skip


def expression(make: Maker, scope: Scope, strict: bool = False) -> Aggregate:
    """A call, or an expression of one or two."""
    if not make.chance(35):
        return make.dice.part(lambda: aggregate(make, scope, strict))
    one = make.dice.part(lambda: aggregate(make, scope, strict=True))
    if one.kind not in ("int", "dec"):
        return one
    if make.chance(55):
        form = make.pick(AROUND)
        kind = next((kind for begin, kind in KINDS.items() if form.startswith(begin)), "dec")
        return Aggregate(form.format(one.sql), kind)
    other = make.dice.part(lambda: aggregate(make, scope, strict=True))
    if other.kind not in ("int", "dec"):
        return one
    form = make.pick(BETWEEN)
    return Aggregate(form.format(one.sql, other.sql), "int" if form == "{0} > {1}" else "dec")


def having(make: Maker, scope: Scope, keys: list[Col]) -> str:
    """A condition on finished groups: aggregates, keys, or both."""
    form = make.number(0, 6)
    plain = [key for key in keys if " " not in key.sql and "(" not in key.sql]  # all that MariaDB's HAVING knows
    if form == 1 and plain:
        key = make.pick(plain)
        return f"{key.sql} {make.pick(('IS NOT NULL', '<> ' + sample(make, key), 'IN (' + sample(make, key) + ')'))}"
    if form == 2:
        one, other = aggregate(make, scope, strict=True), aggregate(make, scope, strict=True)
        if one.kind in ("int", "dec") and other.kind in ("int", "dec"):
            return f"{one.sql} {make.pick(('>', '<=', '='))} {other.sql}"
    if form == 3:
        return f"(COUNT(*) > {make.value(2)} OR {having(make, scope, keys)})"
    if form == 4:
        value = subquery_value(make, Scope((), (), 1))
        if value.kind in NUMBERS:
            return f"COUNT(*) {make.pick(('<=', '>', '<>'))} {value.sql}"
    one = aggregate(make, scope, strict=True)
    if one.kind in ("int", "dec"):
        return f"{one.sql} {make.pick(('>', '>=', '<', '<>', '='))} {make.value(make.pick((1, 2, 0, 3, 5, 20)))}"
    return f"{one.sql} {make.pick(('IS NOT NULL', 'IS NULL'))}"
