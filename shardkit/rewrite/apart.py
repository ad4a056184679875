"""A WITH clause taken apart: each CTE becomes tables of the workspace, one for each place that names it.

    WITH r AS (SELECT …) SELECT … FROM r JOIN r AS q …
    ->  `db`.`sk__c0_0`: WITH r AS (SELECT …) SELECT * FROM r
        `db`.`sk__c0_1`: SELECT * FROM `db`.`sk__c0_0`
        SELECT … FROM `db`.`sk__c0_0` AS r JOIN `db`.`sk__c0_1` AS q …

Invariant: the statements run in the order of the CTEs, so that each finds the tables of those it names.
"""

from __future__ import annotations

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
        inside = _within(everywhere, cte.body)
        inside.append(((0, start), Text(prefix)))
        inside.append(((end, len(text)), Text(f") SELECT * FROM {quote(cte.name)}")))
        copies = tuple(_table(database, number, copy) for copy in range(1, len(cte.references)))
        makings.append(Making(first, tuple(inside), copies))
    rest = [edit for edit in everywhere if edit[0][0] >= given.span[1]]
    labels = tuple((put, text[start:end]) for (start, end), put in named if start >= given.span[1])
    return Apart(tuple(makings), (*rest, (given.span, None)), labels)


def _within(edits: list[Edit], span: Span) -> list[Edit]:
    return [edit for edit in edits if span[0] <= edit[0][0] and edit[0][1] <= span[1]]


def _table(database: str, number: int, copy: int) -> str:
    return f"{quote(database)}.{quote(f'sk__c{number}_{copy}')}"
