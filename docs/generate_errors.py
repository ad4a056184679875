"""docs/reference/errors.md from shardkit.errors.

The classes give code, name, place in the tree, MySQL's error number and meaning; ADVICE adds what a caller can do.
Invariant: the page is a pure function of the code; a test compares it with the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from inspect import getdoc

from shardkit import errors

Class = type[errors.Error] | type[errors.Warning]

INTRODUCTION = """\
# Errors

*This page is generated from `shardkit/errors.py` by `make docs`. Do not edit it by hand.*

Every error is a class with a code that never changes (`SK2103`). The classes form the tree that PEP 249 asks for, so
`except shardkit.IntegrityError` works as with any other driver. `error.args` is `(errno, message)` as in MySQL drivers:
`errno` is the number MySQL itself gives wherever it has one, and an error that a server raised keeps the server's
number. `error.shards` names the shards concerned. What shardkit writes never holds passwords or parameter values; the
text that a server sent may quote a value (`Duplicate entry '…' for key …`).

A refusal (`NotSupportedError` and the classes below it) has four parts: `what`, `where`, `why` and `instead`.
"""

GROUPS = {
    "SK0": "PEP 249's own classes",
    "SK1": "Rules",
    "SK2": "SQL and planning",
    "SK3": "Servers and connections",
    "SK4": "Transactions",
    "SK5": "Budgets",
    "SK6": "Generated ids",
}

ADVICE = {
    "SK0000": "Catch it to catch everything shardkit raises.",
    "SK0001": "Read it; the statement was carried out.",
    "SK0101": "Look for a cursor or connection used after `close()`, or a fetch before any statement with rows.",
    "SK0200": "See the server's number in `args[0]`; one of the classes below it is more precise where MySQL is.",
    "SK0201": "Compare the value with the column's type and length.",
    "SK0202": "Often worth a retry of the whole transaction: deadlocks (1213) and lock waits (1205) end here.",
    "SK0203": "A duplicate key, a missing parent row or a NOT NULL column. A unique key is enforced by each shard for "
    "itself: it is unique over all shards only if it holds the shard key.",
    "SK0204": "Please report it together with what `shardkit explain` prints for the statement.",
    "SK0205": "Correct the SQL, its parameters or the rules; a retry will not help.",
    "SK1001": "`error.problems` is the list, each with file, line and column. `shardkit check RULES` prints the same.",
    "SK1002": "Use a column whose equal values are equal bytes, or give the column a collation that the message names; "
    "do not look up NULL by shard key.",
    "SK2001": "Look at the line and column in the message. Some statements reach a server only when they lie on one "
    "shard; the message is then the server's own.",
    "SK2002": "Check the spelling, list the table in the rules, or create it with `shardkit init RULES SCHEMA.sql`.",
    "SK2003": "Check the spelling, or put the table's name or alias before the column.",
    "SK2004": "Give as many values as the text has `%s`, or a mapping with each `%(name)s`. A percent sign in a text "
    "with parameters is written `%%`.",
    "SK2005": "Ask `explain` for the shards and slots of the statement, or leave the hint out: without it the shard "
    "key says where a row belongs.",
    "SK2100": "Read `instead`.",
    "SK2101": "The rules model knows the feature and this version does not carry it out: remove the key from the "
    "rules, or wait for the version that does.",
    "SK2102": "Add the shard key to WHERE. An ORM does so when the shard key is part of the model's primary key: see "
    "[SQLAlchemy](../howto/sqlalchemy.md#writes-by-primary-key), [Django](../howto/django.md#models). If every shard "
    "is really meant, allow it in the rules: `defaults: {full_scan_writes: allow}`.",
    "SK2103": "Add the shard key so that one shard answers, or split the statement as `instead` says. See "
    "[limits](../explanation/limits.md).",
    "SK2104": "Use a transaction with `SELECT … FOR UPDATE` instead of table locks; keep values in the program instead "
    "of user variables and temporary tables.",
    "SK3001": "Check the server named in `shards`: address, port, password, whether it runs.",
    "SK3002": "The statement may or may not have been carried out. Outside a transaction, look before you repeat a "
    "write. Inside one, before COMMIT, the server rolls it back: start the transaction again.",
    "SK3003": "More threads than connections, or a cursor that was never read to its end or closed. Raise `pool.size` "
    "or `pool.wait`, or close cursors.",
    "SK3004": "Raise `budget.time`, or make the statement cheaper; `cursor.explain` shows what each shard was asked.",
    "SK4001": "Keep a transaction's writes on one shard, or choose `transactions: best_effort` and read what it does "
    "not promise.",
    "SK4002": "`committed` and `pending` name the shards. Do not repeat the transaction blindly: look at the rows "
    "on the pending shards first.",
    "SK4003": "Start the transaction again from its first statement.",
    "SK5001": "Ask for less (LIMIT, fewer groups, fewer columns), or raise `budget.rows` or `budget.memory`.",
    "SK6001": "Correct `generate:` in the rules, or the column's type; see [generated ids](keys.md).",
    "SK6002": "The message holds the server's error. Ids come again by themselves once the database that keeps leases "
    "and sequences answers; an account that may not create tables needs them made by hand, see [generated ids]"
    "(keys.md).",
    "SK6003": "Set the clock right (NTP). Ids come again by themselves when it has caught up.",
}


def page() -> str:
    """The whole page as Markdown."""
    return "".join(_lines())


def classes() -> list[Class]:
    """Every class of shardkit.errors that has a code, in order of the codes."""
    found = [item for item in vars(errors).values() if isinstance(item, type) and item.__dict__.get("code")]
    return sorted(found, key=lambda item: str(item.code))


def _lines() -> Iterator[str]:
    yield INTRODUCTION
    group = ""
    for item in classes():
        if item.code[:3] != group:
            group = item.code[:3]
            yield f"\n## {GROUPS[group]}\n"
        yield from _entry(item)


def _entry(item: Class) -> Iterator[str]:
    yield f"\n### {item.code} `{item.__name__}`\n\n"
    yield f"{getdoc(item)}\n\n"
    above = [base.__name__ for base in item.__mro__[1:] if base.__module__ == errors.__name__]
    if above:
        yield f"- A kind of: {' < '.join(f'`{name}`' for name in above)}\n"
    if issubclass(item, errors.Error):
        yield f"- Number: {item.default_errno}, unless a server gave its own\n"
    yield f"- What to do: {ADVICE[item.code]}\n"
