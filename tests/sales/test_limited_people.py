"""A keeper of one warehouse does the whole work of a delivery, whose goods end up beyond what the
keeper may look into; a seller of one customer sees their deliveries, and none of the others'."""

from typing import Any

import pytest
from django.db import connection

from kintsugi.audit.services import recorded
from kintsugi.core import scope
from kintsugi.core.errors import KintsugiError, NotFound
from kintsugi.core.ids import uuid7
from kintsugi.core.scope import EVERYTHING, Scope, bound
from kintsugi.parties.models import Party
from kintsugi.sales import services
from kintsugi.sales.models import Delivery, Order, Return
from kintsugi.sales.selectors import deliveries as reads
from kintsugi.sales.services import Asked, Back, Decision
from kintsugi.stock.models import Location, Unit, Warehouse
from tests.api.asking import logged_in
from tests.identity.people import create_user, give
from tests.sales.dispatch import Dispatch
from tests.sales.market import AT, PASSWORD

pytestmark = pytest.mark.django_db


@pytest.fixture
def yard(db: None) -> Any:
    """Goods and people, written; one delivery is to be picked."""
    with recorded(actor="test", command="test"):
        made = Dispatch()
        shop = made.shop
        made.order_made = made.reserved(
            made.line(shop.monitor, 2, "9000"), made.line(shop.gloves, 30, "1"),
            warehouse=shop.main.pk,
        )  # fmt: skip
        made.made = made.delivery(made.order_made)
        return made


def limited(name: str, role: str, kind: str, value: Any) -> Any:
    """Somebody with one role in one scope."""
    with recorded(actor="test", command="test"):
        made = create_user(
            roles=(), username=name, password=PASSWORD, display_name=name, language="en"
        )
        give(made, role, kind, [str(value)])
    return made


def only(warehouse: Any) -> Scope:
    return Scope(warehouses=frozenset({warehouse.pk}))


def test_a_keeper_of_one_warehouse_picks_ships_and_takes_goods_back(yard: Any) -> None:
    shop, made = yard.shop, yard.made
    with bound(only(shop.main)):
        yard.signed(made)
        assert scope.current() == only(shop.main)
        assert not Unit.objects.filter(serial_no="SN-01").exists()  # the hospital's by now
        found = reads.delivery(made.pk)
        assert (found.status, found.house) == ("signed", shop.main.code)
    thing = made.items.get(unit__serial_no="SN-01")
    back = services.request_return(
        actor=yard.seller, delivery=made.pk, kind="refund", reason="quality",
        lines=[Asked(thing.pk, thing.signed)], key="ask", at=AT,
    )  # fmt: skip
    services.approve_return(actor=yard.quality, return_of=back.pk, key="yes", at=AT)
    with bound(only(shop.main)):
        services.receive_return(
            actor=yard.keeper, return_of=back.pk, scans=[Back("SN-01")], key="in", at=AT
        )
        assert Unit.objects.get(serial_no="SN-01").quality == "pending"


def test_the_wider_view_ends_with_the_command_also_when_it_is_refused(yard: Any) -> None:
    yard.scan(yard.made, "SN-01")
    with bound(only(yard.shop.main)):
        with pytest.raises(KintsugiError) as refused:
            yard.step("finish_picking", yard.made)
        assert refused.value.code == "sales.not-all-picked"
        assert scope.current() == only(yard.shop.main)


def test_a_keeper_of_another_warehouse_finds_nothing_to_do(yard: Any) -> None:
    with bound(only(yard.shop.other)):
        assert not reads.deliveries().exists()
        with pytest.raises(NotFound):
            yard.scan(yard.made, "SN-01")
        with pytest.raises(NotFound):
            services.create_delivery(
                actor=yard.keeper, orders=[yard.order_made.pk], warehouse=yard.shop.main.pk,
                key="x", at=AT,
            )  # fmt: skip
    assert Delivery.objects.get().items.count() == 0


def test_good_goods_go_back_to_the_warehouse_that_sent_them(yard: Any) -> None:
    shop, made = yard.shop, yard.made
    yard.signed(made)
    thing = made.items.get(unit__serial_no="SN-01")
    back = services.request_return(
        actor=yard.seller, delivery=made.pk, kind="refund", reason="quality",
        lines=[Asked(thing.pk, thing.signed)], key="ask", at=AT,
    )  # fmt: skip
    services.approve_return(actor=yard.quality, return_of=back.pk, key="yes", at=AT)
    services.receive_return(
        actor=yard.keeper, return_of=back.pk, scans=[Back("SN-01")], key="in", at=AT
    )
    line = back.lines.get()
    elsewhere = Location.objects.filter(warehouse=shop.other, kind="bin").first()
    assert elsewhere is not None
    with pytest.raises(KintsugiError) as refused:
        services.inspect_return(
            actor=yard.quality, return_of=back.pk, key="look", at=AT,
            decisions=[Decision(line.pk, "restock", "完好", elsewhere.pk)],
        )  # fmt: skip
    assert refused.value.code == "sales.other-warehouse"
    assert Return.objects.get().status == "received"


def test_pages_of_a_keeper_of_one_warehouse(yard: Any) -> None:
    shop, made = yard.shop, yard.made
    base = f"/sales/deliveries/{made.pk}/"
    keeper = logged_in(limited("keeper.main", "warehouse", "warehouse", shop.main.pk))
    stranger = logged_in(limited("keeper.other", "warehouse", "warehouse", shop.other.pk))
    assert made.number in keeper.get("/sales/deliveries/").content.decode()
    assert made.number not in stranger.get("/sales/deliveries/").content.decode()
    assert stranger.get(base).status_code == 404
    with bound(EVERYTHING):
        yard.signed(made)
    page = keeper.get(base)
    assert page.status_code == 200
    assert shop.main.code in page.content.decode()
    paper = keeper.get(f"{base}paper/note/")
    assert (paper.status_code, paper.content[:4]) == (200, b"%PDF")


def test_pages_of_a_seller_of_one_customer(yard: Any) -> None:
    made = yard.made
    seller = logged_in(limited("seller.own", "sales", "customer", yard.shop.hospital.pk))
    other = logged_in(limited("seller.other", "sales", "customer", uuid7()))
    assert made.number in seller.get("/sales/deliveries/").content.decode()
    assert seller.get(f"/sales/deliveries/{made.pk}/").status_code == 200
    assert made.number not in other.get("/sales/deliveries/").content.decode()
    assert other.get(f"/sales/deliveries/{made.pk}/").status_code == 404


@pytest.mark.parametrize(
    ("region", "sees"), [("44", True), ("4403", True), ("11", True), ("31", False)]
)
def test_a_region_shows_what_its_customers_get_and_what_its_warehouses_send(
    yard: Any, region: str, sees: bool
) -> None:
    """The customer is in Shenzhen (4403), the warehouse in Beijing (11): each shows the documents
    though it does not show the other."""
    with recorded(actor="test", command="test"):
        Party.objects.filter(pk=yard.shop.hospital.pk).update(region_code="440304")
        Warehouse.objects.filter(pk=yard.shop.main.pk).update(region_code="110105")
    with bound(Scope(regions=frozenset({region}))):
        assert list(reads.deliveries()) == ([yard.made] if sees else [])
        assert list(Order.objects.all()) == ([yard.order_made] if sees else [])
        with connection.cursor() as cursor:
            cursor.execute("select id from sales_delivery union all select id from sales_order")
            assert len(cursor.fetchall()) == (2 if sees else 0)
