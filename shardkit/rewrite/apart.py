"""WITH clauses taken apart: each CTE becomes tables of the workspace, one for each place that names it.

    WITH r AS (SELECT …) SELECT … FROM r JOIN r AS q …
    ->  `db`.`sk__c0_0`: WITH r AS (SELECT …) SELECT * FROM r
        `db`.`sk__c0_1`: SELECT * FROM `db`.`sk__c0_0`
        SELECT … FROM `db`.`sk__c0_0` AS r JOIN `db`.`sk__c0_1` AS q …

Invariant: the statements run in the order of the CTEs, so that each finds the tables of those it names.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from shardkit.flow import Ctes, Span
from shardkit.rewrite.template import Edit, Text, quote


class Making(NamedTuple):
    """One CTE's table: the edits that leave its query of the text, and the names of the copies made of it."""

    table: str
    edits: tuple[Edit, ...]
    copies: tuple[str, ...]


class Apart(NamedTuple):
    """How to make the tables, the edits of what is left of the statement, and what column names hold of ours."""

    makings: tuple[Making, ...]
    rest: tuple[Edit, ...]
    labels: tuple[tuple[str, str], ...]


def apart(given: Ctes, text: str, edits: list[Edit], database: str) -> Apart:
    """Take a WITH clause apart; `edits` are those of the whole text, `database` is the workspace's."""
    named = [
        (reference.span, f"{_table(database, number, copy)}{'' if reference.aliased else f' AS {quote(cte.name)}'}")
        for number, cte in enumerate(given.parts)
        for copy, reference in enumerate(cte.references)
    ]
    everywhere: list[Edit] = [*edits, *((span, Text(sql)) for span, sql in named)]
    makings = []
    for number, cte in enumerate(given.parts):
        if not cte.references:
            continue
        (start, end), (head, tail) = cte.body, cte.head
        first = _table(database, number, 0)
        recursive = "RECURSIVE " if cte.recursive else ""
        prefix = f"WITH {recursive}{text[head:tail]} AS ("
        inside = _within(everywhere, cte.body, given.spans)
        inside.append(((0, start), Text(prefix)))
        inside.append(((end, len(text)), Text(f") SELECT * FROM {quote(cte.name)}")))
        copies = tuple(_table(database, number, copy) for copy in range(1, len(cte.references)))
        makings.append(Making(first, tuple(inside), copies))
    whole = (0, len(text))
    rest = tuple(_within(everywhere, whole, given.spans))
    labels = tuple((put, text[start:end]) for (start, end), put in named if not _covered((start, end), given.spans))
    return Apart(tuple(makings), rest, labels)


def _within(edits: list[Edit], region: Span, clauses: Sequence[Span]) -> list[Edit]:
    """The edits of one query: the WITH clauses in it are cut out, with what stands in them."""
    inner = [span for span in clauses if _covered(span, (region,)) and span != region]
    cut = [span for span in inner if not _covered(span, [other for other in inner if other != span])]
    kept = [edit for edit in edits if _covered(edit[0], (region,)) and not _covered(edit[0], cut)]
    return [*kept, *((span, None) for span in cut)]


def _covered(span: Span, by: Sequence[Span]) -> bool:
    return any(start <= span[0] and span[1] <= end for start, end in by)


def _table(database: str, number: int, copy: int) -> str:
    return f"{quote(database)}.{quote(f'sk__c{number}_{copy}')}"
