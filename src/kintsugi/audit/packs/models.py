"""The register of evidence packs."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from kintsugi.core.models import BusinessModel
from kintsugi.core.states import StateMachine
from kintsugi.engine.text import Text

PACK = StateMachine(
    name="audit.pack",
    table="audit_evidencepack",
    column="status",
    states={
        "asked": Text("等待生成", "waiting"),
        "making": Text("生成中", "being made"),
        "ready": Text("已完成", "ready"),
        "failed": Text("未完成", "failed"),
    },
    steps=frozenset(
        {
            ("asked", "making"),
            ("making", "ready"),
            ("making", "failed"),
            ("asked", "failed"),
            ("failed", "making"),
        }
    ),
)


class EvidencePack(BusinessModel):
    """A pack that was made: what it is about, for whom and why, and the hash that seals it.

    The change log keeps this row, so ``manifest_sha256`` proves which pack was handed out:
    whoever exchanges a file and writes the manifest again gets another hash. ``tables`` counts
    rows by table; ``error`` is the refusal of a pack that failed. A pack that ``shows_personal``
    was asked for by somebody with ``personal.read``, and only they may have its file.
    """

    number = models.CharField(_("number"), max_length=30, unique=True)
    scope_kind = models.CharField(_("scope"), max_length=40)
    scope_key = models.CharField(_("key"), max_length=200)
    title_zh = models.CharField(max_length=300)
    title_en = models.CharField(max_length=300)
    language = models.CharField(_("language"), max_length=10)
    reason = models.CharField(_("reason"), max_length=400)
    shows_personal = models.BooleanField(_("personal data unmasked"), default=False)
    asked_by = models.CharField(_("person"), max_length=200)
    asked_by_id = models.UUIDField(null=True)
    asked_at = models.DateTimeField(_("asked at"))
    as_of = models.DateTimeField(_("as of"), null=True)
    status = models.CharField(_("status"), max_length=10, default="asked", choices=PACK.choices())
    manifest_sha256 = models.CharField(max_length=64, blank=True, db_default="")
    file_sha256 = models.CharField(max_length=64, blank=True, db_default="")
    bytes = models.BigIntegerField(_("size"), null=True)
    files = models.IntegerField(_("files"), null=True)
    tables = models.JSONField(default=dict, blank=True)
    generator = models.CharField(max_length=60, blank=True, db_default="")
    error = models.JSONField(null=True, blank=True)

    class Meta:
        verbose_name = _("evidence pack")
        verbose_name_plural = _("evidence packs")
        indexes = [
            models.Index(fields=["-asked_at"], name="pack_newest"),
            models.Index(fields=["scope_kind", "scope_key"], name="pack_scope"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(status="ready")
                | (~models.Q(manifest_sha256="") & ~models.Q(file_sha256="")),
                name="pack_ready_is_hashed",
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="pack_has_a_reason"),
            models.CheckConstraint(
                condition=models.Q(language__in=("zh", "en")), name="pack_language_known"
            ),
        ]

    def __str__(self) -> str:
        return self.number
