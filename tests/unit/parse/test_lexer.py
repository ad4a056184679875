"""The lexer: placeholders, comments, quotes, and the way back from the parser's offsets to the user's."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shardkit.errors import NotSupportedError, ParameterError, SqlSyntaxError
from shardkit.parse import Style, first_word, lex
from shardkit.parse.tokens import Tokens


def keys(text: str, style: Style) -> list[int | str]:
    return [param.key for param in lex(text, style).params]


@pytest.mark.parametrize(
    ("text", "style", "expected"),
    [
        ("SELECT %s, %s LIMIT %s", Style.POSITIONAL, [0, 1, 2]),
        ("SELECT %(a)s, %(b c)s, %(a)s", Style.NAMED, ["a", "b c", "a"]),
        ("SELECT %%, %s", Style.POSITIONAL, [0]),
        ("SELECT '%%s', %s", Style.POSITIONAL, [0]),
        ("SELECT a%%%s", Style.POSITIONAL, [0]),
        ("SELECT '%s', a %s, 5 % 3", Style.RAW, []),
        ("SELECT %(a)s", Style.RAW, []),
        ("SELECT 1", Style.POSITIONAL, []),
    ],
)
def test_placeholders_are_found(text: str, style: Style, expected: list[int | str]) -> None:
    assert keys(text, style) == expected


def test_the_parser_sees_numbered_placeholders_in_text_order() -> None:
    source = lex("SELECT a FROM t LIMIT %s, %s", Style.POSITIONAL)
    assert source.parser_text == "SELECT a FROM t LIMIT :sk__p0 , :sk__p1 "
    assert [source.text[a:b] for a, b in source.param_spans] == ["%s", "%s"]


@pytest.mark.parametrize(
    ("text", "style", "place"),
    [
        ("SELECT '%s'", Style.POSITIONAL, "line 1, column 9"),
        ('SELECT\n  "a %s"', Style.POSITIONAL, "line 2, column 6"),
        ("SELECT `%s`", Style.POSITIONAL, "line 1, column 9"),
        ("SELECT 1 /* %s */", Style.POSITIONAL, "line 1, column 13"),
        ("SELECT 1 -- %s\n", Style.POSITIONAL, "line 1, column 13"),
        ("SELECT 1 # %(a)s", Style.NAMED, "line 1, column 12"),
        ("SELECT '%(a)s'", Style.NAMED, "line 1, column 9"),
        ("SELECT '😀', '%s'", Style.POSITIONAL, "line 1, column 14"),
        ("SELECT '100%'", Style.POSITIONAL, "line 1, column 12"),
        ("SELECT 5 % 3, %s", Style.POSITIONAL, "line 1, column 10"),
        ("SELECT 1 /* 5 % */, %s", Style.POSITIONAL, "line 1, column 15"),
    ],
)
def test_wrong_percent_signs_are_refused_with_their_place(text: str, style: Style, place: str) -> None:
    with pytest.raises(ParameterError, match=place) as caught:
        lex(text, style)
    assert caught.value.errno == 1210


@pytest.mark.parametrize(
    ("text", "style", "place"),
    [
        ("SELECT %s, %(a)s", Style.POSITIONAL, "column 12"),
        ("SELECT %(a)s, %s", Style.NAMED, "column 15"),
        ("SELECT %s", Style.NAMED, "column 8"),
    ],
)
def test_the_two_kinds_of_placeholders_do_not_mix(text: str, style: Style, place: str) -> None:
    with pytest.raises(ParameterError, match=place):
        lex(text, style)


@pytest.mark.parametrize("text", ["SELECT 'abc", 'SELECT "a', "SELECT `a", "SELECT /* x", r"SELECT 'a\'"])
def test_what_is_never_closed_is_a_syntax_error(text: str) -> None:
    with pytest.raises(SqlSyntaxError, match="never closed, line 1, column 8") as caught:
        lex(text, Style.RAW)
    assert caught.value.errno == 1064


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("SELECT 1 -- x\n+ 2", "SELECT 1     \n+ 2"),
        ("SELECT 1 # x\n+ 2", "SELECT 1    \n+ 2"),
        ("SELECT/**/1", "SELECT    1"),
        ("SELECT '/* no */'", "SELECT '/* no */'"),
        ("SELECT '-- no'", "SELECT '-- no'"),
        ("SELECT /*+ MAX_EXECUTION_TIME(5) */ 1", f"SELECT {' ' * 28} 1"),
        ("SELECT /*! 1 */ + 1", "SELECT     1    + 1"),
        ("SELECT /*!50000 1 */ + 1", "SELECT          1    + 1"),
        ("SELECT 1 /*!99999 + 1 */", "SELECT 1                "),
        ("SELECT 5--3", "SELECT 5--3"),
        ("SELECT 1 --", "SELECT 1   "),
        ("SELECT 1 --\tx", "SELECT 1     "),
    ],
)
def test_comments_are_blanked_in_the_clean_text(text: str, clean: str) -> None:
    source = lex(text, Style.RAW)
    assert source.clean == clean
    assert len(source.clean) == len(text)


@pytest.mark.parametrize("text", ["SELECT 1 /*!80000 + 1 */", "SELECT 1 /*M! + 1 */", "SELECT 1 /*M!100100 + 1 */"])
def test_comments_that_only_some_servers_execute_are_refused(text: str) -> None:
    with pytest.raises(NotSupportedError, match="line 1, column 10"):
        lex(text, Style.RAW)


def test_two_minus_signs_are_no_comment_without_a_blank() -> None:
    assert [token.text for token in Tokens(lex("SELECT 5--3, 4- -2", Style.RAW)).items] == [
        "SELECT", "5", "-", "-", "3", ",", "4", "-", "-", "2",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "SELECT %s, 东京, `名前` FROM 表 WHERE x = %s",
        "SELECT '😀', `é` /* 😀 */, %s + zz",
        "SELECT 5--3, '%%', a %% b, %s, last",
        "/*!40000 SELECT */ one, %s, two -- 😀\n, three",
        "REPLACE INTO 表 (`ü`) VALUES (%s, '%%', x)",
    ],
)
def test_every_token_is_found_again_in_the_users_text(text: str) -> None:
    source = lex(text, Style.POSITIONAL)
    for token in Tokens(source).items:
        start, word = source.origin(token.start), source.parser_text[token.start : token.end + 1]
        if word.startswith((":", "sk__p", "'", "-", "INSERT")):
            continue
        assert text[start : start + len(word)] == word


def test_replace_reads_as_insert_of_the_same_length() -> None:
    assert lex("/* a */ replace INTO t", Style.RAW).parser_text == "        INSERT  INTO t"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("  select 1", "SELECT"), ("((SELECT 1))", "SELECT"), ("/* a */ -- b\n update t", "UPDATE"), ("", ""),
        ("/*! insert */ into t", "INSERT"), ("@a", "@"), ("'x'", ""), ("savepoint a", "SAVEPOINT"),
    ],
)  # fmt: skip
def test_the_first_word(text: str, word: str) -> None:
    assert first_word(lex(text, Style.RAW)) == word


PIECES = st.sampled_from(
    [
        "%s",
        "%%",
        "'it''s'",
        "'%%'",
        '"%%s"',
        "`b``c`",
        "/* c */",
        "-- d\n",
        "# e\n",
        "5--3",
        "a",
        " ",
        "\n",
        "东京",
        "😀",
    ]
)


@settings(deadline=None)
@given(st.lists(PIECES, max_size=12))
def test_placeholders_stand_where_their_spans_say(pieces: list[str]) -> None:
    text = " ".join(pieces)
    source = lex(text, Style.POSITIONAL)
    assert [text[a:b] for a, b in source.param_spans] == ["%s"] * pieces.count("%s")
    assert [param.key for param in source.params] == list(range(pieces.count("%s")))
    assert len(source.clean) == len(text)
    for number, (start, _) in enumerate(source.param_spans):
        assert source.origin(source.parser_text.index(f":sk__p{number} ")) == start


@settings(deadline=None)
@given(st.text(alphabet="ab%s()'\"`-#/*!\\ \n东😀", max_size=20), st.sampled_from(list(Style)))
def test_any_text_is_read_or_refused(text: str, style: Style) -> None:
    try:
        source = lex(text, style)
    except (SqlSyntaxError, ParameterError, NotSupportedError):
        return
    assert len(source.clean) == len(text)
    assert (source.origin(0), source.origin(len(source.parser_text))) == (0, len(text))
