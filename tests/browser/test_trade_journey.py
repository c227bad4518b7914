"""From the receipt of goods to their return, by the people who do it, on phones, by scanning."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.languages import journeys
from tests.browser.test_scanning import (
    ARGUMENTS,
    CHROMIUM,
    MONITOR,
    PASSWORD,
    PATIENCE_MS,
    STENT,
    wedge,
)
from tests.browser.trading import (
    EXPIRY,
    FINDING,
    LOT,
    SIGNER,
    WHY,
    House,
    Phone,
    label,
    whereabouts,
)
from tests.purchasing.depot import CASE

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not CHROMIUM, reason="no chromium on this machine"),
]
FIRST, SECOND, THIRD = (label(MONITOR, serial=f"SN-0{n}", lot="M26") for n in (1, 2, 3))
NOBODYS = label(MONITOR, serial="SN-07", lot="M26")
STENTS = label(STENT, expiry=EXPIRY, lot=LOT)
TEN_GLOVES = f"(01){CASE}"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_MS)  # a loaded machine is no failure
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()
    expect.set_options(timeout=5_000)


@pytest.fixture
def people(chromium: Browser, live_server: Any, request: Any) -> Iterator[Any]:
    """The house, and a phone for each of its people."""
    from kintsugi.audit.services import recorded

    with recorded(actor="test", command="test"):
        house = House(request.param)
    names = ("keeper", "inspector", "seller", "payer", "checker")
    phones = {
        name: Phone(chromium, live_server, getattr(house, name), request.param, house.names())
        for name in names
    }
    yield house, *phones.values()
    complaints = [said for one in phones.values() for said in one.complaints]
    for one in phones.values():
        one.page.context.close()
    assert "\n".join(complaints) == ""


def bought(house: House, keeper: Phone, inspector: Phone) -> None:
    """Received by scanning, accepted by another person, put away by scanning."""
    from kintsugi.purchasing.models import Receipt

    keeper.menu("Purchase orders")
    keeper.choose(house.order_placed.number)
    keeper.press("Receive goods")
    keeper.fill(delivery_note="DN-1")
    keeper.press("Start scanning", leads_to="Scan into")
    for text in (FIRST, SECOND, THIRD, STENTS, TEN_GLOVES):
        keeper.scan(text)
    keeper.scan_wrong(SECOND)  # twice the same
    keeper.scan(TEN_GLOVES)
    keeper.scan_wrong(TEN_GLOVES)  # more than was ordered
    # The other nineteen stents by hand.
    keeper.by_hand(
        product_code=house.stent.product_code, lot_no=LOT, expiry_date="2035-06-30", qty="19"
    )
    keeper.is_accessible()
    receipt = Receipt.objects.get()
    keeper.press("Post the receipt", leads_to=receipt.number)

    inspector.menu("Receipts and acceptance")
    inspector.choose(receipt.number)
    inspector.press("Inspect")
    inspector.is_accessible(once=True)
    stents = receipt.lines.get(product=house.stent).line
    inspector.fill(secret=PASSWORD, **{
        f"l{stents}-qualified": "18", f"l{stents}-rejected": "2",
        f"l{stents}-reject_reason": "damaged",
    })  # fmt: skip
    inspector.page.check("[name=all_passed]")
    inspector.done("Record the acceptance", receipt.number)

    keeper.page.reload()
    keeper.press("Put away")
    keeper.scan(str(house.shelf))
    for text in (FIRST, SECOND, THIRD, STENTS, TEN_GLOVES, TEN_GLOVES):
        keeper.scan(text)
    keeper.by_hand(line=str(stents), place=str(house.shelf), qty="17")
    keeper.is_accessible(once=True)
    keeper.press("To the receipt", leads_to=receipt.number)
    receipt.refresh_from_db()
    assert receipt.status == "done"


def agreed(house: House, seller: Phone, payer: Phone, inspector: Phone) -> None:
    """A contract in force, an order that calls it off, approved and reserved."""
    from kintsugi.sales.models import Contract, Order

    today = timezone.localdate().isoformat()
    wanted = ((house.monitor, "5", "9000"), (house.stent, "50", "700"), (house.gloves, "40", "12"))
    lines = {
        f"lines_{n}_{name}": value
        for n, (product, qty, price) in enumerate(wanted)
        for name, value in (("product_code", product.product_code), ("qty", qty),
                            ("price", price), ("tax_rate", "13"))
    }  # fmt: skip
    seller.menu("Sales contracts")
    seller.press("Write a contract")
    seller.done(
        "Save as a draft", "HT-2026-7", number="HT-2026-7", customer=house.hospital.name,
        signed_on=today, effective_on=today, warranty_months="24", file_sha256="a1" * 32, **lines,
        payments_0_name="100 %", payments_0_share="100", payments_0_due_rule="delivered",
        payments_0_due_days="30",
    )  # fmt: skip
    seller.step("Submit", "HT-2026-7")
    payer.menu("Sales contracts")
    payer.choose("HT-2026-7")
    payer.step("Approve", "HT-2026-7")
    assert Contract.objects.get().status == "effective"

    seller.page.reload()
    seller.press("Take an order")
    called = ((house.monitor, "2"), (house.stent, "10"), (house.gloves, "20"))
    seller.done("Save as a draft", "SO-", warehouse=str(house.main.pk), **{
        f"lines_{n}_{name}": value
        for n, (product, qty) in enumerate(called)
        for name, value in (("product_code", product.product_code), ("qty", qty))
    })  # fmt: skip
    seller.is_accessible(once=True)
    order = Order.objects.get()
    assert order.total == Decimal("25240")  # 2 × 9,000, 10 × 700 and 20 × 12, all with tax
    seller.step("Submit", order.number)
    inspector.menu("Sales orders")
    inspector.choose(order.number)
    inspector.step("Approve", order.number)
    seller.page.reload()
    seller.step("Reserve goods", order.number)
    order.refresh_from_db()
    assert order.status == "reserved"


def sent(house: House, keeper: Phone, checker: Phone) -> Any:
    """Picked, checked by another person, shipped and signed for; one monitor is refused."""
    from kintsugi.sales.models import Delivery, PickScan
    from kintsugi.stock.models import Unit

    keeper.menu("Waves")
    keeper.press("Plan a wave")
    keeper.fill(warehouse=str(house.main.pk), picker=str(house.keeper.person_id))
    keeper.press("Plan", leads_to="WV")
    made = Delivery.objects.get()
    keeper.choose(made.number)
    keeper.press("Pick by scanning")
    keeper.scan_wrong(NOBODYS)
    assert not PickScan.objects.filter(accepted=True).exists()
    assert set(Unit.objects.values_list("location", flat=True)) == {house.shelf.pk}
    keeper.scan(str(house.shelf))
    keeper.scan(FIRST)
    keeper.scan_wrong(FIRST)
    for text in (SECOND, STENTS, TEN_GLOVES, TEN_GLOVES):
        keeper.scan(text)
    keeper.enter(LOT, "9")
    keeper.is_accessible()
    keeper.step("Finish picking", made.number)

    checker.menu("Deliveries")
    checker.choose(made.number)
    checker.step("Begin the check", made.number)
    checker.press("Check by scanning")
    for text in (FIRST, SECOND, STENTS, TEN_GLOVES):
        checker.scan(text)
    checker.enter(LOT, "9")
    checker.enter(house.gloves.product_code, "10")
    checker.is_accessible()
    checker.step("Pass the check", made.number)

    keeper.page.reload()
    keeper.press("Ship")
    keeper.fill(mode="self")
    keeper.page.locator("[name=serials]").focus()
    wedge(keeper.page, FIRST)
    wedge(keeper.page, SECOND)
    keeper.done("Ship", made.number)
    keeper.is_accessible()
    keeper.step(
        "Record a receipt", made.number, signer=SIGNER, lines_0_thing="SN-02", lines_0_qty="1",
        lines_0_outcome="refused", lines_0_reason=WHY,
    )  # fmt: skip
    made.refresh_from_db()
    assert made.status == "part_signed"
    return made


def came_back(house: House, made: Any, seller: Phone, inspector: Phone, keeper: Phone) -> None:
    """The refused monitor is good; the other one and three stents are asked back, received by
    scanning: the monitor is rejected, the stents are good again."""
    from kintsugi.sales.models import Return

    seller.menu("Deliveries")
    seller.choose(made.number)
    seller.press("Ask for a return")
    seller.done(
        "Ask for a return", "RT-", kind="refund", reason="quality", lines_0_thing="SN-01",
        lines_1_thing=LOT, lines_1_qty="3",
    )  # fmt: skip
    asked, refused = Return.objects.get(kind="refund"), Return.objects.get(kind="unsigned")
    inspector.menu("Returns and exchanges")
    inspector.choose(asked.number)
    inspector.step("Approve", asked.number)
    keeper.menu("Returns and exchanges")
    keeper.choose(asked.number)
    keeper.press("Receive by scanning")
    keeper.page.locator("[name=scans]").focus()
    wedge(keeper.page, FIRST)  # with the separator, which is no end of a line
    wedge(keeper.page, f"{LOT}*3")
    keeper.is_accessible()
    keeper.done("Receive by scanning", asked.number)

    inspector.page.reload()
    inspector.press("Inspect")
    decided = dict.fromkeys(("lines_0_finding", "lines_1_finding"), FINDING)
    for n, one in enumerate(asked.lines.order_by("pk").select_related("item")):
        is_monitor = one.item.unit_id is not None
        decided[f"lines_{n}_decision"] = "refund" if is_monitor else "restock"
        decided[f"lines_{n}_place"] = "" if is_monitor else str(house.shelf2.pk)
    inspector.is_accessible(once=True)
    inspector.done("Decide", asked.number, **decided)
    inspector.step("Settle", asked.number, credit_amount="11100")
    inspector.menu("Returns and exchanges")
    inspector.choose(refused.number)
    inspector.press("Inspect")
    inspector.done(
        "Decide", refused.number, lines_0_decision="restock", lines_0_finding=FINDING,
        lines_0_place=str(house.shelf2.pk),
    )  # fmt: skip
    inspector.is_accessible()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("people", journeys("zh-hans", "en"), indirect=True)
def test_goods_go_from_the_supplier_to_the_hospital_and_back(people: Any) -> None:
    house, keeper, inspector, seller, payer, checker = people
    bought(house, keeper, inspector)
    agreed(house, seller, payer, inspector)
    made = sent(house, keeper, checker)
    came_back(house, made, seller, inspector, keeper)

    from kintsugi.sales.selectors import deliveries

    units, goods = whereabouts()
    assert units == {
        "SN-01": ("REJECTED", "rejected"), "SN-02": ("A-01-02", "qualified"),
        "SN-03": ("A-01-01", "qualified"),
    }  # fmt: skip
    assert goods == {
        ("支架", "A-01-01", "qualified"): 8,  # 18 were good, 10 went out
        ("支架", "A-01-02", "qualified"): 3,
        ("支架", "REJECTED", "rejected"): 2,
        ("支架", "customer", "qualified"): 7,
        ("手套", "customer", "qualified"): 20,
    }
    assert deliveries.ledger_differences([made.pk]) == []
