"""What the verifiers keep in the database."""

from django.db import models


class FoldState(models.Model):
    """How far the last clean fold came: one row.

    ``body`` is JSON text: the database it counts for, and the row id at which the round goes on.
    ``mac`` authenticates it and the transaction horizon with a context key, since whoever edits
    behind the triggers could set either behind the edit.
    """

    number = models.SmallIntegerField(primary_key=True)
    horizon = models.BigIntegerField()
    body = models.TextField()
    mac = models.TextField()

    class Meta:
        app_label = "audit"
        db_table = "audit_fold_state"

    def __str__(self) -> str:
        return f"folded up to transaction {self.horizon}"
