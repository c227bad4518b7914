"""The page “Look at a thing”: scan it, and see what it is, where it is, what stands on it and what
may be done next."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from kintsugi.core.access import may, requires
from kintsugi.core.screens import Action, ScanAnswer, ScanField
from kintsugi.core.screens.parts import drawn_actions, language, plain, say
from kintsugi.core.screens.scan import Tone, is_scripted, raw_of
from kintsugi.stock import selectors
from kintsugi.stock.kinds import BLOCK_KINDS, LOCATION_KINDS, QUALITIES, ZONES
from kintsugi.stock.models import Balance
from kintsugi.stock.pages import crumbs, label_action
from kintsugi.stock.reading import own_item, own_place
from kintsugi.stock.scan_faults import expiry_of
from kintsugi.stock.scanning import STOP, WARN, Scanned, understand
from kintsugi.stock.screens import HOLD, place
from kintsugi.stock.views import today

TITLE = _("Look at a thing")
#: Places or contents shown on a phone; the rest is on the page of the thing.
SHOWN = 8

FIELD = ScanField(
    url=lambda _record: reverse("stock:scan"),
    label=_("Scan or type a label, a serial number, a lot or a location"),
    hint=_("Enter ends a scan. Several lines can be pasted at once."),
)


@requires("stock.read")
@require_http_methods(["GET", "HEAD", "POST"])
def look(request: HttpRequest) -> HttpResponse:
    """The page; a POST answers one scan, for the script as JSON."""
    answer = None
    if request.method == "POST":
        answer = answer_of(understand(raw_of(request), on=today()))
        if is_scripted(request):
            return answer.response()
    context = {
        "page_title": TITLE,
        "breadcrumbs": [(say(words), url) for words, url in crumbs()],
        "field": FIELD.draw(request),
        "answer": answer,
    }
    return render(request, "stock/scan.html", context)


def answer_of(found: Scanned) -> ScanAnswer:
    """What a scan is, in one line and a table."""
    stops = found.stops()
    first = next(iter(stops or found.faults), None)
    tone: Tone = "good"
    if any(one.weight in (STOP, WARN) for one in found.faults):
        tone = "bad" if stops else "warn"
    what = first.what.get(language()) if first and tone != "good" else name_of(found)
    remedy = first.remedy.get(language()) if first and tone != "good" else ""
    html = render_to_string(
        "stock/scanned.html", described(found, first if tone != "good" else None)
    )
    return ScanAnswer(
        tone, what, remedy, SafeString(html), is_part=found.fault("scan.no-item") is not None
    )  # fmt: skip


def name_of(found: Scanned) -> str:
    """The thing in one line."""
    if found.location is not None:
        return place(found.location)
    if found.product is not None:
        parts = (found.product.product_code, str(found.product), found.serial_no or found.lot_no)
        return " · ".join(part for part in parts if part)
    return found.sscc or found.raw.strip()[:90]


def described(found: Scanned, told: Any = None) -> dict[str, Any]:
    """For the template: facts, everything wrong but what is ``told`` already, candidates, steps."""
    return {
        "facts": [(say(label), value) for label, value in facts_of(found) if value],
        "faults": [
            {
                "tone": {STOP: "bad", WARN: "warn"}.get(one.weight, "live"),
                "what": one.what.get(language()),
                "remedy": one.remedy.get(language()),
            }
            for one in found.faults
            if one is not told
        ],
        "candidates": [
            {"name": one.name.get(language()), "url": url_of(one)} for one in found.candidates
        ],
        "steps": drawn_actions(steps_of(found)),
        "elements": found.elements,
    }


def facts_of(found: Scanned) -> Sequence[tuple[Any, Any]]:
    """Name and value of what is known, the most asked for first."""
    if found.location is not None:
        return place_facts(found)
    if found.product is None:
        return [(_("Lot"), found.lot_no), (_("Serial number"), found.serial_no),
                (_("Expiry"), plain(found.expiry_date))]  # fmt: skip
    unit = found.unit
    quality = say(QUALITIES[unit.quality]) if unit else ""
    stopped = [f"{say(BLOCK_KINDS[one.kind])}: {one.reason}" for one in found.blocks]
    return [
        (_("Product"), f"{found.product.product_code} {found.product}"),
        (_("Location"), place(unit.location) if unit else ""),
        (_("Where it is"), "" if unit else where_of(found)),
        (_("Quality"), quality),
        (_("Serial number"), found.serial_no),
        (_("Lot"), found.lot_no or (found.lot.lot_no if found.lot else "")),
        (_("Expiry"), plain(expiry_of(found))),
        (_("Made on"), plain(found.mfg_date)),
        (_("Quantity of this package"), quantity(found)),
        (_("Holds and recalls"), "; ".join(stopped)),
        ("SSCC", found.sscc),
    ]


def quantity(found: Scanned) -> str:
    """How many base units, where it is more than one."""
    if found.qty is None or found.qty == 1:
        return ""
    unit = found.product.base_uom if found.product is not None else ""
    return f"{found.qty.normalize():f} {unit or ''}".strip()


def where_of(found: Scanned) -> str:
    """Where the lot, or else the product, lies: places of ours with quantities."""
    rows = selectors.balances().filter(product=found.product, is_ours=True)
    if found.lot is not None:
        rows = rows.filter(lot=found.lot)
    elif found.lot_no:
        return ""
    return listed([(place(row.location), row) for row in rows.order_by("pk")[: SHOWN + 1]])


def place_facts(found: Scanned) -> Sequence[tuple[Any, Any]]:
    """What a location is, and what lies there."""
    location = found.location
    assert location is not None, "a place was scanned"
    rows = selectors.balances().filter(location=location, on_hand__gt=0)
    content = [(f"{row.product.product_code} {row.lot or ''}".strip(), row)
               for row in rows.order_by("product__product_code")[: SHOWN + 1]]  # fmt: skip
    return [
        (_("Location"), place(location)),
        (_("Kind"), say(LOCATION_KINDS[location.kind])),
        (_("Zone"), say(ZONES[location.zone]) if location.zone else ""),
        (_("What lies there"), listed(content) or gettext("nothing")),
    ]


def listed(rows: Sequence[tuple[str, Balance]]) -> str:
    """Names with quantities, and that there are more."""
    shown = [f"{name}: {row.on_hand.normalize():f}" for name, row in rows[:SHOWN]]
    return "; ".join([*shown, "…"] if len(rows) > SHOWN else shown)


def url_of(candidate: Any) -> str:
    """The page of what a text may mean, for whoever may open it."""
    if candidate.unit:
        return reverse("stock:unit", args=[candidate.unit.pk])
    if candidate.lot:
        return reverse("stock:lot", args=[candidate.lot.pk])
    if candidate.product and may("product.read"):
        return reverse("products:detail", args=[candidate.product.pk])
    return ""


def steps_of(found: Scanned) -> list[Action]:
    """What may be done with it from here, its own page first."""
    if found.location is not None:
        return [label_action(own_place(str(found.location)))]
    if found.product is None:
        return []
    code, lot_no, serial_no = found.product.product_code, found.lot_no, found.serial_no
    named = {"product_code": code, **({"lot_no": lot_no} if lot_no else {})}
    moved = {**named, **({"serial_no": serial_no} if serial_no else {})}
    if found.unit is not None:
        moved["source"] = str(found.unit.location)
    held = {"kind": "hold", **named, "serial_no": serial_no}
    own = []
    if found.unit is not None:
        own.append(Action(_("Its page"), reverse("stock:unit", args=[found.unit.pk]), "barcode"))
    if found.lot is not None:
        own.append(Action(_("The lot"), reverse("stock:lot", args=[found.lot.pk]), "tag"))
    return [
        *own,
        Action(_("Move it"), f"{reverse('stock:move')}?{urlencode(moved)}", "transform"),
        Action(HOLD, f"{reverse('stock:place-block')}?{urlencode(held)}", "lock"),
        Action(_("The product"), reverse("products:detail", args=[found.product.pk]), "package"),
        label_action(own_item(code, lot_no=lot_no, serial_no=serial_no)),
    ]
