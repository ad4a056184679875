"""The shapes of one SELECT: rows, DISTINCT rows, windows, one group of all, groups.

Invariant: `order` lists expressions that leave no two different rows in either order, or is () when there are none.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from tests.fuzz.aggregates import Aggregate, expression, having
from tests.fuzz.conditions import Scope, conditions, formed, scalar, subquery_value
from tests.fuzz.dice import Maker
from tests.fuzz.forms import EXACT, ORDERED
from tests.fuzz.sources import Nest, Source, source
from tests.fuzz.tables import TABLES, Col
from tests.fuzz.windows import window


@dataclass(frozen=True, slots=True)
class Out:
    """One column of the answer. `loose`: the text may be any one that equals it under that column's collation."""

    sql: str
    alias: str
    kind: str
    loose: str = ""
    collated: str = ""

    @property
    def text(self) -> str:
        """The select item."""
        return f"{self.sql} AS {self.alias}" if self.alias else self.sql


@dataclass(slots=True)
class Query:
    """A SELECT without ORDER BY and LIMIT, and what it can be ordered by."""

    items: list[Out]
    body: str
    order: tuple[str, ...] = ()
    keys: list[str] = field(default_factory=list)
    head: str = "SELECT "
    star: str = ""
    size: int = 50
    tail: str = ""  # behind LIMIT
    locks: bool = False

    @property
    def sql(self) -> str:
        """The text up to ORDER BY."""
        return f"{self.head}{self.star or ', '.join(item.text for item in self.items)}{self.body}"


@dataclass(frozen=True, slots=True)
class Wish:
    """How a SELECT is to be: `strict` for one whose rows others compute with, `outer` for the columns around it."""

    nest: Nest
    outer: Scope
    strict: bool = False


def select(make: Maker, wish: Wish) -> Query:
    """A SELECT of any shape."""
    shape = make.pick((rows, rows, rows, grouped, grouped, grouped, total, distinct, windows, by_key, split, split))
    found = make.dice.part(lambda: shape(make, wish))
    if not wish.strict and found.head == "SELECT " and make.chance(6):
        words = ("ALL", "SQL_NO_CACHE", "STRAIGHT_JOIN", "HIGH_PRIORITY", "SQL_SMALL_RESULT", "SQL_BIG_RESULT")
        found.head = f"SELECT {make.pick(words)} "
    return found


def _source(make: Maker, wish: Wish) -> tuple[Source, str]:
    made = make.dice.part(lambda: source(make, wish.outer, wish.nest))
    scope = Scope(made.scope.columns, wish.outer.outer, wish.outer.depth)
    made = Source(made.sql, scope, made.unique, made.size, made.conditions)
    parts = [*made.conditions, *conditions(make, scope, 45)]
    if wish.outer.outer and make.chance(80):
        one = make.pick(wish.outer.outer)
        same = [column for column in scope.columns if column.bare == one.bare]
        if same:
            parts.insert(0, f"{same[0].sql} = {one.sql}")
    return made, f" FROM {made.sql}" + (f" WHERE {' AND '.join(parts)}" if parts else "")


def _out(make: Maker, column: Col, wish: Wish, letter: str = "c") -> Out:
    alias = make.name(letter) if wish.strict or _is_long(column.sql) or make.chance(60) else ""
    return Out(column.sql, alias, column.kind, collated=column.collated)


def _is_long(sql: str) -> bool:
    """Servers cut long names, and a name that holds index hints loses them over several shards."""
    return "(SELECT" in sql and (len(sql) > 120 or " INDEX " in sql or " KEY " in sql)


def _shadow(make: Maker, items: list[Out], columns: tuple[Col, ...]) -> list[Out]:
    """The items, one of them perhaps under the name of some other column: what does a bare name mean then?"""
    if not items or not make.chance(10) or any("." not in column.sql for column in columns):
        return items
    place = make.number(0, len(items) - 1)
    items[place] = replace(items[place], alias=make.pick(columns).bare)
    return items


def rows(make: Maker, wish: Wish) -> Query:
    """Columns and expressions of rows."""
    made, body = _source(make, wish)
    items = make.several(lambda: _out(make, scalar(make, made.scope), wish), 1, 4)
    items = items if wish.strict else _shadow(make, items, made.scope.columns)
    keys = [make.pick(made.scope.columns) for _ in range(2)]
    found = Query(
        items, body, made.unique, [key.sql for key in keys if key.kind in ORDERED], size=made.size, locks=True
    )
    found.keys += [formed(make, key).sql for key in keys if key.kind in EXACT | {"text"}]
    if make.chance(15):
        value = subquery_value(make, made.scope)
        found.keys += [value.sql] if value.kind in EXACT else []
    if make.chance(8):
        found.body += f" HAVING {items[0].alias} {make.pick(('IS NOT NULL', '<> 1'))}" if items[0].alias else ""
    if not wish.strict and make.chance(12):
        stars = [f"{name}.*" for name in _aliases(made)]
        found.star = make.pick(("*", *stars, *(f"{star}, {items[0].text}" for star in stars)))
    return found


def _aliases(made: Source) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.sql.split(".")[0] for one in made.scope.columns if one.sql.count(".") == 1))


def distinct(make: Maker, wish: Wish) -> Query:
    """Different rows of columns; a text among them may be any of its equals."""
    made, body = _source(make, wish)
    kinds = EXACT if wish.strict else EXACT | {"text", "bit"}
    columns = [column for column in made.scope.columns if column.kind in kinds]
    if not columns:
        return rows(make, wish)
    chosen = make.several(lambda: formed(make, make.pick(columns)), 1, 3)
    chosen = [column if column.kind in kinds else Col("1", "int") for column in chosen]
    items = [Out(one.sql, make.name("d"), one.kind, one.collated if one.kind == "text" else "") for one in chosen]
    aliases = tuple(item.alias for item in items)
    return Query(items, body, aliases, list(aliases), make.pick(("SELECT DISTINCT ", "SELECT DISTINCTROW ")))


def windows(make: Maker, wish: Wish) -> Query:
    """Rows beside window functions."""
    made, body = _source(make, wish)
    items = make.several(lambda: _out(make, make.pick(made.scope.columns), wish), 1, 2)
    named: list[str] = []
    calls = make.several(lambda: window(make, made.scope, made.unique, named), 1, 2)
    items += [_out(make, call, wish, "w") for call in calls if call is not None]
    if named:
        body += f" WINDOW {', '.join(named)}"
    keys = [item.alias for item in items if item.alias and item.kind in ORDERED]
    return Query(items, body, made.unique, keys, size=made.size)


def _aggregated(make: Maker, scope: Scope, wish: Wish) -> Out:
    found: Aggregate = expression(make, scope, wish.strict)
    alias = make.name("a") if wish.strict or _is_long(found.sql) or make.chance(70) else ""
    return Out(found.sql, alias, found.kind, found.loose)


def total(make: Maker, wish: Wish) -> Query:
    """Aggregates without GROUP BY: one row, or none if HAVING says so."""
    made, body = _source(make, wish)
    items = make.several(lambda: _aggregated(make, made.scope, wish), 1, 4)
    items = items if wish.strict else _shadow(make, items, made.scope.columns)
    if make.chance(20):
        body += f" HAVING {having(make, made.scope, [])}"
    return Query(items, body, ("NULL",), size=1)


def grouped(make: Maker, wish: Wish) -> Query:
    """Groups by columns and expressions, with aggregates, HAVING, ROLLUP, windows over groups."""
    made, body = _source(make, wish)
    kinds = EXACT if wish.strict else EXACT | {"text", "bit"}
    columns = [column for column in made.scope.columns if column.kind in kinds]
    if not columns:
        return total(make, wish)
    keys = make.several(lambda: _key(make, columns, kinds), 1, 3)
    items = [_grouped_out(make, key, wish) for key in keys if wish.strict or make.chance(85)]
    items += make.several(lambda: _aggregated(make, made.scope, wish), 1 if not items else 0, 3)
    items = items if wish.strict else _shadow(make, items, made.scope.columns)
    ours = {column.bare for column in made.scope.columns}
    named = [next((item.alias for item in items if item.sql == key.sql), "") for key in keys]
    words = []
    for key, alias in zip(keys, named, strict=True):
        place = next((n for n, item in enumerate(items, 1) if item.sql == key.sql), 0)
        alias = key.sql if alias in ours else alias  # GROUP BY would take the column of that name
        words.append(make.pick((key.sql, key.sql, alias or key.sql, str(place) if place else key.sql)))
    body += f" GROUP BY {', '.join(words)}"
    # MariaDB shows super-aggregates of repeated keys as it likes.
    plain = len({key.sql for key in keys}) == len(keys) and all(key in columns for key in keys)
    rollup = make.chance(15) and not wish.strict and plain
    if rollup:
        body += " WITH ROLLUP"
        if make.mysql and make.chance(50):
            items.append(Out(f"GROUPING({make.pick(keys).sql})", make.name("g"), "int"))
            body += " HAVING COUNT(*) > 0"  # GROUPING over no rows at all is 0 or 1 as MySQL likes
    if "GROUPING" not in items[-1].sql and make.chance(30):
        body += f" HAVING {having(make, made.scope, [] if rollup else keys)}"
    return _over_groups(make, wish, Query(items, body, () if rollup else tuple(key.sql for key in keys)), rollup)


def split(make: Maker, wish: Wish) -> Query:
    """Groups of rows without subqueries: those that shards can make parts of."""
    flat = replace(wish, outer=replace(wish.outer, depth=2))
    return make.pick((grouped, grouped, total))(make, flat)


def by_key(make: Maker, wish: Wish) -> Query:
    """Groups by a table's key: its other columns are known in each group."""
    made, body = _source(make, wish)
    keyed = [table for table in TABLES if made.sql.startswith((f"{table.sql} ", f"{table.sql}")) and table.unique]
    own = _aliases(made)[:1]
    if not keyed or not own or made.sql.startswith("("):
        return grouped(make, wish)
    table = next((one for one in keyed if made.sql.split()[0] == one.sql), None)
    if table is None:
        return grouped(make, wish)
    columns = tuple(column.of(own[0]) for column in table.columns)
    keys = [column.sql for column in columns if column.bare in table.unique]
    items = make.several(lambda: _out(make, formed(make, make.pick(columns)), wish, "k"), 1, 3)
    items += make.several(lambda: _aggregated(make, made.scope, wish), 0, 2)
    body += f" GROUP BY {', '.join(keys)}"
    if make.chance(30):
        body += f" HAVING {having(make, made.scope, [])}"
    return Query(items, body, tuple(keys), [make.pick(columns).sql, "COUNT(*)"])


def _over_groups(make: Maker, wish: Wish, found: Query, rollup: bool) -> Query:
    """Windows over groups, and what groups can be ordered by."""
    # MariaDB 10.11 crashes (signal 11) on windows over groups by a constant, such as ISNULL of a NOT NULL column.
    constant = not make.mysql and all("NULL" in key for key in found.order)
    if not wish.strict and not rollup and make.chance(12) and not constant:
        unique = ", ".join(found.order)
        first = found.order[0]
        over = make.pick((f"ORDER BY {unique}", "ORDER BY COUNT(*) DESC", f"PARTITION BY {first} ORDER BY {unique}"))
        call = make.pick(("RANK()", "DENSE_RANK()", "SUM(COUNT(*))", "MAX(COUNT(*))"))
        found.items.append(Out(f"{call} OVER ({over})", make.name("w"), "shown"))
        rollup = not make.mysql  # MariaDB 10.11 forgets an ORDER BY here when an index gives the groups
    if rollup:
        if not make.mysql:
            found.tail = " "  # MariaDB takes no ORDER BY beside ROLLUP
        return found
    found.keys = [item.alias for item in found.items if item.alias and item.kind in EXACT]
    found.keys += make.pick(((), ("COUNT(*)",), ("COUNT(*) + 1",), ("COUNT(*) DESC, 1",)))
    found.keys += [item.sql for item in found.items if item.kind in ("int", "dec")]
    return found


def _key(make: Maker, columns: list[Col], kinds: frozenset[str]) -> Col:
    column = make.pick(columns)
    found = formed(make, column)
    return found if found.kind in kinds else column


def _grouped_out(make: Maker, key: Col, wish: Wish) -> Out:
    alias = make.name("g") if wish.strict or _is_long(key.sql) or make.chance(70) else ""
    return Out(key.sql, alias, key.kind, key.collated if key.kind == "text" else "")
