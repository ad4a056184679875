"""What becomes of a statement: its plan's kind, as explain tells it, with what only running it would have shown.

Invariant: kinds are taken as they come from explain, so that new kinds of plans need no word here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, TypeAlias

from shardkit.errors import Error, NotSupportedError
from shardkit.fingerprint import values, with_placeholders
from shardkit.flow import And, Column, Eq, Family, In, Or, ParamRef, Plan, Predicate, Value
from shardkit.plan import Explanation, Planner, Prepared
from shardkit.session import Session, transaction
from shardkit.values import Params

Explain: TypeAlias = Callable[[str, Params], Explanation]
"""Explains a statement; looks up tables if it can. Raises errors of shardkit.errors other than refusals."""

_NEAR = re.compile(r""" near ('.*?'|".*?")(?=, line|\Z)""", re.DOTALL)
"""Where a message quotes the statement."""

ORDER = ("pass", "session", "write", "ddl", "merge", "federate", "refused", "error")
"""From what costs least to what does not work; kinds that are not named here stand before refused."""


@dataclass(frozen=True, slots=True)
class Fate:
    """`kind` is explain's, or error; `detail` says one shard, several shards or broadcast for a write."""

    kind: str
    detail: str = ""
    reason: str = ""
    shards: int = 0

    @property
    def name(self) -> str:
        """Kind and detail in one: `pass`, `write, one shard`."""
        return f"{self.kind}, {self.detail}" if self.detail else self.kind

    @property
    def cost(self) -> tuple[int, int]:
        """What compares fates: the worse one is greater."""
        place = ORDER.index(self.kind) if self.kind in ORDER else ORDER.index("refused") - 0.5
        return int(place * 2), self.shards


class Classifier:
    """Classifies statements with one planner."""

    def __init__(self, planner: Planner, explain: Explain, show_values: bool = False) -> None:
        self.planner, self._explain, self._show = planner, explain, show_values

    def fate(self, examples: Sequence[str]) -> Fate:
        """The worst of the examples' fates; the reason tells when they differ."""
        fates = [self._one(text) for text in examples]
        worst = max(fates, key=lambda fate: fate.cost)
        if len({fate.name for fate in fates}) == 1:
            return worst
        others = sorted({fate.name for fate in fates} - {worst.name})
        return replace(worst, reason=f"{worst.reason}; with other values: {', '.join(others)}")

    def _one(self, text: str) -> Fate:
        text, holes = with_placeholders(text)
        params = tuple(range(1, holes + 1)) if holes else None
        try:
            found = self._explain(text, params)
            if params is not None:
                params = self._fitting(text, params)
                found = self._explain(text, params)
            return self._explained(found, text, params)
        except NotSupportedError as error:
            return Fate("refused", reason=self._hidden(f"{error.what}: {error.why}", text))
        except Error as error:
            return Fate("error", reason=self._hidden(f"{error.code}: {error.message}", text))

    def _explained(self, found: Explanation, text: str, params: Params) -> Fate:
        data = found.json()
        if found.kind == "refused":
            refused = data["refused"]
            return Fate(found.kind, reason=self._hidden(f"{refused['what']}: {refused['why']}", text))
        shards = len(_shards(data))
        reason = str(data.get("reason", ""))
        if found.kind != "write":
            return Fate(found.kind, reason=self._hidden(reason, text), shards=shards)
        ready = self.planner.ready(text, params)
        copies = isinstance(ready, Prepared) and ready.writes_copies
        if isinstance(ready, Prepared):
            self._check_policy(ready.sample(params))
        detail = "broadcast" if copies else "one shard" if shards == 1 else "several shards"
        return Fate(found.kind, detail, self._hidden(reason, text), shards)

    def _check_policy(self, plan: Plan) -> None:
        """Raise what running a write over several shards would raise under the rules' transactions."""
        transaction.check_write(Session(self.planner, autocommit=True), plan)

    def _fitting(self, text: str, params: tuple[Any, ...]) -> tuple[Any, ...]:
        """Parameters of the types that the shard keys have, where they stand for shard keys."""
        ready = self.planner.ready(text, params)
        found = list(params)
        if isinstance(ready, Prepared):
            for number, columns in enumerate(ready.router.columns):
                for column, value in _compared(ready, number):
                    if isinstance(value, ParamRef) and isinstance(value.key, int) and column in columns:
                        found[value.key] = _sample(columns[column], value.key + 1)
        return tuple(found)

    def _hidden(self, message: str, text: str) -> str:
        """The message without values of the statement."""
        if self._show:
            return message
        message = _NEAR.sub("", message)
        for value in sorted(set(values(text)), key=len, reverse=True):
            if len(value) > 3 or (len(value) > 1 and not value.isdigit()):
                message = message.replace(value, "?")
        return message


def _shards(data: Mapping[str, Any]) -> set[str]:
    """The shards a plan asks: those of its targets and of what it pulls together."""
    pulled = [target for pull in data.get("pulls", ()) for target in pull["targets"]]
    return {str(target["shard"]) for target in (*data["targets"], *pulled)}


def _compared(ready: Prepared, use: int) -> list[tuple[str, Value]]:
    """The columns of a table use and the values they are compared with, or get."""
    insert = ready.statement.insert
    if insert is not None and use == 0:
        return [
            (column, value)
            for row in insert.keys
            for column, value in zip(insert.key_columns, row, strict=True)
            if value is not None
        ]
    return list(_pairs(ready.statement.predicates[use]))


def _pairs(predicate: Predicate) -> list[tuple[str, Value]]:
    match predicate:
        case Eq(column, value):
            return [(column, value)]
        case In(column, listed):
            return [(column, value) for value in listed]
        case And(parts) | Or(parts):
            return [pair for part in parts for pair in _pairs(part)]
        case _:
            return []


def _sample(column: Column, number: int) -> Any:
    """Some value of the column's type."""
    match column.family:
        case Family.TEXT | Family.BINARY:
            return f"x{number}"
        case Family.DATE:
            return date(2024, 1, min(number, 31))
        case Family.DATETIME:
            return datetime(2024, 1, min(number, 31))
        case _:
            return number
