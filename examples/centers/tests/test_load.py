"""The load program: its schedule, its report, and that its proof finds what it is there to find."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner
from pydantic import SecretStr
from rich.console import Console

import shardkit
from examples.centers.load.__main__ import main
from examples.centers.load.buying import Cart, Done, Record
from examples.centers.load.proof import Check, prove
from examples.centers.load.report import markdown, quantile, show
from examples.centers.load.schedule import Arrival, Kind, Trouble, arrivals, phases
from examples.centers.load.shop import Shop
from examples.centers.settings import load_rules
from examples.centers.tests.calling import calling
from examples.order_center.app import create_app
from examples.order_center.settings import Settings
from shardkit.cli.init import create
from shardkit.rules import Rules

ORDER_CENTER = Path(__file__).parents[2] / "order_center"
SHOP = Shop("load-test", 10)


def test_the_schedule_reaches_its_rates_and_repeats_itself() -> None:
    parts = phases(2.5, 40, 100, 60)
    schedule = list(arrivals(parts, seed=3))
    assert schedule == list(arrivals(parts, seed=3))
    assert schedule != list(arrivals(parts, seed=4))
    times = [arrival.at for arrival in schedule]
    assert times == sorted(times)
    assert max(times) < 260
    counts = {part.name: sum(1 for one in schedule if one.phase == part.name) for part in parts}
    assert counts["promotion"] == pytest.approx(6000, rel=0.1)
    assert counts["before"] == pytest.approx(250, rel=0.3)
    assert {arrival.kind for arrival in schedule} == set(Kind)
    assert {arrival.trouble for arrival in schedule} == set(Trouble)


def test_quantiles_are_values_that_were_there() -> None:
    ordered = [1.0, 2.0, 3.0, 4.0]
    assert [quantile(ordered, share) for share in (0.01, 0.5, 0.51, 0.99, 1)] == [1.0, 2.0, 3.0, 4.0, 4.0]


def test_failed_requests_are_in_the_report() -> None:
    parts = phases(1, 2, 10, 10)
    ends = [("ok", 0.010), ("refused", 0.020), ("failed", 9.0)]
    done = [Done(Arrival(12.0, "promotion", Kind.CHECKOUT, Trouble.NONE, 1), took, end, 1, 0.001) for end, took in ends]
    record, checks = (
        Record(done),
        [Check("it holds", 3, ()), Check("it does not", 3, ("because",)), Check("empty", 0, ())],
    )
    told = markdown(parts, record, checks)
    assert "| promotion | place a cart | 3 | 0.3 | 1 | 1 | 1 | 10 | 20 | 20 | 20 |" in told
    console = Console(record=True, width=160, file=StringIO())
    show(console, parts, record, checks)
    shown = console.export_text()
    marks = [line.split()[1] for line in shown.splitlines() if any(check.claim in line for check in checks)]
    assert marks == ["✓", "✗", "✗"]
    assert "✗ because" in shown


class Run(NamedTuple):
    """An order center's tables after two checkouts, and what their buyers know."""

    rules: Rules
    record: Record

    def execute(self, sql: str) -> None:
        with closing(shardkit.connect(self.rules, autocommit=True)) as connection:
            assert connection.cursor().execute(sql).rowcount >= 1

    def broken(self, record: Record | None = None) -> list[int]:
        """The numbers of the checks that find something wrong."""
        checks = prove(self.rules, SHOP, record or self.record)
        return [number for number, check in enumerate(checks) if check.wrong]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Two checkouts, placed through the service, and one payment."""
    servers = {f"ORDER_RDS{number}": f"sqlite:///{tmp_path_factory.mktemp('rds')}" for number in (0, 1)}
    rules = load_rules(ORDER_CENTER / "rules.yaml", "ORDER", servers)
    create(rules, (ORDER_CENTER / "schema.sql").read_text())
    carts = [(41, "load-test-first", {SHOP.skus[0]: 2, SHOP.skus[1]: 1}), (42, "load-test-second", {SHOP.skus[2]: 3})]
    record = Record()
    with calling(create_app(Settings(cursor_secret=SecretStr("for tests")), rules)) as api:
        for sku in SHOP.skus:
            product = {"sellerId": str(SHOP.seller(sku)), "title": sku, "price": "9.90"}
            receipt = {"requestId": "load-receipt", "quantity": SHOP.pieces(sku)}
            assert api.call("PUT", f"/products/{sku}", product).is_success
            assert api.call("POST", f"/products/{sku}/receipts", receipt).is_success
        for member, request_id, lines in carts:
            body = {"lines": [{"sku": sku, "quantity": n} for sku, n in lines.items()], "country": "CN"}
            placed = api.call("POST", f"/members/{member}/checkouts", body, Idempotency_Key=request_id).json()
            record.carts.append(Cart(member, request_id, lines, int(placed["checkoutId"]), "ok"))
        order = placed["orders"][0]["orderId"]
        assert api.call("POST", f"/members/42/orders/{order}/pay").is_success
        record.paid.add(int(order))
    return Run(rules, record)


def test_the_proof_holds_where_nothing_is_wrong(run: Run) -> None:
    assert all(check.holds for check in prove(run.rules, SHOP, run.record))


PIECES = "UPDATE t_product SET available = available {} 1 WHERE sku = 'load-test-05'"


@pytest.mark.parametrize(
    ("harm", "mend", "found"),
    [
        (PIECES.format("-"), PIECES.format("+"), [5]),
        (
            "UPDATE t_product SET available = available - 1, sold = sold + 1 WHERE sku = 'load-test-05'",
            "UPDATE t_product SET available = available + 1, sold = sold - 1 WHERE sku = 'load-test-05'",
            [6],
        ),
        (
            "UPDATE t_order_item SET quantity = 4 WHERE memberId = 42",
            "UPDATE t_order_item SET quantity = 3 WHERE memberId = 42",
            [3, 6],
        ),
        (
            "UPDATE t_order SET status = 'created' WHERE memberId = 42",
            "UPDATE t_order SET status = 'paid' WHERE memberId = 42",
            [4],
        ),
        (
            "UPDATE t_order SET sellerId = 99 WHERE memberId = 42",
            f"UPDATE t_order SET sellerId = {SHOP.seller(SHOP.skus[2])} WHERE memberId = 42",
            [2],
        ),
        (
            "UPDATE t_checkout SET checkoutId = -checkoutId WHERE memberId = 42",
            "UPDATE t_checkout SET checkoutId = -checkoutId WHERE memberId = 42",
            [0, 2, 3, 4],
        ),
    ],
)
def test_the_proof_finds_what_was_lost_or_doubled(run: Run, harm: str, mend: str, found: list[int]) -> None:
    run.execute(harm)
    try:
        assert run.broken() == found
    finally:
        run.execute(mend)


def test_the_proof_finds_checkouts_nobody_was_told_of(run: Run) -> None:
    [first, second] = run.record.carts
    untold = Record(carts=[first, replace(second, checkout_id=None, outcome="refused")], paid=run.record.paid)
    assert 1 in run.broken(untold)
    lost = Record(carts=[*run.record.carts, replace(second, request_id="load-test-third")], paid=run.record.paid)
    assert 0 in run.broken(lost)


def test_a_short_promotion_runs_from_end_to_end(tmp_path: Path) -> None:
    options = ["--base", "2", "--factor", "4", "--calm", "1", "--rush", "3", "--promoted", "3"]
    files = ["--plot", str(tmp_path / "run.svg"), "--markdown", str(tmp_path / "run.md")]
    done = CliRunner().invoke(main, [*options, *files])
    assert done.exit_code == 0, done.output
    assert "every acknowledged checkout exists" in done.output
    assert "✗" not in done.output
    assert "| promotion | all |" in (tmp_path / "run.md").read_text()
    assert (tmp_path / "run.svg").stat().st_size > 1000
