"""Sixteen people after the last goods, and sixteen after the last of a contract."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from tests.core.committed import committed

__all__ = ["committed"]

pytestmark = [pytest.mark.usefixtures("committed"), pytest.mark.slow]
WORKERS = 16


def at_once(work: Any, things: list[Any]) -> list[str]:
    """Do it for all of them in the same moment; what each was told: ``done`` or a code."""
    from kintsugi.core.errors import KintsugiError

    ready = threading.Barrier(len(things))

    def one(thing: Any) -> str:
        ready.wait(timeout=60)
        try:
            work(thing)
            return "done"
        except KintsugiError as error:
            return error.code
        finally:
            connection.close()

    with ThreadPoolExecutor(len(things)) as pool:
        return list(pool.map(one, things))


def test_sixteen_who_reserve_the_last_goods_get_what_there_is_and_no_more() -> None:
    """20 gloves and 5 monitors; sixteen orders of 3 gloves and one monitor each."""
    from django.db.models import Sum

    from kintsugi.audit.services import recorded
    from kintsugi.sales import services
    from kintsugi.sales.models import OrderLine
    from kintsugi.stock.models import Reservation
    from tests.sales.market import AT, Market
    from tests.stock.truth import violations

    with recorded(actor="test", command="test"):
        market = Market()
        shop = market.shop
        shop.receive(shop.gloves, 20)
        units = shop.units(*(f"RACE-{n}" for n in range(5)))
        shop.move_units("receipt", units, shop.outside, shop.shelf)
        made = [
            market.approved(market.line(shop.gloves, 3), market.line(shop.monitor, 1))
            for _ in range(WORKERS)
        ]
    connection.close()

    def reserve(order: Any) -> None:
        services.reserve_order(actor=market.seller, order=order.pk, key=f"r-{order.pk}", at=AT)

    answers = at_once(reserve, made)
    assert set(answers) <= {"done", "sales.nothing-free"}
    kept = {
        product: OrderLine.objects.filter(order__in=made, product=product).aggregate(
            n=Sum("reserved")
        )["n"]
        for product in (shop.gloves, shop.monitor)
    }
    assert kept == {shop.gloves: 20, shop.monitor: 5}
    serials = Reservation.objects.filter(status="active", unit__isnull=False)
    assert serials.count() == serials.values("unit").distinct().count() == 5
    assert violations() == {}


def test_sixteen_orders_at_once_never_exceed_the_contract() -> None:
    """A contract for 20; sixteen orders of 3: six fit, ten are refused."""
    from decimal import Decimal

    from kintsugi.audit.services import recorded
    from kintsugi.sales import services
    from kintsugi.sales.services import LineWanted
    from tests.sales.market import AT, WANTED, Market

    with recorded(actor="test", command="test"):
        market = Market(mark="c")
        contract = market.in_force([(market.shop.gloves, 20, "5", "0")])
    connection.close()

    def order(number: int) -> None:
        services.create_order(
            actor=market.seller, customer=market.shop.hospital.pk, contract=contract.pk,
            lines=[LineWanted(product=market.shop.gloves.pk, qty=Decimal(3))], wanted_on=WANTED,
            key=f"c-{number}", at=AT,
        )  # fmt: skip

    answers = at_once(order, list(range(WORKERS)))
    assert sorted(answers) == ["done"] * 6 + ["sales.contract-exceeded"] * 10
    assert market.called_off(contract) == 18


def test_approvals_at_once_do_not_use_the_last_of_the_credit_twice() -> None:
    """A limit of 100 and sixteen submitted orders of 60: one is approved, fifteen are refused."""
    from kintsugi.audit.services import recorded
    from kintsugi.parties.models import Party
    from kintsugi.sales import services
    from tests.sales.market import AT, Market

    with recorded(actor="test", command="test"):
        market = Market(mark="d")
        Party.objects.filter(pk=market.shop.hospital.pk).update(credit_limit=100)
        made = [market.submitted(market.line(market.shop.gloves, 6)) for _ in range(WORKERS)]
    connection.close()

    def approve(order: Any) -> None:
        services.approve_order(actor=market.quality, order=order.pk, key=f"a-{order.pk}", at=AT)

    answers = at_once(approve, made)
    assert sorted(answers) == ["done"] + ["sales.checks-failed"] * (WORKERS - 1)
