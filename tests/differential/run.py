"""Runs a case on the oracle and on the connection under test, and says what is wrong, if anything.

Invariant: a verdict of '' means: equal answers, or equal errors, or a refusal where the case expects one.
"""

from __future__ import annotations

import re
from typing import Any

from shardkit.values import Params
from shardkit.verify import Answer, Failure, Manner, differ, same_error
from tests.differential import schema
from tests.differential.answers import ask
from tests.differential.corpus import Case
from tests.differential.lists import in_one_order
from tests.differential.placement import misplaced
from tests.differential.world import World

PREPARED = ("3", "4x4")
"""The worlds in which reads are asked a second time with parameters: what differs then is planned before any shard."""

DDL = re.compile(r"\b(CREATE|DROP|ALTER|RENAME)\s", re.IGNORECASE)
WORD = re.compile(r"\b(" + "|".join([*schema.SHARDED, *schema.BROADCAST, *schema.SINGLE]) + r")\b", re.IGNORECASE)


def run(world: World, case: Case) -> str:
    """The verdict on one case: '' or what is wrong, in words."""
    world.clean()
    try:
        if case.is_write:
            return run_write(world, case, strict=False) or run_write(world, case, strict=True)
        return prepare(world, case, strict=False) or run_read(world, case)
    finally:
        if case.before:
            world.reconnect()


def prepare(world: World, case: Case, strict: bool) -> str:
    """Run the statements that the case wants first, on both sides."""
    for sql in case.before:
        for side, connection in (("MySQL", world.oracle()), ("the subject", world.subject(strict))):
            answer = ask(connection, sql)
            if isinstance(answer, Failure):
                return f"before the case, {sql} fails on {side}: {answer.text}"
    return ""


def run_read(world: World, case: Case) -> str:
    """Compare the answers of one statement that changes nothing."""
    # The subject is asked first: what it refuses as expected (LOCK TABLES …) must not tie the oracle's connection.
    subject = ask(world.subject(), case.sql, case.params)
    if case.refused and isinstance(subject, Failure) and subject.refused:
        return ""
    oracle = ask(world.oracle(), case.sql, case.params)
    problem = judge(world, case, oracle, subject) or _checks(world, case, strict=False)
    problem = problem or routing(world, case) or run_prepared(world, case, oracle)
    if problem or case.refused:
        world.reconnect()
    return problem


def elsewhere(world: World, case: Case) -> str:
    """A case of the other kind of server: this one fails at it, and then so do its shards, or both answer alike."""
    world.clean()
    if case.is_write:
        world.dirty |= _tables(case.sql)
    sides = []
    for connection in (world.subject(), world.oracle()):
        prepared = (ask(connection, sql) for sql in case.before)
        failed = next((answer for answer in prepared if isinstance(answer, Failure)), None)
        sides.append(failed or ask(connection, case.sql, case.params))
    world.reconnect()  # what `before` has set, and an error may have left, is no other case's matter
    subject, oracle = sides
    if isinstance(oracle, Failure):
        return "" if isinstance(subject, Failure) else f"one server fails ({oracle.text}), the shards answer"
    if isinstance(subject, Failure):
        return "" if subject.refused else f"one server answers, the shards fail: {subject.text}"
    left, right = in_one_order(oracle, case.unordered), in_one_order(subject, case.unordered)
    return differ(left, right, manner(world, case), world.canonical)


def run_prepared(world: World, case: Case, oracle: Answer | Failure) -> str:
    """The same statement with its constants as parameters has the same answer."""
    given = case.prepared() if world.size in PREPARED else None
    if given is None:
        return ""
    text, params = given
    problem = judge(world, case, oracle, ask(world.subject(), text, params))
    return f"as {text} with {params!r}: {problem}" if problem else ""


def judge(world: World, case: Case, oracle: Answer | Failure, subject: Answer | Failure) -> str:
    """Whether the subject's answer is the oracle's, or the failure that the case expects."""
    if case.errno is not None:
        return _expected_error(case.errno, oracle, subject)
    if isinstance(oracle, Failure):
        # Two equal failures would hide a slip in the case; a case that means to fail says so.
        return f"MySQL itself fails, and the case names no errno: {oracle.text}"
    if isinstance(subject, Failure) and subject.refused:
        return f"refused: {subject.text}"
    if case.refused and spread(world):
        return f"should be refused, but: {_short(subject)}"
    left, right = in_one_order(oracle, case.unordered), in_one_order(subject, case.unordered)
    return differ(left, right, manner(world, case), world.canonical)


def spread(world: World) -> bool:
    """Whether the world has so many shards that a case about several shards really meets several."""
    return world.slots >= 5


def manner(world: World, case: Case) -> Manner:
    """How the answers of this case are compared."""
    names = schema.collations(world.flavor)
    collated = {place: names[column] for place, column in case.collated.items()}
    whole = None
    if (unlimited := case.without_limit()) is not None:
        answer = ask(world.oracle(), *unlimited)
        if isinstance(answer, Failure):
            raise AssertionError(f"the statement without LIMIT fails: {answer.text}")
        whole = answer
    return Manner(case.manner, tuple(case.keys), collated, whole)


def _expected_error(errno: int, oracle: Answer | Failure, subject: Answer | Failure) -> str:
    for side, answer in (("MySQL", oracle), ("shardkit", subject)):
        if isinstance(answer, Answer):
            return f"{side} should fail with {errno}, but answers {len(answer.rows)} rows"
        if answer.refused:
            return f"{side} should fail with {errno}, but refuses: {answer.text}"
        if not same_error(answer.errno, errno):
            return f"{side} should fail with {errno}, but: {answer.text}"
    return ""


def routing(world: World, case: Case) -> str:
    """Whether the statement goes to as many shards as the case says (in the world of five databases)."""
    if world.size != "5" or not case.shards:
        return ""
    targets = len(targets_of(world, case.sql, case.params))
    expected = {"one": range(1, 2), "some": range(2, world.slots), "all": range(world.slots, world.slots + 1)}
    # "none" still asks one shard: it knows the columns' names and types.
    expected["none"] = range(2)
    if targets in expected[case.shards]:
        return ""
    return f"should go to {case.shards} of {world.slots} shards, goes to {targets}"


def targets_of(world: World, sql: str, params: Params) -> list[Any]:
    """The targets that explain names for a statement."""
    cursor = world.subject().cursor()
    try:
        return list(cursor.explain(sql, params).json()["targets"])
    finally:
        cursor.close()


def run_write(world: World, case: Case, strict: bool) -> str:
    """A write on both sides, then its checks and the placement of every table it names; undone by the next case."""
    world.clean()
    tables = {name for text in (case.sql, *case.then) for name in _tables(text)}
    world.dirty |= tables
    if DDL.search(case.sql):
        world.altered |= tables
    if problem := prepare(world, case, strict):
        return problem
    subject = ask(world.subject(strict), case.sql, case.params)
    refusal = isinstance(subject, Failure) and subject.refused
    if (case.refused or (strict and case.strict == "refused")) and (refusal or spread(world)):
        return _refused_and_unchanged(world, tables, subject)
    label = "under the rules' defaults: " if strict else ""
    oracle = ask(world.oracle(), case.sql, case.params)
    problem = judge(world, case, oracle, subject) or _checks(world, case, strict)
    problem = problem or next(filter(None, (_placed(world, table) for table in sorted(tables))), "")
    if problem:
        world.reconnect()
    return label + problem if problem else ""


def _refused_and_unchanged(world: World, tables: set[str], subject: Answer | Failure) -> str:
    if not (isinstance(subject, Failure) and subject.refused):
        return f"should be refused, but: {_short(subject)}"
    # The oracle was not asked, so the shards must still hold exactly its rows.
    return next((f"refused, and yet {problem}" for table in sorted(tables) if (problem := _placed(world, table))), "")


def _placed(world: World, table: str) -> str:
    if table == "scratch":
        return ""
    return misplaced(world, table)


def _checks(world: World, case: Case, strict: bool) -> str:
    # Session state of `before` belongs to the connection that wrote; without any, a second one must see the same.
    reader = strict and bool(case.before)
    for sql in case.then:
        step = Case(title=case.title, sql=sql, file="then", collated=case.collated)
        problem = judge(world, step, ask(world.oracle(), sql), ask(world.subject(reader), sql))
        if problem:
            return f"afterwards, {sql}: {problem}"
    return ""


def _tables(text: str) -> set[str]:
    known = {name.lower(): name for name in (*schema.SHARDED, *schema.BROADCAST, *schema.SINGLE)}
    return {known[word.lower()] for word in WORD.findall(text)}


def _short(answer: Answer | Failure) -> str:
    if isinstance(answer, Failure):
        return answer.text
    return f"{len(answer.rows)} rows, {answer.rowcount} counted"
