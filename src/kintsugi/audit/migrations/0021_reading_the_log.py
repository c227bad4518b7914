"""Indexes for reading the log by time, person and table.

The log grows in the order of its transactions, so block ranges find a span of time or the rows of
one import at almost no cost for the writer; a tree over each change would slow every write.
"""

from django.contrib.postgres.indexes import BrinIndex
from django.db import migrations, models

from kintsugi.core.migrating import Together


class Migration(Together):
    dependencies = [("audit", "0020_evidence_packs")]

    operations = [
        migrations.AddIndex(
            model_name="change",
            index=BrinIndex(
                fields=["transaction", "table"],
                name="change_span",
                pages_per_range=32,
                autosummarize=True,
            ),
        ),
        migrations.AddIndex(
            model_name="transaction",
            index=models.Index(fields=["actor", "-at"], name="transaction_person"),
        ),
        migrations.AddIndex(
            model_name="transaction",
            index=models.Index(fields=["command", "-at"], name="transaction_command"),
        ),
    ]
