"""The pages of one delivery and of one wave."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kintsugi.core.panels import Registered
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
)
from kintsugi.core.screens.parts import Words, language, say
from kintsugi.engine.text import Text
from kintsugi.sales.kinds_delivery import (
    DELIVERY,
    DELIVERY_TONES,
    MODES,
    ON_THE_WAY,
    PHASES,
    RECEIPT_KINDS,
)
from kintsugi.sales.models import Delivery, DeliveryLine, Wave
from kintsugi.sales.screens import CUSTOMER, WAREHOUSE, customer_url, product_url
from kintsugi.sales.screens_delivery import DELIVERY_COLUMNS, RETURN_COLUMNS
from kintsugi.sales.selectors import deliveries, returns

BARS: dict[str, Words] = {
    "picked": _("Picked"),
    "shipped": _("Shipped"),
    "signed": Text("已签收", "Signed"),
}
THINGS = Text("货物", "Things")
DELIVERIES_CRUMB = (_("Deliveries"), "sales:deliveries")


def find_delivery(_user: Any, pk: UUID) -> Delivery:
    """The delivery with its lines."""
    record = deliveries.delivery(pk)
    record.shown = list(deliveries.lines_of(pk))  # type: ignore[attr-defined]
    return record


def delivery_crumbs(record: Any) -> list[tuple[Words, str]]:
    """Where a page about a delivery lies."""
    found: list[tuple[Words, str]] = [(DELIVERIES_CRUMB[0], reverse(DELIVERIES_CRUMB[1]))]
    if record is not None:
        found.append((record.number, reverse("sales:delivery", args=[record.pk])))
    return found


def _notes(line: DeliveryLine) -> list[str]:
    found = []
    if line.order_line is not None:
        found.append(f"{line.order_line.order.number} / {line.order_line.line_no}")
    if line.return_line_id:
        found.append(gettext("replaces goods that came back"))
    for name, words in (
        ("refused", _("refused")), ("lost", _("lost")), ("returned", _("returned")),
    ):  # fmt: skip
        if getattr(line, name):
            found.append(f"{words} {getattr(line, name).normalize():f}")
    return found


def lines_context(record: Any) -> dict[str, Any]:
    """For the table of lines."""
    return {
        "title": gettext("Lines"),
        "steps": [say(words) for words in BARS.values()],
        "lines": [
            {
                "no": line.line_no, "url": product_url(line), "code": line.product.product_code,
                "name": line.product.name, "unit": line.product.base_uom or "",
                "notes": _notes(line), "qty": line.qty, "max": f"{line.qty:f}",
                "steps": [
                    {"name": say(words), "qty": getattr(line, name),
                     "value": f"{getattr(line, name):f}"}
                    for name, words in BARS.items()
                ],
            }
            for line in record.shown
        ],
    }  # fmt: skip


# -- what may be done ------------------------------------------------------------------------------


def delivery_steps(record: Any) -> list[Step]:
    """What may be done from its state, and why not."""

    def step(label: Words, name: str, icon: str, **more: Any) -> Step:
        return Step(label, reverse(f"sales:{name}", args=[record.pk]), icon, **more)

    lines = getattr(record, "shown", None) or list(deliveries.lines_of(record.pk))
    anything = any(line.picked for line in lines)
    missing = [line for line in lines if line.picked < line.qty]
    assign = step(_("Assign"), "assign-delivery", "user", primary=record.status == "draft")
    why = [_("Goods have been picked: put them back first.")] if anything else []
    cancel = step(_("Cancel"), "cancel-delivery", "x", why_not=why)
    put_back = step(_("Put back"), "put-back", "arrow-back-up")
    reopen = step(_("Pick again"), "reopen-picking", "arrow-back-up")
    status = record.status
    if status == "draft":
        return [assign, cancel]
    if status in ("assigned", "picking"):
        pick = step(_("Pick by scanning"), "pick", "scan", primary=bool(missing))
        finish = step(
            _("Finish picking"), "finish-picking", "check", primary=not missing,
            why_not=[] if anything else [_("Nothing is picked yet.")],
        )  # fmt: skip
        found = [pick, finish, *([put_back] if anything else []), cancel]
        return [*found, assign] if status == "assigned" else found
    if status == "picked":
        return [step(_("Begin the check"), "start-check", "checklist", primary=True), reopen]
    if status == "checking":
        return [
            step(_("Check by scanning"), "check", "scan", primary=True),
            step(_("Pass the check"), "pass-check", "check"),
            step(_("Fail the check"), "fail-check", "alert-triangle"),
        ]
    if status == "checked":
        return [step(_("Ship"), "ship", "truck", primary=True), reopen]
    return _after_shipment(record, step)


def _after_shipment(record: Delivery, step: Any) -> list[Step]:
    found: list[Step] = []
    if record.status == "shipped":
        found.append(step(_("Hand over to the carrier"), "hand-over", "truck"))
    if record.status in ON_THE_WAY and record.is_consignment:
        found.append(step(_("Report what was used"), "report-use", "check", primary=True))
        found.append(step(_("Take goods back"), "take-back", "arrow-back-up"))
    elif record.status in ON_THE_WAY:
        found.append(step(_("Record a receipt"), "sign", "pencil", primary=True))
    if record.status in ("shipped", "in_transit"):
        found.append(step(_("Reverse the shipment"), "reverse-shipment", "arrow-back-up"))
    if record.status in ("part_signed", "signed", "closed"):
        found.append(step(_("Ask for a return"), "ask-return", "arrow-back-up"))
    return found


# -- what happened ---------------------------------------------------------------------------------


def happened(record: Any) -> list[dict[str, Any]]:
    """Who did what, the newest first."""
    found: list[dict[str, Any]] = [
        {"at": record.created_at, "title": say(Text("创建", "Made")), "who": "", "why": ""}
    ]
    for at, title, who, why in (
        (record.picked_at, gettext("Picked"), record.picker_name, record.short_reason),
        (record.checked_at, gettext("Checked"), record.checker_name, ""),
        (record.shipped_at, gettext("Shipped"), record.shipped_by_name, record.waybill),
        (record.left_at, gettext("Taken over by the carrier"), record.carrier, ""),
    ):
        if at is not None:
            found.append({"at": at, "title": title, "who": who, "why": why})
    found += [
        {"at": one.signed_at, "title": f"{capfirst(say(RECEIPT_KINDS[one.kind]))} {one.number}",
         "who": one.signer, "why": one.note}
        for one in deliveries.receipts_of(record.pk)[:50]
    ]  # fmt: skip
    return sorted(found, key=lambda one: one["at"], reverse=True)


def _actions(record: Delivery) -> Sequence[Action]:
    def paper(label: Words, kind: str) -> Action:
        url = reverse("sales:delivery-paper", args=[record.pk, kind])
        return Action(label, lambda _r: url, "printer")

    found = [paper(_("Delivery note"), "note"), paper(_("Packing list"), "packing")]
    if record.checked_at:
        found.append(paper(_("Check record"), "check"))
    return found


ITEM_COLUMNS = (
    Column("product__product_code", label=_("Product code"), kind="code", link=product_url),
    Column("unit__serial_no", label=_("Serial number"), kind="code"),
    Column("lot__lot_no", label=_("Lot"), kind="code"),
    Column("expiry", label=_("Expiry"), kind="date",
           value=lambda row: (row.unit and row.unit.expiry_date)
           or (row.lot and row.lot.expiry_date)),
    Column("shelf", label=_("Taken from"), kind="code"),
    Column("box_no", label=_("Box"), kind="code"),
    Column("picked", label=_("Picked"), kind="number"),
    Column("signed", label=BARS["signed"], kind="number"),
    Column("returned", label=_("Came back"), kind="number"),
)  # fmt: skip
SCAN_COLUMNS = (
    Column("scanned_at", label=_("Time"), kind="moment"),
    Column("phase", label=_("Phase"), value=lambda row: say(PHASES[row.phase])),
    Column("raw", label=_("Scanned"), kind="code"),
    Column("said", label=_("Answer"),
           value=lambda row: gettext("accepted") if row.accepted
           else say_kept(row.said) or row.code),
    Column("qty", label=_("Quantity"), kind="number"),
    Column("person_name", label=_("Person")),
)  # fmt: skip


def say_kept(said: dict[str, str]) -> str:
    """A kept answer in the language of the page."""
    return said.get("zh" if language().startswith("zh") else "en", "")


DELIVERY_PAGE = DetailScreen(
    permission="delivery.read",
    find=find_delivery,
    title=lambda record: record.number,
    subtitle=lambda record: record.customer_name,
    pills=lambda record: [
        (DELIVERY.states[record.status], DELIVERY_TONES.get(record.status, "")),
        *([(_("cold chain"), "live")] if record.needs_cold else []),
        *([(_("consignment"), "")] if record.is_consignment else []),
    ],
    breadcrumbs=lambda _record: [(DELIVERIES_CRUMB[0], reverse(DELIVERIES_CRUMB[1]))],
    actions=_actions,
    template="sales/order.html",
    panels=(
        Custom("sales/delivery_lines.html", lines_context),
        Fields(
            _("Delivery"),
            (
                Value("customer_name", label=CUSTOMER, link=customer_url),
                Value("warehouse", label=WAREHOUSE, value=lambda r: r.house),
                Value("wanted_on", label=_("Wanted"), kind="date"),
                Value("ship_to", label=_("Delivery address")),
                Value("ship_contact", label=_("Receiver")),
                Value("ship_phone", label=_("Telephone"), field="phone"),
                Value("department", label=_("Department")),
                Value("picker_name", label=_("Picker")),
                Value("short_reason", label=_("Why less was picked")),
                Value("checker_name", label=_("Checker")),
                Value("mode", label=_("Transport"),
                      value=lambda r: say(MODES[r.mode]) if r.mode else ""),
                Value("carrier", label=_("Carrier")),
                Value("waybill", label=_("Waybill"), kind="code"),
                Value("cold_box", label=_("Cold box"), kind="code"),
                Value("start_temp", label=_("Temperature at departure, °C"), kind="number"),
                Value("log_interval_min", label=_("Logging interval, min"), kind="number"),
                Value("shipped_on", label=_("Shipped on"), kind="date"),
                Value("end_reason", label=_("Reason")),
            ),
            hide_empty=True,
        ),
        Related(THINGS, lambda record: deliveries.items_of(record.pk), ITEM_COLUMNS,
                empty=_("Nothing is picked yet.")),
        Related(_("Returns"), lambda record: returns.returns_of(record.pk),
                tuple(c for c in RETURN_COLUMNS if c.name != "customer_name"),
                empty=_("Nothing came back.")),
        Related(_("Scans"), lambda record: deliveries.scans_of(record.pk), SCAN_COLUMNS,
                empty=_("Nothing was scanned yet.")),
        Registered("delivery", side=False),
        NextSteps(delivery_steps),
        Registered("delivery"),
        Timeline(_("Time line"), happened, side=True),
    ),
)  # fmt: skip


# -- waves -----------------------------------------------------------------------------------------


def find_wave(_user: Any, pk: UUID) -> Wave:
    """The wave."""
    return deliveries.waves().get(pk=pk)


def walk_context(record: Wave) -> dict[str, Any]:
    """What is still to be taken, shelf by shelf."""
    rows = Delivery.objects.filter(wave=record)
    return {"title": gettext("The walk"), "rows": deliveries.pick_list(rows)[:500]}


WAVE_PAGE = DetailScreen(
    permission="delivery.read",
    find=find_wave,
    title=lambda record: record.number,
    subtitle=lambda record: record.house or "",
    breadcrumbs=lambda _record: [(_("Waves"), reverse("sales:waves"))],
    template="sales/order.html",
    panels=(
        Custom("sales/walk.html", walk_context),
        Related(_("Deliveries"), lambda record: deliveries.deliveries().filter(wave=record),
                tuple(c for c in DELIVERY_COLUMNS if not c.name.startswith("wave")),
                empty=_("No delivery.")),
        Fields(
            _("Wave"),
            (
                Value("picker_name", label=_("Picker")),
                Value("wanted_by", label=_("Wanted by"), kind="date"),
                Value("region", label=_("Region"), kind="code"),
                Value("made_at", label=_("Made"), kind="moment"),
            ),
            side=True,
        ),
    ),
)  # fmt: skip
