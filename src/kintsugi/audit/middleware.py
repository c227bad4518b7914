"""Web requests that may write run in one transaction with the person's context; what is refused
leaves nothing but its refusal."""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from uuid import uuid4

import structlog
from django.conf import settings
from django.db import DatabaseError, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.utils import timezone

from kintsugi.audit.context import set_context, surrounded
from kintsugi.audit.services_refusals import NO_ACTS, note_refusal
from kintsugi.identity.services import address_of

Respond = Callable[[HttpRequest], HttpResponse]

SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
log = structlog.get_logger(__name__)


class RecordRefusals:
    """Gives every request its id, and keeps what was refused: for want of a permission before any
    view ran, by a rule inside it, by the log-in. Outside the request's transaction, which a refusal
    rolls back.

    ``HTTP_X_REQUEST_ID`` is taken over when it looks like an id, otherwise one is made.
    """

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        request_id = given if given.replace("-", "").isalnum() and len(given) <= 64 else uuid4().hex
        # From here on the request carries the id, so that a failure page can name it.
        request.META["HTTP_X_REQUEST_ID"] = request_id
        asked = request.user  # who asked, whoever is logged in afterwards
        response = self.get_response(request)
        if 400 <= response.status_code < 500 and response.status_code not in NO_ACTS:
            # A token names its account on the way in.
            _note(request, response, asked if asked.is_authenticated else request.user)
        response["X-Request-ID"] = request_id
        return response


class TransactionContext:
    """Opens a transaction with context around every unsafe request.

    A response of 400 and above rolls the transaction back, so a refused request leaves nothing.
    """

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method in SAFE and request.path not in settings.WRITING_GETS:
            return self.get_response(request)
        with surrounded(**_place(request)), transaction.atomic():
            user = request.user
            set_context(
                actor=str(user) if user.is_authenticated else "anonymous",
                actor_id=user.pk if user.is_authenticated else None,
                command=command_of(request),
                request_id=request.META["HTTP_X_REQUEST_ID"],
            )
            response = self.get_response(request)
            # A wrong secret is refused, and yet has to be counted.
            kept = getattr(response, "keeps_writes", False)
            if response.status_code >= 400 and not kept:
                transaction.set_rollback(True)
        return response


def _place(request: HttpRequest) -> dict[str, Any]:
    """Which endpoint is asked, and in which session: its key's hash, since the key itself is as
    good as a password."""
    facts = {}
    with suppress(Resolver404):  # the answer will be 404, and nothing written
        facts["endpoint"] = f"{request.method} /{resolve(request.path_info).route}"
    key = request.session.session_key
    if key:
        facts["session"] = hashlib.sha256(key.encode()).hexdigest()[:16]
    return facts


def command_of(request: HttpRequest) -> str:
    """What the request does, in the words of the record."""
    return f"{request.method} {request.path}"[:120]


def _note(request: HttpRequest, response: HttpResponse, user: Any) -> None:
    """Keep the refusal. Reading with wrong parameters is no act; being kept out (403) is one."""
    error = getattr(response, "refusal", None)
    status = response.status_code
    if request.method in SAFE and status != 403:
        return
    if error is None and status == 400:
        return  # not understood, therefore not refused
    command = command_of(request)
    try:
        note_refusal(
            actor=user if user.is_authenticated else "anonymous",
            command=command,
            error=error,
            rule={403: "http.forbidden", 422: "form.invalid"}.get(status, f"http.{status}"),
            status=status,
            at=getattr(request, "at", None) or timezone.now(),
            address=address_of(request),
            request_id=request.META["HTTP_X_REQUEST_ID"],
        )
    except DatabaseError:
        # The answer is right all the same; that it could not be kept is for the operators.
        log.error("audit.refusal-not-kept", command=command, status=status, exc_info=True)
