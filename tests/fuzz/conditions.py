"""Row expressions and conditions, with subqueries in them: what WHERE, ON, HAVING and the select list are made of.

Invariant: everything made here is a function of one row of the scope and of the tables; a scalar subquery gives at
most one row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.fuzz.dice import Maker
from tests.fuzz.forms import ANY, EXACT, FORMS, ORDERED
from tests.fuzz.tables import SAMPLES, TABLES, Col, Table


@dataclass(frozen=True, slots=True)
class Scope:
    """Columns that may be named here. `outer` are those of the queries around this one, with their tables."""

    columns: tuple[Col, ...]
    outer: tuple[Col, ...] = ()
    depth: int = 0

    def of(self, *kinds: str) -> tuple[Col, ...]:
        """Its columns of some kinds."""
        return tuple(column for column in self.columns if column.kind in kinds)


def scalar(make: Maker, scope: Scope) -> Col:
    """A column, or an expression of one, or a scalar subquery."""
    if scope.depth < 2 and make.chance(6):
        return subquery_value(make, scope)
    return formed(make, make.pick(scope.columns))


def formed(make: Maker, column: Col) -> Col:
    """The column, or an expression of it."""
    if not make.chance(45):
        return column
    forms = (*FORMS[column.kind], *ANY)
    if make.mysql and column.kind == "json":
        forms += (("{0} -> '$.a'", "json"),)
    if column.kind == "text" and make.chance(8):
        collation, like = make.pick((("utf8mb4_bin", "nick"), ("utf8mb4_unicode_ci", "note")))
        return Col(f"{column.sql} COLLATE {collation}", "text", like)
    if column.kind in ("id", "int", "dec") and make.chance(6):
        return Col(f"IFNULL({column.sql}, {make.value(make.pick((7, 0, -3)))})", column.kind)
    template, kind = make.pick(forms)
    made = Col(template.format(column.sql), kind, column.collated if kind == "text" else "")
    if kind in ("int", "dec", "date", "dt") and make.chance(15):
        return formed(make, Col(f"({made.sql})", kind))
    return made


def where(make: Maker, scope: Scope, percent: int = 65) -> str:
    """WHERE with one to three conditions, or nothing."""
    parts = conditions(make, scope, percent)
    return f" WHERE {' AND '.join(parts)}" if parts else ""


def conditions(make: Maker, scope: Scope, percent: int) -> list[str]:
    """Conjuncts."""
    if not make.chance(percent):
        return []
    return make.several(lambda: condition(make, scope), 1, 3, 30)


def condition(make: Maker, scope: Scope) -> str:
    """One condition that can stand beside AND."""
    match make.number(0, 22):
        case 20:
            return f"({condition(make, scope)}) {make.pick(('IS TRUE', 'IS NOT TRUE', 'IS UNKNOWN', 'IS FALSE'))}"
        case 21:
            return f"({condition(make, scope)} XOR {condition(make, scope)})"
        case 22:
            return f"({condition(make, scope)} {make.pick(('&&', '||'))} {atom(make, scope)})"
        case 17:
            return f"({condition(make, scope)} OR {condition(make, scope)})"
        case 18:
            return f"NOT ({condition(make, scope)})"
        case 19:
            return f"({condition(make, scope)} AND {condition(make, scope)})"
        case 14 | 15 | 16 if scope.depth < 2:
            return make.dice.part(lambda: subquery_condition(make, scope))
        case 13:
            return rows(make, scope)
        case 12:
            return between_columns(make, scope)
        case _:
            return atom(make, scope)


def sample(make: Maker, column: Col) -> str:
    """A value to compare with."""
    return make.value(make.pick(SAMPLES.get(column.kind, ("1",))))


def atom(make: Maker, scope: Scope) -> str:
    """A comparison of a column or an expression with values."""
    column = make.pick(scope.columns)
    if make.chance(30):
        column = formed(make, column)
    text = f"({column.sql})" if column.sql.count(" ") else column.sql
    match make.number(0, 9):
        case 1:
            return f"{text} IS {make.pick(('', 'NOT ', 'NOT '))}NULL"
        case 2:
            values = ", ".join(make.several(lambda: sample(make, column), 1, 4))
            return f"{text} {make.pick(('', 'NOT '))}IN ({values})"
        case 3:
            return f"{text} {make.pick(('', '', 'NOT '))}BETWEEN {sample(make, column)} AND {sample(make, column)}"
        case 4 if column.kind in ("text", "enum", "str", "set"):
            pattern = make.value(make.pick(("a%", "%e%", "S-_", "%", "_", "%o'%", "%😀%", "100\\%%")))
            return f"{text} {make.pick(('', 'NOT '))}LIKE {pattern}"
        case 5:
            return f"{text} <=> {make.pick(('NULL', sample(make, column)))}"
        case 6:
            return f"{sample(make, column)} {make.pick(('=', '<', '>='))} {text}"
        case 7 if column.kind in ("date", "dt"):
            unit = make.pick(("1 DAY", "36 HOUR", "1 MONTH", "2 YEAR"))
            return f"{text} {make.pick(('>', '<='))} {sample(make, column)} {make.pick('+-')} INTERVAL {unit}"
        case 8:
            case = f"CASE WHEN {text} = {sample(make, column)} THEN 1 ELSE {make.pick(('0', 'NULL', '2'))} END"
            return f"{case} {make.pick(('=', '<>'))} 1"
        case 9 if column.kind in ("int", "bit", "flt"):
            return text
        case _:
            return f"{text} {make.pick(('=', '<>', '<', '>=', '!=', '<=', '>'))} {sample(make, column)}"


def rows(make: Maker, scope: Scope) -> str:
    """Row constructors."""
    first, second = make.pick(scope.columns), make.pick(scope.columns)

    def pair() -> str:
        return f"({sample(make, first)}, {sample(make, second)})"

    head = make.pick(("({0}, {1})", "ROW({0}, {1})")).format(first.sql, second.sql)
    match make.number(0, 2):
        case 0:
            return f"{head} IN ({', '.join(make.several(pair, 1, 3))})"
        case 1:
            return f"{head} {make.pick(('=', '<>'))} {pair()}"
        case _:
            return f"{head} {make.pick(('<', '>='))} {pair()}"


def alike(one: Col, other: Col) -> bool:
    """Whether two columns may be compared: MySQL refuses to compare texts of different collations."""
    if one.kind == "text" or other.kind == "text":
        return one.kind == other.kind and one.collated == other.collated
    numbers = {"id", "int", "dec", "year", "bit"}
    moments = {"date", "dt", "ts"}
    return any({one.kind, other.kind} <= group for group in (numbers, moments)) or one.kind == other.kind != "json"


def between_columns(make: Maker, scope: Scope) -> str:
    """A comparison of two columns of the scope, or of one with a query around it."""
    one = make.pick(scope.columns)
    others = [other for other in (*scope.columns, *scope.outer) if alike(one, other)]
    if not others:
        return f"{one.sql} IS NOT NULL"
    return f"{one.sql} {make.pick(('=', '<>', '<', '>=', '<=>'))} {make.pick(others).sql}"


# --- subqueries ------------------------------------------------------------------------------------------------------


def inner(make: Maker, scope: Scope) -> tuple[Table, str, Scope]:
    """A table for a subquery, its alias, and the scope within."""
    table: Table = make.pick((*TABLES, *make.tables, *make.tables))
    if make.nest is not None and scope.depth == 0 and make.chance(8):
        table = make.dice.part(lambda: make.nest(make, Scope((), (), 1)))
    alias = make.name("s")
    columns = tuple(column.of(alias) for column in table.columns)
    return table, alias, Scope(columns, (*scope.columns, *scope.outer), scope.depth + 1)


def linked(make: Maker, scope: Scope, within: Scope, percent: int) -> list[str]:
    """Conditions of a subquery: perhaps one that names a column of the outer query."""
    found = conditions(make, within, 40)
    if make.chance(percent) and scope.columns:
        column = make.pick(scope.columns)
        others = [other for other in within.columns if alike(column, other)]
        same = [other for other in others if other.bare == column.bare]
        if others:
            other = make.pick(same if same and make.chance(70) else others)
            found.insert(0, f"{other.sql} {make.pick(('=', '=', '=', '<', '<>'))} {column.sql}")
    return found


def subquery_value(make: Maker, scope: Scope) -> Col:
    """A subquery that gives one value: an aggregate, or a row found by its key, or the first of an order."""
    table, alias, within = inner(make, scope)
    parts = linked(make, scope, within, 60)
    if table.unique and make.chance(35):
        shown = formed(make, make.pick(within.columns))
        keys = ", ".join(f"{alias}.{name}" for name in table.unique)
        tail = f" WHERE {' AND '.join(parts)}" if parts else ""
        sql = f"(SELECT {shown.sql} FROM {table.sql} {alias}{tail} ORDER BY {keys} LIMIT 1)"
        return Col(sql, shown.kind if shown.kind in EXACT else "shown")
    numbers = within.of("int", "dec", "id", "date", "dt", "enum")
    template, kind = make.pick(
        (("COUNT(*)", "int"), ("MAX({0})", ""), ("MIN({0})", ""), ("COUNT(DISTINCT {0})", "int"))
    )
    if not numbers:
        template, kind = "COUNT(*)", "int"
    column = make.pick(numbers or within.columns)
    tail = f" WHERE {' AND '.join(parts)}" if parts else ""
    found = kind or ("str" if column.kind == "enum" else column.kind)
    return Col(f"(SELECT {template.format(column.sql)} FROM {table.sql} {alias}{tail})", found)


def subquery_condition(make: Maker, scope: Scope) -> str:
    """EXISTS, IN, ANY, ALL, or a comparison with a scalar subquery."""
    form = make.number(0, 7)
    if form <= 2:
        table, alias, within = inner(make, scope)
        parts = linked(make, scope, within, 85)
        tail = f" WHERE {' AND '.join(parts)}" if parts else ""
        shown = make.pick(("1", "*", "NULL"))
        return f"{make.pick(('', '', 'NOT '))}EXISTS (SELECT {shown} FROM {table.sql} {alias}{tail})"
    if form == 7:
        value = subquery_value(make, scope)
        others = [column for column in scope.columns if alike(column, value) and column.kind in ORDERED]
        if others:
            return f"{make.pick(others).sql} {make.pick(('=', '<', '>=', '<>'))} {value.sql}"
        return f"{value.sql} IS NOT NULL"
    return _members(make, scope, form)


def _members(make: Maker, scope: Scope, form: int) -> str:
    table, alias, within = inner(make, scope)
    pairs = [(one, other) for one in scope.columns for other in within.columns if alike(one, other)]
    same = [pair for pair in pairs if pair[0].bare == pair[1].bare]
    if not pairs:
        return f"EXISTS (SELECT 1 FROM {table.sql} {alias})"
    one, other = make.pick(same if same and make.chance(60) else pairs)
    parts = linked(make, scope, within, 25)
    tail = f" WHERE {' AND '.join(parts)}" if parts else ""
    if form == 5 and len(same) > 1 and table.unique and make.chance(60):
        keys = ", ".join(f"{alias}.{name}" for name in table.unique)
        left, right = (", ".join(pair[side].sql for pair in _two(same)) for side in (0, 1))
        word = make.pick(("=", "<>", "<=>"))
        return f"({left}) {word} (SELECT {right} FROM {table.sql} {alias}{tail} ORDER BY {keys} LIMIT 1)"
    if form == 6 and len(same) > 1:
        left = ", ".join(pair[0].sql for pair in _two(same))
        right = ", ".join(pair[1].sql for pair in _two(same))
        return f"({left}) {make.pick(('', 'NOT '))}IN (SELECT {right} FROM {table.sql} {alias}{tail})"
    words = make.pick(("", "", "DISTINCT "))
    if make.chance(15):
        tail += f" GROUP BY {other.sql}{make.pick(('', f' HAVING COUNT(*) > {make.value(1)}'))}"
    elif make.chance(10) and other.kind in EXACT:
        tail += f" UNION {make.pick(('', 'ALL '))}SELECT {make.value(make.pick(SAMPLES[other.kind]))}"
    query = f"(SELECT {words}{other.sql} FROM {table.sql} {alias}{tail})"
    if form == 3:
        return f"{one.sql} IN {query}"
    if form == 4:
        return f"{one.sql} NOT IN {query}"
    return f"{one.sql} {make.pick(('=', '<>', '<', '>='))} {make.pick(('ANY', 'ALL', 'SOME'))} {query}"


def _two(pairs: Sequence[tuple[Col, Col]]) -> Sequence[tuple[Col, Col]]:
    return pairs[:2]
