"""A log classified: every fingerprint with its fate, and the tables with the columns they are looked up by.

Invariant: the parts add up: every execution of the log is in exactly one group, or among those left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shardkit.analyze.classify import Classifier, Fate
from shardkit.analyze.entries import LONGEST
from shardkit.analyze.keys import KeyUse, Uses, columns_of, key_uses, uses_of
from shardkit.analyze.tally import Group, Tally
from shardkit.fingerprint import with_placeholders
from shardkit.flow import Column


@dataclass(frozen=True, slots=True)
class Judged:
    """One fingerprint and what becomes of it."""

    group: Group
    fate: Fate
    weight: float


@dataclass(frozen=True, slots=True)
class Kind:
    """All executions with the same fate."""

    name: str
    count: int
    seconds: float
    fingerprints: int


@dataclass(frozen=True, slots=True)
class Report:
    """The result. `judged` is sorted by weight, the heaviest first."""

    tally: Tally
    judged: tuple[Judged, ...]
    keys: tuple[KeyUse, ...]
    columns: Mapping[str, Mapping[str, Column]]  # table -> column in lower case, of the tables in `keys`

    def kinds(self) -> list[Kind]:
        """The fates, the most frequent first."""
        found: dict[str, list[Judged]] = {}
        for one in self.judged:
            found.setdefault(one.fate.name, []).append(one)
        kinds = [
            Kind(name, sum(one.group.count for one in ones), sum(one.group.seconds for one in ones), len(ones))
            for name, ones in found.items()
        ]
        return sorted(kinds, key=lambda kind: (-kind.seconds if self.tally.timed else 0, -kind.count, kind.name))


def report(tally: Tally, classifier: Classifier, told: Callable[[int], None] | None = None) -> Report:
    """Classify every group. `told` hears how many are done. Errors of statements become fates."""
    judged = []
    for done, group in enumerate(tally.groups.values(), 1):
        fate = classifier.fate(group.examples) if not group.cut else _CUT
        judged.append(Judged(group, fate, tally.weight(group)))
        if told is not None:
            told(done)
    judged.sort(key=lambda one: (-one.weight, one.group.text))
    keys = tuple(key_uses(classifier.planner, _uses(classifier, judged)))
    columns = {use.table: columns_of(classifier.planner, use.table) for use in keys}
    return Report(tally, tuple(judged), keys, columns)


_CUT = Fate("error", reason=f"longer than {LONGEST} characters: not read to its end")


def _uses(classifier: Classifier, judged: list[Judged]) -> Iterator[tuple[Uses, float]]:
    for one in judged:
        text, holes = with_placeholders(one.group.examples[0])
        yield uses_of(classifier.planner, text, holes > 0), one.weight


def as_data(found: Report, examples: bool = False) -> dict[str, Any]:
    """The report as plain data. Values of statements are only in it if `examples` asks for them."""
    tally = found.tally
    statements = []
    for one in found.judged:
        entry: dict[str, Any] = {
            "fingerprint": one.group.text, "kind": one.fate.kind, "detail": one.fate.detail, "count": one.group.count,
            "seconds": _rounded(one.group.seconds), "shards": one.fate.shards, "reason": one.fate.reason,
        }  # fmt: skip
        statements.append(entry | ({"example": one.group.examples[0]} if examples else {}))
    return {
        "count": tally.count, "seconds": _rounded(tally.seconds), "weighted_by": "seconds" if tally.timed else "count",
        "left_out": {"count": tally.left_out, "seconds": _rounded(tally.left_out_seconds)},
        "kinds": [
            {"kind": kind.name, "count": kind.count, "seconds": _rounded(kind.seconds),
             "fingerprints": kind.fingerprints}
            for kind in found.kinds()
        ],
        "statements": statements,
        "tables": [_table(use, found.columns.get(use.table, {})) for use in found.keys if use.weight],
    }  # fmt: skip


def _table(use: KeyUse, known: Mapping[str, Column]) -> dict[str, Any]:
    columns = {
        name: {
            "one_value": _rounded(use.share(share.single)), "list": _rounded(use.share(share.listed)),
            "join": _rounded(use.share(share.joined)), "changed": _rounded(use.share(share.assigned)),
        }
        for name, share in sorted(use.columns.items())
    }  # fmt: skip
    return {
        "table": use.table, "keys": list(use.keys), "weight": _rounded(use.weight),
        "served_now": _rounded(use.share(use.served)), "columns": columns,
        "better_keys": [name for name, _ in use.better()],
        "index_tables": [known[name].name for name, _ in use.indexable(known)],
    }  # fmt: skip


def _rounded(value: float) -> float:
    return round(value, 6)
