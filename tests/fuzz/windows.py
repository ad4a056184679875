"""Window functions whose value is the same however the rows are read.

Invariant: where the order of rows within a window matters, the window is ordered by unique columns.
"""

from __future__ import annotations

from collections.abc import Sequence

from tests.fuzz.aggregates import operand
from tests.fuzz.conditions import Scope
from tests.fuzz.dice import Maker
from tests.fuzz.forms import EXACT
from tests.fuzz.tables import Col

FRAMES = (
    "", "", "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW", "ROWS 2 PRECEDING",
    "ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING",
    "ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING", "RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING",
    "ROWS BETWEEN 3 PRECEDING AND 1 PRECEDING", "RANGE UNBOUNDED PRECEDING",
)  # fmt: skip
RANKS = ("ROW_NUMBER()", "RANK()", "DENSE_RANK()", "CUME_DIST()", "PERCENT_RANK()", "NTILE(3)", "NTILE(5)")


def window(make: Maker, scope: Scope, unique: Sequence[str], named: list[str]) -> Col | None:
    """One call with its window; None where the rows have no key. Definitions of named windows go into `named`."""
    if not unique:
        return None
    partition = _partition(make, scope)
    order = f"ORDER BY {', '.join(key + make.pick(('', ' DESC')) for key in unique)}"
    match make.number(0, 4):
        case 0:
            keys = _leading(make, scope)
            ranked = make.pick(RANKS)
            loose = ranked in RANKS[1:5] and make.chance(50)
            over = f"{partition} ORDER BY {keys}" if loose and keys else f"{partition} {order}"
            kind = "shown" if ranked in ("CUME_DIST()", "PERCENT_RANK()") else "int"
            return Col(f"{ranked} OVER {_over(make, over, named)}", kind)
        case 1:
            column = make.pick([one for one in scope.columns if one.kind != "shown"] or scope.columns)
            call = make.pick(
                ("LAG({0})", "LEAD({0})", "LAG({0}, 2)", "FIRST_VALUE({0})", "LAST_VALUE({0})", "NTH_VALUE({0}, 2)")
            )
            frame = f" {make.pick(FRAMES)}" if "VALUE" in call else ""
            return Col(f"{call.format(column.sql)} OVER {_over(make, f'{partition} {order}{frame}', named)}", "shown")
        case 2:
            whole = _call(make, scope)
            return Col(f"{whole.sql} OVER {_over(make, partition, named)}", whole.kind)
        case _:
            call_ = _call(make, scope)
            return Col(f"{call_.sql} OVER {_over(make, f'{partition} {order} {make.pick(FRAMES)}', named)}", call_.kind)


def _call(make: Maker, scope: Scope) -> Col:
    column = operand(make, scope, frozenset({"int", "dec", "id"}))
    if column is None or make.chance(25):
        return Col("COUNT(*)", "int")
    if make.chance(30):
        other = operand(make, scope, EXACT - {"enum", "set", "year", "ts", "bin"})
        if other is not None:
            return Col(f"{make.pick(('MIN', 'MAX', 'COUNT'))}({other.sql})", "shown")
    return Col(f"{make.pick(('SUM', 'AVG'))}({column.sql})", "dec")


def _partition(make: Maker, scope: Scope) -> str:
    if not make.chance(55):
        return ""
    columns = [column for column in scope.columns if column.kind not in ("json", "shown", "dbl")] or list(scope.columns)
    chosen = [make.pick(columns).sql for _ in range(make.pick((1, 1, 2)))]
    return f"PARTITION BY {', '.join(chosen)}"


def _leading(make: Maker, scope: Scope) -> str:
    columns = [column for column in scope.columns if column.kind in EXACT | {"text"}]
    return f"{make.pick(columns).sql}{make.pick(('', ' DESC'))}" if columns else ""


def _over(make: Maker, definition: str, named: list[str]) -> str:
    definition = definition.strip()
    if not make.chance(20):
        return f"({definition})"
    name = f"w{len(named)}"
    named.append(f"{name} AS ({definition})")
    bare = not make.mysql or "ROWS" in definition or "RANGE" in definition
    return name if bare else make.pick((name, f"({name})"))
