"""Sources, their snapshots and the versions of their mappings."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from kintsugi.core.models import BusinessModel
from kintsugi.onboarding.states import SOURCE


class Source(BusinessModel):
    """A place data comes from: a register, an export, a database.

    ``layout`` is the fingerprint of the headers it was first seen with: a later file of the same
    layout belongs to the same source unless somebody says otherwise. ``authority`` decides
    between sources that disagree; the higher wins.
    """

    code = models.CharField(_("code"), max_length=120, unique=True)
    name_zh = models.CharField(max_length=200)
    name_en = models.CharField(max_length=200)
    kind = models.CharField(_("kind"), max_length=20)
    owner = models.CharField(_("owner"), max_length=120, blank=True, db_default="")
    steward = models.CharField(_("data steward"), max_length=120, blank=True, db_default="")
    authority = models.IntegerField(_("authority"), default=50)
    layout = models.CharField(max_length=64, blank=True, db_default="")
    value_maps = models.JSONField(default=dict, blank=True)
    status = models.CharField(_("status"), max_length=20, default="live", choices=SOURCE.choices())
    #: Whether each of its runs is rehearsed first and let go by two persons.
    is_governed = models.BooleanField(_("two persons"), default=False, db_default=False)
    #: ``quick``: it came to life with its first file; ``proposed``: it was registered first.
    origin = models.CharField(_("origin"), max_length=10, default="quick", db_default="quick")
    system = models.CharField(_("system"), max_length=120, blank=True, db_default="")
    contact = models.CharField(_("contact"), max_length=200, blank=True, db_default="")
    refresh_days = models.PositiveSmallIntegerField(_("fresh within days"), null=True, blank=True)
    #: ``full``: each delivery is all there is; ``increment``: what is new; empty: nobody said.
    delivery = models.CharField(_("delivery"), max_length=10, blank=True, db_default="")
    #: The share of rows, in per cent, by which a full delivery may shrink before it is stopped.
    shrink_max = models.PositiveSmallIntegerField(_("may shrink by"), default=50, db_default=50)
    personal_data = models.CharField(_("personal data"), max_length=10, blank=True, db_default="")
    high_risk = models.JSONField(_("high-risk fields"), default=list, blank=True)

    class Meta:
        verbose_name = _("source")
        verbose_name_plural = _("sources")
        indexes = [models.Index(fields=["layout"], name="source_layout")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(authority__gte=0, authority__lte=1000),
                name="source_authority_in_range",
            ),
            models.CheckConstraint(
                condition=models.Q(shrink_max__lte=100), name="source_shrink_in_range"
            ),
        ]

    def __str__(self) -> str:
        return self.name_zh


class Snapshot(BusinessModel):
    """The bytes of a file or table extract as they were received, and how they were read.

    The same bytes read with the same hints are the same snapshot. ``folder`` is its place in the
    snapshot store: the digest of the bytes, and a mark of the hints where some were given.
    """

    sha256 = models.CharField(max_length=64)
    folder = models.CharField(max_length=80, unique=True)
    file_name = models.CharField(_("file"), max_length=400)
    kind = models.CharField(max_length=20)
    bytes = models.BigIntegerField(_("size"))
    encoding = models.CharField(max_length=40, blank=True, db_default="")
    parser_version = models.CharField(max_length=40)
    tables = models.JSONField(default=list)

    class Meta:
        verbose_name = _("snapshot")
        verbose_name_plural = _("snapshots")

    def __str__(self) -> str:
        return self.file_name


class MappingVersion(BusinessModel):
    """One version of how a source's columns become fields. Never changed once a run used it."""

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="mappings")
    number = models.PositiveIntegerField()
    content = models.JSONField()
    sha256 = models.CharField(max_length=64)
    origin = models.CharField(max_length=20)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "number"], name="mapping_version_once")
        ]

    def __str__(self) -> str:
        return f"v{self.number}"
