"""Forms of stocktakes and adjustments."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.urls import reverse

from kintsugi.core.ids import uuid7
from kintsugi.core.screens import FormScreen
from kintsugi.core.screens.offered import Offered
from kintsugi.core.screens.parts import choice_pairs, say
from kintsugi.engine.text import Text
from kintsugi.stock import selectors as stock
from kintsugi.stock.counting import selectors, services, services_adjust
from kintsugi.stock.counting.screens import (
    ADJUSTMENTS_TITLE,
    LOCATION,
    STOCKTAKES_TITLE,
    adjustment_url,
    stocktake_url,
)
from kintsugi.stock.counting.services_found import Found
from kintsugi.stock.counting.states import ADJUSTMENTS, REASONS
from kintsugi.stock.fields import (
    PLACES_OFFERED,
    codes_field,
    codes_of,
    key_field,
    reason_field,
)
from kintsugi.stock.forms import typed_lines
from kintsugi.stock.kinds import QUALITIES, ZONES
from kintsugi.stock.models import Adjustment, Stocktake, StocktakeLine
from kintsugi.stock.pages import crumbs
from kintsugi.stock.screens import WAREHOUSE
from kintsugi.stock.typed import INWARD
from kintsugi.stock.views import now

PRODUCT_CODE, LOT, QTY = (
    Text("产品编码", "Product code"),
    Text("批号", "Lot"),
    Text("数量", "Quantity"),
)
SERIALS = Text("序列号", "Serial numbers")
ONE_EACH = Text("每行一个。", "One on each line.")


def _text(label: Text, *, chars: int = 100, required: bool = False, hint: Text | None = None,
          **attrs: Any) -> forms.Field:  # fmt: skip
    return forms.CharField(
        label=say(label), max_length=chars, required=required,
        help_text=say(hint) if hint else "", widget=forms.TextInput(attrs),
    )  # fmt: skip


def _serials() -> forms.Field:
    return forms.CharField(
        label=say(SERIALS), required=False, max_length=60 * 2_000, help_text=say(ONE_EACH),
        widget=forms.Textarea(attrs={"rows": 4}),
    )  # fmt: skip


def _qty(hint: Text) -> forms.Field:
    return forms.DecimalField(
        label=say(QTY), required=False, max_digits=18, decimal_places=4, min_value=Decimal(0),
        help_text=say(hint),
    )  # fmt: skip


def _quality(first: Text) -> forms.Field:
    return forms.ChoiceField(
        label=say(Text("质量", "Quality")), required=False,
        choices=[("", say(first)), *choice_pairs(QUALITIES)],
    )  # fmt: skip


def plan_form() -> type[forms.Form]:
    """Which part of which warehouse."""
    names = [(str(one.pk), str(one)) for one in stock.warehouses().order_by("code")[:500]]
    made: dict[str, forms.Field] = {
        "warehouse": forms.ChoiceField(label=say(WAREHOUSE), choices=names),
        "zones": forms.MultipleChoiceField(
            label=say(Text("库区", "Zones")), required=False, choices=choice_pairs(ZONES),
            widget=forms.CheckboxSelectMultiple,
            help_text=say(Text("不选:全部。", "None chosen: all of them.")),
        ),
        "places": codes_field(say(Text("库位", "Locations")),
                              say(Text("每行一个;空:全部。", "One on each line; empty: all."))),
        "products": codes_field(say(Text("产品", "Products")),
                                say(Text("每行一个编码;空:全部。",
                                         "One code on each line; empty: all."))),
        "note": _text(Text("备注", "Note"), chars=400),
        "key": key_field(),
    }  # fmt: skip
    return type("PlanForm", (forms.Form,), made)


def _plan(*, user: Any, record: Any, version: Any, warehouse: str, zones: list[str], places: str,
          products: str, note: str, key: str) -> Stocktake:  # fmt: skip
    plan = services.Plan(zones=zones, places=codes_of(places), products=codes_of(products))
    return services.plan_stocktake(
        actor=user, warehouse=stock.warehouses().get(pk=UUID(warehouse)), plan=plan, key=key,
        at=now(), note=note,
    )  # fmt: skip


def _way(one: Stocktake) -> list[Any]:
    return [*crumbs((STOCKTAKES_TITLE, "stock:stocktakes")), (one.number, stocktake_url(one))]


PLAN_STOCKTAKE = FormScreen(
    permission="stocktake.create",
    title=lambda _record: say(Text("新建盘点", "Plan a stocktake")),
    form=plan_form,
    save=_plan,
    done=stocktake_url,
    saved=Text("已计划。", "Planned."),
    submit=Text("计划", "Plan"),
    cancel=lambda _record: reverse("stock:stocktakes"),
    breadcrumbs=lambda _record: crumbs((STOCKTAKES_TITLE, "stock:stocktakes")),
)


def count_form() -> type[forms.Form]:
    """What lies at a place; blind: nothing of what is expected is in it."""
    made: dict[str, forms.Field] = {
        "place": _text(LOCATION, chars=80, required=True, autofocus=True, autocomplete="off"),
        "product_code": _text(
            PRODUCT_CODE,
            hint=Text("空库位留空,并勾选“已盘完”。",
                      "For an empty place leave it empty and say that this is all."),
        ),
        "lot_no": _text(LOT, chars=60),
        "qty": _qty(Text("有序列号的不填。", "Serial numbers count themselves.")),
        "serial_no": _serials(),
        "quality": _quality(Text("按库区", "as the zone says")),
        "is_complete": forms.BooleanField(
            label=say(Text("此库位已盘完", "This is all there is at this place")), required=False,
            help_text=say(Text("勾选后,该库位未录入的一律记为 0。",
                               "What else should lie there is then counted as nothing.")),
        ),
        "key": key_field(),
    }  # fmt: skip
    return type("CountForm", (forms.Form,), made)


def _count(*, user: Any, record: Stocktake, version: Any, place: str, key: str, is_complete: bool,
           **given: Any) -> Stocktake:  # fmt: skip
    found = []
    if given["product_code"].strip():
        found = [
            Found(one.product_code, one.qty, one.lot_no, one.serial_no, one.quality)
            for one in typed_lines(given)
        ]
    services.record_counts(
        actor=user, stocktake=record.pk, place=place, found=found, key=key, at=now(),
        is_complete=is_complete,
    )  # fmt: skip
    return record


COUNT = FormScreen(
    permission="stocktake.create",
    find=lambda _user, pk: selectors.stocktake(pk),
    title=lambda one: f"{one.number} · {say(Text('录入盘点', 'Count a place'))}",
    form=count_form,
    values=lambda _one: {"key": uuid7().hex},
    save=_count,
    done=lambda one: reverse("stock:count-stocktake", args=[one.pk]),
    saved=Text("已记录,可继续下一处。", "Recorded; go on with the next one."),
    submit=Text("记录", "Record"),
    cancel=stocktake_url,
    breadcrumbs=_way,
)


def explain_form() -> type[forms.Form]:
    """Why the record and the shelf differ."""
    made: dict[str, forms.Field] = {
        "reason": forms.ChoiceField(
            label=say(Text("原因", "Reason")), choices=choice_pairs(REASONS)
        ),
        "note": _text(Text("说明", "Note"), chars=400,
                      hint=Text("原因不明或由其他单据处理时必填。",
                                "Needed where it is not known, or another document settles it.")),
    }  # fmt: skip
    return type("ExplainForm", (forms.Form,), made)


def _explain(*, user: Any, record: Any, version: Any, reason: str, note: str) -> StocktakeLine:
    return services.explain_difference(actor=user, line=record.pk, reason=reason, note=note)


EXPLAIN = FormScreen(
    permission="stocktake.create",
    find=lambda _user, pk: selectors.line(pk),
    title=lambda line: (
        say(Text("差异原因", "Why it differs")) + f" · {line.product.product_code} "
        f"{line.unit or line.lot or ''}"
    ),
    form=explain_form,
    save=_explain,
    done=lambda line: stocktake_url(line.stocktake),
    cancel=lambda line: stocktake_url(line.stocktake),
    breadcrumbs=lambda line: _way(line.stocktake),
)


def reason_form() -> type[forms.Form]:
    """What a decision rests on."""
    made = {"reason": reason_field(say(Text("依据", "What it rests on"))), "key": key_field()}
    return type("ReasonForm", (forms.Form,), made)


def _approve(*, user: Any, record: Stocktake, version: Any, reason: str, key: str) -> Stocktake:
    return services.approve_stocktake(
        actor=user, stocktake=record.pk, reason=reason, key=key, at=now()
    )


def _cancel(*, user: Any, record: Stocktake, version: Any, reason: str, key: str) -> Stocktake:
    return services.cancel_stocktake(actor=user, stocktake=record.pk, reason=reason, at=now())


APPROVE = FormScreen(
    permission="stocktake.approve",
    find=lambda _user, pk: selectors.stocktake(pk),
    title=lambda one: f"{one.number} · {say(Text('批准并过账', 'Approve and post'))}",
    form=reason_form,
    values=lambda _one: {"key": uuid7().hex},
    save=_approve,
    done=stocktake_url,
    saved=Text("已过账。", "Posted."),
    submit=Text("批准并过账", "Approve and post"),
    cancel=stocktake_url,
    breadcrumbs=_way,
)
CANCEL = FormScreen(
    permission="stocktake.create",
    find=lambda _user, pk: selectors.stocktake(pk),
    title=lambda one: f"{one.number} · {say(Text('取消盘点', 'Cancel the stocktake'))}",
    form=reason_form,
    values=lambda _one: {"key": uuid7().hex},
    save=_cancel,
    done=stocktake_url,
    saved=Text("已取消。", "Cancelled."),
    submit=Text("取消盘点", "Cancel the stocktake"),
    cancel=stocktake_url,
    breadcrumbs=_way,
)


# -- adjustments -----------------------------------------------------------------------------------


def adjustment_form() -> type[forms.Form]:
    """What is to be scrapped or put right, and why."""
    places = stock.place_codes(limit=PLACES_OFFERED)
    made: dict[str, forms.Field] = {
        "kind": forms.ChoiceField(
            label=say(Text("类型", "Kind")), choices=choice_pairs(ADJUSTMENTS)
        ),
        "product_code": _text(PRODUCT_CODE, required=True),
        "place": forms.CharField(
            label=say(LOCATION), max_length=80, widget=Offered(places, "places-of-goods"),
            help_text=say(Text("仓库/库位", "WAREHOUSE/LOCATION")),
        ),
        "lot_no": _text(LOT, chars=60),
        "qty": _qty(Text("有序列号的不填。", "Serial numbers count themselves.")),
        "serial_no": _serials(),
        "quality": _quality(Text("合格,或序列号自身的状态", "qualified, or the unit's own")),
        "reason": reason_field(),
        "key": key_field(),
    }  # fmt: skip
    return type("AdjustmentForm", (forms.Form,), made)


def _request(*, user: Any, record: Any, version: Any, kind: str, reason: str, key: str, place: str,
             **given: Any) -> Adjustment:  # fmt: skip
    end = "target" if kind in INWARD else "source"
    return services_adjust.request_adjustment(
        actor=user, kind=kind, lines=typed_lines({**given, end: place}), reason=reason, key=key,
        at=now(),
    )  # fmt: skip


REQUEST = FormScreen(
    permission="stocktake.create",
    title=lambda _record: say(Text("申请报废或调整", "Ask to scrap or adjust")),
    form=adjustment_form,
    save=_request,
    done=adjustment_url,
    saved=Text("已申请,等待另一人批准。", "Asked for; another person approves it."),
    submit=Text("申请", "Ask"),
    cancel=lambda _record: reverse("stock:adjustments"),
    breadcrumbs=lambda _record: crumbs((ADJUSTMENTS_TITLE, "stock:adjustments")),
)


def decision_form() -> type[forms.Form]:
    """Approved or refused, and what that rests on."""
    words = {"approve": Text("批准并过账", "approve and post"), "refuse": Text("拒绝", "refuse")}
    made: dict[str, forms.Field] = {
        "decision": forms.ChoiceField(
            label=say(Text("决定", "Decision")), choices=choice_pairs(words)
        ),
        "reason": reason_field(say(Text("依据", "What it rests on"))),
    }
    return type("DecisionForm", (forms.Form,), made)


def _decide(*, user: Any, record: Adjustment, version: Any, decision: str, reason: str
            ) -> Adjustment:  # fmt: skip
    return services_adjust.decide_adjustment(
        actor=user, adjustment=record.pk, is_approved=decision == "approve", reason=reason,
        at=now(),
    )  # fmt: skip


DECIDE = FormScreen(
    permission="stocktake.approve",
    find=lambda _user, pk: selectors.adjustment(pk),
    title=lambda one: f"{one.number} · {say(Text('批准或拒绝', 'Approve or refuse'))}",
    form=decision_form,
    values=lambda _one: {},
    save=_decide,
    done=adjustment_url,
    saved=Text("已决定。", "Decided."),
    submit=Text("确定", "Decide"),
    cancel=adjustment_url,
    breadcrumbs=lambda one: [
        *crumbs((ADJUSTMENTS_TITLE, "stock:adjustments")), (one.number, adjustment_url(one)),
    ],
)  # fmt: skip
