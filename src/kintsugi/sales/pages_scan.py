"""The pages of picker and checker, for a phone: one field, one answer, what to take next."""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from kintsugi.core.access import requires
from kintsugi.core.errors import KintsugiError
from kintsugi.core.ids import uuid7
from kintsugi.core.screens import NextSteps, ScanAnswer, ScanField
from kintsugi.core.screens.parts import Words, language, say
from kintsugi.core.screens.scan import is_scripted, key_of, raw_of
from kintsugi.sales import services
from kintsugi.sales.kinds_delivery import DELIVERY, DELIVERY_TONES
from kintsugi.sales.models import Delivery, PickScan
from kintsugi.sales.pages_delivery import delivery_crumbs, delivery_steps
from kintsugi.sales.selectors import deliveries
from kintsugi.sales.services import Scan
from kintsugi.sales.views import now

#: What to take next, shown on a phone.
NEXT_MAX = 5
COMMANDS: dict[str, tuple[str, Callable[..., list[dict[str, Any]]], Words, Words]] = {
    "pick": (
        "delivery.create", services.pick_scan, _("Pick by scanning"),
        _("Scan the location, then the goods"),
    ),
    "check": (
        "delivery.approve", services.check_scan, _("Check by scanning"),
        _("Scan everything that was picked"),
    ),
    "put-back": (
        "delivery.create", services.put_back_scan, _("Put back by scanning"),
        _("Scan what goes back to its shelf"),
    ),
}  # fmt: skip


def scanning(phase: str) -> Callable[..., HttpResponse]:
    """The view of a phase."""
    permission, command, title, label = COMMANDS[phase]

    @requires(permission)
    @require_http_methods(["GET", "HEAD", "POST"])
    def view(request: HttpRequest, pk: UUID) -> HttpResponse:
        try:
            record = deliveries.delivery(pk)
        except Delivery.DoesNotExist:
            raise Http404 from None
        answer = None
        if request.method == "POST":
            answer = _answered(request, record, phase, command)
            if is_scripted(request):
                return answer.response()
            record = deliveries.delivery(pk)
        field = ScanField(url=reverse(f"sales:{phase}", args=[pk]), label=label, button=_("Enter"))
        context = {
            "page_title": f"{say(title)} · {record.number}",
            "page_subtitle": record.customer_name,
            "pills": [(say(DELIVERY.states[record.status]), DELIVERY_TONES.get(record.status, ""))],
            "breadcrumbs": [(say(words), url) for words, url in delivery_crumbs(record)],
            "field": field.draw(request),
            "answer": answer,
            "steps": NextSteps(
                lambda one: [step for step in delivery_steps(one) if step.url != field.url]
            ).draw(request, record),
            "key": uuid7().hex,
            "url": field.url,
            **_shown(record, phase),
        }
        return render(request, "sales/scanning.html", context)

    return view


def _answered(
    request: HttpRequest, record: Delivery, phase: str, command: Callable[..., Any]
) -> ScanAnswer:
    """One scan answered; what the command itself refuses is an answer too."""
    raw = raw_of(request)
    place = _last_place(record, phase)
    try:
        scan = Scan(raw, _qty(request.POST.get("qty", "")), place, request.POST.get("box", "")[:40])
        (said, *_rest) = command(
            actor=request.user, delivery=record.pk, scans=[scan], at=now(),
            key=key_of(request) or uuid7().hex, device=request.headers.get("User-Agent", "")[:120],
        )  # fmt: skip
    except KintsugiError as error:
        return ScanAnswer.of_error(error)
    zh = language().startswith("zh")
    if not said["accepted"]:
        which = "zh" if zh else "en"
        return ScanAnswer("bad", said["said"][which], said["remedy"][which])
    if said["code"] == "location":
        return ScanAnswer("good", gettext("Location"), gettext("Now scan the goods."))
    what = " · ".join(part for part in (said["product_code"], said["what"]) if part)
    remedy = ""
    if "picked" in said:
        remedy = f"{_plain(said['picked'])} / {_plain(said['wanted'])}"
    return ScanAnswer("good", f"{what} × {_plain(said['qty'])}", remedy)


def _qty(text: str) -> Decimal | None:
    try:
        found = Decimal(text.strip()) if text.strip() else None
    except InvalidOperation:
        return Decimal(0)  # refused as no quantity, with its words
    if found is not None and (not found.is_finite() or abs(found) >= 10**14):
        return Decimal(0)
    return found


def _plain(text: str) -> str:
    return f"{Decimal(text).normalize():f}"


def _last_place(record: Delivery, phase: str) -> UUID | None:
    """The place that was scanned last, where goods are taken from; none once all of it was left."""
    if phase != "pick":
        return None
    last = (
        PickScan.objects.filter(delivery=record, phase="pick", code="location", accepted=True)
        .order_by("-scanned_at", "-pk")
        .first()
    )
    return last.location_id if last else None


def _shown(record: Delivery, phase: str) -> dict[str, Any]:
    """What to take next and how far it is; the check is blind."""
    if phase == "check":
        done = record.scans.filter(phase="check", round=record.check_round, accepted=True).count()
        return {"count": done}
    lines = list(deliveries.lines_of(record.pk))
    walk = deliveries.pick_list(Delivery.objects.filter(pk=record.pk)) if phase == "pick" else []
    return {
        "wanted": sum(line.qty for line in lines),
        "picked": sum(line.picked for line in lines),
        "walk": walk[:NEXT_MAX],
    }


PICK, CHECK, PUT_BACK = scanning("pick"), scanning("check"), scanning("put-back")
