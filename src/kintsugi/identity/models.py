"""People and their accounts."""

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from kintsugi.core.models import BusinessModel
from kintsugi.identity.control.models import Act, ActRevision, Approval, Execution, Verification
from kintsugi.identity.duties import (
    ApiToken,
    ApiTokenUse,
    Delegation,
    DutyConflict,
    GrantReview,
    MatrixEntry,
    RoleGrant,
)
from kintsugi.identity.signing.models import FailedReauthentication, Reauthentication, Signature

__all__ = [
    "Act",
    "ActRevision",
    "ApiToken",
    "ApiTokenUse",
    "Approval",
    "Delegation",
    "DutyConflict",
    "Execution",
    "FailedReauthentication",
    "GrantReview",
    "MatrixEntry",
    "Person",
    "Reauthentication",
    "RoleGrant",
    "Signature",
    "User",
    "UserManager",
    "Verification",
]


class Person(BusinessModel):
    """Somebody who acts: an employee, an outside contact, or a service that stands for nobody.

    Duties count by person, never by account: two accounts of one person are one pair of eyes.
    """

    class Kind(models.TextChoices):
        """What sort of somebody."""

        EMPLOYEE = "employee", _("Employee")
        CONTACT = "contact", _("Outside contact")
        SERVICE = "service", _("Service")

    emp_no = models.CharField(_("employee number"), max_length=20, null=True, blank=True)
    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.EMPLOYEE)
    joined_on = models.DateField(_("joined"), null=True, blank=True)
    left_on = models.DateField(_("left"), null=True, blank=True)

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ("name", "id")
        constraints = (
            models.UniqueConstraint(
                fields=["emp_no"],
                name="person_employee_number_once",
                condition=models.Q(emp_no__isnull=False, is_void=False),
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=("employee", "contact", "service")),
                name="person_kind_known",
            ),
            models.CheckConstraint(
                condition=models.Q(joined_on__isnull=True)
                | models.Q(left_on__isnull=True)
                | models.Q(joined_on__lte=models.F("left_on")),
                name="person_joined_before_leaving",
            ),
        )

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    """Finds accounts; they are made by ``services.create_user``."""

    def get_by_natural_key(self, username: str | None) -> "User":
        """The account whose name differs at most in upper and lower case."""
        return self.get(username__iexact=username)


class User(BusinessModel, AbstractBaseUser, PermissionsMixin):
    """An account that may log in.

    There is no ``last_login``: a write needs a transaction context and leaves a trace in the
    change log, and a log-in changes nothing about an account.
    """

    class Language(models.TextChoices):
        """Languages of the product, each under its own name."""

        ZH_HANS = "zh-hans", "简体中文"
        EN = "en", "English"

    class Theme(models.TextChoices):
        """Colour schemes; ``auto`` follows the device."""

        AUTO = "auto", _("As the device")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    person = models.ForeignKey(
        "identity.Person", on_delete=models.PROTECT, related_name="accounts", editable=False
    )
    username = models.CharField(
        _("user name"),
        max_length=80,
        unique=True,  # for Django's system check; the constraint below is stronger
        validators=[UnicodeUsernameValidator()],
        help_text=_("Letters, digits and @ . + - _ only."),
    )
    display_name = models.CharField(_("name"), max_length=120)
    email = models.EmailField(_("e-mail"), blank=True, default="", db_default="")
    language = models.CharField(
        _("language"), max_length=10, choices=Language, default=Language.ZH_HANS
    )
    theme = models.CharField(_("theme"), max_length=5, choices=Theme, default=Theme.AUTO)
    is_staff = models.BooleanField(
        _("administrator"), default=False, help_text=_("May manage accounts and settings.")
    )
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("Accounts are switched off, never deleted.")
    )
    last_login = None

    objects = UserManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["display_name"]

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        ordering = ("username",)
        constraints = (
            models.UniqueConstraint(Lower("username"), name="user_name_once"),
            models.CheckConstraint(
                condition=models.Q(language__in=("zh-hans", "en")), name="user_language_known"
            ),
            models.CheckConstraint(
                condition=models.Q(theme__in=("auto", "light", "dark")), name="user_theme_known"
            ),
        )

    def __str__(self) -> str:
        return self.display_name or self.username

    def get_full_name(self) -> str:
        """The name people know this account by."""
        return str(self)

    def get_short_name(self) -> str:
        """The same: Chinese names have no shorter polite form."""
        return str(self)

    @property
    def initial(self) -> str:
        """One character for the avatar: a Chinese given name starts after the family name, so
        the first character of the whole name is what colleagues expect."""
        return str(self)[:1].upper()


from kintsugi.identity.records import (  # noqa: E402  # Django looks for models here
    LoginEvent,
    PasswordRecord,
    RequestCount,
    Session,
)

__all__ = ["LoginEvent", "PasswordRecord", "RequestCount", "Session", "User", "UserManager"]
