"""Web requests that may write run in one transaction with the person's context."""

from collections.abc import Callable
from uuid import uuid4

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from kintsugi.audit.context import set_context

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
