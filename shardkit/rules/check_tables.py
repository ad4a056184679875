"""Sharded tables: layouts, shard keys, algorithms, and whether bound tables really lie together.

Roots are built before the tables bound to them, which use the very same algorithms.
Invariant: bound tables have one layout, one kind of shard key and one algorithm, so that equal keys share a shard.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shardkit.algorithms import Algorithm, OptionMistakes, algorithms
from shardkit.errors import ProgrammingError
from shardkit.keygen import Generator
from shardkit.rules.check_generators import check_generators
from shardkit.rules.layout import LONGEST_NAME, Layout
from shardkit.rules.model import RulesIn, TableIn
from shardkit.rules.shard_by import Key, KeyKind, Named, read_key
from shardkit.rules.sharding import NotYet, OneColumn, Sharding, TwoAxes
from shardkit.rules.source import Path, Source
from shardkit.rules.tables import ShardedTable

GENE = "gene"


@dataclass
class TableCheck:
    """The tables of one file being built."""

    source: Source
    model: RulesIn
    layouts: Mapping[str, Layout]
    found: dict[str, ShardedTable] = field(default_factory=dict)
    keys: dict[str, Key] = field(default_factory=dict)
    made: dict[str, tuple[Algorithm, ...]] = field(default_factory=dict)

    def run(self) -> dict[str, ShardedTable]:
        """The tables without a mistake, in the order of the file; mistakes are reported to the source."""
        chains = {name: self._chain(name) for name in self.model.tables}
        for name in sorted(self.model.tables, key=lambda name: len(chains[name])):
            generate = check_generators(self.source, name, self.model.tables[name])
            if self.model.tables[name].indexes:
                at: Path = ("tables", name, "indexes")
                self.source.notice(at, "indexes: index tables are not kept up yet", "they are not used")
            if chains[name]:
                self._build(name, chains[name][-1], generate)
        return {name: self.found[name] for name in self.model.tables if name in self.found}

    def _chain(self, name: str) -> list[str]:
        """The table, the one it is bound to, and so on up to the root; [] if it leads nowhere."""
        chain = [name]
        while (bound_to := self.model.tables[chain[-1]].bound_to) is not None:
            at: Path = ("tables", chain[-1], "bound_to")
            if bound_to not in self.model.tables:
                if len(chain) == 1 and not self.source.knows("tables", bound_to):
                    self.source.unknown(at, "table", self.source.names("tables"))
                return []
            if bound_to in chain:
                if bound_to == name:
                    at = ("tables", name, "bound_to")
                    self.source.problem(at, f"table {name!r} is bound to itself", "bind it to a root table")
                return []
            chain.append(bound_to)
        return chain

    def _build(self, name: str, root: str, generate: Mapping[str, Generator]) -> None:
        table, root_table = self.model.tables[name], self.model.tables[root]
        layout = self._layout(name, table, root_table if root != name else None)
        key = self._key(name, table, root)
        if key is None:
            return
        self.keys[name] = key
        if root == name:
            made = tuple(self._algorithm(one, key, layout) for one in key.algorithms)
            if layout is None or None in made:
                return
            self.made[name] = tuple(one for one in made if one is not None)
        if layout is None or root not in self.made or not self._names_fit(name, layout):
            return
        not_yet = self._not_yet(name, key)
        sharding = _sharding(name, key, layout, self.made[root], not_yet)
        indexes = {index: one.model_dump() for index, one in table.indexes.items()}
        self.found[name] = ShardedTable(name, layout, sharding, root, not_yet, indexes, generate)

    def _layout(self, name: str, table: TableIn, root: TableIn | None) -> Layout | None:
        at: Path = ("tables", name, "layout")
        if table.layout is None and root is None:
            if self.source.is_whole(at[:-1]):
                self.source.problem(at[:-1], f"table {name!r} has no layout", "write layout: name", key=True)
            return None
        if table.layout is not None and not self.source.knows("layouts", table.layout):
            self.source.unknown(at, "layout", self.source.names("layouts"))
            return None
        if root is not None and root.layout is not None and table.layout not in (None, root.layout):
            message = f"table {name!r} is bound to a table of layout {root.layout!r}"
            self.source.problem(at, message, f"write layout: {root.layout}")
            return None
        return self.layouts.get(table.layout or (root.layout if root is not None else None) or "")

    def _key(self, name: str, table: TableIn, root: str) -> Key | None:
        """The shard key with its algorithms; a bound table takes from its root what it does not say."""
        at: Path = ("tables", name)
        of_root = self.keys.get(root)
        if table.shard_by is None and root == name:
            if self.source.is_whole(at):
                self.source.problem(at, f"table {name!r} has no shard key", "write shard_by: column", key=True)
            return None
        key = read_key(self.source, at, table, of_root)
        if key is not None and root != name and of_root is not None:
            self._same(name, root, key, of_root)
        return key

    def _same(self, name: str, root: str, key: Key, of_root: Key) -> None:
        at: Path = ("tables", name)
        if key.kind != of_root.kind or len(key.columns) != len(of_root.columns):
            message = f"table {name!r} is sharded by {key.kind.value}, its root {root!r} by {of_root.kind.value}"
            self.source.problem((*at, "shard_by"), message, "bound tables have the same kind of shard key")
            return
        for mine, other in zip(key.algorithms, of_root.algorithms, strict=True):
            if mine is other:
                continue
            if mine.type not in algorithms.names():
                self.source.unknown(mine.name_path, "algorithm", algorithms.names())
            elif mine.differs(other):
                message = f"table {name!r} has another algorithm than its root {root!r}"
                self.source.problem(mine.path, message, "leave it out: bound tables take their root's")

    def _algorithm(self, named: Named, key: Key, layout: Layout | None) -> Algorithm | None:
        try:
            factory = algorithms.get(named.type)
        except ProgrammingError:
            self.source.unknown(named.name_path, "algorithm", algorithms.names())
            return None
        if named.type == GENE:
            self._gene_columns(named, key)
        if layout is None or not self.source.is_whole(named.path):
            return None
        try:
            return factory(named.slots(layout), named.options)
        except OptionMistakes as wrong:
            for one in wrong.mistakes:
                path = (*named.path, *one.path)
                self.source.problem(path, one.message, one.instead, key=one.on_key)
            return None

    def _gene_columns(self, named: Named, key: Key) -> None:
        for option in ("key", "id"):
            column = named.options.get(option)
            if isinstance(column, str) and column.lower() not in key.columns:
                path = (*named.path, option)
                self.source.problem(path, f"column {column!r} is not in shard_by", f"one of: {', '.join(key.columns)}")

    def _not_yet(self, name: str, key: Key) -> tuple[str, ...]:
        found = []
        if any(one.type == GENE for one in key.algorithms):
            found.append(GENE)
        if key.kind is KeyKind.SEVERAL:
            found.append(KeyKind.SEVERAL.value)
        if found:
            at: Path = ("tables", name, "algorithm" if self.source.has(("tables", name, "algorithm")) else "shard_by")
            message = f"{' and '.join(found)}: not carried out yet"
            self.source.notice(at, message, f"statements on table {name!r} are refused")
        return tuple(found)

    def _names_fit(self, name: str, layout: Layout) -> bool:
        longest = max(layout.physical_names(name), key=len)
        if len(longest) > LONGEST_NAME:
            message = f"the physical table {longest!r} is longer than {LONGEST_NAME} characters"
            self.source.problem(("tables", name), message, "shorten the table's name or the pattern", key=True)
        return len(longest) <= LONGEST_NAME


def _sharding(name: str, key: Key, layout: Layout, made: tuple[Algorithm, ...], not_yet: tuple[str, ...]) -> Sharding:
    if not_yet:
        return NotYet(key.columns, layout, name, not_yet)
    if len(made) == 2:
        return TwoAxes(key.columns, layout, *made)
    return OneColumn(key.columns, layout, made[0])
