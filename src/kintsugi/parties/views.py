"""The edge of the party pages: the time comes in here."""

import datetime as dt
from typing import Any
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from kintsugi.core.access import requires
from kintsugi.core.ids import uuid7
from kintsugi.core.views import paper_response
from kintsugi.identity.selectors import Act
from kintsugi.identity.services import correctable, present_values, save_correction
from kintsugi.parties import selectors
from kintsugi.parties.corrections import CORRECTION


def to_correct(_user: Any, pk: UUID, act: UUID | None = None) -> Any:
    """The party to correct, with the act whose plan is being changed."""
    return correctable(CORRECTION, pk, act)


def typed(record: Any) -> dict[str, str]:
    """What the correction form starts with."""
    return present_values(CORRECTION, record)


def propose(*, user: Any, record: Any, version: int | None, reason: str, **values: Any) -> Act:
    """The filled form as an act that waits for a second person."""
    return save_correction(
        CORRECTION,
        account=user,
        record=record,
        typed=values,
        reason=reason,
        at=timezone.now(),
        key=uuid7().hex,
    )


def now() -> dt.datetime:
    """This instant."""
    return timezone.now()


def today() -> dt.date:
    """The business day here."""
    return timezone.localdate()


@requires("licence.read")
@require_safe
def paper(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The scanned licence, as it was handed in."""
    try:
        found = selectors.licence(pk, on=today())
    except ObjectDoesNotExist:
        raise Http404 from None
    return paper_response(found.file_sha256, found.file_name)
