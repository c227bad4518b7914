"""Web requests that may write run in one transaction with the person's context."""

from collections.abc import Callable
from uuid import uuid4

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from kintsugi.audit.context import recorded, set_context
from kintsugi.identity.services import record_refusal


class RecordRefusals:
    """Keeps down what a person was refused for want of a permission; outside the transaction of the
    request, which a refusal rolls back. What nobody logged in asks for is not kept: anybody could
    fill the record."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        error = getattr(request, "access_refused", None)
        if error is not None and request.user.is_authenticated:
            request_id = request.META.get("HTTP_X_REQUEST_ID", "")
            with recorded(actor=request.user, command="access.refuse", request_id=request_id[:64]):
                record_refusal(
                    account=request.user,
                    code=error.code,
                    permission=str(error.facts.get("permission", "")),
                    method=request.method or "",
                    path=request.path,
                    request_id=request_id,
                    at=timezone.now(),
                )
        return response


SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


class TransactionContext:
    """Opens a transaction with context around every unsafe request.

    A response of 400 and above rolls the transaction back, so a refused request leaves nothing.
    ``HTTP_X_REQUEST_ID`` is taken over when it looks like an id, otherwise one is made.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        request_id = given if given.replace("-", "").isalnum() and len(given) <= 64 else uuid4().hex
        # From here on the request carries the id, so that a failure page can name it.
        request.META["HTTP_X_REQUEST_ID"] = request_id
        if request.method in SAFE:
            response = self.get_response(request)
        else:
            with transaction.atomic():
                user = request.user
                set_context(
                    actor=str(user) if user.is_authenticated else "anonymous",
                    actor_id=user.pk if user.is_authenticated else None,
                    command=f"{request.method} {request.path}"[:120],
                    request_id=request_id,
                )
                response = self.get_response(request)
                # A wrong secret is refused, and yet has to be counted.
                kept = getattr(response, "keeps_writes", False)
                if response.status_code >= 400 and not kept:
                    transaction.set_rollback(True)
        response["X-Request-ID"] = request_id
        return response
