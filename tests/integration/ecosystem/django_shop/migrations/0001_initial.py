"""Members and orders."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

import tests.integration.ecosystem.django_shop.models


class Migration(migrations.Migration):
    initial = True

    operations = [
        migrations.CreateModel(
            name="Member",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("name", models.CharField(db_index=True, max_length=40)),
            ],
            options={
                "db_table": "shop_member",
            },
        ),
        migrations.CreateModel(
            name="Order",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "member_id", "id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("id", models.BigIntegerField(default=tests.integration.ecosystem.django_shop.models.order_id)),
                ("total", models.DecimalField(decimal_places=2, max_digits=12)),
                ("created_at", models.DateTimeField()),
                ("opens", models.TimeField(null=True)),
                ("took", models.DurationField(null=True)),
                ("paid", models.BooleanField(default=False)),
                ("tag", models.UUIDField(default=uuid.uuid4)),
                ("data", models.JSONField(default=dict)),
                ("digest", models.BinaryField(default=b"")),
                (
                    "member",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="orders",
                        to="django_shop.member",
                    ),
                ),
            ],
            options={
                "db_table": "shop_order",
                "indexes": [models.Index(fields=["created_at"], name="order_time")],
            },
        ),
    ]
