"""Two people and one order at the same time: rows wait for each other, and nothing comes twice."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from tests.core.committed import committed

__all__ = ["committed"]

pytestmark = pytest.mark.usefixtures("committed")


@pytest.fixture(scope="module")
def house(committed: None) -> Any:
    """The house, written; every test has an order of its own."""
    from kintsugi.audit.services import recorded
    from tests.identity.people import create_user
    from tests.purchasing.depot import PASSWORD, Depot

    with recorded(actor="test", command="test"):
        account = create_user(
            username="keeper", password=PASSWORD, display_name="王库管", roles=["warehouse"]
        )
        return Depot(account)


def together(*works: Callable[[], Any]) -> list[str]:
    """All at the same moment: the code of each refusal, empty where it went through."""
    from kintsugi.core.errors import KintsugiError

    ready = threading.Barrier(len(works))

    def run(work: Callable[[], Any]) -> str:
        try:
            ready.wait(timeout=30)
            work()
        except KintsugiError as error:
            return error.code
        finally:
            connection.close()
        return ""

    with ThreadPoolExecutor(len(works)) as pool:
        return sorted(pool.map(run, works))


def test_two_people_receiving_the_same_order_do_not_receive_too_much(house: Any) -> None:
    from kintsugi.audit.services import recorded
    from kintsugi.purchasing.models import OrderLine
    from tests.purchasing.depot import typed

    with recorded(actor="test", command="test"):
        order = house.order(house.line(house.gloves, 100))
        receipts = [house.open(order) for _ in range(2)]
        for one in receipts:
            house.scan(one, typed(house.gloves, 60))
    found = together(*(lambda one=one: house.post_receipt(one) for one in receipts))  # type: ignore[misc]
    assert found == ["", "purchasing.over-receipt"]
    assert OrderLine.objects.get(order=order).received == 60


def test_the_same_serial_scanned_by_two_people_counts_once(house: Any) -> None:
    from kintsugi.audit.services import recorded
    from kintsugi.purchasing.models import Scan
    from tests.purchasing.depot import codes, typed

    with recorded(actor="test", command="test"):
        receipt = house.open(house.order(house.line(house.monitor, 5)))
    said: list[str] = []

    def work() -> None:
        said.extend(codes(house.scan(receipt, typed(house.monitor, serial_no="SN-1"))))

    assert together(work, work) == ["", ""]
    assert sorted(said) == ["", "purchasing.serial-doubled"]
    assert Scan.objects.filter(receipt=receipt).count() == 1


def test_the_same_receipt_posted_by_two_people_comes_in_once(house: Any) -> None:
    from kintsugi.audit.services import recorded
    from tests.purchasing.depot import typed

    with recorded(actor="test", command="test"):
        receipt = house.open(house.order(house.line(house.gloves, 100)))
        house.scan(receipt, typed(house.gloves, 60))
    found = together(
        lambda: house.post_receipt(receipt),
        lambda: house.post_receipt(receipt, actor=house.second),
    )
    assert found == ["", "purchasing.receipt-closed"]
    [line] = receipt.lines.all()
    assert (line.qty, line.order_line.received) == (60, 60)
