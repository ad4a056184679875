"""Asks one statement of both sides and says how it went.

Invariant: `wrong` is anything that is neither the oracle's answer, nor its error, nor a typed refusal.
"""

from __future__ import annotations

import json
import traceback
from dataclasses import dataclass, replace
from typing import Any

from shardkit.values import Params
from shardkit.verify import Answer, Failure, Manner, differ
from tests.differential.answers import ask
from tests.differential.run import manner
from tests.differential.world import World
from tests.fuzz.wholes import Statement

SLOW = (1969, 3024)
"""MySQL's and MariaDB's numbers for a statement that takes too long: such statements are left out."""
LIMITS = {"mariadb": "SET SESSION max_statement_time = 4", "mysql": "SET SESSION max_execution_time = 4000"}


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


def verdict(world: World, made: Statement) -> Outcome:
    """The outcome of one statement."""
    case = made.case
    oracle = ask_oracle(world, case.sql, case.params)
    if isinstance(oracle, Failure) and oracle.errno in SLOW:
        return Outcome("discarded", f"slow: {oracle.text}")
    try:
        subject: Answer | Failure = ask(world.subject(), case.sql, case.params)
        plan = plan_kind(world, case.sql, case.params)
    except Exception:
        world.reconnect()
        return Outcome("wrong", f"crash: {traceback.format_exc(limit=-3)}")
    if isinstance(oracle, Failure):
        refused = isinstance(subject, Failure) and subject.refused
        problem = "" if refused else differ(oracle, subject, Manner(), world.canonical)
        return Outcome("wrong", problem, plan) if problem else Outcome("discarded", oracle.text, plan)
    if isinstance(subject, Failure) and subject.refused:
        return Outcome("refused", subject.text.split(" is not supported")[0], plan)
    how = manner(world, case)
    if how.whole is not None:
        how = replace(how, whole=bagged(how.whole, made))
    given = bagged(subject, made) if isinstance(subject, Answer) else subject
    problem = differ(bagged(oracle, made), given, how, world.canonical)
    return Outcome("wrong" if problem else "same", problem, plan, len(oracle.rows))


def ask_oracle(world: World, sql: str, params: Params) -> Answer | Failure:
    """Ask the unsharded database, which gives up after some seconds."""
    connection: Any = world.oracle()
    if not getattr(connection, "in_haste", False):
        with connection.cursor() as cursor:
            cursor.execute(LIMITS[world.flavor])
        connection.in_haste = True
    return ask(connection, sql, params)


def plan_kind(world: World, sql: str, params: Params) -> str:
    """pass, merge, federate or refused; '' for a statement that fails before it is planned."""
    cursor = world.subject().cursor()
    try:
        return str(cursor.explain(sql, params).kind)
    except Exception:
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
    found = json.loads(value, object_pairs_hook=lambda pairs: pairs, parse_float=str)
    return repr(sorted(map(repr, found))) if isinstance(found, list) else repr(found)
