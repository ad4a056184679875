"""`generate:` of one table: every generator by its name, with its options, and what is wrong with them.

Whether the columns exist is known only when the table is described; see plan/generated.
Invariant: a generator comes out only if its options are without a mistake.
"""

from __future__ import annotations

from shardkit.errors import ProgrammingError
from shardkit.keygen import GENE, GENE_OF, Generator, generators
from shardkit.options import OptionMistakes
from shardkit.rules.model import TableIn, options_of
from shardkit.rules.source import Path, Source


def check_generators(source: Source, name: str, table: TableIn) -> dict[str, Generator]:
    """The generators of a table by column (lower case); mistakes and notices are reported to the source."""
    found: dict[str, Generator] = {}
    seen: set[str] = set()
    for column, given in table.generate.items():
        at: Path = ("tables", name, "generate", column)
        kind, options = (given, {}) if isinstance(given, str) else (given.type, options_of(given))
        if column.lower() in seen:
            source.problem(at, f"column {column!r} is named twice", "name it once", key=True)
        seen.add(column.lower())
        if kind == GENE or GENE_OF in options:
            word = GENE if kind == GENE else GENE_OF
            source.notice(at, f"{word}: such ids are not made yet", "give them in the INSERT")
            options, kind = {}, GENE if kind in generators.names() else kind
        made = _made(source, at, kind, options)
        if made is not None:
            found[column.lower()] = made
    return found


def _made(source: Source, at: Path, kind: str, options: dict[str, object]) -> Generator | None:
    try:
        factory = generators.get(kind)
    except ProgrammingError:
        name_at = (*at, "type") if source.has((*at, "type")) else at
        source.unknown(name_at, "generator", generators.names())
        return None
    if not source.is_whole(at):
        return None
    try:
        return factory(options)
    except OptionMistakes as wrong:
        for one in wrong.mistakes:
            source.problem((*at, *one.path), one.message, one.instead, key=one.on_key)
        return None
