"""Lists, pages and the form of recall drills."""

from decimal import Decimal
from typing import Any

from django import forms
from django.urls import reverse
from django.utils.http import urlencode

from kintsugi.core.screens import (
    Action,
    Column,
    DetailScreen,
    Empty,
    Fields,
    FormScreen,
    ListScreen,
    NextSteps,
    Related,
    Step,
    Value,
)
from kintsugi.core.screens.parts import Words, say
from kintsugi.engine.text import Text
from kintsugi.stock import selectors
from kintsugi.stock.fields import key_field, reason_field
from kintsugi.stock.kinds import LOCATION_KINDS
from kintsugi.stock.models import RecallDrill
from kintsugi.stock.pages import crumbs, holder, party_url
from kintsugi.stock.screens import LOT, NAME, PRODUCT, lot_url, product_url
from kintsugi.stock.tracing.services import drill_recall
from kintsugi.stock.views import now

DRILLS_TITLE = Text("召回演练", "Recall drills")
TOLD = {"True": Text("是", "yes"), "False": Text("否", "no")}
FIGURES = (
    ("received", Text("共收到", "Received in all")),
    ("found", Text("已找到", "Found")),
    ("in_stock", Text("在库", "In stock")),
    ("in_transit", Text("在途", "In transit")),
    ("with_customers", Text("在客户处", "With customers")),
    ("back_from_customers", Text("曾由客户退回", "Came back from customers")),
    ("scrapped", Text("已报废", "Scrapped")),
    ("returned_to_supplier", Text("已退供应商", "Returned to the supplier")),
    ("lost", Text("盘亏(找不到)", "Lost in stocktakes (not found)")),
    ("unreachable", Text("客户无联系方式", "With customers who cannot be told")),
)


def drill_url(row: RecallDrill) -> str:
    """The drill's page."""
    return reverse("stock:drill", args=[row.pk])


def completeness(row: RecallDrill) -> str:
    """Found ÷ received, in per cent."""
    return f"{100 * row.found / row.received:.1f} %" if row.received else ""


def serials(row: RecallDrill) -> str:
    """The range, if it was one."""
    return f"{row.serial_from} – {row.serial_to}" if row.serial_from else ""


def took(row: RecallDrill) -> str:
    """Seconds from the question to the figures."""
    return f"{row.taken_ms / 1000:.2f} s"


DRILLS = ListScreen(
    name="drills",
    title=DRILLS_TITLE,
    subtitle=Text("演练不冻结任何货物;记录当时的数字。",
                  "A drill blocks nothing; it keeps the figures of its moment."),
    rows=lambda _user: selectors.drills(),
    permission="drill.read",
    export_permission="drill.export",
    columns=(
        Column("number", label=Text("编号", "Number"), kind="code", link=drill_url),
        PRODUCT, NAME, LOT,
        Column("serials", label=Text("序列号范围", "Serial numbers"), value=serials),
        Column("received", label=Text("收到", "Received"), kind="number"),
        Column("found", label=Text("找到", "Found"), kind="number"),
        Column("completeness", label=Text("完整率", "Found, %"), value=completeness),
        Column("taken_ms", label=Text("用时", "Took"), value=took, sort=("taken_ms",)),
        Column("made_by_name", label=Text("演练人", "Made by")),
        Column("made_at", label=Text("时间", "Made"), kind="moment"),
    ),
    search=("number", "product__product_code", "lot__lot_no", "reason"),
    search_hint=Text("编号、产品、批号", "Number, product or lot"),
    order=("-number",),
    actions=(
        Action(Text("新演练", "Drill a recall"), lambda _r: reverse("stock:new-drill"), "flag",
               True),
    ),
    empty=Empty(
        Text("还没有演练", "No drills"),
        Text("选一个批次或一段序列号,看多久能找到多少。",
             "Choose a lot or serial numbers, and see how much is found, and how soon."),
        icon="flag",
        action=Text("新演练", "Drill a recall"),
        url=lambda: reverse("stock:new-drill"),
    ),
)  # fmt: skip


def steps(drill: RecallDrill) -> list[Step]:
    """To recall for real, by whoever may; a range of serials is recalled unit by unit."""
    given = {"kind": "recall", "product_code": drill.product.product_code, "reason": drill.number}
    why: list[Words] = []
    if drill.lot:
        given["lot_no"] = drill.lot.lot_no
    elif drill.serial_from == drill.serial_to:
        given["serial_no"] = drill.serial_from
    else:
        why.append(
            Text("序列号范围须逐台召回,或召回整批、整个产品。",
                 "A range of serials is recalled unit by unit, or by lot or product.")
        )  # fmt: skip
    address = f"{reverse('stock:place-block')}?{urlencode(given)}"
    return [Step(Text("真正召回", "Recall for real"), address, "alert-triangle", why_not=why)]


def _figure(name: str) -> Any:
    return lambda drill: Decimal(drill.figures[name])


DRILL = DetailScreen(
    permission="drill.read",
    find=lambda _user, pk: selectors.drill(pk),
    title=lambda drill: drill.number,
    subtitle=lambda drill: drill.reason,
    pills=lambda drill: [(Text("演练", "drill"), "live"), (completeness(drill), "good"
                          if drill.found == drill.received else "warn")],
    breadcrumbs=lambda _drill: crumbs((DRILLS_TITLE, "stock:drills")),
    panels=(
        Fields(
            DRILLS_TITLE,
            (
                Value("product", label=Text("产品", "Product"), value=lambda d: str(d.product),
                      link=product_url),
                Value("lot", label=Text("批号", "Lot"), kind="code",
                      value=lambda d: d.lot and d.lot.lot_no, link=lot_url),
                Value("serials", label=Text("序列号范围", "Serial numbers"), value=serials),
                *(Value(name, label=words, kind="number", value=_figure(name))
                  for name, words in FIGURES),
                Value("completeness", label=Text("完整率", "Found, %"), value=completeness,
                      help=Text("找到 ÷ 收到。", "Found ÷ received.")),
                Value("taken_ms", label=Text("用时", "Took"), value=took),
                Value("made_by_name", label=Text("演练人", "Made by")),
                Value("made_at", label=Text("时间", "Made"), kind="moment"),
            ),
            hide_empty=True,
        ),
        Related(
            Text("谁有什么", "Who has what"),
            lambda drill: drill.holders,
            (
                Column("place", label=Text("库位或单位", "Place or party"), value=holder,
                       link=party_url),
                Column("kind", label=Text("类型", "Kind"), choices=LOCATION_KINDS),
                Column("there", label=Text("数量", "Quantity"), kind="number",
                       value=lambda row: Decimal(row["there"])),
                Column("is_reachable", label=Text("有联系方式", "Can be told"),
                       value=lambda row: say(TOLD[row["is_reachable"]]) if row["party"] else ""),
            ),
        ),
        NextSteps(steps),
    ),
)  # fmt: skip


def drill_form() -> type[forms.Form]:
    """What would be recalled."""

    def text(zh: str, en: str, *, required: bool = False, hint: Text | None = None) -> forms.Field:
        return forms.CharField(
            label=say(Text(zh, en)), max_length=100, required=required,
            help_text=say(hint) if hint else "",
        )  # fmt: skip

    made: dict[str, forms.Field] = {
        "product_code": text("产品编码", "Product code", required=True),
        "lot_no": text("批号", "Lot"),
        "serial_from": text("起始序列号", "First serial number",
                            hint=Text("没有批号时填写。", "Where there is no lot.")),
        "serial_to": text("截止序列号", "Last serial number",
                          hint=Text("与起始等长;空:只有一台。",
                                    "As long as the first; empty: only that one.")),
        "reason": reason_field(),
        "key": key_field(),
    }  # fmt: skip
    return type("DrillForm", (forms.Form,), made)


def _drill(*, user: Any, record: Any, version: Any, **given: str) -> RecallDrill:
    return drill_recall(actor=user, at=now(), **given)


NEW_DRILL = FormScreen(
    permission="drill.create",
    title=lambda _record: say(Text("召回演练", "Drill a recall")),
    form=drill_form,
    save=_drill,
    done=drill_url,
    saved=Text("演练完成,没有冻结任何货物。", "Done; nothing was blocked."),
    submit=Text("开始演练", "Drill"),
    cancel=lambda _record: reverse("stock:drills"),
    breadcrumbs=lambda _record: crumbs((DRILLS_TITLE, "stock:drills")),
)
