"""Orders from the draft to the approval."""

from decimal import Decimal
from typing import Any

import pytest

from kintsugi.core.errors import KintsugiError
from kintsugi.core.ids import uuid7
from kintsugi.sales import services
from tests.sales.market import AT

pytestmark = pytest.mark.django_db


def test_an_order_is_taken_at_the_price_of_the_day_and_adds_up(market: Any) -> None:
    made = market.order(
        market.line(market.shop.gloves, 3, "10.10"),
        market.line(market.shop.stent, 2, "1000", discount=Decimal("0.1")),
    )
    assert made.number == "SO-20261125-0001"
    assert (made.status, made.customer_name) == ("draft", "示例市第一医院")
    assert [one.amount for one in made.lines.order_by("line_no")] == [Decimal("30.3"), 1800]
    assert made.total == Decimal("1830.3")


def test_the_seller_cannot_approve_and_somebody_else_can(market: Any) -> None:
    made = market.submitted(market.line(market.shop.gloves, 3))
    with pytest.raises(KintsugiError, match="cannot approve") as refused:
        services.approve_order(actor=market.seller, order=made.pk, key=uuid7().hex, at=AT)
    assert refused.value.code == "sales.same-person"
    done = services.approve_order(actor=market.quality, order=made.pk, key=uuid7().hex, at=AT)
    assert (done.status, done.approved_by_name) == ("approved", "钱质量")
    assert [one.occasion for one in done.judgements.order_by("judged_at", "id")] == [
        "submit", "approve",
    ]  # fmt: skip
