"""A table of another kind, and a column of a table that has rows."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("django_shop", "0001_initial")]
    operations = [
        migrations.AddField("member", "level", models.PositiveIntegerField(default=0)),
        migrations.CreateModel(
            name="Note",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.CharField(max_length=100, unique=True)),
            ],
            options={"db_table": "note"},
        ),
    ]
