"""What is known of the databases so far: tables and collations, filled in lazily by the session.

Invariant: a catalog only ever answers from memory; who asks for what is not there gets MetadataNeeded.
"""

from __future__ import annotations

from collections.abc import Iterable

from shardkit.flow import Collation, Column, TableInfo


class MetadataNeeded(Exception):
    """These tables must be described before the plan can be made. Never reaches a user."""

    def __init__(self, tables: tuple[str, ...]) -> None:
        self.tables = tables
        super().__init__(", ".join(tables))


class Catalog:
    """Tables by logical name, collations by name. Shared between threads: entries are replaced whole."""

    def __init__(self) -> None:
        self._tables: dict[str, TableInfo] = {}
        self._collations: dict[str, Collation] = {}
        self.version = 0
        self.connection_collation: str | None = None
        """The collation a new server connection has for literals; looked up with the first table."""

    def table(self, name: str) -> TableInfo | None:
        """The table, if it has been described."""
        return self._tables.get(name)

    def missing(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those of the names that have not been described yet."""
        return tuple(name for name in names if name not in self._tables)

    def infos(self, names: Iterable[str]) -> dict[str, TableInfo]:
        """Those of these tables that have been described."""
        return {name: info for name in names if (info := self._tables.get(name)) is not None}

    def columns(self, names: Iterable[str]) -> dict[str, dict[str, Column]]:
        """The columns of these tables by lower-case name."""
        infos = self.infos(names)
        return {name: {column.name.lower(): column for column in info.columns} for name, info in infos.items()}

    def blank(self, collation: str) -> bytes | None:
        """The blank's weight of a collation, b'' if it does not pad, None if the collation is not known."""
        found = self._collations.get(collation)
        return found.blank if found is not None else None

    def unknown_collations(self, info: TableInfo) -> tuple[str, ...]:
        """Collations of the table's columns, and of literals, that have not been looked up yet."""
        names = {column.collation for column in info.columns if column.collation}
        if self.connection_collation is not None:
            names.add(self.connection_collation)
        return tuple(sorted(name for name in names if name not in self._collations))

    def add(self, info: TableInfo, name: str, collations: Iterable[Collation] = ()) -> None:
        """Enter a described table under its logical name."""
        self._collations.update({collation.name: collation for collation in collations})
        self._tables[name] = info

    def forget_all(self) -> None:
        """Drop every table; what is needed is looked up again."""
        self.forget(list(self._tables))

    def forget(self, names: Iterable[str]) -> None:
        """Drop tables that a server says have changed; every plan made before is stale."""
        for name in names:
            self._tables.pop(name, None)
        self.version += 1
