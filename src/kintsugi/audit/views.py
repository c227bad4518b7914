"""The page of the sealed record, and the proof of one change as a download."""

import datetime as dt
import json
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe
from procrastinate.exceptions import AlreadyEnqueued

from kintsugi.audit import selectors, tasks
from kintsugi.core.access import may, requires
from kintsugi.core.api.errors import status_of
from kintsugi.core.errors import KintsugiError
from kintsugi.core.screens.parts import language

#: A change's number has at most this many digits.
DIGITS = 18


@require_safe
@requires("audit.read")
def record(request: HttpRequest) -> HttpResponse:
    """How the sealed log stands, what the last verification said, and a field for a proof."""
    return _page(request)


@require_safe
@requires("audit.export")
def proof(request: HttpRequest) -> HttpResponse:
    """The proof of the change ``?change=``, as a file that verifies without the product."""
    given = request.GET.get("change", "").strip()
    number = int(given) if given.isascii() and given.isdigit() and len(given) <= DIGITS else 0
    try:
        found = selectors.proof_of(number)
    except KintsugiError as error:
        return _page(request, error=error, asked=given)
    response = HttpResponse(
        json.dumps(found, ensure_ascii=False, indent=1), content_type="application/json"
    )
    response["Content-Disposition"] = f'attachment; filename="proof-{number}.json"'
    return response


@require_POST
@requires("audit.administer")
def verify(request: HttpRequest) -> HttpResponse:
    """Let a job verify the whole record; asked twice it runs once."""
    try:
        with transaction.atomic():
            tasks.verify_asked.defer(at=timezone.now().isoformat(), actor=str(request.user))
    except AlreadyEnqueued:
        messages.info(request, _("A verification is waiting already."))
    else:
        messages.success(request, _("The verification begins; its answer appears here."))
    return HttpResponseRedirect(reverse("audit:record"))


def _page(
    request: HttpRequest, *, error: KintsugiError | None = None, asked: str = ""
) -> HttpResponse:
    status = selectors.seal_status()
    context: dict[str, Any] = {
        "page_title": _("Audit record"),
        "page_subtitle": _(
            "Every change of a business row, sealed so that nobody can alter it unnoticed."
        ),
        "status": status,
        "checkpoints": selectors.recent_checkpoints(),
        "findings": _findings(status),
        "verdicts": _verdicts(status),
        "error": error,
        "asked": asked,
        "may_verify": may("audit.administer"),
        "may_prove": may("audit.export"),
    }
    return render(
        request, "audit/record_page.html", context, status=status_of(error) if error else 200
    )


def _verdicts(status: dict[str, Any]) -> list[dict[str, Any]]:
    """The verifiers of the last verification with their names in words."""
    verified = status["verification"]
    return [
        {
            **verdict,
            "label": VERIFIERS.get(verdict["verifier"], verdict["verifier"]),
            "said": (verdict["reason"] or {}).get(_tag(), ""),
        }
        for verdict in (verified["verdicts"] if verified else ())
    ]


def _findings(status: dict[str, Any]) -> list[dict[str, Any]]:
    """At most a hundred findings of the last verification, in the language of the page."""
    verified = status["verification"]
    found = [
        {
            **finding,
            "said": finding["message"][_tag()],
            "at": dt.datetime.fromisoformat(finding["at"]) if finding["at"] else None,
        }
        for verdict in (verified["verdicts"] if verified else ())
        for finding in verdict["findings"]
    ]
    return found[:100]


def _tag() -> str:
    return "zh" if language().startswith("zh") else "en"


VERIFIERS = {
    "tree": gettext_lazy("Sealed tree"),
    "witness": gettext_lazy("Witness"),
    "guard": gettext_lazy("Triggers and roles"),
    "fold": gettext_lazy("Tables against the log"),
    "decoding": gettext_lazy("Write-ahead log"),
    "token": gettext_lazy("Context tokens"),
}
