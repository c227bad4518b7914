"""Shipment asks the law again on its own day, and sixteen people ship at once."""

import datetime as dt
import os
import signal
import threading
import time
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from kintsugi.core.errors import KintsugiError
from kintsugi.core.ids import uuid7
from kintsugi.sales import services
from kintsugi.sales.models import Delivery
from kintsugi.sales.services import Transport
from kintsugi.stock import services as goods
from kintsugi.stock.models import Posting
from tests.core.committed import committed
from tests.sales.dispatch import Dispatch
from tests.sales.market import AT
from tests.sales.test_concurrency import at_once

__all__ = ["committed"]

WORKERS = 16


@pytest.mark.django_db
def test_a_licence_that_ended_between_approval_and_shipment_stops_it(dispatch: Any) -> None:
    """The hospital's permit runs through 2028-12-31; on the day after nothing is shipped, whoever
    tries and by whatever means."""
    shop = dispatch.shop
    type(shop.monitor).objects.filter(pk=shop.monitor.pk).update(
        item_kind="device", device_class="II", category_code="07-04-01",
        manufacturer=dispatch.trade.maker, mah=dispatch.trade.maker, storage_condition="normal",
    )  # fmt: skip
    shop.monitor.refresh_from_db()
    dispatch.trade.certificate(shop.monitor, until="2033-12-31")
    dispatch.trade.approve("product", shop.monitor, ())
    type(dispatch.monitors[0]).objects.filter(product=shop.monitor).update(mfg_date="2026-01-15")
    made = dispatch.checked(
        dispatch.delivery(dispatch.reserved(dispatch.line(shop.monitor, 1, "9000")))
    )
    late = dt.datetime(2029, 1, 1, 2, tzinfo=dt.UTC)
    with pytest.raises(KintsugiError) as refused, transaction.atomic():
        dispatch.step("ship_delivery", made, transport=Transport(), at=late)
    assert refused.value.code in ("sales.not-allowed", "stock.day-to-come")
    with pytest.raises(DatabaseError) as wrong, transaction.atomic():  # noqa: PT012
        made.items.update(shipped=1)
        Delivery.objects.filter(pk=made.pk).update(
            status="shipped", mode="self", shipped_at=late, shipped_on=late.date(),
            shipped_by_name="x", goes_to=shop.shelf,
        )  # fmt: skip
    assert getattr(wrong.value.__cause__, "sqlstate", "") == "KT13E"
    assert dispatch.step("ship_delivery", made, transport=Transport()).status == "shipped"


@pytest.mark.django_db
def test_what_was_made_outside_its_certificate_is_not_shipped(dispatch: Any) -> None:
    """The certificate begins on 2026-06-01; the monitor was made on 2026-01-15."""
    shop = dispatch.shop
    type(shop.monitor).objects.filter(pk=shop.monitor.pk).update(
        item_kind="device", device_class="II", category_code="07-04-01",
        manufacturer=dispatch.trade.maker, mah=dispatch.trade.maker, storage_condition="normal",
    )  # fmt: skip
    shop.monitor.refresh_from_db()
    dispatch.trade.certificate(shop.monitor, start="2026-06-01", until="2031-05-31")
    dispatch.trade.approve("product", shop.monitor, ())
    type(dispatch.monitors[0]).objects.filter(product=shop.monitor).update(mfg_date="2026-01-15")
    made = dispatch.checked(
        dispatch.delivery(dispatch.reserved(dispatch.line(shop.monitor, 1, "9000")))
    )
    with pytest.raises(KintsugiError) as refused:
        dispatch.step("ship_delivery", made, transport=Transport())
    assert (refused.value.code, refused.value.facts["finding"]) == (
        "sales.not-allowed", "lot-certificate",
    )  # fmt: skip
    assert not Posting.objects.filter(kind="ship").exists()


YARD: list[Any] = []


def yard() -> Any:
    """One market for the tests that commit: what they make stays until the module ends."""
    if not YARD:
        YARD.append(Dispatch())
    return YARD[0]


def ready_to_ship(dispatch: Any, count: int) -> list[Delivery]:
    """So many checked deliveries of a monitor and a pair of gloves, all from one shelf."""
    shop = dispatch.shop
    units = shop.units(*(f"HOT-{uuid7().hex[-6:].upper()}-{n}" for n in range(count)))
    shop.move_units("receipt", units, shop.outside, shop.shelf)
    made = []
    for unit in units:
        order = dispatch.approved(
            dispatch.line(shop.monitor, 1), dispatch.line(shop.gloves, 1)
        )  # fmt: skip
        first, second = order.lines.order_by("line_no")
        paper = goods.Document("sales.order", order.number, order.pk)
        here = {"location_id": shop.shelf.pk, "qty": Decimal(1)}
        of_unit = {"product_id": unit.product_id, "unit_id": unit.pk, **here}
        of_gloves = {"product_id": shop.gloves.pk, **here}
        goods.reserve(document=paper, document_line=first.pk, picks=[of_unit])
        goods.reserve(document=paper, document_line=second.pk, picks=[of_gloves])
        made.append(dispatch.checked(dispatch.delivery(order)))
    return made


@pytest.mark.slow
@pytest.mark.usefixtures("committed")
def test_sixteen_who_ship_one_hot_product_at_once_ship_each_thing_once() -> None:
    from kintsugi.audit.services import recorded
    from kintsugi.sales.selectors import deliveries as reads
    from tests.stock.truth import violations

    with recorded(actor="test", command="test"):
        dispatch = yard()
        made = ready_to_ship(dispatch, WORKERS // 2)
    connection.close()

    def ship(one: Delivery) -> None:
        services.ship_delivery(
            actor=dispatch.keeper, delivery=one.pk, transport=Transport(), at=AT,
            key=f"s-{one.pk}-{threading.get_ident()}",
        )  # fmt: skip

    # Two people on each delivery: one ships, the other is told that it is shipped.
    told = at_once(ship, [*made, *made])
    assert sorted(told) == ["core.illegal-transition"] * 8 + ["done"] * 8
    assert {one.status for one in Delivery.objects.filter(pk__in=[d.pk for d in made])} == {
        "shipped"
    }
    assert Posting.objects.filter(kind="ship", document_id__in=[d.pk for d in made]).count() == 8
    assert reads.ledger_differences([one.pk for one in made]) == []
    assert violations() == {}


@pytest.mark.slow
@pytest.mark.usefixtures("committed")
def test_a_worker_killed_in_the_middle_of_a_shipment_leaves_nothing_behind() -> None:
    """A child of ours ships and is killed (kill -9) while it waits inside the transaction, after
    the goods were posted; then the same command is sent again."""
    from kintsugi.audit.services import recorded
    from kintsugi.sales.selectors import deliveries as reads

    with recorded(actor="test", command="test"):
        dispatch = yard()
        (made,) = ready_to_ship(dispatch, 1)
    settings = connection.settings_dict
    connection.close()
    child = os.fork()
    if child == 0:  # pragma: no cover - ends by kill

        def stop(*_args: Any, **_facts: Any) -> Any:
            time.sleep(60)

        services.shipping.step_delivery = stop  # after the posting, before the state
        services.ship_delivery(
            actor=dispatch.keeper, delivery=made.pk, transport=Transport(), key="killed", at=AT
        )
        os._exit(1)
    facts = {"host": settings["HOST"], "port": settings["PORT"], "user": settings["USER"],
             "password": settings["PASSWORD"], "dbname": settings["NAME"]}  # fmt: skip
    with psycopg.connect(**{k: v for k, v in facts.items() if v}, autocommit=True) as watch:
        for _ in range(600):
            (idle,) = watch.execute(
                "select count(*) from pg_stat_activity where datname = current_database()"
                " and state = 'idle in transaction'"
            ).fetchone()
            if idle:
                break
            time.sleep(0.1)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert idle
    assert Delivery.objects.get(pk=made.pk).status == "checked"
    assert not Posting.objects.filter(kind="ship", document_id=made.pk).exists()
    done = services.ship_delivery(
        actor=dispatch.keeper, delivery=made.pk, transport=Transport(), key="killed", at=AT
    )
    assert done.status == "shipped"
    assert reads.ledger_differences([made.pk]) == []
