"""Statements that never reach the SQL parser: transactions, SET, and what shardkit refuses by its first word.

Invariant: a statement that would change one server connection without shardkit knowing is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

from sqlglot.tokens import TokenType

from shardkit.errors import NotSupportedError, SessionBoundRefused, SqlSyntaxError
from shardkit.parse import showing
from shardkit.parse.lexer import Source, first_word
from shardkit.parse.showing import Show, ShowWarnings
from shardkit.parse.tokens import Tokens


@dataclass(frozen=True, slots=True)
class TransactionCommand:
    """BEGIN, COMMIT, ROLLBACK, SAVEPOINT, ROLLBACK TO, RELEASE: `action` in small letters with `_`."""

    action: str
    text: str
    savepoint: str = ""


@dataclass(frozen=True, slots=True)
class SetVariables:
    """SET of session variables: for each its key (a later SET of the same key replaces it) and its statement."""

    entries: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class SetAutocommit:
    """SET autocommit = 0 or 1."""

    on: bool


@dataclass(frozen=True, slots=True)
class SetNextTransaction:
    """SET TRANSACTION …: for the next transaction only."""

    text: str


@dataclass(frozen=True, slots=True)
class FoundRows:
    """SELECT FOUND_ROWS(); `label` is the column's name."""

    label: str


@dataclass(frozen=True, slots=True)
class CurrentDatabase:
    """SELECT DATABASE(); `label` is the column's name."""

    label: str


Command: TypeAlias = (
    Show
    | ShowWarnings
    | CurrentDatabase
    | FoundRows
    | TransactionCommand
    | SetVariables
    | SetAutocommit
    | SetNextTransaction
)

_BOUND = "it ties the session to one server connection"
_REFUSED = {
    "LOCK": ("LOCK TABLES", _BOUND, "a transaction with SELECT … FOR UPDATE on one shard"),
    "UNLOCK": ("UNLOCK TABLES", _BOUND, "COMMIT or ROLLBACK"),
    "PREPARE": ("text PREPARE", _BOUND, "cursor.execute(sql, params)"),
    "EXECUTE": ("text EXECUTE", _BOUND, "cursor.execute(sql, params)"),
    "DEALLOCATE": ("text DEALLOCATE", _BOUND, "nothing: shardkit keeps no prepared statements"),
    "HANDLER": ("HANDLER", _BOUND, "SELECT with ORDER BY and LIMIT"),
    "XA": ("XA", "shardkit's transactions own the branches", "BEGIN and COMMIT"),
    "USE": ("USE", "the rules say which databases there are", "a connection of its own to another database"),
    "CALL": ("CALL", "a procedure's statements cannot be routed", "the statements themselves"),
    "DO": ("DO", "its functions would run on one server", "SELECT of the expression"),
    "KILL": ("KILL", "thread ids belong to one server", "a connection straight to that server"),
    "FLUSH": ("FLUSH", "it works on one server", "a connection straight to that server"),
    "GRANT": ("GRANT", "accounts belong to a server", "a connection straight to each server"),
    "REVOKE": ("REVOKE", "accounts belong to a server", "a connection straight to each server"),
    "EXPLAIN": ("EXPLAIN", "it would show one shard's plan", "cursor.explain(sql) or `shardkit explain`"),
    "DESCRIBE": ("DESCRIBE", "it would show one shard's plan", "cursor.explain(sql) or `shardkit explain`"),
    "DESC": ("DESC", "it would show one shard's plan", "cursor.explain(sql) or `shardkit explain`"),
    "ANALYZE": ("ANALYZE TABLE", "it is maintenance of one server", "a connection straight to each server"),
    "OPTIMIZE": ("OPTIMIZE TABLE", "it is maintenance of one server", "a connection straight to each server"),
    "TABLE": ("TABLE", "its rows would have to be told apart", "SELECT * FROM t"),
}  # fmt: skip

_NO_SET = {
    "GLOBAL": "it would change the server for everybody", "PERSIST": "it would change the server for everybody",
    "PERSIST_ONLY": "it would change the server for everybody", "PASSWORD": "accounts belong to a server",
    "ROLE": "roles belong to a server", "DEFAULT": "roles belong to a server", "RESOURCE": "it belongs to a server",
}  # fmt: skip
_FIXED = {
    "sql_select_limit": "each shard would cut its own rows", "last_insert_id": "ids belong to one shard",
    "insert_id": "ids belong to one shard", "rand_seed1": "each shard would draw the same numbers",
    "rand_seed2": "each shard would draw the same numbers", "sql_auto_is_null": "ids belong to one shard",
    "pseudo_thread_id": "threads belong to a server", "character_set_client": "shardkit speaks utf8mb4",
    "character_set_results": "shardkit speaks utf8mb4", "character_set_connection": "shardkit speaks utf8mb4",
    "completion_type": "shardkit owns commit and rollback", "profiling": "it belongs to one server connection",
}  # fmt: skip
_PLAIN_MODES = ("TRADITIONAL", "STRICT_ALL_TABLES", "STRICT_TRANS_TABLES")
_MODES = {"ANSI_QUOTES", "NO_BACKSLASH_ESCAPES", "PIPES_AS_CONCAT", "ANSI", "DB2", "MSSQL", "ORACLE", "POSTGRESQL"}


def read_command(source: Source) -> Command | None:
    """The command a text holds, or None when it is for the parser. Raises for what is refused."""
    word = first_word(source)
    if word in ("BEGIN", "START", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE"):
        return _transaction(word, source)
    if word == "SET":
        return _set(source)
    if word == "SELECT" and _ABOUT_SESSION.search(source.clean):
        return _about_session(source)
    if word in showing.WORDS and (show := showing.read_show(source, word)) is not None:
        return show
    if word in _REFUSED:
        what, why, instead = _REFUSED[word]
        kind = SessionBoundRefused if why == _BOUND else NotSupportedError
        raise kind(what, where=source.place(0), why=why, instead=instead)
    return None


_ABOUT_SESSION = re.compile(r"\b(FOUND_ROWS|DATABASE|SCHEMA)\s*\(", re.IGNORECASE)


def _about_session(source: Source) -> FoundRows | CurrentDatabase | None:
    """`SELECT FOUND_ROWS()` or `SELECT DATABASE()` with or without a name, and nothing else."""
    tokens = Tokens(source)
    match list(tokens.words()):
        case ["SELECT", asked, "(", ")"]:
            label = source.clean[slice(*tokens.span(1, 4))]
        case ["SELECT", asked, "(", ")", "AS", _] | ["SELECT", asked, "(", ")", _]:
            label = tokens.items[-1].text
        case _:
            return None
    if asked == "FOUND_ROWS":
        return FoundRows(label)
    return CurrentDatabase(label) if asked in ("DATABASE", "SCHEMA") else None


def _transaction(word: str, source: Source) -> TransactionCommand:
    tokens = Tokens(source)
    tokens.check_single()
    words = list(tokens.words())
    text = source.clean.strip().rstrip(";").rstrip()
    match words:
        case ["BEGIN"] | ["BEGIN", "WORK"] | ["START", "TRANSACTION"]:
            return TransactionCommand("begin", "START TRANSACTION")
        case ["START", "TRANSACTION", *_]:
            return TransactionCommand("begin", text)
        case ["COMMIT"] | ["COMMIT", "WORK"]:
            return TransactionCommand("commit", text)
        case ["ROLLBACK"] | ["ROLLBACK", "WORK"]:
            return TransactionCommand("rollback", text)
        case ["SAVEPOINT", _]:
            return TransactionCommand("savepoint", text, _last_name(source))
        case ["ROLLBACK", *_] if len(words) > 2 and words[-2] in ("TO", "SAVEPOINT"):
            return TransactionCommand("rollback_to", text, _last_name(source))
        case ["RELEASE", "SAVEPOINT", _]:
            return TransactionCommand("release", text, _last_name(source))
        case _ if "CHAIN" in words or "RELEASE" in words:
            raise NotSupportedError(f"{word} with CHAIN or RELEASE", why="shardkit begins transactions itself",
                                    instead=f"plain {word}")  # fmt: skip
        case _:
            raise SqlSyntaxError(f"You have an error in your SQL syntax: {word} …")


def _last_name(source: Source) -> str:
    return Tokens(source).items[-1].text.lower()


def _set(source: Source) -> Command:
    tokens = Tokens(source)
    tokens.check_single()
    words = list(tokens.words())
    second = words[1] if len(words) > 1 else ""
    if second in _NO_SET:
        raise NotSupportedError(f"SET {second}", where=source.place(0), why=_NO_SET[second],
                                instead="a connection straight to the server")  # fmt: skip
    if second == "TRANSACTION":
        return SetNextTransaction(source.clean.strip().rstrip(";"))
    if second == "SESSION" and words[2:3] == ["TRANSACTION"]:
        return SetVariables((("transaction " + words[3].lower(), source.clean.strip().rstrip(";")),))
    if second == "NAMES":
        return _names(source, words)
    if second == "CHARACTER" or second == "CHARSET":
        raise NotSupportedError("SET CHARACTER SET", why="shardkit speaks utf8mb4", instead="SET NAMES utf8mb4")
    if len(words) < 2:
        raise SqlSyntaxError("You have an error in your SQL syntax: SET of nothing")
    entries = [_variable(source, tokens, first, end) for first, end in tokens.split(1, len(words))]
    for key, text in entries:
        if key == "autocommit":
            if len(entries) > 1:
                raise NotSupportedError("SET autocommit together with others", why="it is not a server variable here",
                                        instead="a SET of its own")  # fmt: skip
            return SetAutocommit(text.rsplit("=", 1)[1].strip().upper().strip("'\"") in ("1", "ON", "TRUE"))
    return SetVariables(tuple(entries))


def _names(source: Source, words: list[str]) -> Command:
    if len(words) not in (3, 5) or words[3:4] not in ([], ["COLLATE"]):
        raise NotSupportedError("SET NAMES together with others", why="each setting is kept and repeated by itself",
                                instead="a SET of its own for each")  # fmt: skip
    if words[2].strip("'") not in ("UTF8MB4", "DEFAULT"):
        raise NotSupportedError("SET NAMES other than utf8mb4", why="shardkit speaks utf8mb4 with every server",
                                instead="SET NAMES utf8mb4 [COLLATE …]")  # fmt: skip
    return SetVariables((("names", source.clean.strip().rstrip(";")),))


def _variable(source: Source, tokens: Tokens, first: int, end: int) -> tuple[str, str]:
    words = tokens.words()
    assign = next((i for i in range(first, end) if words[i] in ("=", ":=")), -1)
    if assign <= first or assign + 1 >= end:
        raise SqlSyntaxError("You have an error in your SQL syntax: SET needs name = value")
    if words[first] in _NO_SET and assign > first + 1:
        where = source.place(tokens.start(first))
        raise NotSupportedError(f"SET {words[first]}", where=where, why=_NO_SET[words[first]],
                                instead="a connection straight to the server")  # fmt: skip
    start, stop = tokens.span(first, assign)
    name = "".join(source.clean[start:stop].split()).lower()
    name = name.replace("@@session.", "").replace("@@local.", "").replace("@@", "").replace("`", "")
    for scope in ("session", "local"):
        if words[first] == scope.upper() and assign > first + 1:
            name = name.removeprefix(scope)
    if name.startswith(("global.", "persist")):
        raise NotSupportedError(f"SET {name}", why="it would change the server for everybody",
                                instead="a connection straight to the server")  # fmt: skip
    value_start, value_stop = tokens.span(assign + 1, end)
    value = source.clean[value_start:value_stop]
    _check_value(source, tokens, assign + 1, end, name)
    prefix = "" if name.startswith("@") else "SESSION "
    return name, f"SET {prefix}{name} = {value}" if name != "autocommit" else f"SET autocommit = {value}"


def _check_value(source: Source, tokens: Tokens, first: int, end: int, name: str) -> None:
    where = source.place(tokens.start(first))
    if name in _FIXED:
        raise NotSupportedError(f"SET {name}", where=where, why=_FIXED[name], instead="leave it as it is")
    if source.params:
        raise NotSupportedError("a placeholder in SET", where=where, why="the statement is kept and repeated as text",
                                instead="write the value out")  # fmt: skip
    for index in range(first, end):
        kind = tokens.items[index].token_type
        if kind in (TokenType.SELECT, TokenType.L_PAREN, TokenType.PARAMETER, TokenType.SESSION_PARAMETER):
            raise NotSupportedError("a SET to a computed value", where=where, why="each shard would compute its own",
                                    instead="compute it first and SET the constant")  # fmt: skip
    if name == "sql_mode":
        text = tokens.items[first].token_type == TokenType.STRING or tokens.words()[first] in ("DEFAULT", *_PLAIN_MODES)
        if end - first != 1 or not text:
            raise NotSupportedError("a sql_mode that is not a list of names", where=where, instead="SET sql_mode = '…'",
                                    why="it may hold modes that change how SQL text is read")  # fmt: skip
        modes = {part.strip("'\" ") for word in tokens.words()[first:end] for part in word.split(",")}
        for mode in sorted(modes & _MODES):
            raise NotSupportedError(f"sql_mode {mode}", where=where, why="it changes how SQL text is read",
                                    instead="the default quoting and operators")  # fmt: skip
