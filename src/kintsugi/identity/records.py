"""What is kept about log-ins: open sessions, events, old passwords, request counts."""

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from kintsugi.core.models import BusinessModel

ADDRESS_CHARS = 45  # the longest IPv6 address as text
AGENT_CHARS = 200


class Session(AbstractBaseSession):
    """One open log-in in one browser (or a visitor's, before the log-in).

    ``session_key`` is a hash of the cookie: who reads this table cannot take a session over. Ending
    a session deletes its row; what happened stands in ``LoginEvent``.
    """

    account = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        related_name="sessions",
        verbose_name=_("account"),
    )
    since = models.DateTimeField(_("since"), db_default=Now())
    seen_at = models.DateTimeField(_("last seen"), db_default=Now())
    address = models.CharField(_("address"), max_length=ADDRESS_CHARS, db_default="")
    agent = models.CharField(_("device"), max_length=AGENT_CHARS, db_default="")

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")

    @classmethod
    def get_session_store_class(cls) -> type:
        """The store of these rows."""
        from kintsugi.identity.sessions import SessionStore

        return SessionStore

    def __str__(self) -> str:
        return f"{self.account} · {self.address}"


class LoginEvent(BusinessModel):
    """Something that happened at the door: a log-in, a refusal, a changed key.

    ``name_key`` is a keyed hash of the typed user name: attempts on one name can be counted without
    storing what was typed, which is now and then a password. ``account`` is set where the name
    belongs to one.
    """

    class Kind(models.TextChoices):
        """What happened."""

        SUCCESS = "success", _("Logged in")
        FAILURE = "failure", _("Refused")
        LOCKED = "locked", _("Locked out")
        UNLOCKED = "unlocked", _("Unlocked")
        LOG_OUT = "log-out", _("Logged out")
        FACTOR_ADDED = "factor-added", _("Second factor added")
        FACTOR_REMOVED = "factor-removed", _("Second factor removed")
        CODES_MADE = "codes-made", _("Recovery codes made")
        PASSWORD_CHANGED = "password-changed", _("Password changed")
        SESSION_ENDED = "session-ended", _("Session ended")

    class Method(models.TextChoices):
        """By which means."""

        PASSWORD = "password", _("Password")
        TOTP = "totp", _("Authenticator app")
        RECOVERY_CODE = "recovery-code", _("Recovery code")
        PASSKEY = "passkey", _("Passkey")
        SINGLE_SIGN_ON = "single-sign-on", _("Single sign-on")
        OTHER = "other", _("Other")

    kind = models.CharField(_("event"), max_length=20, choices=Kind)
    at = models.DateTimeField(_("time"))
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="login_events",
        verbose_name=_("account"),
    )
    name_key = models.CharField(max_length=32, db_default="")
    address = models.CharField(_("address"), max_length=ADDRESS_CHARS, db_default="")
    agent = models.CharField(_("device"), max_length=AGENT_CHARS, db_default="")
    method = models.CharField(_("method"), max_length=20, choices=Method, db_default="")
    reason = models.CharField(_("reason"), max_length=400, db_default="")

    class Meta:
        verbose_name = _("log-in event")
        verbose_name_plural = _("log-in events")
        indexes = (
            models.Index(fields=["name_key", "-at"], name="login_event_name"),
            models.Index(fields=["address", "-at"], name="login_event_address"),
            models.Index(fields=["account", "-at"], name="login_event_account"),
            models.Index(fields=["-at"], name="login_event_at"),
        )
        constraints = (
            models.CheckConstraint(
                condition=models.Q(
                    kind__in=(
                        "success", "failure", "locked", "unlocked", "log-out", "factor-added",
                        "factor-removed", "codes-made", "password-changed", "session-ended",
                    )
                ),
                name="login_event_kind_known",
            ),
            models.CheckConstraint(
                condition=~models.Q(kind="unlocked") | ~models.Q(reason=""),
                name="login_event_unlock_has_reason",
            ),
        )  # fmt: skip

    def __str__(self) -> str:
        return f"{self.kind} {self.account or '?'} {self.at:%Y-%m-%d %H:%M}"


class PasswordRecord(models.Model):
    """A password an account has or had, as its hash, so that it is not taken again.

    No business row: a hash does not belong into a log that is handed to auditors.
    """

    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="password_records"
    )
    password = models.CharField(max_length=128)
    at = models.DateTimeField(db_default=Now())
    must_change = models.BooleanField(default=False)

    class Meta:
        indexes = (models.Index(fields=["account", "-id"], name="password_record_account"),)

    def __str__(self) -> str:
        return f"{self.account} {self.at:%Y-%m-%d}"


class RequestCount(models.Model):
    """How many requests of one kind one account or address sent in one window of time."""

    key = models.CharField(max_length=120, primary_key=True)
    window = models.BigIntegerField()
    count = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.key}: {self.count}"
