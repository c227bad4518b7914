"""Migration projects with everything that belongs to them."""

import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
from django.db import migrations, models

import kintsugi.core.ids
from kintsugi.core.queries import query


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("identity", "0031_matrix"),
        ("onboarding", "0003_waves"),
    ]

    operations = [
        migrations.CreateModel(
            name="Kpi",
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
                ("title_zh", models.CharField(max_length=200, verbose_name="name (Chinese)")),
                ("title_en", models.CharField(max_length=200, verbose_name="name (English)")),
                ("code", models.SlugField(max_length=60, verbose_name="code")),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="order")),
                (
                    "unit_zh",
                    models.CharField(
                        blank=True, db_default="", max_length=20, verbose_name="unit (Chinese)"
                    ),
                ),
                (
                    "unit_en",
                    models.CharField(
                        blank=True, db_default="", max_length=20, verbose_name="unit (English)"
                    ),
                ),
                ("direction", models.CharField(max_length=4, verbose_name="direction")),
                (
                    "baseline",
                    models.DecimalField(
                        blank=True,
                        decimal_places=4,
                        max_digits=20,
                        null=True,
                        verbose_name="baseline",
                    ),
                ),
                (
                    "target",
                    models.DecimalField(decimal_places=4, max_digits=20, verbose_name="target"),
                ),
                (
                    "metric",
                    models.CharField(
                        blank=True, db_default="", max_length=40, verbose_name="measured by"
                    ),
                ),
                ("params", models.JSONField(blank=True, default=dict, verbose_name="parameters")),
                (
                    "owner_name",
                    models.CharField(
                        blank=True, db_default="", max_length=200, verbose_name="owner"
                    ),
                ),
            ],
            options={
                "verbose_name": "key figure",
                "verbose_name_plural": "key figures",
            },
        ),
        migrations.CreateModel(
            name="Project",
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
                ("title_zh", models.CharField(max_length=200, verbose_name="name (Chinese)")),
                ("title_en", models.CharField(max_length=200, verbose_name="name (English)")),
                ("code", models.SlugField(max_length=40, unique=True, verbose_name="code")),
                ("template", models.CharField(blank=True, db_default="", max_length=40)),
                (
                    "goal_zh",
                    models.CharField(
                        blank=True, db_default="", max_length=1000, verbose_name="goal (Chinese)"
                    ),
                ),
                (
                    "goal_en",
                    models.CharField(
                        blank=True, db_default="", max_length=1000, verbose_name="goal (English)"
                    ),
                ),
                (
                    "sponsor_name",
                    models.CharField(
                        blank=True, db_default="", max_length=200, verbose_name="sponsor"
                    ),
                ),
                ("owner_name", models.CharField(max_length=200, verbose_name="owner")),
                (
                    "boundaries",
                    models.JSONField(blank=True, default=dict, verbose_name="boundaries"),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "draft"),
                            ("running", "running"),
                            ("accepted", "accepted"),
                            ("closed", "closed"),
                            ("cancelled", "cancelled"),
                        ],
                        db_default="draft",
                        default="draft",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("planned_start", models.DateField(verbose_name="planned start")),
                ("planned_end", models.DateField(verbose_name="planned end")),
                ("started_at", models.DateTimeField(blank=True, null=True, verbose_name="started")),
                (
                    "accepted_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="accepted on"),
                ),
                (
                    "accepted_by_name",
                    models.CharField(
                        blank=True, db_default="", max_length=200, verbose_name="accepted by"
                    ),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
                (
                    "step_reason",
                    models.CharField(
                        blank=True, db_default="", max_length=400, verbose_name="reason"
                    ),
                ),
                (
                    "currency",
                    models.CharField(
                        db_default="CNY", default="CNY", max_length=3, verbose_name="currency"
                    ),
                ),
                (
                    "rate_pct",
                    models.DecimalField(
                        db_default=8,
                        decimal_places=3,
                        default=8,
                        max_digits=6,
                        verbose_name="discount rate, % a year",
                    ),
                ),
                (
                    "accepted_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="identity.person",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="identity.person",
                    ),
                ),
            ],
            options={
                "verbose_name": "project",
                "verbose_name_plural": "projects",
            },
        ),
        migrations.CreateModel(
            name="MoneyLine",
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
                ("title_zh", models.CharField(max_length=200, verbose_name="name (Chinese)")),
                ("title_en", models.CharField(max_length=200, verbose_name="name (English)")),
                ("side", models.CharField(max_length=8, verbose_name="side")),
                ("category", models.CharField(max_length=20, verbose_name="category")),
                ("first_month", models.DateField(verbose_name="first month")),
                ("months", models.PositiveSmallIntegerField(default=1, verbose_name="months")),
                (
                    "amount",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=18,
                        null=True,
                        verbose_name="amount a month",
                    ),
                ),
                (
                    "unit_value",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=18,
                        null=True,
                        verbose_name="value of one unit a month",
                    ),
                ),
                (
                    "best_pct",
                    models.PositiveSmallIntegerField(default=100, verbose_name="best case, %"),
                ),
                (
                    "worst_pct",
                    models.PositiveSmallIntegerField(default=100, verbose_name="worst case, %"),
                ),
                (
                    "basis",
                    models.CharField(
                        blank=True,
                        db_default="",
                        max_length=400,
                        verbose_name="basis of the estimate",
                    ),
                ),
                (
                    "kpi",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="money",
                        to="projects.kpi",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="money",
                        to="projects.project",
                    ),
                ),
            ],
            options={
                "verbose_name": "cost or benefit",
                "verbose_name_plural": "costs and benefits",
            },
        ),
        migrations.CreateModel(
            name="Milestone",
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
                ("title_zh", models.CharField(max_length=200, verbose_name="name (Chinese)")),
                ("title_en", models.CharField(max_length=200, verbose_name="name (English)")),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="order")),
                (
                    "owner_name",
                    models.CharField(
                        blank=True, db_default="", max_length=200, verbose_name="owner"
                    ),
                ),
                ("planned_on", models.DateField(verbose_name="planned")),
                ("due_on", models.DateField(verbose_name="due")),
                (
                    "status",
                    models.CharField(
                        choices=[("open", "open"), ("reached", "reached"), ("dropped", "dropped")],
                        db_default="open",
                        default="open",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("reached_at", models.DateTimeField(blank=True, null=True, verbose_name="reached")),
                (
                    "reached_by_name",
                    models.CharField(
                        blank=True, db_default="", max_length=200, verbose_name="noted by"
                    ),
                ),
                (
                    "step_reason",
                    models.CharField(
                        blank=True, db_default="", max_length=400, verbose_name="reason"
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="milestones",
                        to="projects.project",
                    ),
                ),
            ],
            options={
                "verbose_name": "milestone",
                "verbose_name_plural": "milestones",
            },
        ),
        migrations.CreateModel(
            name="Member",
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
                ("name", models.CharField(max_length=200, verbose_name="name")),
                ("role", models.CharField(max_length=20, verbose_name="role")),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="identity.person",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="members",
                        to="projects.project",
                    ),
                ),
            ],
            options={
                "verbose_name": "project member",
                "verbose_name_plural": "project members",
            },
        ),
        migrations.AddField(
            model_name="kpi",
            name="project",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="kpis",
                to="projects.project",
            ),
        ),
        migrations.CreateModel(
            name="Contingency",
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
                ("title_zh", models.CharField(max_length=200, verbose_name="name (Chinese)")),
                ("title_en", models.CharField(max_length=200, verbose_name="name (English)")),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="order")),
                (
                    "decider_name",
                    models.CharField(
                        blank=True, db_default="", max_length=200, verbose_name="who decides"
                    ),
                ),
                (
                    "back_zh",
                    models.CharField(
                        blank=True, db_default="", max_length=400, verbose_name="way back (Chinese)"
                    ),
                ),
                (
                    "back_en",
                    models.CharField(
                        blank=True, db_default="", max_length=400, verbose_name="way back (English)"
                    ),
                ),
                ("limit_min", models.PositiveIntegerField(verbose_name="time limit, minutes")),
                ("steps", models.JSONField(blank=True, default=list, verbose_name="steps")),
                (
                    "run",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="onboarding.run",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="contingencies",
                        to="projects.project",
                    ),
                ),
            ],
            options={
                "verbose_name": "contingency plan",
                "verbose_name_plural": "contingency plans",
            },
        ),
        migrations.CreateModel(
            name="ProjectSource",
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
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sources",
                        to="projects.project",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="onboarding.source",
                    ),
                ),
            ],
            options={
                "verbose_name": "source of a project",
                "verbose_name_plural": "sources of projects",
            },
        ),
        migrations.CreateModel(
            name="Risk",
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
                ("title_zh", models.CharField(max_length=200, verbose_name="name (Chinese)")),
                ("title_en", models.CharField(max_length=200, verbose_name="name (English)")),
                ("number", models.PositiveSmallIntegerField(verbose_name="number")),
                ("category", models.CharField(max_length=20, verbose_name="category")),
                (
                    "trigger_zh",
                    models.CharField(
                        blank=True, db_default="", max_length=400, verbose_name="trigger (Chinese)"
                    ),
                ),
                (
                    "trigger_en",
                    models.CharField(
                        blank=True, db_default="", max_length=400, verbose_name="trigger (English)"
                    ),
                ),
                ("probability", models.PositiveSmallIntegerField(verbose_name="probability")),
                ("impact", models.PositiveSmallIntegerField(verbose_name="impact")),
                (
                    "exposure",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.expressions.CombinedExpression(
                            models.F("probability"), "*", models.F("impact")
                        ),
                        output_field=models.PositiveSmallIntegerField(verbose_name="exposure"),
                    ),
                ),
                ("response", models.CharField(max_length=10, verbose_name="response")),
                (
                    "plan_zh",
                    models.CharField(
                        blank=True, db_default="", max_length=400, verbose_name="measures (Chinese)"
                    ),
                ),
                (
                    "plan_en",
                    models.CharField(
                        blank=True, db_default="", max_length=400, verbose_name="measures (English)"
                    ),
                ),
                (
                    "owner_name",
                    models.CharField(
                        blank=True, db_default="", max_length=200, verbose_name="owner"
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("open", "open"),
                            ("watched", "watched"),
                            ("occurred", "has occurred"),
                            ("closed", "closed"),
                        ],
                        db_default="open",
                        default="open",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("review_on", models.DateField(blank=True, null=True, verbose_name="next review")),
                (
                    "limit",
                    models.CharField(
                        blank=True, db_default="", max_length=6, verbose_name="raised when"
                    ),
                ),
                (
                    "threshold",
                    models.DecimalField(
                        blank=True,
                        decimal_places=4,
                        max_digits=20,
                        null=True,
                        verbose_name="threshold",
                    ),
                ),
                (
                    "raised_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="raised by a value"),
                ),
                (
                    "kpi",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="risks",
                        to="projects.kpi",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="risks",
                        to="projects.project",
                    ),
                ),
            ],
            options={
                "verbose_name": "risk",
                "verbose_name_plural": "risks",
            },
        ),
        migrations.CreateModel(
            name="RiskReview",
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
                ("at", models.DateTimeField(verbose_name="at")),
                ("probability", models.PositiveSmallIntegerField(verbose_name="probability")),
                ("impact", models.PositiveSmallIntegerField(verbose_name="impact")),
                ("status", models.CharField(max_length=10, verbose_name="state")),
                ("note", models.JSONField(default=list, verbose_name="note")),
                ("by_name", models.CharField(max_length=200, verbose_name="by")),
                (
                    "risk",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reviews",
                        to="projects.risk",
                    ),
                ),
            ],
            options={
                "verbose_name": "review of a risk",
                "verbose_name_plural": "reviews of risks",
            },
        ),
        migrations.CreateModel(
            name="Contact",
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
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="order")),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                ("role", models.CharField(max_length=20, verbose_name="role")),
                ("phone", models.CharField(max_length=60, verbose_name="telephone")),
                (
                    "contingency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="contacts",
                        to="projects.contingency",
                    ),
                ),
            ],
            options={
                "verbose_name": "contact of a contingency plan",
                "verbose_name_plural": "contacts of contingency plans",
                "indexes": [
                    models.Index(fields=["contingency", "position"], name="contact_of_plan")
                ],
            },
        ),
        migrations.CreateModel(
            name="Drill",
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
                ("held_on", models.DateField(verbose_name="held")),
                ("minutes", models.PositiveIntegerField(verbose_name="minutes")),
                ("limit_min", models.PositiveIntegerField(verbose_name="time limit, minutes")),
                ("steps_done", models.PositiveSmallIntegerField(verbose_name="steps done")),
                ("steps_all", models.PositiveSmallIntegerField(verbose_name="steps")),
                (
                    "findings",
                    models.CharField(
                        blank=True, db_default="", max_length=400, verbose_name="findings"
                    ),
                ),
                ("by_name", models.CharField(max_length=200, verbose_name="led by")),
                (
                    "contingency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="drills",
                        to="projects.contingency",
                    ),
                ),
            ],
            options={
                "verbose_name": "contingency drill",
                "verbose_name_plural": "contingency drills",
                "indexes": [
                    models.Index(fields=["contingency", "-held_on"], name="contingency_drilled")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("steps_done__lte", models.F("steps_all"))),
                        name="drill_steps_in_plan",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Measurement",
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
                ("at", models.DateTimeField(verbose_name="as of")),
                (
                    "value",
                    models.DecimalField(
                        blank=True, decimal_places=4, max_digits=20, null=True, verbose_name="value"
                    ),
                ),
                (
                    "part",
                    models.DecimalField(
                        blank=True, decimal_places=4, max_digits=20, null=True, verbose_name="part"
                    ),
                ),
                (
                    "whole",
                    models.DecimalField(
                        blank=True, decimal_places=4, max_digits=20, null=True, verbose_name="whole"
                    ),
                ),
                ("origin", models.CharField(max_length=10, verbose_name="origin")),
                ("why", models.JSONField(blank=True, default=list, verbose_name="why unknown")),
                (
                    "evidence",
                    models.CharField(
                        blank=True,
                        db_default="",
                        max_length=400,
                        verbose_name="source and evidence",
                    ),
                ),
                (
                    "by_name",
                    models.CharField(blank=True, db_default="", max_length=200, verbose_name="by"),
                ),
                (
                    "kpi",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="measurements",
                        to="projects.kpi",
                    ),
                ),
            ],
            options={
                "verbose_name": "measurement",
                "verbose_name_plural": "measurements",
                "indexes": [models.Index(fields=["kpi", "-at"], name="measurement_newest")],
                "constraints": [
                    models.UniqueConstraint(fields=("kpi", "at"), name="measurement_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("origin", "measured"),
                            models.Q(
                                ("origin", "hand"),
                                ("value__isnull", False),
                                models.Q(("evidence", ""), _negated=True),
                                models.Q(("by_name", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="measurement_by_hand_has_evidence",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Criterion",
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
                ("title_zh", models.CharField(max_length=200, verbose_name="name (Chinese)")),
                ("title_en", models.CharField(max_length=200, verbose_name="name (English)")),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="order")),
                (
                    "check_name",
                    models.CharField(
                        blank=True, db_default="", max_length=40, verbose_name="check"
                    ),
                ),
                ("params", models.JSONField(blank=True, default=dict, verbose_name="parameters")),
                ("passed", models.BooleanField(blank=True, null=True, verbose_name="holds")),
                ("finding", models.JSONField(blank=True, default=list, verbose_name="finding")),
                ("judged_at", models.DateTimeField(blank=True, null=True, verbose_name="judged")),
                (
                    "signed_by_name",
                    models.CharField(
                        blank=True,
                        db_default="",
                        max_length=200,
                        verbose_name="statement signed by",
                    ),
                ),
                (
                    "evidence",
                    models.CharField(
                        blank=True, db_default="", max_length=400, verbose_name="evidence"
                    ),
                ),
                (
                    "signed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="identity.person",
                    ),
                ),
                (
                    "milestone",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="criteria",
                        to="projects.milestone",
                    ),
                ),
            ],
            options={
                "verbose_name": "criterion",
                "verbose_name_plural": "criteria",
                "indexes": [
                    models.Index(fields=["milestone", "position"], name="criterion_of_milestone")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("check_name", ""), ("passed", True), _negated=True),
                            models.Q(
                                ("judged_at__isnull", False),
                                models.Q(("signed_by_name", ""), _negated=True),
                                models.Q(("evidence", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="criterion_signed_says_who",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="MoneyActual",
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
                ("month", models.DateField(verbose_name="month")),
                (
                    "amount",
                    models.DecimalField(decimal_places=2, max_digits=18, verbose_name="amount"),
                ),
                ("evidence", models.CharField(max_length=400, verbose_name="source and evidence")),
                ("by_name", models.CharField(max_length=200, verbose_name="by")),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="actuals",
                        to="projects.moneyline",
                    ),
                ),
            ],
            options={
                "verbose_name": "actual amount",
                "verbose_name_plural": "actual amounts",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_void", False)),
                        fields=("line", "month"),
                        name="money_actual_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("evidence", ""), _negated=True),
                        name="money_actual_has_evidence",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("month__day", 1)), name="money_actual_first_of_month"
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="project",
            index=models.Index(fields=["status", "planned_end"], name="project_by_state"),
        ),
        migrations.AddConstraint(
            model_name="project",
            constraint=models.CheckConstraint(
                condition=models.Q(("planned_end__gte", models.F("planned_start"))),
                name="project_ends_after_start",
            ),
        ),
        migrations.AddConstraint(
            model_name="project",
            constraint=models.CheckConstraint(
                condition=models.Q(("rate_pct__gte", 0), ("rate_pct__lte", 100)),
                name="project_rate_in_range",
            ),
        ),
        migrations.AddConstraint(
            model_name="project",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status__in", ("accepted", "closed")), _negated=True),
                    models.Q(
                        ("accepted_at__isnull", False),
                        models.Q(("accepted_by_name", ""), _negated=True),
                        models.Q(
                            ("accepted_by__isnull", True),
                            ("owner__isnull", True),
                            models.Q(("accepted_by", models.F("owner")), _negated=True),
                            _connector="OR",
                        ),
                    ),
                    _connector="OR",
                ),
                name="project_accepted_by_another",
            ),
        ),
        migrations.AddConstraint(
            model_name="moneyline",
            constraint=models.CheckConstraint(
                condition=models.Q(("months__gte", 1), ("months__lte", 120)), name="money_months"
            ),
        ),
        migrations.AddConstraint(
            model_name="moneyline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("amount__gte", 0), ("kpi__isnull", True), ("unit_value__isnull", True)
                    ),
                    models.Q(
                        ("amount__isnull", True),
                        ("kpi__isnull", False),
                        ("side", "benefit"),
                        ("unit_value__gte", 0),
                    ),
                    _connector="OR",
                ),
                name="money_entered_or_measured",
            ),
        ),
        migrations.AddConstraint(
            model_name="moneyline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("best_pct__lte", 100), ("side", "cost"), ("worst_pct__gte", 100)),
                    models.Q(("best_pct__gte", 100), ("side", "benefit"), ("worst_pct__lte", 100)),
                    _connector="OR",
                ),
                name="money_cases_in_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="moneyline",
            constraint=models.CheckConstraint(
                condition=models.Q(("first_month__day", 1)), name="money_first_of_month"
            ),
        ),
        migrations.AddIndex(
            model_name="milestone",
            index=models.Index(fields=["project", "position"], name="milestone_of_project"),
        ),
        migrations.AddConstraint(
            model_name="milestone",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "reached"), _negated=True),
                    ("reached_at__isnull", False),
                    _connector="OR",
                ),
                name="milestone_reached_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="member",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_void", False)),
                fields=("project", "name", "role"),
                name="member_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="kpi",
            constraint=models.UniqueConstraint(fields=("project", "code"), name="kpi_once"),
        ),
        migrations.AddConstraint(
            model_name="kpi",
            constraint=models.CheckConstraint(
                condition=models.Q(("direction__in", ("up", "down"))), name="kpi_direction"
            ),
        ),
        migrations.AddIndex(
            model_name="contingency",
            index=models.Index(fields=["project", "position"], name="contingency_of_project"),
        ),
        migrations.AddConstraint(
            model_name="contingency",
            constraint=models.CheckConstraint(
                condition=models.Q(("limit_min__gte", 1), ("limit_min__lte", 100000)),
                name="contingency_limit_in_range",
            ),
        ),
        migrations.AddConstraint(
            model_name="projectsource",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_void", False)),
                fields=("project", "source"),
                name="project_source_once",
            ),
        ),
        migrations.AddIndex(
            model_name="risk",
            index=models.Index(fields=["project", "-exposure"], name="risk_of_project"),
        ),
        migrations.AddConstraint(
            model_name="risk",
            constraint=models.UniqueConstraint(
                fields=("project", "number"), name="risk_number_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="risk",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("impact__gte", 1),
                    ("impact__lte", 5),
                    ("probability__gte", 1),
                    ("probability__lte", 5),
                ),
                name="risk_in_the_matrix",
            ),
        ),
        migrations.AddConstraint(
            model_name="risk",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kpi__isnull", True), ("limit", ""), ("threshold__isnull", True)),
                    models.Q(
                        ("kpi__isnull", False),
                        ("limit__in", ("above", "below")),
                        ("threshold__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="risk_threshold_is_whole",
            ),
        ),
        migrations.AddIndex(
            model_name="riskreview",
            index=models.Index(fields=["risk", "-at"], name="risk_review_newest"),
        ),
        migrations.RunSQL(query("projects", "rules"), migrations.RunSQL.noop),
    ]
