"""Where clauses, list entries and value rows stand in the user's text."""

from __future__ import annotations

import pytest

from shardkit.errors import SqlSyntaxError
from shardkit.parse import Style, lex
from shardkit.parse.tokens import Tokens


def tokens(text: str) -> Tokens:
    return Tokens(lex(text, Style.POSITIONAL))


def clauses(text: str) -> dict[str, str]:
    """clause -> its keyword and body as the user wrote them."""
    found = tokens(text)
    spans = {name: found.span(clause.keyword, clause.end) for name, clause in found.clauses().items()}
    return {name: text[start:end] for name, (start, end) in spans.items()}


def body(text: str, clause: str) -> list[str]:
    """The entries of a clause's body, split at its commas."""
    found = tokens(text)
    place = found.clauses()[clause]
    return [text[slice(*found.span(*part))] for part in found.split(place.first, place.end)]


def test_all_clauses_of_a_select() -> None:
    text = (
        "SELECT /* x */ DISTINCT a, b FROM t WHERE a = 'FROM' GROUP BY a, b HAVING COUNT(*) > 1\n"
        "  ORDER BY a DESC LIMIT %s, 3 FOR UPDATE;"
    )
    assert clauses(text) == {
        "select": "SELECT /* x */ DISTINCT a, b", "from": "FROM t", "where": "WHERE a = 'FROM'",
        "group": "GROUP BY a, b", "having": "HAVING COUNT(*) > 1", "order": "ORDER BY a DESC",
        "limit": "LIMIT %s, 3", "lock": "FOR UPDATE",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT (SELECT 1 FROM u WHERE x LIMIT 1) FROM t", ["select", "from"]),
        ("SELECT a FROM t USE INDEX FOR ORDER BY (x) WHERE b", ["select", "from", "where"]),
        ("SELECT a FROM t FORCE INDEX FOR GROUP BY (x) IGNORE INDEX FOR JOIN (y) ORDER BY a", ["select", "from",
         "order"]),
        ("SELECT EXTRACT(DAY FROM d) FROM t", ["select", "from"]),
        ("SELECT `limit`, `order` FROM `where`", ["select", "from"]),
        ("SELECT a FROM t LOCK IN SHARE MODE", ["select", "from", "lock"]),
        ("SELECT a, RANK() OVER w FROM t WINDOW w AS (ORDER BY a)", ["select", "from", "window"]),
        ("SELECT ROW_NUMBER() OVER (ORDER BY a LIMIT 1) FROM t", ["select", "from"]),
        ("INSERT INTO t (a) VALUES (1) ON DUPLICATE KEY UPDATE a = VALUES(a)", ["into", "values"]),
    ],
)  # fmt: skip
def test_only_words_of_the_outermost_level_begin_a_clause(text: str, expected: list[str]) -> None:
    assert list(clauses(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT a, f(b, (c, d)), CASE WHEN x IN (1, 2) THEN 1 ELSE 2 END e FROM t",
         ["a", "f(b, (c, d))", "CASE WHEN x IN (1, 2) THEN 1 ELSE 2 END e"]),
        ("SELECT DISTINCTROW SQL_NO_CACHE HIGH_PRIORITY a , b FROM t", ["a", "b"]),
        ("SELECT ALL a FROM t", ["a"]),
        ("SELECT `all`, `distinct` FROM t", ["`all`", "`distinct`"]),
        ("SELECT 'a,b', /* , */ \"c,d\" FROM t", ["'a,b'", '"c,d"']),
        ("SELECT (a), (b) FROM t", ["(a)", "(b)"]),
        ("SELECT 1", ["1"]),
        ("SELECT '东,京', 😀 FROM t", ["'东,京'", "😀"]),
    ],
)  # fmt: skip
def test_the_select_list_is_split_at_its_own_commas(text: str, expected: list[str]) -> None:
    assert body(text, "select") == expected


def test_a_text_is_no_modifier() -> None:
    assert body("SELECT 'distinct', a FROM t", "select") == ["'distinct'", "a"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("INSERT INTO t VALUES (1, '), ('), (f(2), (3))", ["(1, '), (')", "(f(2), (3))"]),
        ("INSERT INTO t VALUES ROW(1, 2), ROW(3, 4)", ["ROW(1, 2)", "ROW(3, 4)"]),
        ("INSERT INTO t VALUES (%s, %s) , (%s, 'x''y') ON DUPLICATE KEY UPDATE a = (1)", ["(%s, %s)", "(%s, 'x''y')"]),
        ("INSERT INTO t VALUES (1) AS new ON DUPLICATE KEY UPDATE a = new.a", ["(1)"]),
        ("INSERT INTO t VALUES ()", ["()"]),
    ],
)
def test_the_rows_of_values(text: str, expected: list[str]) -> None:
    found = tokens(text)
    rows = found.value_rows(found.clauses()["values"].first)
    assert [text[slice(*found.span(*row))] for row in rows] == expected


def test_closing_brackets() -> None:
    found = tokens("SELECT (a + (b)) FROM t")
    assert [found.items[found.closing(i)].text for i in (1, 4)] == [")", ")"]
    assert found.closing(1) == 7
    with pytest.raises(SqlSyntaxError, match="line 2, column 2"):
        tokens("SELECT\n ((a) FROM t").closing(1)


def test_tokens_are_found_by_the_parsers_offsets() -> None:
    found = tokens("SELECT aa, b FROM t")
    assert [found.at(offset) for offset in (0, 7, 9, 11, 8, 99)] == [0, 1, 2, 3, -1, -1]


@pytest.mark.parametrize("text", ["SELECT 1", "SELECT 1 ;", "SELECT 1;;", "SELECT 1 -- end\n", "SELECT 1 ; /* end */"])
def test_the_last_token_ends_before_semicolons_and_comments(text: str) -> None:
    assert text[slice(*tokens(text).span(1, 2))] == "1"
