"""API tokens as requests carry them: ``Authorization: Bearer kgi_…``."""

import datetime as dt
import hashlib
import secrets

from django.http import HttpRequest

from kintsugi.identity.models import ApiToken
from kintsugi.identity.services_tokens import note_use

SCHEME = "bearer"


def given(request: HttpRequest) -> str:
    """The token of the request's header; empty where it has none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip()[:200] if scheme.lower() == SCHEME else ""


def used(request: HttpRequest, *, at: dt.datetime) -> ApiToken | None:
    """The token that stands behind the request at ``at``, its use noted; None where it is unknown,
    expired, revoked, or of an account that is switched off."""
    digest = hashlib.sha256(given(request).encode()).hexdigest()
    token = (
        ApiToken.objects.filter(sha256=digest, is_void=False, revoked_at=None, expires_at__gt=at)
        .select_related("account", "apitokenuse")
        .first()
    )
    if token is None or not secrets.compare_digest(token.sha256, digest):
        return None
    if not token.account.is_active or token.account.is_void:
        return None
    note_use(token=token, at=at)
    return token
