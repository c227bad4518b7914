"""The rules of duties in the database, and the first grants: whoever administered, still does."""

import json

from django.db import migrations
from django.db.models import Q
from django.db.models.functions import Now

from kintsugi.core.ids import uuid7
from kintsugi.core.migrating import Together
from kintsugi.core.queries import query

FIRST = ("administrator", "steward")
REASON = "Administered before roles existed"


def first_grants(apps, schema_editor):
    """Administrators keep what they could do, so that nobody is locked out."""
    accounts = apps.get_model("identity", "User").objects.filter(
        Q(is_superuser=True) | Q(is_staff=True), is_active=True, is_void=False
    )
    people = sorted(set(accounts.values_list("person_id", flat=True)))
    if not people:
        return
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(query("audit", "cover_table").format(table='"identity_rolegrant"'))
        context = {"actor": "system", "command": "identity.first-grants"}
        cursor.execute("select set_config('kintsugi.context', %s, true)", [json.dumps(context)])
    grants = apps.get_model("identity", "RoleGrant")
    for person in people:
        for role in FIRST:
            grants.objects.create(
                id=uuid7(),
                person_id=person,
                role=role,
                scope_kind="all",
                scope_values=[],
                valid_from=Now(),
                reason=REASON,
            )


class Migration(Together):
    dependencies = [("identity", "0010_access"), ("audit", "0002_change_log")]

    operations = [
        migrations.RunSQL(query("identity", "duties"), migrations.RunSQL.noop),
        migrations.RunPython(first_grants, migrations.RunPython.noop),
        migrations.RunSQL("set constraints all immediate", migrations.RunSQL.noop),
    ]
