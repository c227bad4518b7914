"""The only writer of accounts.

Identity lies below audit, so these functions do not open a transaction context themselves: the
caller does (``audit.services.recorded``; the web's middleware opens one for each unsafe request).
"""

from collections.abc import Callable
from contextlib import suppress

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import override

from kintsugi.core.errors import KintsugiError, Text
from kintsugi.identity.control.cause import use_context as use_context
from kintsugi.identity.control.corrections import Correction as Correction
from kintsugi.identity.control.corrections import correctable as correctable
from kintsugi.identity.control.corrections import present_values as present_values
from kintsugi.identity.control.corrections import save_correction as save_correction
from kintsugi.identity.control.kinds import ActKind as ActKind
from kintsugi.identity.control.kinds import Difference as Difference
from kintsugi.identity.control.kinds import Finding as Finding
from kintsugi.identity.control.kinds import register_act_kind as register_act_kind
from kintsugi.identity.control.services import draft_act as draft_act
from kintsugi.identity.control.services import draft_typed as draft_typed
from kintsugi.identity.control.services import submit_act as submit_act
from kintsugi.identity.models import Person, User
from kintsugi.identity.services_duties import (
    delegate,
    end_delegation,
    end_grant,
    grant_role,
    publish_conflicts,
    publish_matrix,
    review_grant,
)
from kintsugi.identity.services_factors import encrypt_again, remove_factors
from kintsugi.identity.services_sign_in import (
    count_request,
    end_session,
    end_sessions,
    note_event,
    remember_password,
    unlock,
)
from kintsugi.identity.services_tokens import make_token, revoke_token, revoke_tokens_of
from kintsugi.identity.sessions import address_of
from kintsugi.identity.signing.content import Signable as Signable
from kintsugi.identity.signing.content import register_signable as register_signable
from kintsugi.identity.signing.services import authenticate as authenticate_signer
from kintsugi.identity.signing.services import sign as sign

__all__ = [
    "address_of",
    "authenticate_signer",
    "count_request",
    "create_person",
    "create_user",
    "delegate",
    "encrypt_again",
    "end_delegation",
    "end_grant",
    "end_session",
    "end_sessions",
    "grant_role",
    "make_token",
    "note_event",
    "publish_conflicts",
    "publish_matrix",
    "remove_factors",
    "review_grant",
    "revoke_token",
    "revoke_tokens_of",
    "set_password",
    "set_preferences",
    "unlock",
]


def create_person(
    *, name: str, kind: str = Person.Kind.EMPLOYEE, emp_no: str | None = None
) -> Person:
    """A new person; accounts are given separately. Raises KintsugiError
    ``identity.invalid-person`` (facts: field)."""
    person = Person(name=name.strip(), kind=kind, emp_no=emp_no)
    _check("identity.invalid-person", person.full_clean)
    person.save(force_insert=True)
    return person


def create_user(
    *,
    username: str,
    password: str,
    display_name: str,
    email: str = "",
    language: str = User.Language.ZH_HANS,
    theme: str = User.Theme.AUTO,
    is_staff: bool = False,
    is_superuser: bool = False,
    person: Person | None = None,
    must_change_password: bool = False,
) -> User:
    """A new account that may log in at once, of ``person`` or of a new person of that name.
    ``must_change_password``: an administrator chose the password, so its owner has to choose
    another one at the first log-in.

    Raises KintsugiError ``identity.username-taken``, ``identity.weak-password`` or
    ``identity.invalid-account`` (facts: field).
    """
    user = User(
        username=User.normalize_username(username.strip()),
        display_name=display_name.strip(),
        email=User.objects.normalize_email(email),
        language=language,
        theme=theme,
        is_staff=is_staff,
        is_superuser=is_superuser,
    )
    if User.objects.filter(username__iexact=user.username).exists():
        raise KintsugiError(
            "identity.username-taken",
            Text(
                f"用户名“{user.username}”已被占用。", f"The user name “{user.username}” is taken."
            ),
            Text("请换一个用户名。", "Choose another user name."),
            field="username",
            value=user.username,
        )
    _check_password(password, user)
    user.set_password(password)
    _check("identity.invalid-account", lambda: user.full_clean(exclude={"person"}))
    user.person = person or create_person(name=user.display_name)
    user.save(force_insert=True)
    remember_password(user=user, must_change=must_change_password)
    return user


def set_password(*, user: User, password: str, must_change: bool = False) -> None:
    """Replace the password; ``must_change`` when an administrator does it, as in ``create_user``.
    Sessions are ended by the caller (``services_sign_in.end_sessions``).

    Raises KintsugiError ``identity.weak-password``, also for one of the last five.
    """
    _check_password(password, user)
    user.set_password(password)
    User.objects.filter(pk=user.pk).update(
        password=user.password, version=F("version") + 1, updated_at=Now()
    )
    remember_password(user=user, must_change=must_change)


def set_preferences(*, user: User, language: str | None = None, theme: str | None = None) -> None:
    """Keep the language or theme a person chose; nothing is written when nothing changes.

    Raises KintsugiError ``identity.unknown-preference``.
    """
    changes: dict[str, str] = {}
    for field, value, allowed in (
        ("language", language, User.Language.values),
        ("theme", theme, User.Theme.values),
    ):
        if value is None or value == getattr(user, field):
            continue
        if value not in allowed:
            raise KintsugiError(
                "identity.unknown-preference",
                Text(f"不支持“{value}”。", f"“{value}” is not supported."),
                Text(f"可选:{'、'.join(allowed)}。", f"Choose one of {', '.join(allowed)}."),
                field=field,
                value=value,
            )
        changes[field] = value
    if changes:
        User.objects.filter(pk=user.pk).update(
            **changes, version=F("version") + 1, updated_at=Now()
        )
        for field, value in changes.items():
            setattr(user, field, value)


def _check_password(password: str, user: User) -> None:
    _check("identity.weak-password", lambda: validate_password(password, user))


def _check(code: str, validate: Callable[[], None]) -> None:
    """Raise Django's refusal as ours. Validated and rendered once a language: some of Django's
    messages are translated while they are made, others while they are shown."""
    with suppress(ValidationError):
        validate()
        return
    sentences: dict[str, str] = {}
    fields = ["password"]
    for language in ("zh-hans", "en"):
        with override(language):
            try:
                validate()
            except ValidationError as error:
                sentences[language] = " ".join(error.messages)
                fields = sorted(error.message_dict) if hasattr(error, "error_dict") else fields
    if sentences:
        raise KintsugiError(
            code,
            Text(sentences["zh-hans"], sentences["en"]),
            Text("请改正后重试。", "Correct this and try again."),
            field=fields[0],
        )
