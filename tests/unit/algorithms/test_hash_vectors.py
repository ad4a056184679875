"""The hash function is fixed for ever: these vectors may never change, because stored rows lie where it put them."""

from __future__ import annotations

import subprocess
import sys
import timeit
from datetime import UTC, date, datetime
from decimal import Decimal, localcontext

import pytest

from shardkit.algorithms import KeyValue, algorithms
from shardkit.algorithms.hash import digest, mix
from shardkit.errors import ShardKeyError

GOLDEN_GAMMA = 0x9E3779B97F4A7C15


def test_mix_agrees_with_published_splitmix64_output() -> None:
    """SplitMix64 seeded with 1234567: the sequence that Rosetta Code and others publish."""
    published = [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]
    assert [mix(1234567 + GOLDEN_GAMMA * step) for step in range(1, 6)] == published


VECTORS: list[tuple[KeyValue, int]] = [
    (0, 0x0000000000000000),
    (1, 0x5692161D100B05E5),
    (2, 0xDBD238973A2B148A),
    (42, 0xA759EA27D4727622),
    (-1, 0xB4D055FCF2CBBD7B),
    (-42, 0x74ABC7F0EFC4AFA7),
    (2**63 - 1, 0x5A682AFE7965DEBD),
    (-(2**63), 0x25C26EA579CEA98A),
    (2**64 - 1, 0xB4D055FCF2CBBD7B),
    (2**64, 0x0000000000000000),
    (10**30, 0x76F819ABE5F15378),
    (-(10**30), 0xA8272A262DD642A7),
    ("", 0xE4A6A0577479B2B4),
    ("a", 0x40F89E395B66422F),
    ("abc", 0xD8BB14D833D59559),  # printf abc | b2sum -l 64
    ("ABC", 0xC6F867A9EC832FBB),
    ("张三", 0xD76D102C37BCF777),
    ("会员编号", 0xB422DA8E7572FFC8),
    ("Zoë", 0x789FB70695EF899A),
    ("😀", 0xF5F08BEBE22AE770),
    (b"", 0x548E75A74EA3C72E),
    (b"abc", 0x84CA16FF10A55EDB),
    ("张三".encode(), 0x82A7AECABE5DCAAF),
    (date(2024, 2, 29), 0xB99B67220A61692C),
    (datetime(2024, 2, 29), 0xB99B67220A61692C),
    (datetime(2024, 2, 29, 12, 30, 45), 0xF945F1F3D26FAC2C),
    (datetime(2024, 2, 29, 12, 30, 45, 120000), 0xCD1918890647D5AC),
    (Decimal("12.50"), 0xA5714D6FCA5027CF),
    (Decimal("12.5"), 0xA5714D6FCA5027CF),
    (Decimal("-0.001"), 0xDDBF347E81EF0273),
    (Decimal("12"), 0x37BE58E8D7213BBC),
    (12, 0x37BE58E8D7213BBC),
]


@pytest.mark.parametrize(("value", "expected"), VECTORS, ids=lambda value: repr(value)[:30])
def test_vector(value: KeyValue, expected: int) -> None:
    assert digest(value) == expected


def test_slot_is_the_hash_modulo_the_slots() -> None:
    for slots in (1, 2, 3, 5, 16, 64, 1024):
        algorithm = algorithms.get("hash")(slots, {})
        assert [algorithm.slot(value) for value, _ in VECTORS] == [hashed % slots for _, hashed in VECTORS]


def test_another_process_answers_the_same() -> None:
    """PYTHONHASHSEED plays no part."""
    program = "from shardkit.algorithms.hash import digest; print(digest('会员'), digest(b'x'), digest(7))"
    answers = {
        subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert answers == {f"{digest('会员')} {digest(b'x')} {digest(7)}\n"}


def test_decimals_do_not_depend_on_the_decimal_context() -> None:
    long = Decimal("1234567890123456789012345678901234567890.5")
    before = digest(long)
    with localcontext() as context:
        context.prec = 5
        assert digest(long) == before


@pytest.mark.parametrize(
    "value",
    [Decimal("NaN"), Decimal("Infinity"), Decimal("1E+100"), "\ud800", datetime(2024, 1, 1, tzinfo=UTC), 1.5, None],
    ids=repr,
)
def test_values_without_a_hash(value: KeyValue) -> None:
    with pytest.raises(ShardKeyError) as caught:
        digest(value)
    assert "2024" not in str(caught.value)
    assert "1.5" not in str(caught.value)


def test_integers_are_quick() -> None:
    """Under 1 microsecond on an idle machine; the bound is wide because test machines are not idle."""
    slot = algorithms.get("hash")(64, {}).slot
    best = min(timeit.repeat(lambda: slot(1234567890123), number=10_000, repeat=5)) / 10_000
    assert best < 5e-6
