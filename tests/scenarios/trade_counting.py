"""Commands of stocktakes, adjustments and reversals for ``trade_machine``, and what they write off.

What the model takes from the documents are the quantities that people typed and approved; where the
goods are afterwards is for the ledger to say.
"""

from decimal import Decimal
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from kintsugi.core.ids import uuid7
from kintsugi.stock import services as goods
from kintsugi.stock.counting import services as counting
from kintsugi.stock.counting import services_adjust as adjusting
from kintsugi.stock.counting.services_found import Found
from kintsugi.stock.counting.states import ADJUSTMENTS, LEFT_ALONE
from kintsugi.stock.models import (
    Adjustment,
    Location,
    Move,
    Posting,
    Stocktake,
    StocktakeLine,
    Unit,
)
from kintsugi.stock.typed import TypedLine
from tests.sales.market import AT

#: Persons who count and decide; the same may try both.
PEOPLE = ("keeper", "checker", "driver", "quality")


class Act:
    """A command, and what the model makes of it once it was taken."""

    def __init__(self, do: Any, effect: Any = lambda: None) -> None:
        self.do, self.effect = do, effect

    def __call__(self) -> Any:
        """The command."""
        return self.do()


def one_of(draw: Any, found: Any) -> Any:
    """One of the rows, in the order they were made."""
    pks = list(found.order_by("pk").values_list("pk", flat=True))
    return draw(st.sampled_from(pks)) if pks else None


def _who(m: Any, draw: Any) -> Any:
    return getattr(m.market, draw(st.sampled_from(PEOPLE)))


def _places(m: Any) -> list[Location]:
    return list(Location.objects.filter(warehouse=m.market.shop.main, kind="bin").order_by("code"))


# -- stocktakes ------------------------------------------------------------------------------------


def plan(m: Any, draw: Any) -> Any:
    """One place of the main warehouse is to be counted."""
    place, who, key = draw(st.sampled_from(_places(m))), _who(m, draw), uuid7().hex
    return lambda: counting.plan_stocktake(
        actor=who, warehouse=m.market.shop.main, plan=counting.Plan(places=[place.code]), key=key,
        at=AT,
    )  # fmt: skip


def counted(m: Any, off: Decimal) -> None:
    """A stocktake of the first shelf waits for approval: two persons found the same, which is not
    what the ledger says."""
    market = m.market
    made = counting.plan_stocktake(
        actor=market.keeper, warehouse=market.shop.main, key=uuid7().hex, at=AT,
        plan=counting.Plan(places=[market.shop.shelf.code]),
    )  # fmt: skip
    counting.start_stocktake(actor=market.keeper, stocktake=made.pk, at=AT)
    for who in (market.keeper, market.checker):
        found = typed(made.pk, off, 0, None)
        counting.record_counts(
            actor=who, stocktake=made.pk, place=market.shop.shelf.code, found=found,
            key=uuid7().hex, at=AT, is_complete=True,
        )  # fmt: skip
    counting.finish_counting(actor=market.keeper, stocktake=made.pk, at=AT)
    for line in made.lines.filter(state="confirmed"):
        counting.explain_difference(actor=market.keeper, line=line.pk, reason="lost", note="查过")


def start(m: Any, draw: Any) -> Any:
    """What the ledger says is frozen."""
    found, who = one_of(draw, Stocktake.objects), _who(m, draw)
    return found and (lambda: counting.start_stocktake(actor=who, stocktake=found, at=AT))


def typed(of: UUID, off: Decimal, nth: int, stranger: Unit | None) -> list[Found]:
    """What somebody types who sees what the ledger says, but for one line, and perhaps a unit that
    should not be there."""
    lines = StocktakeLine.objects.filter(stocktake=of).select_related("product", "lot", "unit")
    found = []
    # Not by their keys, which the database made up: the same draws must mean the same lines.
    by_name = ("product__product_code", "lot__lot_no", "unit__serial_no", "quality")
    for number, line in enumerate(lines.order_by(*by_name)):
        if stranger is not None and line.unit_id == stranger.pk:
            continue
        qty = line.expected + (off if number == nth else 0)
        qty = max(Decimal(0), min(qty, Decimal(1)) if line.unit else qty)
        found.append(
            Found(
                line.product.product_code, qty, line.lot.lot_no if line.lot else "",
                line.unit.serial_no if line.unit else "", line.quality,
            )
        )  # fmt: skip
    if stranger is not None:
        found.append(Found(stranger.product.product_code, Decimal(1), "", stranger.serial_no))
    return found


def count(m: Any, draw: Any) -> Any:
    """All of a place is counted, rightly or not."""
    of, who, key = one_of(draw, Stocktake.objects), _who(m, draw), uuid7().hex
    if of is None:
        return None
    off, nth = Decimal(draw(st.sampled_from([0, -1, -1, 3]))), draw(st.integers(0, 2))
    units = [None, None, *Unit.objects.select_related("product").order_by("pk")]
    found = typed(of, off, nth, draw(st.sampled_from(units)))
    place = Stocktake.objects.get(pk=of).places[0]
    return lambda: counting.record_counts(
        actor=who, stocktake=of, place=place, found=found, key=key, at=AT, is_complete=True
    )


def finish(m: Any, draw: Any) -> Any:
    """Nothing is left to count."""
    found, who = one_of(draw, Stocktake.objects), _who(m, draw)
    return found and (lambda: counting.finish_counting(actor=who, stocktake=found, at=AT))


def explain(m: Any, draw: Any) -> Any:
    """All differences get a reason, or one of them."""
    of, who = one_of(draw, Stocktake.objects), _who(m, draw)
    reason = draw(st.sampled_from(["picking", "lost", "unknown", LEFT_ALONE]))
    lines = list(
        StocktakeLine.objects.filter(stocktake=of, state="confirmed")
        .order_by("pk")
        .values_list("pk", flat=True)
    )

    def act() -> None:
        for line in lines:
            counting.explain_difference(actor=who, line=line, reason=reason, note="查过")

    return act if lines else None


def approve(m: Any, draw: Any) -> Any:
    """The differences are posted, by somebody who may have counted."""
    of, who, key = one_of(draw, Stocktake.objects), _who(m, draw), uuid7().hex
    before: dict[Any, tuple[Any, str]] = {}

    def act() -> None:
        if not before:
            for pk, place, kind in Unit.objects.values_list("pk", "location", "location__kind"):
                before[pk] = (place, kind)
        counting.approve_stocktake(actor=who, stocktake=of, reason="属实", key=key, at=AT)

    def effect() -> None:
        rows = StocktakeLine.objects.filter(stocktake=of, state="confirmed")
        rows = rows.exclude(reason=LEFT_ALONE)
        here = {one.unit_id for one in rows if one.unit_id and one.counted}
        for row in rows:
            if row.unit_id is None:
                m.lost[row.product_id] -= row.difference
            elif row.counted:
                # Written off before, and found again.
                m.lost[row.product_id] -= before[row.unit_id][1] == "loss"
            else:
                still = before[row.unit_id][0] == row.location_id
                m.lost[row.product_id] += still and row.unit_id not in here

    return Act(act, effect) if of else None


def cancel(m: Any, draw: Any) -> Any:
    """A stocktake is given up."""
    found, who = one_of(draw, Stocktake.objects), _who(m, draw)
    return found and (
        lambda: counting.cancel_stocktake(actor=who, stocktake=found, reason="改期", at=AT)
    )


# -- adjustments -----------------------------------------------------------------------------------


def adjust(m: Any, draw: Any) -> Any:
    """Somebody asks for goods to be scrapped, written off or written up."""
    shop, who, key = m.market.shop, _who(m, draw), uuid7().hex
    kind, place = draw(st.sampled_from(sorted(ADJUSTMENTS))), draw(st.sampled_from(_places(m)))
    unit = draw(st.sampled_from([None, *Unit.objects.order_by("pk")]))
    code = f"{shop.main.code}/{place.code}"
    ends = {"target": code} if kind == "gain" else {"source": code}
    line = (
        TypedLine(shop.monitor.product_code, serial_no=unit.serial_no, **ends)
        if unit
        else TypedLine(shop.gloves.product_code, Decimal(draw(st.integers(1, 9))), **ends)
    )
    return lambda: adjusting.request_adjustment(
        actor=who, kind=kind, lines=[line], reason="破损", key=key, at=AT
    )


def decide(m: Any, draw: Any) -> Any:
    """It is approved or refused, by somebody who may have asked."""
    of, who, yes = one_of(draw, Adjustment.objects), _who(m, draw), draw(st.booleans())
    was = of and Adjustment.objects.get(pk=of).status

    def effect() -> None:
        asked = Adjustment.objects.get(pk=of)
        if not yes or was == "posted" or asked.kind == "scrap":  # what is scrapped is still counted
            return
        for line in asked.lines.all():
            m.lost[line.product_id] += line.qty if asked.kind == "loss" else -line.qty

    return of and Act(
        lambda: adjusting.decide_adjustment(
            actor=who, adjustment=of, is_approved=yes, reason="属实", at=AT
        ),
        effect,
    )


# -- reversals -------------------------------------------------------------------------------------


def reverse(m: Any, draw: Any) -> Any:
    """Any posting turned round by another person, if the ledger and the documents let it."""
    found, key = one_of(draw, Posting.objects.exclude(kind="receipt")), uuid7().hex

    def act() -> None:
        goods.reverse(actor=m.market.finance, posting=found, reason="误", key=key, at=AT)

    def effect() -> None:
        for move in Move.objects.filter(posting=found).select_related("source", "target"):
            # What a count or an adjustment wrote off or up is taken back with it.
            signs = (move.source.kind == "loss") - (move.target.kind == "loss")
            m.lost[move.product_id] += move.qty * signs

    return found and Act(act, effect)


COMMANDS = {
    "plan count": plan,
    "start count": start,
    "count": count,
    "count again": count,
    "finish count": finish,
    "explain": explain,
    "approve count": approve,
    "cancel count": cancel,
    "adjust": adjust,
    "decide": decide,
    "reverse": reverse,
}
