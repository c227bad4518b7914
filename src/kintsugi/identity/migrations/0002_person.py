"""People apart from their accounts: every account that exists gets a person of its own."""

import json

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import kintsugi.core.ids
from kintsugi.core.ids import uuid7
from kintsugi.core.migrating import Together


def give_people(apps, schema_editor):
    """A person for each account, logged as every other write."""
    accounts = apps.get_model("identity", "User")
    if not accounts.objects.exists():
        return
    from kintsugi.core.queries import query

    with schema_editor.connection.cursor() as cursor:
        cursor.execute(query("audit", "cover_table").format(table='"identity_person"'))
        context = {"actor": "system", "command": "identity.give-people"}
        cursor.execute("select set_config('kintsugi.context', %s, true)", [json.dumps(context)])
    people = apps.get_model("identity", "Person")
    for account in accounts.objects.order_by("id"):
        person = people.objects.create(id=uuid7(), name=account.display_name, kind="employee")
        accounts.objects.filter(pk=account.pk).update(person_id=person.pk)


class Migration(Together):
    dependencies = [("identity", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Person",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kintsugi.core.ids.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "version",
                    models.PositiveIntegerField(
                        db_default=1, default=1, editable=False, verbose_name="version"
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="created",
                    ),
                ),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="changed",
                    ),
                ),
                (
                    "is_void",
                    models.BooleanField(db_default=False, default=False, verbose_name="void"),
                ),
                (
                    "void_reason",
                    models.CharField(
                        blank=True, db_default="", max_length=400, verbose_name="reason of voiding"
                    ),
                ),
                (
                    "emp_no",
                    models.CharField(
                        blank=True, max_length=20, null=True, verbose_name="employee number"
                    ),
                ),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("employee", "Employee"),
                            ("contact", "Outside contact"),
                            ("service", "Service"),
                        ],
                        default="employee",
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                ("joined_on", models.DateField(blank=True, null=True, verbose_name="joined")),
                ("left_on", models.DateField(blank=True, null=True, verbose_name="left")),
            ],
            options={
                "verbose_name": "person",
                "verbose_name_plural": "people",
                "ordering": ("name", "id"),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("emp_no__isnull", False), ("is_void", False)),
                        fields=("emp_no",),
                        name="person_employee_number_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ("employee", "contact", "service"))),
                        name="person_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("joined_on__isnull", True),
                            ("left_on__isnull", True),
                            ("joined_on__lte", models.F("left_on")),
                            _connector="OR",
                        ),
                        name="person_joined_before_leaving",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="user",
            name="person",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="accounts",
                to="identity.person",
            ),
        ),
        migrations.RunPython(give_people, migrations.RunPython.noop),
        # The constraint of the column is checked at commit; its pending events would bar ALTER.
        migrations.RunSQL("set constraints all immediate", migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="user",
            name="person",
            field=models.ForeignKey(
                editable=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="accounts",
                to="identity.person",
            ),
        ),
    ]
