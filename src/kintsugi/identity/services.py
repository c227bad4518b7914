"""The only writer of accounts.

Identity lies below audit, so these functions do not open a transaction context themselves: the
caller does (``audit.services.recorded``; the web's middleware opens one for each unsafe request).
"""

from collections.abc import Callable

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import override

from kintsugi.core.errors import KintsugiError, Text
from kintsugi.identity.models import User
from kintsugi.identity.services_factors import encrypt_again, remove_factors
from kintsugi.identity.services_sign_in import (
    count_request,
    end_session,
    end_sessions,
    note_event,
    remember_password,
    unlock,
)
from kintsugi.identity.sessions import address_of

__all__ = [
    "address_of",
    "count_request",
    "create_user",
    "encrypt_again",
    "end_session",
    "end_sessions",
    "note_event",
    "remove_factors",
    "set_password",
    "set_preferences",
    "unlock",
]


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
    must_change_password: bool = False,
) -> User:
    """A new account that may log in at once. ``must_change_password``: an administrator chose the
    password, so its owner has to choose another one at the first log-in.

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
    _check("identity.invalid-account", user.full_clean)
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
