"""Asks one statement of both sides and says how it went.

Invariant: `wrong` is anything that is neither the oracle's answer, nor its error, nor a typed refusal.
"""

from __future__ import annotations

import json
import re
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

from shardkit.errors import Error, StatementTimeout
from shardkit.values import Params
from shardkit.verify import Answer, Failure, Manner, differ
from tests.differential.answers import ask
from tests.differential.run import manner
from tests.differential.world import World
from tests.fuzz.wholes import Statement

SLOW = (1969, 3024)
"""MySQL's and MariaDB's numbers for a statement that takes too long: such statements are left out."""
INDEX_HINT = re.compile(r"\b(USE|FORCE|IGNORE) (KEY|INDEX) ?\([^)]*\)")
WORDS = ("SQL_BIG_RESULT", "SQL_SMALL_RESULT")
VARIANTS = {
    "mysql": (
        "SET SESSION optimizer_switch = 'block_nested_loop=off'",
        "SET SESSION internal_tmp_mem_storage_engine = MEMORY",
        "SET SESSION optimizer_switch = 'derived_merge=off,derived_condition_pushdown=off'",
        "SET SESSION optimizer_switch = 'semijoin=off,materialization=off,subquery_to_derived=off'",
        "SET SESSION optimizer_switch = 'prefer_ordering_index=off,hash_set_operations=off'",
    ),
    "mariadb": (
        "SET SESSION join_cache_level = 0",
        "SET SESSION optimizer_switch = 'derived_merge=off,derived_with_keys=off,split_materialized=off'",
        "SET SESSION optimizer_switch = 'semijoin=off,materialization=off,in_to_exists=on'",
        "SET SESSION optimizer_switch = 'condition_pushdown_for_derived=off,condition_pushdown_for_subquery=off'",
    ),
}
"""Other ways to one answer. Both servers have optimizer bugs, which random statements find."""
LIMITS = {"mariadb": "SET SESSION max_statement_time = 4", "mysql": "SET SESSION max_execution_time = 4000"}


class Moody(World):
    """A world whose sessions begin with some SET statements, on both sides."""

    mood: tuple[str, ...] = ()

    def oracle(self) -> Any:
        """The oracle's connection in the mood of now; it gives up on slow statements."""
        return self._in_mood("oracle", super().oracle, (LIMITS[self.flavor], *self.mood))

    def subject(self, strict: bool = False) -> Any:
        """The connection under test in the mood of now."""
        return self._in_mood("loose", lambda: super(Moody, self).subject(strict), self.mood)

    def forget(self, name: str) -> None:
        """Close one connection; the next question makes a new one."""
        self._open.pop(name).close()

    def _in_mood(self, name: str, make: Callable[[], Any], wanted: tuple[str, ...]) -> Any:
        connection = make()
        if getattr(connection, "mood", None) == (wanted, id(connection)):
            return connection
        if hasattr(connection, "mood"):
            self.forget(name)
            connection = make()
        cursor = connection.cursor()
        for sql in wanted:
            cursor.execute(sql)
        cursor.close()
        connection.mood = wanted, id(connection)
        return connection


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one statement went: same, refused, discarded or wrong; the words of it; the plan's kind; the rows given."""

    result: str
    text: str = ""
    plan: str = ""
    rows: int = 0

    @property
    def sort(self) -> str:
        """What kind of outcome it is: equal for outcomes that have one cause, as far as can be told."""
        words = "".join(" " if letter.isdigit() else letter for letter in self.text).split()
        return f"{self.result} {' '.join(words)[:24]}"


def verdict(world: Moody, made: Statement) -> Outcome:
    """The outcome of one statement."""
    case = made.case
    began = monotonic()
    oracle = ask_oracle(world, case.sql, case.params)
    seconds = monotonic() - began
    if isinstance(oracle, Failure) and oracle.errno in SLOW:
        return Outcome("discarded", f"slow: {oracle.text}")
    try:
        subject: Answer | Failure = ask(world.subject(), case.sql, case.params)
        plan = plan_kind(world, case.sql, case.params)
    except Exception:
        world.reconnect()
        return Outcome("wrong", f"crash: {traceback.format_exc(limit=-3)}")
    if isinstance(oracle, Failure):
        if isinstance(subject, Answer):
            return Outcome("discarded", f"answered: {oracle.text}", plan)
        problem = "" if subject.refused else differ(oracle, subject, Manner(), world.canonical)
        return Outcome("wrong", problem, plan) if problem else Outcome("discarded", oracle.text, plan)
    if isinstance(subject, Failure) and subject.errno == StatementTimeout.default_errno and seconds > 1:
        return Outcome("discarded", "slow on both sides", plan)  # which side gives up first says nothing of answers
    if isinstance(subject, Failure) and subject.refused:
        return Outcome("refused", subject.text.split(" is not supported")[0], plan)
    how = manner(world, case)
    if how.whole is not None:
        how = replace(how, whole=bagged(how.whole, made))
    given = bagged(subject, made) if isinstance(subject, Answer) else subject
    problem = differ(bagged(oracle, made), given, how, world.canonical)
    if (
        problem
        and how.whole is not None
        and not differ(bagged(oracle, made), given, replace(how, whole=None), world.canonical)
    ):
        problem = ""  # with and without LIMIT the oracle writes one value in two ways
    if problem and isinstance(given, Answer) and contradicted(world, made, given, how):
        return Outcome("discarded", "the oracle contradicts itself", plan)
    return Outcome("wrong" if problem else "same", problem, plan, len(oracle.rows))


def contradicted(world: Moody, made: Statement, given: Answer, how: Manner) -> bool:
    """Whether the oracle gives the subject's answer too, as soon as it takes another way to it: one is its own bug.

    MariaDB's SUM of quotients has another last digit where groups are made by a temporary table than where by sorting.
    """
    ways = [(variant, made.case.sql) for variant in VARIANTS[world.flavor]]
    bare = INDEX_HINT.sub("USE INDEX ()", made.case.sql)
    ways += [("DO 0", sql.replace("SELECT ", f"SELECT {word} ", 1)) for word in WORDS for sql in (made.case.sql, bare)]
    for variant, sql in ways:
        connection = world.oracle()
        with connection.cursor() as cursor:
            cursor.execute(variant)
        found = ask(connection, sql, made.case.params)
        world.forget("oracle")
        if isinstance(found, Answer) and not differ(bagged(found, made), given, how, world.canonical):
            return True
    return False


def ask_oracle(world: Moody, sql: str, params: Params) -> Answer | Failure:
    """Ask the unsharded database, which gives up after some seconds."""
    try:
        return ask(world.oracle(), sql, params)
    except UnicodeDecodeError as error:
        world.reconnect()
        return Failure(SLOW[0], f"MySQL cuts a character apart: {error}")


def plan_kind(world: Moody, sql: str, params: Params) -> str:
    """pass, merge, federate, two steps or refused; '' for a statement that fails before it is planned."""
    cursor = world.subject().cursor()
    try:
        found = cursor.explain(sql, params)
        partial = any(pull["table"] == "partial groups" for pull in found.data.get("pulls", ()))
        return "two steps" if partial else str(found.kind)
    except Error:
        return ""
    finally:
        cursor.close()


def bagged(answer: Answer, made: Statement) -> Answer:
    """The answer with every bag in an order of its own."""
    if not made.bags:
        return answer
    rows = tuple(
        tuple(_bag(value) if place in made.bags else value for place, value in enumerate(row)) for row in answer.rows
    )
    return replace(answer, rows=rows)


def _bag(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        found = json.loads(value, object_pairs_hook=lambda pairs: pairs, parse_float=str)
    except json.JSONDecodeError:
        return "cut off"  # MariaDB cuts it at group_concat_max_len, wherever that is
    return repr(sorted(map(_entry, found))) if isinstance(found, list) else repr(found)


def _entry(value: Any) -> str:
    """MySQL writes a truth value as 0 if the rows pass a temporary table of its own, and as false if they do not."""
    return repr(int(value) if isinstance(value, bool) else value)
