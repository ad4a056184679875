"""SQL text to Statement. `lex` reads the text, `read` its structure, `analyse` resolves names once metadata is there.

Invariant: sqlglot's trees never leave this package.
"""

from shardkit.parse.blanks import asks_for_id, blanks
from shardkit.parse.commands import (
    Command,
    CurrentDatabase,
    FoundRows,
    SetAutocommit,
    SetNextTransaction,
    SetVariables,
    TransactionCommand,
    read_command,
)  # fmt: skip
from shardkit.parse.compared import Compared, compared
from shardkit.parse.ddl import NEW_NAME, Ddl, read_ddl, split_statements
from shardkit.parse.ddl import WORDS as DDL_WORDS
from shardkit.parse.draft import Draft
from shardkit.parse.hints import given_hints
from shardkit.parse.infile import Format, LoadData, Splitter, read_load
from shardkit.parse.lexer import Source, Style, first_word, lex, place
from shardkit.parse.outline import OrderKey, Outline, is_select, outline
from shardkit.parse.schema import read_schema, unique_keys
from shardkit.parse.scopes import Names
from shardkit.parse.showing import Show, Shown, ShowWarnings
from shardkit.parse.statement import analyse, read

__all__ = [
    "DDL_WORDS", "NEW_NAME", "Command", "Compared", "CurrentDatabase", "Ddl", "Draft", "Format", "FoundRows",
    "LoadData", "Names", "OrderKey", "Outline", "SetAutocommit", "SetNextTransaction", "SetVariables", "Show",
    "ShowWarnings", "Shown", "Source", "Splitter", "Style", "TransactionCommand", "analyse", "asks_for_id",
    "blanks", "compared", "first_word", "given_hints", "is_select", "lex", "outline", "place", "read",
    "read_command", "read_ddl", "read_load", "read_schema", "split_statements", "unique_keys",
]  # fmt: skip
