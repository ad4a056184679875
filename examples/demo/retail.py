"""Real orders from a file in the format of "Online Retail II" (CSV, gzipped or not).

Columns: invoice, stock_code, description, quantity, invoice_date, price, customer_id, country. Customers become
members, invoices become orders, lines become items. Invariant: every line of the file becomes exactly one item.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from io import BufferedReader, TextIOWrapper
from pathlib import Path

from examples.demo.records import Dataset, Record, guest_member
from examples.demo.shop.model import CENT, Status

COLUMNS = ["invoice", "stock_code", "description", "quantity", "invoice_date", "price", "customer_id", "country"]
RANGES = {"": 0, "C": 1_000_000_000, "A": 2_000_000_000}
STATUSES = {"": Status.SHIPPED, "C": Status.CANCELLED, "A": Status.ADJUSTED}


class BadOrders(ValueError):
    """The file is not in the expected format; the message says where."""


@dataclass(slots=True)
class _Invoice:
    customer: str
    country: str
    created: datetime
    lines: list[tuple[str, str, int, Decimal]] = field(default_factory=list)


@dataclass(slots=True)
class _Counts:
    several_times: set[str] = field(default_factory=set)
    rounded: int = 0


def read_orders(path: Path, progress: Callable[[int], None] = lambda _position: None) -> Dataset:
    """All orders of the file. `progress` gets the bytes read so far. Raises BadOrders, OSError."""
    invoices: dict[str, _Invoice] = {}
    counts = _Counts()
    seen: dict[str, str] = {}  # half a million lines share a few thousand texts
    for number, row in enumerate(_rows(path, progress), start=2):
        try:
            _add(invoices, counts, [seen.setdefault(text, text) for text in row])
        except (ValueError, InvalidOperation) as error:
            raise BadOrders(f"{path.name}, record {number}: {error}") from error
    records = tuple(_record(name, invoice) for name, invoice in invoices.items())
    return Dataset(f"{len(records):,} real orders from {path.name}", records, _notes(invoices, counts))


def order_id(invoice: str) -> int:
    """The orderId of an invoice number: its digits; `C…` and `A…` in ranges of their own. ValueError on others."""
    letter = "" if invoice[:1].isdigit() else invoice[:1]
    digits = invoice[len(letter) :]
    if letter not in RANGES or not (digits.isascii() and digits.isdigit()) or int(digits) >= RANGES["C"]:
        raise ValueError(f"unknown invoice number {invoice!r}")
    return RANGES[letter] + int(digits)


def _rows(path: Path, progress: Callable[[int], None]) -> Iterator[list[str]]:
    with path.open("rb") as raw:
        text = _decoded(raw, path.suffix == ".gz")
        reader = csv.reader(text)
        if next(reader, None) != COLUMNS:
            raise BadOrders(f"{path.name}: the first line must be {','.join(COLUMNS)}")
        for number, row in enumerate(reader):
            if len(row) != len(COLUMNS):
                raise BadOrders(f"{path.name}, record {number + 2}: {len(row)} columns, expected {len(COLUMNS)}")
            if number % 5000 == 0:
                progress(raw.tell())
            yield row
        progress(raw.tell())


def _decoded(raw: BufferedReader, zipped: bool) -> TextIOWrapper:
    if zipped:
        return TextIOWrapper(gzip.GzipFile(fileobj=raw), encoding="utf-8", newline="")
    return TextIOWrapper(raw, encoding="utf-8", newline="")


def _add(invoices: dict[str, _Invoice], counts: _Counts, row: list[str]) -> None:
    name, sku, description, quantity, moment, price, customer, country = row
    created = datetime.fromisoformat(moment)
    invoice = invoices.get(name)
    if invoice is None:
        order_id(name)
        invoice = invoices[name] = _Invoice(customer, country, created)
    if (customer, country) != (invoice.customer, invoice.country):
        raise ValueError(f"invoice {name} changes its customer or country")
    if created != invoice.created:
        counts.several_times.add(name)
        invoice.created = min(created, invoice.created)
    exact = Decimal(price)
    cents = exact.quantize(CENT, ROUND_HALF_UP)
    counts.rounded += cents != exact
    invoice.lines.append((sku, description, int(quantity), cents))


def _record(name: str, invoice: _Invoice) -> Record:
    identity = order_id(name)
    member = int(invoice.customer) if invoice.customer else guest_member(identity)
    letter = name[0] if name[0] in STATUSES else ""
    amount = sum((quantity * price for _, _, quantity, price in invoice.lines), Decimal("0.00"))
    order = (
        member, identity, STATUSES[letter].value, amount, "GBP", invoice.created, invoice.country, name,
    )  # fmt: skip
    items = tuple((member, identity, number, *line) for number, line in enumerate(invoice.lines, start=1))
    return Record(order, items)


def _notes(invoices: dict[str, _Invoice], counts: _Counts) -> tuple[str, ...]:
    guests = sum(not invoice.customer for invoice in invoices.values())
    cancelled = sum(name.startswith("C") for name in invoices)
    adjusted = sum(name.startswith("A") for name in invoices)
    return (
        f"{guests:,} invoices have no customer (guests): each gets a synthetic member, 10,000,000,000 + orderId.",
        f"{cancelled:,} invoices C… are cancellations: orderId 1,000,000,000 + number, quantities below zero.",
        f"{adjusted:,} invoices A… are bookkeeping entries: orderId 2,000,000,000 + number, status adjusted.",
        f"{len(counts.several_times):,} invoices carry several times: the earliest is taken.",
        f"{counts.rounded:,} prices have tenths of a penny and are rounded half up to pennies.",
    )
