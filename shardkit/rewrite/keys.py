"""What a shard must send so that a value can be compared in process exactly as MySQL compares it.

Most types compare as they arrive. Text is compared by the server's WEIGHT_STRING, ENUM and SET by their number, FLOAT
by its double (its text is rounded), TIMESTAMP by its moment (its text repeats an hour in autumn).
Invariant: a type without a rule here is a blocker.
"""

from __future__ import annotations

from typing import NamedTuple

from shardkit.flow import Blocker, Compare, Expr, Family
from shardkit.rewrite.template import Blanks

_AS_IT_IS = {
    Family.INTEGER, Family.DECIMAL, Family.DOUBLE, Family.YEAR, Family.TIME, Family.BINARY, Family.BIT,
}  # fmt: skip


class Comparison(NamedTuple):
    """How one expression is compared: by itself (`hidden` None), or by the hidden column `hidden`."""

    compare: Compare
    hidden: str | None = None
    blank: bytes = b""


class Blocked(Exception):
    """Carries the blocker of an expression that cannot be compared in process; never leaves rewrite/."""

    def __init__(self, blocker: Blocker) -> None:
        self.blocker = blocker
        super().__init__(blocker.what)


def comparison(expr: Expr, what: str, blanks: Blanks, grouped: bool) -> Comparison:
    """How to compare `expr`, which stands in `what` (ORDER BY, GROUP BY, DISTINCT, MIN, MAX). Raises Blocked.

    In a grouped statement a hidden column over a group's expression is wrapped in MIN, which any sql_mode accepts.
    """
    column = expr.type
    family = column.family if column is not None else None
    if family in _AS_IT_IS:
        return Comparison(Compare.NATIVE)
    if family in (Family.DATE, Family.DATETIME):
        return Comparison(Compare.TEMPORAL)
    form, compare, blank = None, Compare.NATIVE, b""
    if family is Family.TIMESTAMP:
        form = f"UNIX_TIMESTAMP({expr.text})"
    elif family is Family.FLOAT:
        form = f"({expr.text}) + 0e0"
    elif family in (Family.ENUM, Family.SET):
        form = f"({expr.text}) + 0"
    elif family is Family.TEXT:
        weight = blanks(column.collation or "") if column is not None else None
        if weight is not None:
            form, compare, blank = f"WEIGHT_STRING({expr.text})", Compare.WEIGHT, weight
    if form is None:
        raise Blocked(_blocker(expr, what))
    return Comparison(compare, f"MIN({form})" if grouped and not expr.aggregated else form, blank)


def _blocker(expr: Expr, what: str) -> Blocker:
    why = "its type is not known before it runs"
    if expr.type is not None:
        why = f"values of type {expr.type.type_text} cannot be compared outside the server"
        if expr.type.family is Family.TEXT:
            why = f"the collation {expr.type.collation} is not known on the shards"
    return Blocker(f"{what} {expr.text} over several shards", expr.place, why,
                   "a plain column, or one shard by giving the shard key with =")  # fmt: skip
