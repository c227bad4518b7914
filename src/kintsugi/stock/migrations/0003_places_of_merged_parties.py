"""A party that another one was merged into has the places of both."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("stock", "0002_scope"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="location",
            name="location_of_party_once",
        ),
    ]
