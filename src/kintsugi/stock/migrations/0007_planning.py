"""Postings probe by index, however large the posting was that their plan was made for."""

from django.db import migrations

from kintsugi.core.queries import query


class Migration(migrations.Migration):
    dependencies = [
        ("stock", "0006_places_of_merged_parties"),
    ]

    operations = [
        migrations.RunSQL(query("stock", "planning"), migrations.RunSQL.noop),
    ]
