"""What people did and may do, as datasets of reports."""

import dataclasses

from django.utils.translation import gettext_lazy as _

from kintsugi.core.datasets import Dataset, register_dataset
from kintsugi.identity import screens
from kintsugi.identity.control import screens as control
from kintsugi.identity.directory.screens import MATRIX, REVIEW
from kintsugi.identity.signing.screens import SIGNATURES


def register() -> None:
    """Add signatures, acts, log-ins, grants and the permission matrix."""
    for dataset in (
        Dataset(
            "signatures",
            _("Signature register"),
            _("One row a signature: who, when, with which meaning, under what."),
            SIGNATURES,
            order=20,
        ),
        Dataset(
            "acts",
            _("Acts under two persons"),
            _("One row an act: what was planned for which record, by whom, and where it stands."),
            # The list itself begins with those that wait for the one who looks.
            dataclasses.replace(control.ACTS, rows=lambda user: control.rows(user, "all")),
            order=30,
        ),
        Dataset(
            "log-ins",
            _("Log-ins"),
            _("One row an event at the door: who came in, who was refused, from where."),
            screens.EVENTS,
            order=40,
        ),
        Dataset(
            "access-review",
            _("Access review"),
            _("One row a role somebody has: over which rows, since when, given by whom and why."),
            REVIEW,
            order=45,
        ),
        Dataset(
            "permission-matrix",
            _("Permission matrix"),
            _("One row a permission of a role: which object, which action, over which rows."),
            MATRIX,
            order=46,
        ),
    ):
        register_dataset(dataset)
