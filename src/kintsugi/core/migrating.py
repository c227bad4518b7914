"""Migrations that make many tables in one go."""

from itertools import groupby
from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

#: Operations that only add: whatever order they come in, the last state says it all.
_ADDING = (
    migrations.CreateModel,
    migrations.AddField,
    migrations.AddIndex,
    migrations.AddConstraint,
)


class Together(migrations.Migration):
    """A migration whose additions, one after the other, are applied as one step.

    Django draws up the classes of all related models anew after each operation; with some hundred
    tables and constraints that was five sixths of a first start. Here neighbouring additions share
    one state: a new table is made at once with the fields, indexes and constraints that it is given
    further down. The tables come out the same, so a migration may change its base freely.
    Other operations, showing the SQL, and going backwards are Django's own.
    """

    def apply(
        self,
        project_state: ProjectState,
        schema_editor: BaseDatabaseSchemaEditor,
        collect_sql: bool = False,
    ) -> ProjectState:
        """Takes the database and the state forward; what ``Migration.apply`` does."""
        if collect_sql or not schema_editor.atomic_migration:
            return super().apply(project_state, schema_editor, collect_sql)
        for adding, group in groupby(self.operations, lambda one: isinstance(one, _ADDING)):
            if adding:
                self._add(list(group), project_state, schema_editor)
                continue
            for operation in group:
                before = project_state.clone()
                operation.state_forwards(self.app_label, project_state)
                operation.database_forwards(self.app_label, schema_editor, before, project_state)
        return project_state

    def _add(self, operations: list[Operation], state: ProjectState, editor: Any) -> None:
        # Models that are drawn up would be drawn up anew at every step; without, none is.
        state.__dict__.pop("apps", None)
        before = state.clone()
        for operation in operations:
            operation.state_forwards(self.app_label, state)
        made: set[str] = set()
        for operation in operations:
            if isinstance(operation, migrations.CreateModel):
                made.add(operation.name_lower)
            elif operation.model_name.lower() in made:  # type: ignore[attr-defined]
                continue
            operation.database_forwards(self.app_label, editor, before, state)
        # Constraints and indexes of a new table wait for the end of the migration with the foreign
        # keys; what comes next in it may need them, as a foreign key needs what is unique.
        waiting, editor.deferred_sql = editor.deferred_sql, []
        for statement in waiting:
            if "FOREIGN KEY" in str(statement):
                editor.deferred_sql.append(statement)
            else:
                editor.execute(statement)
