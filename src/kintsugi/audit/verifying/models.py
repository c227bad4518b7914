"""What the verifiers keep in the database."""

from django.db import models


class FoldState(models.Model):
    """How far the last clean fold came: one row.

    ``body`` is JSON text: the database it counts for, the transaction horizon, and for every table
    its number of rows and the sum of their hashed ids. ``mac`` authenticates it with a context key,
    since whoever edits behind the triggers could set the horizon behind the edit.
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
