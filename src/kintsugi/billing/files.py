"""Files of billing: an invoice on paper, and the file of an export."""

from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from kintsugi.billing.paper import invoice_pdf
from kintsugi.billing.selectors import invoices
from kintsugi.billing.services import batch_file
from kintsugi.billing.views import now
from kintsugi.core.access import requires
from kintsugi.core.screens.parts import language


@requires("invoice.read")
@require_safe
def print_invoice(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The invoice as PDF."""
    try:
        record = invoices.invoice(pk)
    except ObjectDoesNotExist:
        raise Http404 from None
    data = invoice_pdf(record, at=now(), printed_by=str(request.user), language=language())
    return _file(data, "application/pdf", f"{record.number}.pdf", "inline")


@requires("ledger.export")
@require_safe
def download_batch(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The file of a batch: the same bytes every time."""
    try:
        record = invoices.batch(pk)
    except ObjectDoesNotExist:
        raise Http404 from None
    data = batch_file(record.pk)
    return _file(data, "text/csv; charset=utf-8", f"{record.number}.csv", "attachment")


def _file(data: bytes, kind: str, name: str, how: str) -> HttpResponse:
    headers = {"Content-Disposition": f'{how}; filename="{name}"'}
    return HttpResponse(data, content_type=kind, headers=headers)
