"""The built-in collations: equality and order as MySQL has them, and weights that agree with the comparison."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardkit.errors import NotSupportedError
from shardkit.rewrite.sqlite_collations import SCHEMES, comparer, of_charset, padded, scheme, stripped

ASCII_ORDER = "\t\n\r _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$0123456789aAbBzZ"  # as MySQL 9.7 sorts it
TEXTS = st.text(st.sampled_from("aAäÄbßsS eéz_-0 \tяЙй好😀\u0301"), max_size=6)


@pytest.mark.parametrize(
    ("name", "a", "b", "sign"),
    [
        ("utf8mb4_0900_ai_ci", "Zoë", "zoe", 0),
        ("utf8mb4_0900_ai_ci", "straße", "STRASSE", 0),
        ("utf8mb4_0900_ai_ci", "a", "a ", -1),
        ("utf8mb4_0900_ai_ci", "й", "и", 1),
        ("utf8mb4_0900_as_ci", "zoe", "ZOE", 0),
        ("utf8mb4_0900_as_ci", "zoe", "zoë", -1),
        ("utf8mb4_0900_as_cs", "zoe", "Zoe", -1),
        ("utf8mb4_general_ci", "a", "A  ", 0),
        ("utf8mb4_general_ci", "ß", "s", 0),
        ("utf8mb4_unicode_ci", "ä ", "A", 0),
        ("utf8mb4_bin", "a", "a ", 0),
        ("utf8mb4_bin", "a\t", "a", -1),
        ("utf8mb4_bin", "A", "a", -1),
        ("utf8mb4_0900_bin", "a", "a ", -1),
    ],
)
def test_compare(name: str, a: str, b: str, sign: int) -> None:
    assert comparer(name)(a, b) == sign
    assert comparer(name)(b, a) == -sign


def test_ascii_order_is_mysqls() -> None:
    weights = [scheme("utf8mb4_0900_ai_ci").weigh(char) for char in ASCII_ORDER]
    assert weights == sorted(weights)


@pytest.mark.parametrize("name", SCHEMES)
@given(a=TEXTS, b=TEXTS)
def test_weights_agree_with_the_comparison(name: str, a: str, b: str) -> None:
    _, weigh, blank = scheme(name)
    left, right = stripped(weigh(a), blank), stripped(weigh(b), blank)
    if blank:
        size = max(len(left), len(right))
        left, right = padded(left, blank, size), padded(right, blank, size)
    assert comparer(name)(a, b) == (left > right) - (left < right)


def test_unknown_names_are_refused() -> None:
    with pytest.raises(NotSupportedError):
        scheme("utf8mb4_zh_0900_as_cs")
    with pytest.raises(NotSupportedError):
        of_charset("gb18030")
