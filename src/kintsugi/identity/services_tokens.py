"""API tokens: made, used, revoked. The caller opens the transaction context."""

import datetime as dt
import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import F
from django.db.models.functions import Now

from kintsugi.core.errors import KintsugiError, Text
from kintsugi.identity.duties import TOKEN_DAYS_MAX
from kintsugi.identity.matrix import permissions
from kintsugi.identity.models import ApiToken, ApiTokenUse, User

#: Tells a leaked token apart from any other random text.
MARK = "kgi_"
SHOWN_CHARS = len(MARK) + 6
USE_EVERY_S = 600


@dataclass(frozen=True)
class MadeToken:
    """A new token with its text, which is never shown again."""

    token: ApiToken
    text: str


def make_token(
    *,
    account: User,
    name: str,
    scopes: Iterable[str],
    allowed: Iterable[str],
    expires_at: dt.datetime,
    at: dt.datetime,
) -> MadeToken:
    """A token of this account. ``allowed`` is what its person may do now; more is refused.

    Raises KintsugiError ``token.no-scope``, ``token.too-wide``, ``token.expiry`` or
    ``token.no-name`` (facts: field).
    """
    wanted = sorted(set(scopes))
    if not name.strip():
        raise _refused("no-name", "name", "请填写令牌的用途。", "Say what the token is for.")
    if not wanted:
        raise _refused(
            "no-scope", "scopes", "请至少选择一项权限。", "Choose at least one permission."
        )
    excess = sorted(set(wanted) - (set(allowed) & set(permissions())))
    if excess:
        raise _refused(
            "too-wide", "scopes",
            f"令牌不能超出账户的权限:{'、'.join(excess)}。",
            f"A token cannot do more than its account: {', '.join(excess)}.",
        )  # fmt: skip
    if not at < expires_at <= at + dt.timedelta(days=TOKEN_DAYS_MAX):
        raise _refused(
            "expiry", "expires_on",
            f"到期日应在今天之后、{TOKEN_DAYS_MAX} 天之内。",
            f"It must expire after today and within {TOKEN_DAYS_MAX} days.",
        )  # fmt: skip
    text = MARK + secrets.token_urlsafe(32)
    token = ApiToken(
        account=account,
        name=name.strip()[:80],
        prefix=text[:SHOWN_CHARS],
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        scopes=wanted,
        made_at=at,
        expires_at=expires_at,
    )
    token.save(force_insert=True)
    return MadeToken(token, text)


def revoke_token(*, token: ApiToken, reason: str, at: dt.datetime) -> None:
    """End a token for good; one that ended already stays as it is."""
    ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(
        revoked_at=at, revoke_reason=reason[:400], version=F("version") + 1, updated_at=Now()
    )


def revoke_tokens_of(*, accounts: Iterable[User], reason: str, at: dt.datetime) -> int:
    """End all tokens of these accounts; how many there were."""
    open_ones = ApiToken.objects.filter(account__in=list(accounts), revoked_at=None)
    return open_ones.update(
        revoked_at=at, revoke_reason=reason[:400], version=F("version") + 1, updated_at=Now()
    )


def note_use(*, token: ApiToken, at: dt.datetime) -> None:
    """Remember that the token was used; written at most once in ten minutes."""
    last = getattr(token, "apitokenuse", None)
    if last is None or (at - last.at).total_seconds() >= USE_EVERY_S:
        ApiTokenUse.objects.update_or_create(token=token, defaults={"at": at})


def _refused(code: str, field: str, zh: str, en: str) -> KintsugiError:
    return KintsugiError(
        f"token.{code}",
        Text(zh, en),
        Text("请改正后重试。", "Correct this and try again."),
        field=field,
    )
