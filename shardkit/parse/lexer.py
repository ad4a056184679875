"""One pass over the user's text before any parser sees it: placeholders, comments, and traps of position.

sqlglot knows no `%s`, nests comments, reads `5--3` as a comment and drops `/*! … */`. The lexer therefore makes a
second text for the parser in which placeholders are numbered, comments are blanks, and executable comments are bare;
`Source.origin` maps every offset of that text back to the user's text, which stays as it was.
Invariant: text between two placeholders is never changed in what is sent to a shard.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from enum import Enum
from typing import Any

from shardkit.errors import NotSupportedError, ParameterError, SqlSyntaxError
from shardkit.flow import NO_HINTS, Hints, ParamRef
from shardkit.parse.hints import hints_of, read_hints

PREFIX = "sk__p"
"""Placeholders reach the parser as `:sk__p0`, `:sk__p1` …"""


class Style(Enum):
    """How the parameters of one execution are given; it decides what a percent sign means."""

    RAW = "raw"  # no parameters: the text goes to the driver as it is
    POSITIONAL = "positional"  # %s, and %% is a percent sign
    NAMED = "named"  # %(name)s, and %% is a percent sign


@dataclass(frozen=True, slots=True)
class Source:
    """The user's text, the parser's text, and the way back."""

    text: str
    style: Style
    parser_text: str
    clean: str  # `text` with its comments blanked, same length: what may be copied elsewhere
    params: tuple[ParamRef, ...]  # in text order; a named one appears once for each use
    param_spans: tuple[tuple[int, int], ...]  # offsets in `text`, end exclusive
    starts: tuple[int, ...]
    shifts: tuple[int, ...]
    hints: Hints = NO_HINTS  # shardkit's own; in `text` they are blanks

    def origin(self, offset: int) -> int:
        """The offset in `text` for an offset in `parser_text`."""
        return offset + self.shifts[bisect_right(self.starts, offset) - 1]

    def params_between(self, start: int, end: int) -> tuple[ParamRef, ...]:
        """The placeholders that lie within these offsets of `text`."""
        return tuple(p for p, (a, b) in zip(self.params, self.param_spans, strict=True) if start <= a and b <= end)

    def place(self, offset: int) -> str:
        """Line and column (from 1) of an offset in `text`, for messages."""
        return place(self.text, offset)


def place(text: str, offset: int) -> str:
    """Line and column (from 1) of an offset, as messages say it."""
    line = text.count("\n", 0, offset) + 1
    column = offset - (text.rfind("\n", 0, offset) + 1) + 1
    return f"line {line}, column {column}"


_PIECE = re.compile(
    r"""
      (?P<quoted>'(?:[^'\\]|\\.|'')*' | "(?:[^"\\]|\\.|"")*" | `(?:[^`]|``)*`)
    | (?P<line>--(?=[\s\x00-\x1f]|$)[^\n]* | \#[^\n]*)
    | (?P<block>/\*.*?\*/)
    | (?P<open>/\*|['"`])
    | (?P<minus>--)
    | (?P<percent>%(?:%|s|\([^)]*\)s|))
    """,
    re.VERBOSE | re.DOTALL,
)
_PERCENT = re.compile(r"%(%|s|\([^)]*\)s|)")
_EXECUTABLE = re.compile(r"/\*!(\d{5,6})?(.*)\*/", re.DOTALL)
_NEVER, _NO_SERVER = 99999, 200000  # versions no server has: a comment for all
_OLDEST_IGNORED = 50700  # MariaDB passes over versions from here on, so servers would disagree


class _Lexer:
    def __init__(self, text: str, style: Style) -> None:
        self.text, self.style = text, style
        self.out: list[str] = []
        self.clean: list[str] = []
        self.length = 0
        self.starts, self.shifts = [0], [0]
        self.params: list[ParamRef] = []
        self.spans: list[tuple[int, int]] = []
        self.hints: dict[str, Any] = {}
        self.sent = text
        self.positional = 0  # how many %s so far, those in hints among them

    def run(self) -> Source:
        position = 0
        while match := _PIECE.search(self.text, position):
            self.put(self.text[position : match.start()])
            self.clean.append(self.text[position : match.start()])
            self.piece(match)
            position = match.end()
        self.put(self.text[position:])
        self.clean.append(self.text[position:])
        self.check_mixture()
        return Source(
            self.sent, self.style, _as_insert(without_modifiers("".join(self.out))), "".join(self.clean),
            tuple(self.params), tuple(self.spans), tuple(self.starts), tuple(self.shifts),
            hints_of(self.hints) if self.hints else NO_HINTS,
        )  # fmt: skip

    def put(self, piece: str) -> None:
        self.out.append(piece)
        self.length += len(piece)

    def put_instead(self, match: re.Match[str], piece: str) -> None:
        """Emit `piece` where the user wrote something of another length."""
        self.put(piece)
        self.starts.append(self.length)
        self.shifts.append(match.end() - self.length)

    def piece(self, match: re.Match[str]) -> None:
        text = clean = match.group()
        match match.lastgroup:
            case "quoted":
                self.quoted(match, text)
            case "line":
                self.no_placeholder(match, text, "a comment")
                clean = " " * len(text)
                self.put(clean)
            case "block":
                rest = self.hint(match, text) if text.startswith("/*+") else text
                self.no_placeholder(match, rest, "a comment")
                clean = self.block(match, text)
                self.put(clean.replace("%%", "% "))
            case "open":
                raise SqlSyntaxError(f"{text} is never closed, {place(self.text, match.start())}")
            case "minus":
                self.put_instead(match, "- -")
            case _:
                self.percent(match, text)
        self.clean.append(clean)

    def hint(self, match: re.Match[str], text: str) -> str:
        """Take shardkit's hints out of a comment; gives what is left."""
        taken = None if self.style is Style.RAW else self.placeholder
        kept, found = read_hints(text, lambda offset: place(self.text, match.start() + offset), taken)
        found["placeholders"] = found.get("placeholders", 0) + self.hints.get("placeholders", 0)
        self.hints.update(found)
        self.sent = self.sent[: match.start()] + kept + self.sent[match.end() :]
        return kept

    def placeholder(self, text: str) -> ParamRef:
        """The parameter that a placeholder stands for. Raises ValueError if parameters are given in the other way."""
        named = text != "%s"
        if named is not (self.style is Style.NAMED):
            raise ValueError(f"the parameters given ask for {'%s' if named else '%(name)s'}")
        self.positional += not named
        return ParamRef(text[2:-2] if named else self.positional - 1)

    def quoted(self, match: re.Match[str], text: str) -> None:
        if self.style is Style.RAW or "%" not in text:
            self.put(text)
            return
        self.no_placeholder(match, text, "quotes")
        self.put_instead(match, text.replace("%%", "%"))

    def no_placeholder(self, match: re.Match[str], text: str, where: str) -> None:
        if self.style is Style.RAW:
            return
        for percent in _PERCENT.finditer(text):
            if percent.group(1) != "%":
                self.bad_percent(match.start() + percent.start(), percent.group(), where)

    def bad_percent(self, offset: int, text: str, where: str) -> None:
        at = place(self.text, offset)
        if len(text) > 1:
            raise ParameterError(
                f"placeholder {text} inside {where}, {at}: the driver would put a quoted value there; "
                "pass the whole value as a parameter, or write %% for a percent sign"
            )
        raise ParameterError(f"a single % in {where}, {at}: with parameters a percent sign is written %%")

    def block(self, match: re.Match[str], text: str) -> str:
        executable = _EXECUTABLE.fullmatch(text)
        if text.startswith("/*M!"):
            executable = re.fullmatch(r"/\*M!(\d{5,6})?(.*)\*/", text, re.DOTALL)
        if executable is None:
            return " " * len(text)
        version = int(executable.group(1) or 0)
        if version == _NEVER or version >= _NO_SERVER:
            return " " * len(text)
        if text.startswith("/*M!") or version >= _OLDEST_IGNORED:
            raise NotSupportedError(
                "a comment that only some servers execute", where=place(self.text, match.start()),
                why="shardkit cannot know whether its text is part of the statement",
                instead="write the text without the comment, or /*! … */ without a version",
            )  # fmt: skip
        return " " * executable.start(2) + executable.group(2) + "  "

    def percent(self, match: re.Match[str], text: str) -> None:
        if self.style is Style.RAW:
            self.put("%")
            if len(text) > 1:
                self.put(text[1:])
            return
        if text == "%%":
            self.put("% ")
            return
        if text == "%":
            self.bad_percent(match.start(), text, "the text")
        key: int | str = self.positional if text == "%s" else text[2:-2]
        self.positional += text == "%s"
        self.put_instead(match, f":{PREFIX}{len(self.params)} ")
        self.params.append(ParamRef(key))
        self.spans.append((match.start(), match.end()))

    def check_mixture(self) -> None:
        wanted = str if self.style is Style.NAMED else int
        for ref, (start, _) in zip(self.params, self.spans, strict=True):
            if not isinstance(ref.key, wanted):
                kind = "%(name)s" if wanted is str else "%s"
                raise ParameterError(
                    f"the parameters given ask for {kind} placeholders, but {place(self.text, start)} has another kind"
                )


_MODIFIED = re.compile(
    r"\s*(?:(UPDATE)\s+((?:(?:LOW_PRIORITY|IGNORE)\s+)+)|(DELETE)\s+((?:(?:LOW_PRIORITY|QUICK|IGNORE)\s+)+)"
    r"|(INSERT|REPLACE)\s+((?:(?:LOW_PRIORITY|HIGH_PRIORITY|DELAYED)\s+)+))",
    re.IGNORECASE,
)


def modifiers(clean: str) -> str:
    """LOW_PRIORITY, QUICK, IGNORE … behind the verb of a write, as they are written; of an INSERT not IGNORE."""
    found = _MODIFIED.match(clean)
    return "" if found is None else found.group(2) or found.group(4) or found.group(6)


def without_modifiers(text: str) -> str:
    """The text with those words blanked: sqlglot takes some of them for tables."""
    found = modifiers(text)
    return text.replace(found, " " * len(found), 1) if found else text


def _as_insert(text: str) -> str:
    """REPLACE reads as INSERT of the same length: sqlglot would take the whole statement for a command."""
    stripped = text.lstrip()
    if stripped[:7].upper() != "REPLACE":
        return text
    at = len(text) - len(stripped)
    return f"{text[:at]}INSERT {text[at + 7 :]}"


def lex(text: str, style: Style) -> Source:
    """Prepare a text for the parser.

    Raises SqlSyntaxError for an open quote or comment, ParameterError for a wrong placeholder or percent sign.
    """
    return _Lexer(text, style).run()


def without_comments(text: str) -> str:
    """The text with every comment blanked, executable ones too, and all offsets as they were."""

    def blanked(match: re.Match[str]) -> str:
        return " " * len(match.group()) if match.lastgroup in ("line", "block") else match.group()

    return _PIECE.sub(blanked, text)


_WORD = re.compile(r"[\s(]*([A-Za-z_]+|@)?")


def first_word(source: Source) -> str:
    """The first keyword in capitals, opening brackets passed over; '' if there is none."""
    match = _WORD.match(source.clean)
    return (match.group(1) or "").upper() if match else ""
