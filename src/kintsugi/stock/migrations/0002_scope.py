"""What the policy of postings asks: whether a posting has lines at all."""

from django.db import migrations

from kintsugi.core.migrating import Together
from kintsugi.core.queries import query


class Migration(Together):
    dependencies = [("stock", "0001_stock")]

    operations = [migrations.RunSQL(query("stock", "has_moves"), migrations.RunSQL.noop)]
