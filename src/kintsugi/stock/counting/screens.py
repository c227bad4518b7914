"""Lists and pages of stocktakes and adjustments."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode

from kintsugi.core.screens import (
    Action,
    Column,
    DetailScreen,
    Empty,
    Fields,
    Filter,
    ListScreen,
    NextSteps,
    Related,
    Step,
    Timeline,
    Value,
)
from kintsugi.core.screens.parts import Words, say
from kintsugi.engine.text import Text
from kintsugi.stock.counting import selectors
from kintsugi.stock.counting.states import (
    ADJUSTMENT,
    ADJUSTMENTS,
    LINE_STATES,
    LINE_TONES,
    REASONS,
    STOCKTAKE,
    TONES,
)
from kintsugi.stock.kinds import QUALITIES, ZONES
from kintsugi.stock.models import Adjustment, Stocktake, StocktakeLine
from kintsugi.stock.pages import crumbs
from kintsugi.stock.screens import (
    EXPIRY,
    LOT,
    NAME,
    PRODUCT,
    QUALITY_TONES,
    WAREHOUSE,
    at,
    posting_url,
    unit_url,
)

NUMBER, STATE, REASON = Text("单号", "Number"), Text("状态", "State"), Text("原因", "Reason")
STOCKTAKES_TITLE = Text("盘点", "Stocktakes")
ADJUSTMENTS_TITLE = Text("报废与调整", "Scrapping and adjustments")
LOCATION, SERIAL = Text("库位", "Location"), Text("序列号", "Serial number")
EXPECTED = Text("账面(冻结时)", "At the start")
EXPLAIN_IT = Text("写原因", "explain")
WORK = {
    "open": Text("待盘", "to count"),
    "again": Text("待他人复盘", "again, by another person"),
    "done": Text("已盘", "counted"),
}
WORK_TONES = {"open": "", "again": "warn", "done": "good"}


def stocktake_url(row: Stocktake) -> str:
    """The stocktake's page."""
    return reverse("stock:stocktake", args=[row.pk])


def adjustment_url(row: Adjustment) -> str:
    """The adjustment's page."""
    return reverse("stock:adjustment", args=[row.pk])


def what(row: Stocktake) -> str:
    """The part of the warehouse that is counted, in codes."""
    parts = [*row.zones, *row.places, *row.products]
    return ", ".join(parts[:6]) + (" …" if len(parts) > 6 else "")


PLAN = Action(
    Text("新建盘点", "Plan a stocktake"), lambda _r: reverse("stock:plan-stocktake"), "plus", True
)
PROPOSE = Action(
    Text("循环盘点建议", "Due for a cycle count"),
    lambda _r: reverse("stock:stocktake-proposals"), "calendar",
)  # fmt: skip

STOCKTAKE_LIST = ListScreen(
    name="stocktakes",
    title=STOCKTAKES_TITLE,
    subtitle=Text("盲盘;有差异由另一人复盘,再由第三人批准过账。",
                  "Counted blindly; another person counts again what differs, a third approves."),
    rows=lambda _user: selectors.stocktakes(),
    permission="stocktake.read",
    export_permission="stocktake.export",
    columns=(
        Column("number", label=NUMBER, kind="code", link=stocktake_url),
        Column("status", label=STATE, kind="state", choices=STOCKTAKE, tones=TONES),
        Column("warehouse__name", label=WAREHOUSE),
        Column("what", label=Text("范围", "Covers"), value=what),
        Column("planned_by_name", label=Text("计划人", "Planned by")),
        Column("started_at", label=Text("开始", "Started"), kind="moment"),
        Column("decided_by_name", label=Text("批准人", "Decided by")),
    ),
    search=("number", "note", "planned_by_name"),
    search_hint=Text("单号、备注、计划人", "Number, note or who planned it"),
    filters=(Filter("status", choices=STOCKTAKE, label=STATE),),
    order=("-number",),
    actions=(PROPOSE, PLAN),
    empty=Empty(
        Text("还没有盘点", "No stocktakes"),
        Text("按仓库、库区、库位或产品计划一次盘点。",
             "Plan one by warehouse, zone, place or product."),
        icon="clipboard-check",
        action=Text("新建盘点", "Plan a stocktake"),
        url=lambda: reverse("stock:plan-stocktake"),
    ),
)  # fmt: skip


def under(title: Words, path: str) -> Callable[..., dict[str, Any]]:
    """Title and way back of a list that belongs to a stocktake."""

    def page(_request: HttpRequest, pk: UUID) -> dict[str, Any]:
        one = selectors.stocktake(pk)
        way = [*crumbs((STOCKTAKES_TITLE, "stock:stocktakes")), (one.number, stocktake_url(one))]
        return {
            "page_title": f"{one.number} · {say(title)}",
            "breadcrumbs": [(say(words), url) for words, url in way],
        }

    return page


def _sheet(_user: Any, pk: UUID) -> QuerySet[StocktakeLine]:
    return selectors.sheet(selectors.stocktake(pk).pk)


SHEET_COLUMNS = (
    Column("location", label=LOCATION, kind="code", value=at("location"),
           sort=("location__code",)),
    PRODUCT,
    NAME,
    LOT,
    Column("work", label=STATE, kind="state", choices=WORK, tones=WORK_TONES),
)  # fmt: skip
SHEET = ListScreen(
    name="stocktake-sheet",
    title=Text("盘点表", "Counting sheet"),
    subtitle=Text("盲盘:不显示账面数量和序列号。",
                  "Blind: neither quantities nor serial numbers are shown."),
    rows=_sheet,
    permission="stocktake.read",
    export_permission="stocktake.export",
    columns=SHEET_COLUMNS,
    search=("location__code", "product__product_code", "product__name", "lot__lot_no"),
    search_hint=Text("库位、产品、批号", "Location, product or lot"),
    filters=(Filter("zone", lookup="location__zone", choices=ZONES, label=Text("库区", "Zone")),),
    order=("location__code", "product__product_code", "lot__lot_no"),
    page=under(Text("盘点表", "Counting sheet"), "stock:stocktake-sheet"),
    empty=Empty(Text("还没有可盘的行", "Nothing to count yet"),
                Text("开始盘点时冻结。", "It is frozen when the stocktake begins."),
                icon="clipboard-list"),
)  # fmt: skip

DIFFERENCE_COLUMNS = (
    Column("location", label=LOCATION, kind="code", value=at("location"),
           sort=("location__code",)),
    PRODUCT,
    NAME,
    LOT,
    Column("unit__serial_no", label=SERIAL, kind="code", link=unit_url),
    Column("expected", label=EXPECTED, kind="number"),
    Column("book", label=Text("账面(盘点时)", "In the ledger then"), kind="number",
           help=Text("盘点期间的移动已计入。", "Moves while it was counted are in it.")),
    Column("counted", label=Text("实盘", "Counted"), kind="number"),
    Column("difference", label=Text("差异", "Difference"), kind="number"),
    Column("value", label=Text("差异金额", "Value"), kind="number"),
    Column("reason", label=REASON, choices=REASONS),
    Column("note", label=Text("说明", "Note")),
)  # fmt: skip


#: Columns of the panel on the stocktake's page.
SHORT = ("location", "product__product_code", "lot__lot_no", "unit__serial_no", "book", "counted",
         "difference", "value")  # fmt: skip


def _differences(_user: Any, pk: UUID) -> QuerySet[StocktakeLine]:
    return selectors.lines_of(selectors.stocktake(pk).pk)


LINES = ListScreen(
    name="stocktake-lines",
    title=Text("盘点结果", "Result of a stocktake"),
    rows=_differences,
    permission="stocktake.read",
    export_permission="stocktake.export",
    columns=(
        *DIFFERENCE_COLUMNS[:-2],
        Column("state", label=STATE, kind="state", choices=LINE_STATES, tones=LINE_TONES),
        *DIFFERENCE_COLUMNS[-2:],
    ),
    search=("location__code", "product__product_code", "product__name", "lot__lot_no",
            "unit__serial_no"),
    search_hint=Text("库位、产品、批号、序列号", "Location, product, lot or serial number"),
    filters=(
        Filter("state", choices=LINE_STATES, label=STATE),
        Filter("reason", choices=REASONS, label=REASON),
    ),
    order=("location__code", "product__product_code", "lot__lot_no"),
    page=under(Text("盘点结果", "Result"), "stock:stocktake-lines"),
    empty=Empty(Text("盘点结束后显示", "Shown when counting is over"),
                Text("盘点期间不显示账面数量。", "Until then nobody sees what is expected."),
                icon="eye-off"),
)  # fmt: skip


# -- one stocktake ---------------------------------------------------------------------------------


def find_stocktake(user: Any, pk: UUID) -> Stocktake:
    """The stocktake with how far it is, and whether the person who looks counted in it."""
    record: Any = selectors.stocktake(pk)
    record.progress = selectors.progress(pk)
    record.is_counter = selectors.has_counted(pk, getattr(user, "person_id", None))
    record.counters = selectors.counters(pk)
    record.values = selectors.values(pk)
    return record  # type: ignore[no-any-return]


def steps(record: Any) -> list[Step]:
    """What may happen next, and why not."""

    def to(name: str) -> str:
        return reverse(f"stock:{name}", args=[record.pk])

    cancel = Step(Text("取消", "Cancel"), to("cancel-stocktake"), "x")
    left = record.progress["open"] + record.progress["recount"]
    if record.status == "planned":
        start = Step(Text("开始并冻结账面", "Start: freeze what the ledger says"),
                     to("start-stocktake"), "player-play", primary=True, post=True)  # fmt: skip
        return [start, cancel]
    if record.status == "counting":
        waits = [Text(f"还有 {left:,} 行要盘或复盘。", f"Lines still to be counted: {left:,}.")]
        return [
            Step(Text("录入盘点", "Count a place"), to("count-stocktake"), "scan", primary=True),
            Step(Text("盘点表", "Counting sheet"), to("stocktake-sheet"), "clipboard-list"),
            Step(Text("打印盘点表", "Sheet to print"), to("print-stocktake"), "printer"),
            Step(Text("结束盘点", "Finish counting"), to("finish-stocktake"), "check", post=True,
                 why_not=waits if left else ()),
            cancel,
        ]  # fmt: skip
    if record.status == "review":
        why: list[Words] = []
        if open_ := record.progress["unexplained"]:
            why.append(Text(f"有 {open_:,} 处差异没有写原因。",
                            f"Differences without a reason: {open_:,}."))  # fmt: skip
        if record.is_counter:
            why.append(Text("您参与了盘点,须由他人批准。",
                            "You counted in it; somebody else approves."))  # fmt: skip
        return [
            Step(Text("批准并过账", "Approve and post"), to("approve-stocktake"), "check",
                 primary=True, why_not=why),
            Step(Text("盘点结果", "Result"), to("stocktake-lines"), "list-details"),
            cancel,
        ]  # fmt: skip
    if record.status == "posted":
        return [Step(Text("盘点结果", "Result"), to("stocktake-lines"), "list-details")]
    return []


def happened(record: Any) -> list[dict[str, Any]]:
    """Its time line, newest first."""
    found = [
        (record.decided_at, STOCKTAKE.states[record.status], record.decided_by_name,
         record.decision_reason),
        (record.finished_at, Text("盘完", "counted"), ", ".join(record.counters), ""),
        (record.started_at, Text("开始,账面冻结", "started, ledger frozen"), "", ""),
        (record.planned_at, Text("计划", "planned"), record.planned_by_name, record.note),
    ]  # fmt: skip
    return [
        {"at": when, "title": say(title), "who": who, "why": why}
        for when, title, who, why in found
        if when
    ]


def explain_url(row: StocktakeLine) -> str:
    """Where a difference is explained, while that is open."""
    if row.stocktake.status != "review":
        return ""
    return reverse("stock:explain-difference", args=[row.pk])


STOCKTAKE_PAGE = DetailScreen(
    permission="stocktake.read",
    find=find_stocktake,
    title=lambda one: one.number,
    subtitle=lambda one: f"{one.warehouse} {what(one)}",
    pills=lambda one: [(STOCKTAKE.states[one.status], TONES.get(one.status, ""))],
    breadcrumbs=lambda _one: crumbs((STOCKTAKES_TITLE, "stock:stocktakes")),
    panels=(
        Fields(
            STOCKTAKES_TITLE,
            (
                Value("warehouse", label=WAREHOUSE, value=lambda one: str(one.warehouse)),
                Value("what", label=Text("范围", "Covers"), value=what),
                Value("note", label=Text("备注", "Note")),
                Value("matched", label=Text("相符的行", "Lines that agree"), kind="number",
                      value=lambda one: one.progress["matched"]),
                Value("open", label=Text("未盘的行", "Lines not counted"), kind="number",
                      value=lambda one: one.progress["open"]),
                Value("again", label=Text("待他人复盘", "To be counted again"), kind="number",
                      value=lambda one: one.progress["recount"]),
                Value("confirmed", label=Text("差异已确认", "Differences confirmed"),
                      kind="number", value=lambda one: one.progress["confirmed"]),
                Value("counters", label=Text("盘点人", "Counted by"),
                      value=lambda one: ", ".join(one.counters)),
                Value("missing", label=Text("盘亏金额", "Value missing"), kind="number",
                      value=lambda one: one.values["missing"]),
                Value("surplus", label=Text("盘盈金额", "Value too much"), kind="number",
                      value=lambda one: one.values["surplus"]),
                Value("posting", label=Text("过账", "Posting"), kind="code",
                      value=lambda one: one.posting and one.posting.number,
                      link=lambda one: posting_url(one.posting) if one.posting else ""),
            ),
            hide_empty=True,
        ),
        Related(
            Text("差异", "Differences"),
            lambda one: selectors.differences(one.pk).order_by("location__code", "pk"),
            (
                # Beside the next steps there is little room: name and note are in the full list.
                *(one for one in DIFFERENCE_COLUMNS if one.name in SHORT),
                Column("reason", label=REASON, kind="state", link=explain_url,
                       value=lambda row: say(REASONS.get(row.reason, EXPLAIN_IT))),
            ),
            empty=Text("没有可显示的差异;盘点期间不显示。",
                       "None to show; none are shown while it is counted."),
            more=lambda one: reverse("stock:stocktake-lines", args=[one.pk]) + "?state=confirmed",
        ),
        NextSteps(steps),
        Timeline(Text("经过", "What happened"), happened, side=True),
    ),
)  # fmt: skip


# -- adjustments -----------------------------------------------------------------------------------

ADJUSTMENT_LIST = ListScreen(
    name="adjustments",
    title=ADJUSTMENTS_TITLE,
    subtitle=Text("一人申请,另一人批准,然后过账。",
                  "One person asks, another approves; then it is posted."),
    rows=lambda _user: selectors.adjustments(),
    permission="stocktake.read",
    export_permission="stocktake.export",
    columns=(
        Column("number", label=NUMBER, kind="code", link=adjustment_url),
        Column("kind", label=Text("类型", "Kind"), choices=ADJUSTMENTS),
        Column("status", label=STATE, kind="state", choices=ADJUSTMENT, tones=TONES),
        Column("warehouse__name", label=WAREHOUSE),
        Column("reason", label=REASON),
        Column("requested_by_name", label=Text("申请人", "Asked by")),
        Column("requested_at", label=Text("申请时间", "Asked"), kind="moment"),
        Column("decided_by_name", label=Text("批准人", "Decided by")),
    ),
    search=("number", "reason", "requested_by_name"),
    search_hint=Text("单号、原因、申请人", "Number, reason or who asked"),
    filters=(
        Filter("status", choices=ADJUSTMENT, label=STATE),
        Filter("kind", choices=ADJUSTMENTS, label=Text("类型", "Kind")),
    ),
    order=("-number",),
    actions=(
        Action(Text("申请报废或调整", "Ask to scrap or adjust"),
               lambda _r: reverse("stock:request-adjustment"), "plus", True),
    ),
    empty=Empty(
        Text("没有报废或调整", "Nothing was scrapped or adjusted"),
        Text("货物报废或数量更正在这里申请。", "Ask here to scrap goods or put a quantity right."),
        icon="adjustments-horizontal",
        action=Text("申请报废或调整", "Ask to scrap or adjust"),
        url=lambda: reverse("stock:request-adjustment"),
    ),
)  # fmt: skip


def find_adjustment(user: Any, pk: UUID) -> Adjustment:
    """The adjustment, and whether the person who looks asked for it."""
    record: Any = selectors.adjustment(pk)
    record.is_own = record.requested_by_id == getattr(user, "person_id", None)
    return record  # type: ignore[no-any-return]


def adjustment_steps(record: Any) -> list[Step]:
    """Approve or refuse, by another person."""
    if record.status != "requested":
        return []
    why: list[Words] = [Text("申请人不能自己批准。", "Who asked for it cannot decide.")]
    address = reverse("stock:decide-adjustment", args=[record.pk])
    return [
        Step(words, f"{address}?{urlencode({'decision': decision})}", icon,
             primary=decision == "approve", why_not=why if record.is_own else ())
        for decision, words, icon in (
            ("approve", Text("批准或拒绝", "Approve or refuse"), "check"),
        )
    ]  # fmt: skip


ADJUSTMENT_PAGE = DetailScreen(
    permission="stocktake.read",
    find=find_adjustment,
    title=lambda one: one.number,
    subtitle=lambda one: one.reason,
    pills=lambda one: [
        (ADJUSTMENTS[one.kind], ""),
        (ADJUSTMENT.states[one.status], TONES.get(one.status, "")),
    ],
    breadcrumbs=lambda _one: crumbs((ADJUSTMENTS_TITLE, "stock:adjustments")),
    panels=(
        Fields(
            ADJUSTMENTS_TITLE,
            (
                Value("warehouse", label=WAREHOUSE, value=lambda one: str(one.warehouse)),
                Value("reason", label=REASON),
                Value("requested_by_name", label=Text("申请人", "Asked by")),
                Value("requested_at", label=Text("申请时间", "Asked"), kind="moment"),
                Value("decided_by_name", label=Text("批准人", "Decided by")),
                Value("decided_at", label=Text("决定时间", "Decided"), kind="moment"),
                Value("decision_reason", label=Text("决定依据", "What it rests on")),
                Value("posting", label=Text("过账", "Posting"), kind="code",
                      value=lambda one: one.posting and one.posting.number,
                      link=lambda one: posting_url(one.posting) if one.posting else ""),
            ),
            hide_empty=True,
        ),
        Related(
            Text("明细", "Lines"),
            selectors.adjustment_lines,
            (
                Column("line", label=Text("行", "Line"), kind="number"),
                PRODUCT, NAME, LOT, EXPIRY,
                Column("unit__serial_no", label=SERIAL, kind="code", link=unit_url),
                Column("location", label=LOCATION, kind="code", value=at("location")),
                Column("quality", label=Text("质量", "Quality"), kind="state",
                       choices=QUALITIES, tones=QUALITY_TONES),
                Column("qty", label=Text("数量", "Quantity"), kind="number"),
            ),
        ),
        NextSteps(adjustment_steps),
    ),
)  # fmt: skip
