"""Every transaction keeps the token its context came with; each token is used once."""

from django.db import migrations, models

from kintsugi.core.migrating import Together
from kintsugi.core.queries import query


class Migration(Together):
    dependencies = [("audit", "0010_refusals")]

    operations = [
        migrations.AddField("transaction", "token", models.TextField(null=True)),
        migrations.AddConstraint(
            "transaction",
            models.UniqueConstraint(fields=["token"], name="context_token_once"),
        ),
        migrations.RunSQL(query("audit", "context_tokens"), migrations.RunSQL.noop),
    ]
