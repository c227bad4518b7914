"""The page of one order: what was ordered, how far it is, what its checks say, what may be done."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kintsugi.core.panels import RecordPanel, Registered
from kintsugi.core.screens import (
    Action,
    Column,
    Custom,
    DetailScreen,
    Fields,
    NextSteps,
    Related,
    Step,
    Timeline,
    Value,
    Verdicts,
)
from kintsugi.core.screens.parts import Words, say
from kintsugi.core.verdicts import Verdict, failed, from_kept
from kintsugi.engine.text import Text
from kintsugi.sales.kinds import (
    BEFORE_SHIPMENT,
    ENDED,
    HOLD_REASONS,
    ORDER,
    ORDER_KINDS,
    PRICE_SOURCES,
    QUANTITIES,
    TONES,
)
from kintsugi.sales.models import Order, OrderLine, OrderRevision
from kintsugi.sales.screens import (
    CUSTOMER,
    NOTE,
    ORDER_COLUMNS,
    ORDER_WORD,
    TOTAL,
    contract_no,
    contract_of,
    customer_url,
    product_url,
)
from kintsugi.sales.selectors import checks, orders
from kintsugi.sales.services import content_of
from kintsugi.sales.views import now, today

#: Steps that a bar is drawn for; refused and returned are rare and shown as numbers.
BARS = ("reserved", "picked", "shipped", "signed")
TODAY = Text("今天", "today")
REVISION = Text("修订", "Revision")
ORDERS_CRUMB = (_("Sales orders"), "sales:orders")


def find_order(_user: Any, pk: UUID) -> Order:
    """The order with its lines and what its checks say: as of now while it goes on, as they were
    kept afterwards."""
    record = orders.order(pk)
    record.shown = list(orders.lines_of(record))  # type: ignore[attr-defined]
    record.checked = checks.shown(record, on=today())  # type: ignore[attr-defined]
    return record


def _said(line: OrderLine) -> list[str]:
    """What a line asks for beside its quantity."""
    found = []
    if line.min_remaining_days:
        found.append(gettext("at least %(n)s days of life") % {"n": line.min_remaining_days})
    if line.lot:
        found.append(gettext("lot %(lot)s wanted") % {"lot": line.lot.lot_no})
    if line.serials:
        found.append(", ".join(line.serials))
    if line.choice_reason:
        agreed = line.choice_by_name or gettext("not agreed yet")
        found.append(f"{line.choice_reason} · {agreed}")
    if line.refused:
        found.append(f"{say(QUANTITIES['refused'])} {line.refused.normalize():f}")
    if line.returned:
        found.append(f"{say(QUANTITIES['returned'])} {line.returned.normalize():f}")
    return found


def _priced(line: OrderLine) -> list[str]:
    """Where the price comes from, what is taken off, and the tax."""
    source = f"{say(PRICE_SOURCES[line.price_from])} {line.price_ref}".strip()
    off = f"−{(line.discount * 100).normalize():f} %" if line.discount else ""
    tax = gettext("tax %(rate)s %%") % {"rate": f"{(line.tax_rate * 100).normalize():f}"}
    return [" · ".join(part for part in (source, off, tax) if part)]


def lines_context(record: Any) -> dict[str, Any]:
    """For the table of lines."""
    return {
        "title": gettext("Lines"),
        "steps": [say(QUANTITIES[name]) for name in BARS],
        "lines": [
            {
                "no": line.line_no,
                "url": product_url(line),
                "code": line.product.product_code,
                "name": line.product.name,
                "unit": line.product.base_uom or "",
                "notes": [*_priced(line), *_said(line)],
                "qty": line.qty,
                "max": f"{line.qty:f}",
                "steps": [
                    {
                        "name": say(QUANTITIES[name]),
                        "qty": getattr(line, name),
                        "value": f"{getattr(line, name):f}",
                        "bar": True,
                    }
                    for name in BARS
                ],
                "price": line.price,
                "amount": line.amount,
            }
            for line in record.shown
        ],
    }


# -- what may be done ------------------------------------------------------------------------------


def order_steps(record: Any) -> list[Step]:
    """What may be done from its state, and why not."""

    def step(label: Words, name: str, icon: str, **more: Any) -> Step:
        return Step(label, reverse(f"sales:{name}", args=[record.pk]), icon, **more)

    stopping = [one for one in failed(record.checked) if not _agreed(record, one)]
    reasons = [one.why for one in stopping]
    cancel = step(_("Cancel"), "cancel-order", "x")
    hold = step(_("Put on hold"), "hold-order", "lock")
    change = step(_("Change"), "change-order", "edit")
    found: list[Step] = []
    if record.status == "draft":
        found = [step(_("Submit"), "submit-order", "send", primary=True), change]
    elif record.status == "submitted":
        found = [
            step(_("Approve"), "approve-order", "check", primary=True, why_not=reasons),
            step(_("Send back"), "send-back-order", "arrow-back-up"),
            change,
        ]
        if any(one.check == checks.CREDIT for one in stopping):
            found.insert(1, step(_("Agree to the credit"), "agree-credit", "check"))
    elif record.status in ("approved", "reserved", "picking", "part_shipped"):
        found = _goods(record, step)
        if record.status in ("approved", "reserved"):
            found.append(change)
        found.append(step(_("Reduce quantities"), "reduce-order", "minus"))
    elif record.status == "on_hold":
        found = [step(_("Let it go on"), "resume-order", "player-play", primary=True)]
    elif record.status in ("part_signed", "signed"):
        is_whole = record.status == "signed"
        open_difference = [_("Goods are neither signed for nor taken back.")]
        found = [step(_("Close"), "close-order", "check", primary=is_whole,
                      why_not=() if is_whole else open_difference)]  # fmt: skip
    if any(line.choice_reason and not line.choice_at for line in record.shown) and (
        record.status not in ENDED
    ):
        found.append(step(_("Agree to the customer's choice"), "agree-choice", "check"))
    if record.status in (*BEFORE_SHIPMENT, "on_hold"):
        found.append(_cancelling(record, cancel))
    if record.status not in (*ENDED, "on_hold"):
        found.append(hold)
    return found


def _agreed(record: Order, one: Verdict) -> bool:
    return one.check == checks.CREDIT and bool(record.credit_by_name)


def _goods(record: Any, step: Any) -> list[Step]:
    lacking = any(line.qty > line.reserved for line in record.shown)
    standing: list[Words] = [
        one.why for one in failed(record.checked)
        if one.check not in (checks.CREDIT, "stock", "price", "contract-term", "contract-quantity")
    ]  # fmt: skip
    if not lacking:
        standing = [_("Everything is kept.")]
    found = [
        step(_("Reserve goods"), "reserve-order", "packages", primary=lacking, why_not=standing)
    ]
    if any(line.reserved > line.picked for line in record.shown):
        found.append(step(_("Let go of the goods"), "release-order", "arrow-back-up"))
    return found


def _cancelling(record: Any, cancel: Step) -> Step:
    if any(line.picked for line in record.shown):
        why = [_("Goods are picked or shipped: put them back first.")]
        return Step(cancel.label, cancel.url, cancel.icon, why_not=why)
    return cancel


# -- what happened ---------------------------------------------------------------------------------

OCCASIONS: dict[str, Words] = {
    "submit": _("Submitted"),
    "approve": _("Approved"),
    "change": _("Changed"),
}


def happened(record: Any) -> list[dict[str, Any]]:
    """Who did what, the newest first."""
    found = [
        {
            "at": one.judged_at,
            "title": say(OCCASIONS.get(one.occasion, one.occasion)),
            "who": one.judged_by_name,
            "why": gettext("all checks pass")
            if one.passed
            else gettext("checks that fail: %(which)s")
            % {"which": ", ".join(say(v.title) for v in failed(from_kept(one.verdicts)))},
        }
        for one in orders.judgements_of(record)[:50]
    ]
    found += [
        {"at": one.changed_at, "title": gettext("Revision %(n)s replaced") % {"n": one.no},
         "who": one.changed_by_name, "why": one.reason}
        for one in orders.revisions_of(record)[:50]
    ]  # fmt: skip
    found.append(
        {"at": record.created_at, "title": gettext("Taken"), "who": record.seller_name, "why": ""}
    )
    return sorted(found, key=lambda one: one["at"], reverse=True)


def _plainly(content: dict[str, Any]) -> dict[str, str]:
    """A revision's content line by line, for a comparison."""
    found = {gettext("Wanted"): content["wanted_on"], gettext("Total"): content["total"],
             say(NOTE): content["note"]}  # fmt: skip
    for line in content["lines"]:
        wanted = " ".join([line["lot_no"], *line["serials"]]).strip()
        found[f"{gettext('Line')} {line['line_no']}"] = (
            f"{line['product_code']} × {line['qty']} @ {line['price']} = {line['amount']} {wanted}"
        ).strip()
    return found


def changes_context(record: Any) -> dict[str, Any] | None:
    """What each revision changed, against the one that followed it."""
    past: Sequence[OrderRevision] = list(orders.revisions_of(record)[:20])
    if not past:
        return None
    after, found = _plainly(content_of(record)), []
    for one in past:
        before = _plainly(one.content)
        names = dict.fromkeys([*before, *after])
        rows = [
            (name, before.get(name, ""), after.get(name, ""))
            for name in names
            if before.get(name, "") != after.get(name, "")
        ]
        found.append({"title": f"{one.no} → {one.no + 1}", "why": one.reason, "rows": rows})
        after = before
    return {"title": gettext("Changes of the order"), "changes": found}


def pills(record: Order) -> list[tuple[Words, str]]:
    """State, kind, hold."""
    found: list[tuple[Words, str]] = [(ORDER.states[record.status], TONES.get(record.status, ""))]
    if record.kind != "sale":
        found.append((ORDER_KINDS[record.kind], ""))
    if record.status == "on_hold":
        found.append((HOLD_REASONS[record.hold_kind], "bad"))
    return found


def _hold(record: Order) -> str:
    return record.hold_reason if record.status == "on_hold" else ""


def _in_days(record: Order) -> str:
    left = (record.wanted_on - today()).days
    if record.status in (*ENDED, "shipped", "part_signed", "signed"):
        return record.wanted_on.isoformat()
    if left == 0:
        return f"{record.wanted_on.isoformat()} · {say(TODAY)}"
    late = gettext("%(n)s days late") % {"n": -left}
    return f"{record.wanted_on.isoformat()} · " + (
        late if left < 0 else gettext("in %(n)s days") % {"n": left}
    )


RESERVED_COLUMNS = (
    Column("product__product_code", label=_("Product code"), kind="code", link=product_url),
    Column("lot__lot_no", label=_("Lot"), kind="code"),
    Column("unit__serial_no", label=_("Serial number"), kind="code"),
    Column("expiry", label=_("Expiry"), kind="date",
           value=lambda row: (row.unit and row.unit.expiry_date)
           or (row.lot and row.lot.expiry_date)),
    Column("location", label=_("Location"), kind="code", value=lambda row: str(row.location)),
    Column("qty", label=_("Quantity"), kind="number"),
    Column("expires_at", label=_("Until"), kind="moment"),
)  # fmt: skip

ORDER_PAGE = DetailScreen(
    permission="order.read",
    find=find_order,
    title=lambda record: record.number,
    subtitle=lambda record: record.customer_name,
    pills=pills,
    breadcrumbs=lambda _record: [(ORDERS_CRUMB[0], reverse(ORDERS_CRUMB[1]))],
    actions=lambda record: [
        Action(_("Order confirmation"), reverse("sales:confirmation", args=[record.pk]), "printer")
    ],
    template="sales/order.html",
    panels=(
        Custom("sales/order_lines.html", lines_context),
        Fields(
            ORDER_WORD,
            (
                Value("customer_name", label=CUSTOMER, link=customer_url),
                Value("customer_ref", label=_("Their number"), kind="code"),
                Value("contract", label=_("Contract"), kind="code", value=contract_no,
                      link=contract_of),
                Value("contract_version__no", label=_("Version of the contract"), kind="number"),
                Value("wanted", label=_("Wanted"), value=_in_days),
                Value("ordered_on", label=_("Ordered"), kind="date"),
                Value("total", label=TOTAL, kind="number"),
                Value("currency", label=_("Currency")),
                Value("warehouse", label=_("Ships from"), value=lambda record: record.warehouse),
                Value("ship_to", label=_("Delivery address")),
                Value("ship_contact", label=_("Receiver"), field="contact"),
                Value("ship_phone", label=_("Telephone"), field="phone"),
                Value("department", label=_("Department")),
                Value("seller_name", label=_("Seller")),
                Value("approved_by_name", label=_("Approved by")),
                Value("credit_by_name", label=_("Credit agreed by")),
                Value("credit_reason", label=_("Reason of the credit")),
                Value("hold_reason", label=_("On hold because"), value=_hold),
                Value("end_reason", label=_("Reason")),
                Value("note", label=NOTE),
                Value("revision", label=REVISION, kind="number"),
            ),
            entity="party",  # masks receiver and telephone as those of a party
            hide_empty=True,
        ),
        Related(_("Goods kept for it"), orders.kept_for, RESERVED_COLUMNS,
                empty=_("Nothing is kept yet.")),
        Custom("sales/differences.html", changes_context),
        Registered("order", side=False),
        NextSteps(order_steps),
        Verdicts(_("Checks"), lambda record: record.checked, side=True),
        Registered("order"),
        Timeline(_("Time line"), happened, side=True),
    ),
)  # fmt: skip


# -- the confirmation ------------------------------------------------------------------------------


def confirmation_context(request: HttpRequest, record: Any) -> dict[str, Any]:
    """What the customer gets to read: no checks, no reservations."""
    taxed: dict[Any, Any] = {}
    for line in record.shown:
        line.discount_said = f"{(line.discount * 100).normalize():f} %"
        line.tax_said = f"{(line.tax_rate * 100).normalize():f} %"
        net = line.amount / (1 + line.tax_rate)
        taxed[line.tax_rate] = taxed.get(line.tax_rate, 0) + line.amount - net
    return {
        "lines": record.shown,
        "revision": say(REVISION),
        "taxes": [((rate * 100).normalize(), tax) for rate, tax in sorted(taxed.items())],
        "printed_at": now(),
        "printed_by": str(request.user),
    }


CONFIRMATION = DetailScreen(
    permission="order.read",
    find=find_order,
    title=lambda record: f"{gettext('Order confirmation')} {record.number}",
    pills=lambda record: [] if record.approved_at else [(_("not approved yet"), "warn")],
    breadcrumbs=lambda record: [
        (ORDERS_CRUMB[0], reverse(ORDERS_CRUMB[1])),
        (record.number, reverse("sales:order", args=[record.pk])),
    ],
    page=confirmation_context,
    template="sales/confirmation.html",
    panels=(),
)


def of_customer_panel() -> RecordPanel:
    """Orders on the page of a customer."""
    left_out = ("customer_name", "seller_name")
    columns = tuple(one for one in ORDER_COLUMNS if one.name not in left_out)
    return RecordPanel(
        "sales.orders",
        "party",
        Related(
            _("Sales orders"),
            lambda party: orders.of_customer(party.pk),
            columns,
            empty=_("No order of it is known."),
            more=lambda party: f"{reverse('sales:orders')}?q={party.name}",
        ),
        permission="order.read",
        order=40,
    )


__all__ = ["CONFIRMATION", "ORDER_PAGE", "of_customer_panel"]
