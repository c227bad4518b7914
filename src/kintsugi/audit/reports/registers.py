"""The registers of the record itself as datasets."""

from django.utils.translation import gettext_lazy as _

from kintsugi.audit import refusal_screens as refusals
from kintsugi.audit.packs import screens as packs
from kintsugi.audit.retention import screens as retention
from kintsugi.core.datasets import Dataset

REFUSALS = Dataset(
    "refusals",
    _("Refused acts"),
    _("One row a refusal: who tried what, and which rule refused it."),
    refusals.REFUSALS,
    order=50,
)
PACKS = Dataset(
    "packs",
    _("Register of evidence packs"),
    _("One row a pack: about what, for whom and why, and the hash that seals it."),
    packs.PACKS,
    order=60,
)
HOLDS = Dataset(
    "holds",
    _("Register of legal holds"),
    _("One row a hold: about what, why, placed and released by whom."),
    retention.HOLDS,
    order=70,
)
