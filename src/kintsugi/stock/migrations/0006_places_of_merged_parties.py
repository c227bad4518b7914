"""A party that another one was merged into has the places of both."""

from django.db import migrations

from kintsugi.core.migrating import Together


class Migration(Together):
    dependencies = [
        ("stock", "0005_storing"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="location",
            name="location_of_party_once",
        ),
    ]
