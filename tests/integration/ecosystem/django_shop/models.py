"""Members, and their orders beside them on the same shard."""

from __future__ import annotations

import uuid

from django.db import models

from shardkit.django import next_id


def order_id() -> int:
    """An id that the rules generate."""
    return int(next_id("shop_order"))


class Member(models.Model):
    """Sharded by its id, which shardkit generates when a row is inserted without."""

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=40, db_index=True)
    level = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "shop_member"


class Order(models.Model):
    """Sharded by its member. The primary key names the shard key, so that a saved order finds its shard."""

    pk = models.CompositePrimaryKey("member_id", "id")
    id = models.BigIntegerField(default=order_id)
    member = models.ForeignKey(Member, models.CASCADE, related_name="orders", db_constraint=False)
    total = models.DecimalField(max_digits=12, decimal_places=2)
    created_at = models.DateTimeField()
    opens = models.TimeField(null=True)
    took = models.DurationField(null=True)
    paid = models.BooleanField(default=False)
    tag = models.UUIDField(default=uuid.uuid4)
    data = models.JSONField(default=dict)
    digest = models.BinaryField(default=b"")

    class Meta:
        db_table = "shop_order"
        indexes = [models.Index(fields=["created_at"], name="order_time")]


class Note(models.Model):
    """The rules do not name it: it lies in the single database, with an AUTO_INCREMENT id of the server."""

    text = models.CharField(max_length=100, unique=True)

    class Meta:
        db_table = "note"
