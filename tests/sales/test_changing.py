"""Orders that change, wait or end."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from kintsugi.core.errors import IllegalTransition
from kintsugi.sales import services
from kintsugi.sales.models import Order, OrderJudgement, OrderLine, OrderRevision
from kintsugi.stock import services as goods
from kintsugi.stock.models import Balance
from tests.sales.market import AT, refusal
from tests.stock.truth import violations

pytestmark = pytest.mark.django_db


@pytest.fixture
def kept(market: Any) -> Any:
    """A market with 30 gloves of which 10 are kept for an approved order."""
    market.shop.receive(market.shop.gloves, 30)
    market.made = market.do(
        services.reserve_order, market.approved(market.line(market.shop.gloves, 10))
    )
    return market


def free(market: Any) -> int:
    """Gloves that nobody keeps."""
    rows = Balance.objects.filter(product=market.shop.gloves, is_ours=True)
    return int(sum(one.on_hand - one.reserved for one in rows))


def pick(market: Any, qty: int) -> None:
    """As the delivery does: what was kept is taken, the rest kept anew."""
    line = market.made.lines.get()
    goods.end_reservations(document_line=line.pk, status="consumed")
    OrderLine.objects.filter(pk=line.pk).update(picked=qty)


def test_a_cancelled_order_frees_everything(kept: Any) -> None:
    assert free(kept) == 20
    done = kept.do(services.cancel_order, kept.made, reason="客户取消")
    assert (done.status, done.end_reason, free(kept)) == ("cancelled", "客户取消", 30)
    assert violations() == {}
    with pytest.raises(IllegalTransition):
        kept.do(services.cancel_order, kept.made, reason="再取消")


def test_an_order_is_not_cancelled_while_goods_are_picked_or_once_shipped(kept: Any) -> None:
    pick(kept, 4)
    assert refusal(kept.do, services.cancel_order, kept.made, reason="x") == "sales.too-late"
    OrderLine.objects.filter(order=kept.made).update(shipped=4)
    code = refusal(kept.do, services.cancel_order, kept.made, reason="x")
    assert code == "core.illegal-transition"
    # Nor by anybody who goes round the service.
    Order.objects.filter(pk=kept.made.pk).update(
        status="on_hold", held_from="part_shipped", hold_kind="other", hold_reason="x"
    )
    with pytest.raises(DatabaseError) as error, transaction.atomic():
        Order.objects.filter(pk=kept.made.pk).update(
            status="cancelled", end_reason="x", held_from=""
        )
    assert error.value.__cause__.sqlstate == "KT137"


def test_a_held_order_keeps_nothing_and_goes_on_from_where_it_was(kept: Any) -> None:
    held = kept.do(services.hold_order, kept.made, kind="credit", reason="逾期")
    assert (held.status, held.held_from, free(kept)) == ("on_hold", "reserved", 30)
    assert refusal(kept.do, services.reserve_order, kept.made) == "sales.not-to-reserve"
    back = kept.do(services.resume_order, kept.made, reason="已付款")
    assert (back.status, back.hold_kind, back.hold_reason) == ("approved", "", "")


def test_a_hold_without_reason_is_refused_by_service_and_database(kept: Any) -> None:
    code = refusal(kept.do, services.hold_order, kept.made, kind="credit", reason=" ")
    assert code == "sales.reason-missing"
    with pytest.raises(DatabaseError, match="hold_says_why"), transaction.atomic():
        Order.objects.filter(pk=kept.made.pk).update(status="on_hold", held_from="reserved")


def test_a_change_is_kept_with_its_reason_and_approved_again(kept: Any) -> None:
    changed = kept.do(
        services.change_order, kept.made, lines=[kept.line(kept.shop.gloves, 12)],
        reason="客户加量",
    )  # fmt: skip
    assert (changed.status, changed.revision, changed.approved_by_name) == ("submitted", 2, "")
    assert (free(kept), changed.total) == (30, 120)
    before = OrderRevision.objects.get(order=changed)
    assert (before.no, before.reason, before.content["lines"][0]["qty"]) == (1, "客户加量", "10")
    done = kept.do(services.approve_order, changed, by=kept.quality)
    assert done.status == "approved"
    # The judgements of both revisions stay; nobody writes over them.
    assert set(OrderJudgement.objects.values_list("revision", flat=True)) == {1, 2}
    with pytest.raises(DatabaseError) as error, transaction.atomic():
        OrderRevision.objects.update(reason="x")
    assert error.value.__cause__.sqlstate == "KT004"


def test_a_line_that_a_change_takes_out_is_void_and_counts_no_more(market: Any) -> None:
    made = market.order(
        market.line(market.shop.gloves, 10), market.line(market.shop.stent, 1, "100")
    )
    changed = market.do(
        services.change_order, made, lines=[market.line(market.shop.gloves, 10)], reason=""
    )
    assert (changed.status, changed.total, changed.revision) == ("draft", 100, 1)
    assert [one.is_void for one in made.lines.order_by("line_no")] == [False, True]


def test_an_order_is_not_written_anew_once_somebody_picks_for_it(kept: Any) -> None:
    pick(kept, 1)
    code = refusal(
        kept.do, services.change_order, kept.made, lines=[kept.line(kept.shop.gloves, 1)],
        reason="x",
    )  # fmt: skip
    assert code == "sales.too-late"


def test_a_quantity_goes_down_to_what_is_picked_and_no_further(kept: Any) -> None:
    pick(kept, 4)
    reduce = {"reason": "客户减量"}
    for qty, code in ((3, "sales.below-picked"), (10, "sales.not-less"), (11, "sales.not-less")):
        said = refusal(
            kept.do, services.reduce_order, kept.made, quantities={1: Decimal(qty)}, **reduce
        )
        assert said == code
    done = kept.do(services.reduce_order, kept.made, quantities={1: Decimal(4)}, **reduce)
    assert (done.total, done.lines.get().qty, done.revision) == (40, 4, 2)
    OrderLine.objects.filter(order=done).update(shipped=4)
    assert Order.objects.get(pk=done.pk).status == "shipped"


def test_a_smaller_quantity_keeps_what_still_fits(kept: Any) -> None:
    done = kept.do(services.reduce_order, kept.made, quantities={1: Decimal(8)}, reason="客户减量")
    assert (done.status, free(kept)) == ("approved", 30)
    assert refusal(
        kept.do, services.reduce_order, kept.made, quantities={1: Decimal(0)}, reason="x"
    ) == "sales.nothing-left"  # fmt: skip


def test_an_order_closes_when_everything_is_signed_for(kept: Any) -> None:
    pick(kept, 10)
    OrderLine.objects.filter(order=kept.made).update(shipped=10, signed=9, refused=1)
    assert refusal(kept.do, services.close_order, kept.made) == "sales.open-differences"
    OrderLine.objects.filter(order=kept.made).update(signed=10, refused=0)
    assert kept.do(services.close_order, kept.made).status == "closed"


def test_the_seller_is_told_when_somebody_else_changed_the_order(market: Any) -> None:
    made = market.order(market.line(market.shop.gloves, 10))
    market.do(services.submit_order, made)
    code = refusal(
        market.do, services.change_order, made, lines=[market.line(market.shop.gloves, 1)],
        reason="x", version=made.version,
    )  # fmt: skip
    assert code == "core.stale-version"


def test_a_sent_back_order_is_a_draft_with_the_reason(market: Any) -> None:
    made = market.submitted(market.line(market.shop.gloves, 10))
    back = market.do(services.send_back, made, by=market.quality, reason="地址不全")
    assert (back.status, back.end_reason) == ("draft", "地址不全")
    assert AT is not None
