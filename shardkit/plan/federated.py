"""The plan of a SELECT that a server must finish: where its workspace is, what is pulled, what runs there.

Invariant: planning here needs only the statement, the rules and the catalog; nothing is asked of a server.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeAlias

from shardkit.errors import CrossShardRefused
from shardkit.federate import AFTER, BEFORE, Source, gather
from shardkit.flow import (
    Ask,
    Blocker,
    Ctes,
    Derived,
    Family,
    Federation,
    Kind,
    Plan,
    Pull,
    Route,
    Statement,
    TableInfo,
    Target,
)
from shardkit.plan.inlined import inlined
from shardkit.rewrite import Template, apart, labels, name_edits, two_steps
from shardkit.route import Place, Router, copy_near, places
from shardkit.rules import BroadcastTable, Rules, ShardedTable
from shardkit.values import Params, ShardId

Choose: TypeAlias = Callable[[Target, Params], Mapping[int, Sequence[int]]]
"""For each IN list on a shard key, the entries that a target gets."""

Labels: TypeAlias = tuple[tuple[str, str], ...]

PARTIAL = "sk__w0"
"""The workspace table of partial groups."""


class Federated:
    """How executions of one text are federated; made when the text first needs it."""

    def __init__(self, statement: Statement, rules: Rules, infos: Mapping[str, TableInfo]) -> None:
        self.statement, self.rules, self.infos = statement, rules, infos
        self._steps: tuple[Template, ...] | None = None
        self._families: tuple[Family, ...] = ()
        self._edits = [*name_edits(statement), *((span, None) for span in statement.index_hints)]
        self._final = Template(statement, self._edits)

    def plan(self, router: Router, params: Params, prefer: Collection[ShardId], why: CrossShardRefused) -> Plan:
        """What one execution does; `why` says what no merge can do. Raises CrossShardRefused."""
        statement = self.statement
        blocker = statement.unknown_call or statement.ctes
        if isinstance(blocker, Blocker):
            raise CrossShardRefused(blocker.what, where=blocker.where, why=blocker.why, instead=blocker.instead)
        found = places(router, params)
        place = self._workspace(found)
        sources = [self._source(router, use, given, place, prefer) for use, given in enumerate(found)]
        embedded = self.rules.servers[place.server].embedded
        pulls, names = gather(statement, sources, place, params, embedded)
        target = Target(place, 0, names)
        final, derived, named = (self._final, (), ()) if embedded else self._apart(target, params)
        sql, args = final.render(target, params, {}, None)
        before, after = ((), ()) if embedded else (BEFORE, AFTER)
        work = Federation(place, pulls, sql, args, derived, before, after, statement.needs_database)
        return Plan(Kind.SELECT, Route((), f"{why.what}: {why.why}"), (), locking=statement.locking,
                    federation=work, labels=(*labels(statement, target), *named))  # fmt: skip

    def _apart(self, target: Target, params: Params) -> tuple[Template, tuple[Derived, ...], Labels]:
        """What runs last, what makes tables of CTEs before it, and their names in the names of columns."""
        statement = self.statement
        if not isinstance(statement.ctes, Ctes):
            return self._final, (), ()
        found = apart(statement.ctes, statement.text, self._edits, target.shard.database)
        made: list[Derived] = []
        for making in found.makings:
            made.append(Derived(making.table, *Template(statement, making.edits).render(target, params, {}, None)))
            made += [Derived(copy, f"SELECT * FROM {making.table}", None) for copy in making.copies]
        return Template(statement, found.rest), tuple(made), found.labels

    def finish(self, route: Route, params: Params, choose: Choose, why: CrossShardRefused) -> Plan | None:
        """A grouped statement whose shards make partial groups; None if it cannot be split so."""
        given = self.statement.grouping
        place = route.targets[0].shard
        if given is None or self.rules.servers[place.server].embedded or self.statement.unknown_call is not None:
            return None
        if self._steps is None:
            steps = two_steps(self.statement, given)
            edits = (steps.partial, steps.finish, steps.inline)
            self._steps = tuple(Template(self.statement, each) for each in edits)
            self._families = () if self.statement.lock else steps.families  # a table function cannot be locked
        partial, final, inline = self._steps
        place = self._nearest([target.shard for target in route.targets])
        name = f"`{place.database}`.`{PARTIAL}`"
        asks = []
        for target in route.targets:
            sql, args = partial.render(target, params, choose(target, params), None)
            near = target.shard.server == place.server
            asks.append(Ask(target.shard, -1, sql, f"INSERT INTO {name} {sql}" if near else "", args))
        model = next(ask for ask in asks if ask.shard == place)
        # A derived table has the types of MySQL's own groups: of the query itself YEAR(d) would become a YEAR column,
        # which holds 1901 to 2155 only.
        create = f"CREATE TEMPORARY TABLE {name} AS SELECT * FROM ({model.select} LIMIT 0) AS sk__p"
        pull = Pull("partial groups", name, create, (), tuple(asks), model.args, tail=self.statement.lock)
        target = Target(place, 0, (PARTIAL,))
        sql, args = final.render(target, params, {}, None)
        once = inlined(*inline.render(target, params, {}, None), self._families) if self._families else None
        work = Federation(place, (pull,), sql, args, (), BEFORE, AFTER, self.statement.needs_database, once)
        return Plan(Kind.SELECT, Route((), f"{why.what}: {why.why}"), (), locking=self.statement.locking,
                    federation=work)  # fmt: skip

    def _nearest(self, shards: list[ShardId]) -> ShardId:
        """One of these shards: on the server the rules name, or else on the one that has most of them."""
        counts = Counter(shard.server for shard in shards)
        wanted = self.rules.defaults.workspace
        server = wanted if wanted in counts else counts.most_common(1)[0][0]
        return next(shard for shard in shards if shard.server == server)

    def _workspace(self, found: list[tuple[Place, ...] | None]) -> ShardId:
        """A database on the server the rules name, or else on the one that holds most of the tables."""
        shards = [place.shard for given in found for place, _ in given or ()]
        counts = Counter(shard.server for shard in shards)
        server = self.rules.defaults.workspace or (counts.most_common(1)[0][0] if counts else None)
        near = [shard for shard in (*shards, *self.rules.shards) if server in (None, shard.server)]
        return near[0]

    def _source(
        self, router: Router, use: int, given: tuple[Place, ...] | None, place: ShardId,
        prefer: Collection[ShardId],
    ) -> Source:  # fmt: skip
        table = router.tables[use]
        info = self.infos.get(table.name)
        key = info.primary_key if info is not None else ()
        if isinstance(table, BroadcastTable):
            return Source(((copy_near(table, place, prefer), -1),), key)
        places_ = given or ()
        if isinstance(table, ShardedTable) and len(places_) > 1:
            held = {name.lower() for name in key}
            # Without the shard key in it, nothing keeps a key's value from standing on two shards.
            key = key if held.issuperset(table.sharding.columns) else ()
        return Source(places_, key)
