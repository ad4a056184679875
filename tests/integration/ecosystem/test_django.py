"""A Django project over shardkit: migrations, models, queries, transactions."""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import django
import pytest
from django.apps.registry import Apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.paginator import Paginator
from django.db import IntegrityError, NotSupportedError, connection, connections, models, transaction
from django.db.models import Avg, Count, F, Q, Sum
from django.test.utils import CaptureQueriesContext

from shardkit.django.base import DatabaseWrapper, close_clusters
from shardkit.telemetry import Figures
from tests import servers
from tests.servers import new_prefix

APP = "tests.integration.ecosystem.django_shop"

if not settings.configured:
    settings.configure(
        DATABASES={"default": {"ENGINE": "shardkit.django", "NAME": "given-by-the-fixture.yaml"}},
        INSTALLED_APPS=[APP],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
    )
    django.setup()

from tests.integration.ecosystem.django_shop.models import Member, Note, Order  # noqa: E402

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def rules_text(urls: tuple[str, str], prefix: str) -> str:
    """The rules of the project: two sharded tables side by side, all others in one database."""
    return (
        "version: 1\n"
        f'servers: {{ east: {{ url: "{urls[0]}" }}, west: {{ url: "{urls[1]}" }} }}\n'
        f'layouts: {{ shop: {{ databases: "{prefix}{{0..3}}", servers: [east, west], tables: "{{table}}_{{0..1}}" }} }}\n'
        "tables:\n"
        "  shop_member: { layout: shop, shard_by: id, generate: { id: snowflake } }\n"
        "  shop_order: { shard_by: member_id, bound_to: shop_member, generate: { id: snowflake } }\n"
        "  shop_remark: { shard_by: member_id, bound_to: shop_member, generate: { id: snowflake } }\n"
        f"single: {{ database: east/{prefix}app }}\n"
        "defaults: { unlisted_tables: single }\n"
    )


@pytest.fixture(scope="module", params=["files", pytest.param("servers", marks=pytest.mark.mysql)])
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Django connected to a world whose tables `migrate` has made."""
    folder, prefix, pair = tmp_path_factory.mktemp("project"), new_prefix(), ()
    if request.param == "files":
        urls = (f"sqlite:///{folder / 'east'}", f"sqlite:///{folder / 'west'}")
        for name in ("east", "west"):
            (folder / name).mkdir()
    else:
        pair = request.getfixturevalue("mysql_servers")
        urls = (pair[0].text, pair[1].text)
        for at, name in enumerate([*(f"{prefix}{n}" for n in range(4)), f"{prefix}app"]):
            with pair[at in (2, 3)].connect() as bare, bare.cursor() as cursor:
                cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
    rules = folder / "rules.yaml"
    rules.write_text(rules_text(urls, prefix), encoding="utf-8")
    connections.databases["default"]["NAME"] = rules
    del connections["default"]
    call_command("migrate", verbosity=0)
    yield str(request.param)
    connections.close_all()
    close_clusters()
    if pair:
        servers.drop_databases(pair, prefix)


@pytest.fixture
def shop(project: str) -> Iterator[list[Any]]:
    """Four members with five orders each."""
    members = [Member.objects.create(name=f"member {n}", level=n % 2) for n in range(4)]
    for n in range(20):
        Order.objects.create(
            member=members[n % 4], total=Decimal(n) / 4, created_at=NOON + timedelta(hours=n), data={"n": n}
        )
    yield members
    for member in Member.objects.all():
        member.orders.all().delete()
        member.delete()
    assert not Order.objects.exists()


def test_migrations_find_nothing_left_to_do(project: str) -> None:
    call_command("migrate", check_unapplied=True, verbosity=0)
    call_command("makemigrations", check_changes=True, dry_run=True, verbosity=0)
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        keys = connection.introspection.get_constraints(cursor, "shop_order")
        assert connection.introspection.get_primary_key_columns(cursor, "shop_order") == ["member_id", "id"]
    assert set(tables) == {"django_migrations", "note", "shop_member", "shop_order"}
    assert keys["order_time"]["columns"] == ["created_at"]
    written = io.StringIO()
    call_command("inspectdb", "shop_member", stdout=written)
    assert "name = models.CharField(max_length=40)" in written.getvalue()
    assert "level = models.PositiveIntegerField()" in written.getvalue()


def test_migrations_go_back_and_forth(project: str) -> None:
    call_command("migrate", "django_shop", "0001", verbosity=0)
    with connection.cursor() as cursor:
        assert "note" not in connection.introspection.table_names(cursor)
    call_command("migrate", "django_shop", verbosity=0)
    assert Note.objects.create(text="x").pk
    Note.objects.all().delete()


def test_every_field_comes_back(shop: list[Any]) -> None:
    made = Order.objects.create(
        member=shop[0], total=Decimal("-1.10"), created_at=NOON, opens=time(23, 59, 59, 5), took=timedelta(days=-1),
        paid=True, tag=uuid.UUID(int=5), data={"ä": [1, None]}, digest=b"\x00\xff",
    )  # fmt: skip
    found = Order.objects.get(pk=made.pk)
    for field in Order._meta.concrete_fields:
        assert getattr(found, field.attname) == getattr(made, field.attname), field.name


def test_saving_goes_to_one_shard(shop: list[Any]) -> None:
    order = shop[1].orders.order_by("id").first()
    order.total = Decimal(99)
    with CaptureQueriesContext(connection) as seen:
        order.save()
    order.refresh_from_db()
    assert order.total == 99
    assert [query["sql"].split()[0] for query in seen] == ["UPDATE"]
    assert Order.objects.filter(member=shop[1], id=order.id).update(paid=True) == 1
    assert Order.objects.filter(member=shop[1], id=order.id).update(paid=True) == 1  # rows that match, not that change
    assert order.delete()[0] == 1


def test_a_write_without_the_shard_key_is_refused(shop: list[Any]) -> None:
    with pytest.raises(NotSupportedError, match="shard key"):
        Order.objects.filter(paid=False).update(paid=True)


def test_ordering_and_pages_over_all_shards(shop: list[Any]) -> None:
    pages = Paginator(Order.objects.order_by("-created_at"), 6)
    assert (pages.count, pages.num_pages) == (20, 4)
    assert [order.data["n"] for order in pages.page(2)] == [13, 12, 11, 10, 9, 8]
    assert [order.member.name for order in Order.objects.select_related("member").order_by("created_at")[:2]] == [
        "member 0",
        "member 1",
    ]


def test_aggregates_over_all_shards(shop: list[Any]) -> None:
    assert Order.objects.aggregate(n=Count("pk"), whole=Sum("total"), mean=Avg("total")) == {
        "n": 20, "whole": Decimal("47.50"), "mean": Decimal("2.375"),
    }  # fmt: skip
    per_level = (
        Order.objects.values("member__level")
        .annotate(n=Count("id"), most=Sum(F("total") * 2))
        .order_by("member__level")
    )
    assert [(row["member__level"], row["n"], row["most"]) for row in per_level] == [(0, 10, 45), (1, 10, 50)]
    busy = Member.objects.annotate(n=Count("orders", filter=Q(orders__total__gte=4))).filter(n__gt=0).order_by("name")
    assert [(member.name, member.n) for member in busy] == [(f"member {n}", 1) for n in range(4)]
    assert list(
        Member.objects.filter(Q(name__endswith="1") | Q(name="member 3"))
        .values_list("name", flat=True)
        .order_by("name")
    ) == [
        "member 1",
        "member 3",
    ]


def test_what_only_a_server_can(project: str, shop: list[Any]) -> None:
    inside = Member.objects.filter(orders__data__n=7)
    if project == "files":
        with pytest.raises(NotSupportedError, match="in the embedded database"):
            inside.get()
        return
    assert inside.get() == shop[3]
    assert Order.objects.filter(created_at__year=2026, data__n__lt=5).count() == 5


def test_transactions_and_savepoints(shop: list[Any]) -> None:
    member = shop[2]
    with transaction.atomic():
        member.orders.update(paid=True)
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            member.orders.update(total=0)
            raise ZeroDivisionError
        assert member.orders.filter(total=0).count() == 0
    assert member.orders.filter(paid=True).count() == 5
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        member.orders.update(paid=False)
        raise ZeroDivisionError
    assert member.orders.filter(paid=True).count() == 5
    with transaction.atomic():
        Order.objects.select_for_update().get(pk=member.orders.first().pk)
    assert Member.objects.get_or_create(name="member 2", defaults={"level": 9}) == (member, False)


def test_many_rows_at_once(shop: list[Any]) -> None:
    orders = [Order(member=shop[0], total=n, created_at=NOON) for n in range(10)]
    assert len(Order.objects.bulk_create(orders)) == 10
    assert Order.objects.filter(member=shop[0]).count() == 15


def test_errors_are_djangos(project: str) -> None:
    note = Note.objects.create(text="once")
    with pytest.raises(IntegrityError, match="1062"):
        Note.objects.create(text="once")
    note.delete()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"HOST": "10.0.0.1"}, "leave out HOST"),
        ({"NAME": ""}, "NAME is the path"),
        ({"OPTIONS": {"charset": "utf8mb4"}}, r"unknown OPTIONS \['charset'\]"),
        ({"OPTIONS": {"isolation_level": "chaos"}}, "isolation_level is one of"),
    ],
)
def test_settings_that_are_wrong(project: str, given: dict[str, Any], message: str) -> None:
    other = connection.copy("other")
    other.settings_dict.update(given)
    with pytest.raises(ImproperlyConfigured, match=message):
        other.get_connection_params()


def test_a_test_run_wants_rules_of_its_own(project: str, tmp_path: Path) -> None:
    other = connection.copy("other")
    with pytest.raises(ImproperlyConfigured, match="rules file of their own"):
        other.creation.create_test_db(verbosity=0)
    (tmp_path / "data").mkdir()
    name = tmp_path / "test-rules.yaml"
    name.write_text(rules_text((f"sqlite:///{tmp_path / 'data'}",) * 2, "test_"), encoding="utf-8")
    other.settings_dict["TEST"]["NAME"] = str(name)
    other.creation._create_test_db(0, True)
    other.creation._destroy_test_db(str(name), 0)
    other.close()


def test_observers_hear_of_statements(project: str) -> None:
    figures = Figures()
    given: dict[str, Any] = {**connections.databases["default"], "OPTIONS": {"observers": [figures]}}
    watched = DatabaseWrapper(given, "watched")
    with watched.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM shop_order")
    watched.close()
    assert sum(figures.snapshot()["statements"].values()) >= 1


def test_foreign_keys_are_made_where_the_servers_can(project: str) -> None:
    class Remark(models.Model):  # type: ignore[misc]
        member = models.ForeignKey(Member, models.CASCADE)

        class Meta:
            app_label, db_table, apps = "django_shop", "shop_remark", Apps()

    with connection.schema_editor() as editor:
        editor.create_model(Remark)
    with connection.cursor() as cursor:
        found = connection.introspection.get_relations(cursor, "shop_remark")
    with connection.schema_editor() as editor:
        editor.delete_model(Remark)
    assert connection.features.supports_foreign_keys is (project == "servers")
    assert ("member_id" in found) is (project == "servers")
