"""Signatures and the authentications they rest on. Rows are added and never changed.

The rules stand in ``sql/signing.sql``: constraints and triggers, so that they hold for whoever
writes, by whatever means.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from kintsugi.core.models import BusinessModel
from kintsugi.engine.text import Text

#: What a signature can mean. The list is closed: the database knows no other.
MEANINGS: dict[str, Text] = {
    "authored": Text("编制", "authored"),
    "reviewed": Text("审阅", "reviewed"),
    "approved": Text("批准", "approved"),
    "executed": Text("执行", "executed"),
    "checked": Text("复核", "checked"),
    "verified": Text("验证", "verified"),
    "released": Text("放行", "released"),
    "acknowledged": Text("知悉", "acknowledged"),
    "refused": Text("拒绝", "refused"),
}
METHODS: dict[str, Text] = {
    "password": Text("密码", "password"),
    "totp": Text("动态口令", "one-time code"),
    "passkey": Text("通行密钥", "passkey"),
}


class Reauthentication(BusinessModel):
    """A person proved again who he is, in the middle of a session. One serves one signature.

    ``session_hash`` tells sessions apart without giving one away.
    """

    account = models.ForeignKey("identity.User", on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey("identity.Person", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(_("authenticated"))
    method = models.CharField(_("method"), max_length=10)
    session_hash = models.CharField(max_length=64)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(method__in=tuple(METHODS)), name="reauthentication_method_known"
            ),
            # A passkey is asked for on a page of its own: that answer, too, serves once.
            models.UniqueConstraint(
                fields=["account", "method", "at"], name="reauthentication_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.account} {self.at:%Y-%m-%d %H:%M:%S}"


class FailedReauthentication(BusinessModel):
    """Somebody in a session of this account did not know its secret."""

    account = models.ForeignKey("identity.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(_("time"))
    method = models.CharField(_("method"), max_length=10)
    session_hash = models.CharField(max_length=64)

    class Meta:
        indexes = (models.Index(fields=["account", "-at"], name="failed_reauthentication"),)

    def __str__(self) -> str:
        return f"{self.account} {self.at:%Y-%m-%d %H:%M:%S}"


class Signature(BusinessModel):
    """A person's signature under one state of one object.

    ``content`` is the canonical text that was signed and ``content_sha256`` its hash;
    ``printed_name`` the person's name at that moment. ``authenticated_at`` lies at most two
    minutes before ``signed_at`` (21 CFR Part 11 §11.50, §11.70, §11.200).
    """

    person = models.ForeignKey("identity.Person", on_delete=models.PROTECT, related_name="+")
    account = models.ForeignKey("identity.User", on_delete=models.PROTECT, related_name="+")
    printed_name = models.CharField(_("printed name"), max_length=120)
    meaning = models.CharField(_("meaning"), max_length=12)
    object_kind = models.CharField(_("kind"), max_length=40)
    object_id = models.UUIDField()
    object_title = models.CharField(_("signed"), max_length=300)
    content = models.TextField()
    content_sha256 = models.CharField(max_length=64)
    signed_at = models.DateTimeField(_("signed at"))
    authenticated_at = models.DateTimeField(_("authenticated"))
    method = models.CharField(_("method"), max_length=10)
    reauthentication = models.OneToOneField(
        Reauthentication, on_delete=models.PROTECT, related_name="signature"
    )
    reason = models.CharField(_("reason"), max_length=400, blank=True, db_default="")

    class Meta:
        verbose_name = _("signature")
        verbose_name_plural = _("signatures")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(meaning__in=tuple(MEANINGS)), name="signature_meaning_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(meaning="refused") | ~models.Q(reason=""),
                name="signature_refusal_has_reason",
            ),
        )
        indexes = (
            models.Index(fields=["-signed_at", "id"], name="signature_newest"),
            models.Index(fields=["object_kind", "object_id"], name="signature_of_object"),
            models.Index(fields=["person", "-signed_at"], name="signature_by_person"),
        )

    def __str__(self) -> str:
        return f"{self.printed_name}: {self.meaning} {self.object_title}"
