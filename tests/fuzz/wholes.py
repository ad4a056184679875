"""Whole statements: a SELECT, set operations, WITH in front, VALUES, and queries that stand in FROM.

Invariant: `statement` gives a case whose `order`, `keys` and `collated` leave to the server no more than SQL does.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.differential.corpus import Case
from tests.fuzz.conditions import Scope, condition, formed, subquery_value
from tests.fuzz.dice import Maker
from tests.fuzz.ordering import Ordered, finished, nested
from tests.fuzz.selects import Out, Query, Wish, select
from tests.fuzz.sources import entry
from tests.fuzz.tables import Col, Table


@dataclass(frozen=True, slots=True)
class Statement:
    """A case, and the places of its columns that hold a JSON array or object compared as a bag."""

    case: Case
    bags: frozenset[int] = field(default=frozenset())

    @property
    def text(self) -> tuple[str, str]:
        """See shrink.Made."""
        return self.case.sql, repr(self.case.params)


def statement(make: Maker) -> Statement:
    """One statement of any form."""
    form = make.number(0, 99)
    if form >= 97:
        return _bare(make)
    prefix = ""
    make.nest = derived
    if form >= 78:
        prefix = make.dice.part(lambda: ctes(make))
    query = make.dice.part(lambda: set_operation(make)) if 62 <= form < 82 else select(make, Wish(derived, Scope(())))
    done: Ordered = finished(make, query)
    if done.manner != "total" and " LIMIT " in done.sql:
        make.named = make.spells = False  # the comparison must find the LIMIT and its parameters
    sql, params = make.finish(prefix + done.sql)
    # The order of equal texts is open, so keys are compared under their collation too, if they stem from a column.
    loose = {} if query.star else {
        place: item.loose or item.collated
        for place, item in enumerate(query.items)
        if item.loose or (place in done.keys and item.kind == "text" and item.collated)
    }  # fmt: skip
    bags = frozenset(place for place, item in enumerate(query.items) if item.kind == "bag")
    return Statement(Case("fuzz", sql, "fuzz", params, done.manner, done.keys, loose), bags)


def _bare(make: Maker) -> Statement:
    """No FROM: scalar subqueries, or VALUES."""
    if make.mysql and make.chance(20):
        sql, params = make.finish("VALUES ROW(1, 'a'), ROW(2, NULL) ORDER BY 1 DESC LIMIT 1")
        return Statement(Case("fuzz", sql, "fuzz", params, "total"))
    items = make.several(lambda: f"{subquery_value(make, Scope(())).sql} AS {make.name('b')}", 1, 3)
    sql, params = make.finish(f"SELECT {', '.join(items)}{make.pick(('', ' FROM DUAL'))}")
    return Statement(Case("fuzz", sql, "fuzz", params, "total"))


def as_table(sql: str, query: Query) -> Table:
    """A nested query as something that stands in FROM."""
    columns = tuple(
        Col(item.alias, item.kind if item.kind != "approx" else "shown", item.collated) for item in query.items
    )
    by_sql = {item.sql: item.alias for item in query.items} | {item.alias: item.alias for item in query.items}
    unique = tuple(by_sql[key] for key in query.order if key in by_sql)
    whole = bool(query.order) and len(unique) == len(query.order)
    return Table(sql, columns, unique if whole else (), query.size, stored=False)


def derived(make: Maker, outer: Scope) -> Table:
    """A derived table in brackets."""
    if make.chance(15) and not outer.outer:
        query = set_operation(make, inside=True)
        return as_table(f"({nested(make, query, 45)})", query)
    before = len(make.tables)
    prefix = ctes(make) if make.chance(8) and not before and not outer.outer else ""
    query = select(make, Wish(derived, outer, strict=True))
    del make.tables[before:]
    return as_table(f"({prefix}{nested(make, query, 45)})", query)


# --- set operations --------------------------------------------------------------------------------------------------


# One chain never mixes INTERSECT, EXCEPT and UNION: MySQL 9.7 dies of `a EXCEPT b INTERSECT c ORDER BY x, x`.
OPERATORS = (
    ("UNION ALL", "UNION"), ("UNION ALL",), ("UNION DISTINCT", "UNION"), ("INTERSECT",), ("EXCEPT",),
    ("INTERSECT ALL",), ("EXCEPT ALL",),
)  # fmt: skip


def set_operation(make: Maker, inside: bool = False) -> Query:
    """Two or three arms of the same kinds, perhaps in brackets with a LIMIT of their own."""
    # MySQL 9.7 itself counts wrongly where a table of EXCEPT or INTERSECT is read twice.
    operators = OPERATORS[:3] if inside and make.mysql else OPERATORS
    kinds = make.several(lambda: make.pick(("int", "dec", "id", "date", "str", "dt")), 1, 3)
    arms = [make.dice.part(lambda: _arm(make, kinds, first=True))]
    arms += make.several(lambda: _arm(make, kinds, first=False), 1, 2)
    words = make.pick(operators[:3] if make.chance(60) else operators)
    sql = arms[0].sql if not make.chance(25) else f"({nested(make, arms[0], 70)})"
    for arm in arms[1:]:
        text = arm.sql if not make.chance(25) else f"({nested(make, arm, 70)})"
        sql = f"{sql} {make.pick(words)} {text}"
    items = [Out(item.sql, item.alias, kind) for item, kind in zip(arms[0].items, kinds, strict=True)]
    aliases = [item.alias for item in items]
    return Query(items, "", tuple(aliases), aliases, head="", star=sql)


def _arm(make: Maker, kinds: list[str], first: bool) -> Query:
    one = make.dice.part(lambda: entry(make, Scope((), (), 1), derived))
    scope = Scope(one.columns, (), 1)
    items, grouped, calls = [], [], make.chance(25)
    for kind in kinds:
        column = _of_kind(make, scope, kind)
        if calls and kind in ("int", "dec") and make.chance(60):
            column = Col("COUNT(*)" if kind == "int" else f"SUM({column.sql})", kind)
        elif calls and column.sql != "NULL" and not column.sql.isdigit():
            grouped.append(column.sql)
        items.append(Out(column.sql, make.name("u") if first or make.chance(20) else "", column.kind))
    body = f" FROM {one.sql}"
    parts = make.several(lambda: condition(make, scope), 0, 2)
    if parts:
        body += f" WHERE {' AND '.join(parts)}"
    if grouped:
        body += f" GROUP BY {', '.join(dict.fromkeys(grouped))}"
    head = "SELECT DISTINCT " if make.chance(8) else "SELECT "
    order = () if head != "SELECT " or calls else one.unique
    return Query(items, body, order, head=head)


def _of_kind(make: Maker, scope: Scope, kind: str) -> Col:
    """A column or expression of that kind, or a constant."""
    if kind == "str":
        texts = [column for column in scope.columns if column.kind in ("text", "enum", "bin")]
        return Col(f"HEX({make.pick(texts).sql})", "str") if texts else Col("'7E'", "str")
    columns = scope.of(kind)
    if columns:
        return make.pick(columns)
    for column in scope.columns:
        made = formed(make, column)
        if made.kind == kind:
            return made
    return Col({"int": "1", "id": "7", "dec": "0.50"}.get(kind, "NULL"), kind)


# --- WITH ------------------------------------------------------------------------------------------------------------


def ctes(make: Maker) -> str:
    """A WITH clause; what it defines is put among the tables."""
    if make.chance(25):
        return _recursive(make)

    def one() -> str:
        query = (
            set_operation(make, True) if make.chance(20) else select(make, Wish(derived, Scope((), (), 1), strict=True))
        )
        name = make.name("q")
        sql = nested(make, query, 30)
        table = as_table(name, query)
        columns = ""
        if make.chance(20) and not query.star:  # MariaDB forgets the first names of a set operation
            names = [make.name("n") for _ in query.items]
            renamed = dict(zip((item.alias for item in query.items), names, strict=True))
            cols = tuple(Col(renamed[col.sql], col.kind, col.collated) for col in table.columns)
            table = Table(name, cols, tuple(renamed[key] for key in table.unique), table.size, stored=False)
            columns = f" ({', '.join(names)})"
        make.tables.append(table)
        return f"{name}{columns} AS ({sql})"

    made = make.several(one, 1, 3)
    return f"WITH {', '.join(made)} "


def _recursive(make: Maker) -> str:
    name = make.name("r")
    most = make.value(make.pick((3, 5, 1, 8)))
    match make.number(0, 2):
        case 0:
            make.tables.append(Table(name, (Col("x", "int"),), ("x",), 5, stored=False))
            return f"WITH RECURSIVE {name} AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM {name} WHERE x < {most}) "
        case 1:
            columns = (Col("seller", "int"), Col("depth", "int"))
            make.tables.append(Table(name, columns, (), 20, stored=False))
            seed = f"SELECT DISTINCT sellerId AS seller, 1 AS depth FROM t_order WHERE sellerId <= {make.value(3)}"
            step = f"SELECT o.sellerId, depth + 1 FROM {name} JOIN t_order o ON o.memberId = {name}.seller"
            return f"WITH RECURSIVE {name} AS ({seed} UNION {step} WHERE depth < 3) "
        case _:
            make.tables.append(Table(name, (Col("x", "int"), Col("y", "dec")), ("x",), 5, stored=False))
            seed = "SELECT 1, CAST(SUM(amount) AS DECIMAL(30,2)) FROM t_order"
            step = f"SELECT x + 1, CAST(y / 2 AS DECIMAL(30,2)) FROM {name} WHERE x < {most}"
            return f"WITH RECURSIVE {name} (x, y) AS ({seed} UNION ALL {step}) "
