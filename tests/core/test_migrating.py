"""Additions applied together make the tables that Django makes one by one."""

from typing import Any

import pytest
from django.db import connection, migrations, models, transaction
from django.db.migrations.migration import Migration
from django.db.migrations.state import ProjectState

from kintsugi.core.migrating import Together

pytestmark = pytest.mark.django_db

FIRST = [
    migrations.CreateModel(
        "Shelf",
        [("id", models.BigAutoField(primary_key=True)), ("room", models.CharField(max_length=9))],
    ),
]
SECOND = [
    migrations.RunSQL("create sequence demo_box_seq", "drop sequence demo_box_seq"),
    migrations.CreateModel("Lid", [("id", models.BigAutoField(primary_key=True))]),
    migrations.CreateModel(
        "Box",
        [
            ("id", models.BigAutoField(primary_key=True)),
            # A default of the database: Django then leaves the constraints for later.
            ("kind", models.CharField(max_length=9, db_default="plain")),
            ("size", models.IntegerField()),
            ("lid", models.ForeignKey("demo.lid", models.PROTECT)),
        ],
    ),
    migrations.AddField("box", "shelf", models.ForeignKey("demo.shelf", models.PROTECT)),
    migrations.AddField("shelf", "floor", models.IntegerField(null=True)),
    migrations.AddIndex("box", models.Index(fields=["size", "kind"], name="box_size")),
    migrations.AddConstraint(
        "box", models.UniqueConstraint(fields=("id", "kind"), name="box_with_kind")
    ),
    migrations.AddConstraint(
        "box",
        models.UniqueConstraint(
            fields=("shelf",), condition=models.Q(kind="plain"), name="one_plain"
        ),
    ),
    migrations.AddConstraint(
        "shelf", models.CheckConstraint(condition=models.Q(floor__gte=0), name="above_ground")
    ),
    migrations.RunSQL(
        "create table demo_note (box bigint, kind varchar(9),"
        " foreign key (box, kind) references demo_box (id, kind))",
        "drop table demo_note",
    ),
    migrations.AlterField("box", "size", models.BigIntegerField()),
    migrations.AddField("lid", "size", models.IntegerField(default=1), preserve_default=False),
]


def _what_there_is() -> list[tuple[Any, ...]]:
    """Columns, constraints and indexes of the demo's tables, as PostgreSQL words them."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select table_name, column_name, ordinal_position::text,
                   concat_ws(' ', data_type, is_nullable, column_default)
              from information_schema.columns where table_name like 'demo_%%'
            union all
            select conrelid::regclass::text, contype::text, '', pg_get_constraintdef(oid)
              from pg_constraint where conrelid::regclass::text like 'demo_%%'
            union all
            select tablename, indexname, '', indexdef from pg_indexes where tablename like 'demo_%%'
            """
        )
        return sorted(cursor.fetchall())


def _migrated(base: type[Migration]) -> tuple[list[tuple[Any, ...]], ProjectState]:
    state = ProjectState()
    with transaction.atomic():
        for number, operations in enumerate((FIRST, SECOND)):
            migration = base(f"000{number}", "demo")
            migration.operations = operations
            with connection.schema_editor() as editor:
                state.apps  # noqa: B018 - the executor draws the models up before each migration
                state = migration.apply(state, editor)
        there = _what_there_is()
        transaction.set_rollback(True)
    return there, state


@pytest.mark.usefixtures("table_owner")
def test_the_tables_are_those_that_django_makes_one_by_one():
    one_by_one, expected = _migrated(Migration)
    together, state = _migrated(Together)
    assert together == one_by_one
    assert len(together) > 25
    assert state == expected


@pytest.mark.usefixtures("table_owner")
def test_models_are_drawn_up_once_for_neighbouring_additions(monkeypatch):
    from django.db.migrations import state

    drawn: list[str] = []
    really = state.ModelState.render

    def render(self: Any, apps: Any) -> Any:
        drawn.append(self.name)
        return really(self, apps)

    monkeypatch.setattr(state.ModelState, "render", render)
    _migrated(Migration)
    one_by_one = len(drawn)
    drawn.clear()
    _migrated(Together)
    assert len(drawn) < one_by_one
