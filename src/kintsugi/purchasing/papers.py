"""Purchase order and acceptance record on paper."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from kintsugi.core.access import requires
from kintsugi.core.printing.paper import Paper, Parties, document
from kintsugi.core.printing.papers import (
    SHIP_TO,
    SUPPLIER,
    GoodsLine,
    acceptance_record,
    purchase_order,
)
from kintsugi.core.screens.parts import language
from kintsugi.engine.text import Text
from kintsugi.purchasing import selectors
from kintsugi.purchasing.kinds import ORDER, RECEIPT, REJECT_REASONS
from kintsugi.purchasing.views import now

SERIALS_SHOWN = 200


def _pdf(request: HttpRequest, paper: Paper) -> HttpResponse:
    made = document(paper, at=now(), printed_by=str(request.user), language=language())
    response = HttpResponse(made, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{paper.number}.pdf"'
    return response


def _goods(product: Any) -> dict[str, Any]:
    return {
        "product_code": product.product_code,
        "name": product.name,
        "spec": " ".join(part for part in (product.spec, product.model) if part),
        "cert_no": product.registration_no or "",
        "maker": product.manufacturer.name if product.manufacturer else "",
        "uom": product.base_uom or "",
    }


def order_paper(order: Any) -> Paper:
    """The order as it goes to the supplier; a draft says that it is one."""
    lines = [
        GoodsLine(
            **_goods(one.product), qty=one.qty, unit_price=one.unit_price,
            amount=one.qty * one.unit_price, due=one.expected_on or order.expected_on,
        )
        for one in order.lines.select_related("product__manufacturer").order_by("line")
    ]  # fmt: skip
    placed = order.status in ("ordered", "part_received", "received", "closed")
    return purchase_order(
        number=order.number,
        parties=[
            Parties(SUPPLIER, [order.supplier_name]),
            Parties(SHIP_TO, [str(order.warehouse), order.warehouse.address]),
        ],
        facts=[
            (Text("下单日期", "Ordered on"), order.ordered_on),
            (Text("预计到货", "Expected"), order.expected_on),
        ],
        lines=lines,
        currency=order.currency,
        notes=[order.terms] if order.terms else [],
        signed={"Buyer": order.buyer_name, "Approved by": order.decided_by_name},
        state=None if placed else ORDER.states[order.status],
    )


def receipt_paper(receipt: Any) -> Paper:
    """What came, what was sampled, what passed."""
    rows = list(
        selectors.receipt_lines(receipt).select_related(
            "product__manufacturer", "lot", "inspection"
        )
    )
    units = selectors.units_of([one.pk for one in rows])
    lines = []
    for one in rows:
        found = getattr(one, "inspection", None)
        reason = REJECT_REASONS[found.reject_reason].zh if found and found.reject_reason else ""
        notes = [one.finding, reason, found.note if found else ""]
        lines.append(
            GoodsLine(
                **_goods(one.product), lot_no=one.lot.lot_no if one.lot else "",
                serials=list(units.get(one.pk, {}))[:SERIALS_SHOWN], mfg_date=one.mfg_date,
                expiry_date=one.expiry_date, qty=one.qty,
                sampled=found.sample_size if found else None,
                passed=found.qualified if found else None,
                rejected=found.rejected if found else None,
                note="; ".join(part for part in notes if part),
            )
        )  # fmt: skip
    by = "、".join(dict.fromkeys(receipt.acceptances.values_list("inspector_name", flat=True)))
    temperature = receipt.arrival_temp
    return acceptance_record(
        number=receipt.number,
        supplier=receipt.order.supplier_name,
        facts=[
            (Text("采购订单", "Purchase order"), receipt.order.number),
            (Text("随货同行单号", "Delivery note"), receipt.delivery_note),
            (Text("到货日期", "Arrived on"), receipt.arrived_on),
            (Text("到货温度 °C", "Temperature, °C"),
             Decimal(temperature).normalize() if temperature is not None else None),
        ],
        lines=lines,
        accepted_by=by,
        received_by=receipt.receiver_name,
        conclusion=RECEIPT.states[receipt.status],
    )  # fmt: skip


def _printer(
    rows: Callable[[], Any], permission: str, paper: Callable[[Any], Paper]
) -> Callable[..., HttpResponse]:
    @requires(permission)
    @require_safe
    def view(request: HttpRequest, pk: UUID) -> HttpResponse:
        found = rows().filter(pk=pk).first()
        if found is None:
            raise Http404
        return _pdf(request, paper(found))

    return view


print_order = _printer(selectors.orders, "purchase.read", order_paper)
print_receipt = _printer(selectors.receipts, "inbound.read", receipt_paper)
