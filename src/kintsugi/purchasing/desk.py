"""Pages of the dock and the shelf, for a phone and a wedge: receive, inspect, put away. The server
decides on every scan."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from kintsugi.core.access import requires
from kintsugi.core.errors import KintsugiError
from kintsugi.core.ids import uuid7
from kintsugi.core.middleware import status_of
from kintsugi.core.screens import ScanAnswer, ScanField
from kintsugi.core.screens.parts import choice_pairs, language, say
from kintsugi.core.screens.scan import is_scripted, key_of, raw_of
from kintsugi.engine.text import Text
from kintsugi.purchasing import selectors, services
from kintsugi.purchasing.forms import day, made_form, number, serials_in, text
from kintsugi.purchasing.kinds import CHECKS, CHILLED, FINDINGS, REJECT_REASONS
from kintsugi.purchasing.models import Receipt, Scan
from kintsugi.purchasing.services import Finding, Placing, Reading
from kintsugi.purchasing.services.acceptance import planned_sample
from kintsugi.purchasing.services.scanning import Outcome
from kintsugi.purchasing.shelving import open_lines, placing_of
from kintsugi.purchasing.signing import signed
from kintsugi.purchasing.views import now, today
from kintsugi.stock import selectors as stock

RECEIVE = "purchasing/receive.html"
RECENT = 20


def _receipt(pk: UUID) -> Receipt:
    found = selectors.receipts().filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _crumbs(receipt: Receipt) -> list[tuple[str, str]]:
    return [
        (say(Text("收货与验收", "Receipts and acceptance")), reverse("purchasing:receipts")),
        (receipt.number, reverse("purchasing:receipt", args=[receipt.pk])),
    ]


# -- receive ---------------------------------------------------------------------------------------

SCAN_GOODS = ScanField(
    url=lambda receipt: reverse("purchasing:receive", args=[receipt.pk]),
    label=Text("扫描货物的标签", "Scan the label of the goods"),
    button=Text("计入", "Count"),
    hint=Text(
        "逐件或逐箱;箱按箱内件数计。", "Piece by piece or case by case; a case counts its pieces."
    ),
)


def typed_form() -> type[forms.Form]:
    """Goods whose label cannot be scanned."""
    return made_form(
        product_code=text(Text("产品编码", "Product code"), chars=100),
        lot_no=text(Text("批号", "Lot"), required=False, chars=60),
        expiry_date=day(Text("有效期", "Expiry"), required=False),
        mfg_date=day(Text("生产日期", "Made on"), required=False),
        qty=number(Text("数量", "Quantity"), max_digits=18, decimal_places=4,
                   min_value=Decimal("0.0001"), initial=1),
        serials=forms.CharField(
            label=say(Text("序列号(每行一个)", "Serial numbers, one a line")), required=False,
            max_length=60 * 500, widget=forms.Textarea(attrs={"rows": 3}),
        ),
    )  # fmt: skip


def readings_of(
    *, product_code: str, lot_no: str, serials: str, qty: Decimal | None,
    expiry_date: dt.date | None, mfg_date: dt.date | None, **_rest: Any,
) -> list[Reading]:  # fmt: skip
    """One reading for each serial number, or one with the quantity."""
    facts: dict[str, Any] = {
        "product_code": product_code, "lot_no": lot_no, "expiry_date": expiry_date,
        "mfg_date": mfg_date,
    }  # fmt: skip
    named = serials_in(serials)
    if named:
        return [Reading(serial_no=one, **facts) for one in named]
    return [Reading(qty=qty or Decimal(1), **facts)]


@requires("inbound.create")
@require_http_methods(["GET", "HEAD", "POST"])
def receive(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The page of an open receipt; a POST is one scan, or goods that were typed."""
    receipt = _receipt(pk)
    answer, form, status = None, typed_form()(), 200
    if request.method == "POST" and "raw" in request.POST:
        answer = _scan(request, receipt)
        if is_scripted(request):
            return answer.response()
    elif request.method == "POST":
        form = typed_form()(request.POST)
        answer, status = _typed(request, receipt, form)
        form = form if status != 200 else typed_form()()
    elif receipt.status != "draft":
        return HttpResponseRedirect(reverse("purchasing:receipt", args=[pk]))
    rows = _progress(receipt)
    context = {
        "page_title": say(Text(f"扫描收货 {receipt.number}", f"Scan into {receipt.number}")),
        "page_subtitle": f"{receipt.order.supplier_name} · {receipt.order.number}",
        "breadcrumbs": _crumbs(receipt),
        "receipt": receipt,
        "field": SCAN_GOODS.draw(request, receipt),
        "answer": answer,
        "rows": rows,
        "scans": selectors.scans(receipt)[:RECENT],
        "form": form,
        "arrival": arrival_form()(initial={
            "arrival_temp": receipt.arrival_temp, "transport_hours": receipt.transport_hours,
        }),
        "chilled": any(one["line"].product.storage_condition in CHILLED for one in rows),
        "scanned": sum((one["now"] for one in rows), Decimal(0)),
    }  # fmt: skip
    return render(request, RECEIVE, context, status=status)


def _scan(request: HttpRequest, receipt: Receipt) -> ScanAnswer:
    raw = raw_of(request)
    [meant] = stock.understand_many([raw], on=receipt.arrived_on)
    half = meant.fault("scan.no-item")
    if half is not None:
        return ScanAnswer(
            "warn", half.what.get(language()), half.remedy.get(language()), is_part=True
        )
    try:
        [outcome] = services.scan(
            actor=request.user, receipt=receipt.pk, readings=[Reading(raw=raw)],
            key=key_of(request) or uuid7().hex, at=now(),
        )  # fmt: skip
    except KintsugiError as error:
        return ScanAnswer.of_error(error)
    return answer_of(outcome, receipt)


def answer_of(outcome: Outcome, receipt: Receipt) -> ScanAnswer:
    """What became of a scan: counted, and how far the line is; or why not."""
    if outcome.refusal is not None:
        return ScanAnswer.of_error(outcome.refusal)
    rows = [one for one in _progress(receipt) if
            one["line"].product.product_code == outcome.product_code]  # fmt: skip
    name = rows[0]["line"].product.name if rows else ""
    html = render_to_string("purchasing/counted.html", {"rows": rows})
    what = f"+{outcome.counted.normalize():f} · {outcome.product_code} {name}"
    return ScanAnswer("good", what, html=SafeString(html))


def _typed(
    request: HttpRequest, receipt: Receipt, form: forms.Form
) -> tuple[ScanAnswer | None, int]:
    if not form.is_valid():
        return None, 422
    try:
        outcomes = services.scan(
            actor=request.user, receipt=receipt.pk, readings=readings_of(**form.cleaned_data),
            key=form.cleaned_data["key"], at=now(),
        )  # fmt: skip
    except KintsugiError as error:
        return ScanAnswer.of_error(error), status_of(error)
    refused = [one for one in outcomes if one.refusal is not None]
    for one in refused[1:RECENT]:
        if one.refusal is not None:
            messages.error(request, say(one.refusal.message))
    if refused:
        # What was counted stays; the page says what was not.
        return answer_of(refused[0], receipt), 200
    counted = sum((one.counted for one in outcomes), Decimal(0))
    return answer_of(Outcome(outcomes[0].product_code, counted), receipt), 200


def _progress(receipt: Receipt) -> list[dict[str, Any]]:
    """The lines of the order: ordered, received before, scanned now, and what is left."""
    now_scanned = selectors.scanned_by_line(receipt)
    lines = receipt.order.lines.select_related("product").order_by("line")
    rows = []
    for line in lines:
        scanned = now_scanned.get(line.pk, Decimal(0))
        left = max(line.qty - line.received - scanned, Decimal(0))
        rows.append({"line": line, "now": scanned, "left": left, "full": left == 0})
    return rows


def arrival_form() -> type[forms.Form]:
    """Temperature and hours, for goods that are kept cold."""
    return made_form(
        arrival_temp=number(Text("到货温度 °C", "Temperature on arrival, °C"), max_digits=5,
                            decimal_places=2),
        transport_hours=number(Text("运输时长 h", "Transport, h"), max_digits=6, decimal_places=1,
                               min_value=Decimal(0)),
    )  # fmt: skip


@requires("inbound.create")
@require_POST
def arrival(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Write temperature and hours down."""
    form = arrival_form()(request.POST)
    if form.is_valid():
        services.describe_arrival(actor=request.user, receipt=pk, **form.cleaned_data)
        messages.success(request, say(Text("已记录。", "Written down.")))
    else:
        messages.error(
            request, say(Text("温度或时长无法读取。", "Temperature or hours cannot be read."))
        )
    return HttpResponseRedirect(reverse("purchasing:receive", args=[pk]))


@requires("inbound.create")
@require_POST
def take_out(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take a scan out again."""
    row = Scan.objects.filter(pk=pk).first()
    if row is None:
        raise Http404
    if not row.is_void:
        services.take_out(
            actor=request.user, scan=pk, key=f"take out {pk}",
            reason=say(Text("收货时取出", "taken out while receiving")),
        )  # fmt: skip
    return HttpResponseRedirect(reverse("purchasing:receive", args=[row.receipt_id]))


@requires("inbound.create")
@require_POST
def post_receipt(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Post what was scanned; the same receipt comes in once."""
    receipt = _receipt(pk)
    services.post_receipt(actor=request.user, receipt=pk, key=f"post {pk}", at=now())
    said = Text(f"{receipt.number} 已过账,待验收。",
                f"{receipt.number} is posted and waits for inspection.")  # fmt: skip
    messages.success(request, say(said))
    return HttpResponseRedirect(reverse("purchasing:receipt", args=[pk]))


# -- inspect ---------------------------------------------------------------------------------------


def plain_qty(value: Decimal) -> str:
    """30, not 30.0000 and not 3E+1."""
    return f"{value.normalize():f}"


def finding_form(planned: Decimal, arrived: Decimal, by_serial: bool) -> type[forms.Form]:
    """What an inspector says of one line."""
    answers = [("", "–"), *choice_pairs(FINDINGS)]
    made: dict[str, forms.Field] = {
        "sample": number(Text(f"抽样(方案 {planned.normalize():f})",
                              f"Sample (by the plan {planned.normalize():f})"),
                         required=True, initial=plain_qty(planned), max_digits=18,
                         decimal_places=4),
        "sample_reason": text(Text("与方案不同的原因", "Why another sample"), required=False,
                              chars=400),
        **{
            f"check_{code}": forms.ChoiceField(label=say(name), required=False, choices=answers)
            for code, name in CHECKS.items()
        },
        "qualified": number(Text("合格数量", "Qualified"), required=True,
                            initial=plain_qty(arrived), max_digits=18, decimal_places=4,
                            min_value=Decimal(0)),
        "rejected": number(Text("不合格数量", "Rejected"), required=True, initial=0,
                           max_digits=18, decimal_places=4, min_value=Decimal(0)),
        "reject_reason": forms.ChoiceField(label=say(Text("不合格原因", "Why rejected")),
                                           required=False,
                                           choices=[("", "–"), *choice_pairs(REJECT_REASONS)]),
        "note": text(Text("备注", "Note"), required=False, chars=400),
        "later": forms.BooleanField(label=say(Text("此行以后再验", "This line later")),
                                    required=False),
    }  # fmt: skip
    if by_serial:
        made["serials"] = forms.CharField(
            label=say(Text("不合格的序列号", "Serial numbers rejected")), required=False,
            max_length=60 * 500, widget=forms.Textarea(attrs={"rows": 2}),
        )  # fmt: skip
    return type("FindingForm", (forms.Form,), made)


def signing_form() -> type[forms.Form]:
    """A word on the whole, and the password that signs."""
    return made_form(
        head_note=text(Text("总体备注", "Note on the whole"), required=False, chars=400),
        secret=forms.CharField(
            label=say(Text("密码(签名)", "Password, to sign")), max_length=1_000,
            widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        ),
    )  # fmt: skip


@requires("inbound.approve")
@sensitive_post_parameters("secret")
@require_http_methods(["GET", "HEAD", "POST"])
def accept(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Inspect the lines of a receipt that were not inspected yet."""
    receipt = _receipt(pk)
    lines = [one for one in selectors.receipt_lines(receipt) if not one.qualified + one.rejected]
    tracking = stock.tracking_of([one.product_id for one in lines])
    posted = request.POST if request.method == "POST" else None
    cards: list[dict[str, Any]] = []
    for line in lines:
        kind = tracking[line.product_id]
        planned = planned_sample(line, kind)
        made = finding_form(planned, line.qty, kind in ("serial", "lot_and_serial"))
        cards.append({"line": line, "form": made(posted, prefix=f"l{line.line}")})
    head = signing_form()
    form = head(posted)
    refused, status = None, 200
    if posted is not None:
        valid = [one["form"].is_valid() for one in cards]
        status = 422
        if all(valid) and form.is_valid():
            try:
                return _accepted(request, receipt, cards, form, "all_passed" in posted)
            except KintsugiError as error:
                refused, status = error, status_of(error)
    context = {
        "page_title": say(Text(f"验收 {receipt.number}", f"Inspect {receipt.number}")),
        "page_subtitle": f"{receipt.order.supplier_name} · {receipt.delivery_note}",
        "breadcrumbs": _crumbs(receipt),
        "receipt": receipt, "cards": cards, "form": form, "refused": refused,
        "all_passed": posted is not None and "all_passed" in posted,
    }  # fmt: skip
    response = render(request, "purchasing/accept.html", context, status=status)
    response.refusal = refused  # type: ignore[attr-defined]
    response.keeps_writes = getattr(refused, "keeps_writes", False)  # type: ignore[attr-defined]
    return response


def _accepted(
    request: HttpRequest, receipt: Receipt, cards: Sequence[dict[str, Any]], form: forms.Form,
    all_passed: bool,
) -> HttpResponse:  # fmt: skip
    findings = []
    for card in cards:
        given = card["form"].cleaned_data
        if given["later"]:
            continue
        checks = {code: given[f"check_{code}"] or ("pass" if all_passed else "") for code in CHECKS}
        findings.append(
            Finding(
                card["line"].line, given["qualified"], given["rejected"], checks,
                given["sample"], given["sample_reason"], given["reject_reason"],
                tuple(serials_in(given.get("serials", ""))), given["note"],
            )
        )  # fmt: skip
    given, at = form.cleaned_data, now()
    made = signed(
        account=request.user, secret=given["secret"], session_key=request.session.session_key,
        at=at,
        work=lambda: services.accept(
            actor=request.user, receipt=receipt.pk, findings=findings, at=at, key=given["key"],
            note=given["head_note"],
        ),
    )  # fmt: skip
    messages.success(
        request, say(Text(f"验收 {made.number} 已记录。", f"{made.number} is recorded."))
    )
    return HttpResponseRedirect(reverse("purchasing:receipt", args=[receipt.pk]))


# -- put away --------------------------------------------------------------------------------------

SCAN_SHELF = ScanField(
    url=lambda receipt: reverse("purchasing:put-away", args=[receipt.pk]),
    label=Text("先扫库位,再扫货物", "Scan the shelf, then the goods"),
    button=Text("上架", "Put away"),
    hint=Text("库位扫一次即可,其后的货物都放到那里。",
              "The shelf once; the goods after it go there."),
)  # fmt: skip


def shelf_form() -> type[forms.Form]:
    """Goods without a label to scan."""
    return made_form(
        line=number(Text("行", "Line"), required=True, min_value=1, max_digits=6, decimal_places=0),
        place=text(Text("库位", "Shelf")),
        qty=number(Text("数量", "Quantity"), required=True, max_digits=18, decimal_places=4,
                   min_value=Decimal("0.0001")),
    )  # fmt: skip


@requires("inbound.create")
@require_http_methods(["GET", "HEAD", "POST"])
def put_away(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The page of goods that wait for a shelf; a POST is a scan, or what was typed."""
    receipt = _receipt(pk)
    answer, form, status = None, shelf_form()(), 200
    if request.method == "POST" and "raw" in request.POST:
        answer = _shelved(request, receipt)
        if is_scripted(request):
            return answer.response()
    elif request.method == "POST":
        form = shelf_form()(request.POST)
        status = 422
        if form.is_valid():
            given = form.cleaned_data
            answer = _put(request, receipt, Placing(int(given["line"]), given["place"],
                                                    given["qty"]), given["key"])  # fmt: skip
            if answer.tone == "good":
                form, status = shelf_form()(), 200
    waiting = open_lines(_receipt(pk))
    context = {
        "page_title": say(Text(f"上架 {receipt.number}", f"Put away {receipt.number}")),
        "page_subtitle": receipt.order.supplier_name,
        "breadcrumbs": _crumbs(receipt),
        "receipt": receipt,
        "field": SCAN_SHELF.draw(request, receipt) if waiting else "",
        "answer": answer,
        "lines": waiting,
        "shelf": request.session.get(_shelf_key(receipt), ""),
        "form": form,
    }
    return render(request, "purchasing/put_away.html", context, status=status)


def _shelf_key(receipt: Receipt) -> str:
    return f"shelf {receipt.pk}"


def _shelved(request: HttpRequest, receipt: Receipt) -> ScanAnswer:
    """A shelf that was scanned is kept for the goods that follow."""
    raw = raw_of(request)
    [meant] = stock.understand_many([raw], on=today())
    if meant.kind == "location" and meant.location is not None:
        request.session[_shelf_key(receipt)] = str(meant.location)
        said = Text(f"库位 {meant.location}:请扫货物。", f"{meant.location}: now scan the goods.")
        return ScanAnswer("good", say(said))
    half = meant.fault("scan.no-item")
    if half is not None:
        return ScanAnswer(
            "warn", half.what.get(language()), half.remedy.get(language()), is_part=True
        )
    shelf = str(request.session.get(_shelf_key(receipt), ""))
    try:
        placing = placing_of(receipt, shelf, meant)
    except KintsugiError as error:
        return ScanAnswer.of_error(error)
    return _put(request, receipt, placing, key_of(request) or uuid7().hex)


def _put(request: HttpRequest, receipt: Receipt, placing: Placing, key: str) -> ScanAnswer:
    try:
        services.put_away(
            actor=request.user, receipt=receipt.pk, placings=[placing], key=key, at=now()
        )
    except KintsugiError as error:
        return ScanAnswer.of_error(error)
    what = ", ".join(placing.serials) or f"{placing.qty.normalize():f}"
    said = Text(f"第 {placing.line} 行:{what} → {placing.place}",
                f"Line {placing.line}: {what} → {placing.place}")  # fmt: skip
    return ScanAnswer("good", say(said))


# -- steps of one button ---------------------------------------------------------------------------


@requires("purchase.edit")
@require_POST
def submit_order(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Hand an order in for approval."""
    found = selectors.orders().filter(pk=pk).first()
    if found is None:
        raise Http404
    services.submit_order(
        actor=request.user, order=pk, key=f"submit {pk} {found.version}", at=now()
    )
    return HttpResponseRedirect(reverse("purchasing:order", args=[pk]))


@requires("payable.create")
@require_POST
def match_again(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Match an invoice anew."""
    services.match_again(actor=request.user, invoice=pk, key=uuid7().hex)
    return HttpResponseRedirect(reverse("purchasing:invoice", args=[pk]))
