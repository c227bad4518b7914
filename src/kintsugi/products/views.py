"""The edge of products: the clock comes in here."""

import datetime as dt
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from kintsugi.core.access import requires
from kintsugi.core.views import paper_response
from kintsugi.products import selectors_trade


def now() -> dt.datetime:
    """This instant."""
    return timezone.now()


def today() -> dt.date:
    """The business day here."""
    return timezone.localdate()


@requires("licence.read")
@require_safe
def paper(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The scanned certificate, as it was handed in."""
    try:
        found = selectors_trade.certificate(pk, on=today())
    except ObjectDoesNotExist:
        raise Http404 from None
    return paper_response(found.file_sha256, found.file_name)
