"""Onboarding told as stories: what is asked, what ends, and what no row can hold."""

import datetime as dt

import pytest

from kintsugi.audit.services import recorded
from kintsugi.onboarding.models import Issue
from kintsugi.products.models import UdiIdentifier
from tests.scenarios.world import (
    AT,
    DEVICES,
    PRODUCTS,
    World,
    device,
    issues,
    rules,
    tables,
)

pytestmark = pytest.mark.django_db(transaction=True)


# -- issues ----------------------------------------------------------------------------------------

DIRTY = DEVICES.replace("2023-05-07", "2023-02-30")


def test_an_issue_keeps_its_row_through_reruns_and_ends_when_the_source_is_mended(
    world: World,
) -> None:
    world.load(world.file("products.csv", PRODUCTS))
    world.load(world.file("devices.csv", DIRTY))
    (issue,) = issues(rule="date.invalid")
    assert (issue.value, issue.row, issue.header, issue.status) == (
        "2023-02-30", 3, "采购日期", "open",
    )  # fmt: skip
    assert device("SN2").purchase_date is None
    (again,) = world.load(world.file("devices.csv", DIRTY))
    (same,) = issues(rule="date.invalid")
    assert (same.pk, same.status, str(same.run_id)) == (issue.pk, "open", again["id"])
    world.load(world.file("devices.csv", DEVICES))
    assert Issue.objects.get(pk=issue.pk).status == "gone"
    assert device("SN2").purchase_date == dt.date(2023, 5, 7)
    world.load(world.file("devices.csv", DIRTY))
    (back,) = issues(rule="date.invalid")
    assert (back.pk, back.status) == (issue.pk, "open"), "it comes back as the same issue"


def test_a_waived_issue_stays_waived(world: World) -> None:
    world.load(world.file("products.csv", PRODUCTS))
    world.load(world.file("devices.csv", DIRTY))
    with recorded(actor="李四", command="issue.waive"):
        Issue.objects.filter(rule="date.invalid").update(status="waived")
    (report,) = world.load(world.file("devices.csv", DIRTY))
    (issue,) = issues(rule="date.invalid")
    assert (issue.status, str(issue.run_id)) == ("waived", report["id"])
    assert rules(report) == {"date.invalid": 1}, "it is counted none the less"


def test_an_issue_of_a_row_without_a_key_ends_when_the_row_is_mended(world: World) -> None:
    world.load(world.file("products.csv", PRODUCTS))
    (report,) = world.load(world.file("devices.csv", DEVICES.replace("SN2,", ",")))
    assert report["quarantined"] == 1
    (issue,) = [i for i in issues(entity="device") if i.row == 3]
    world.load(world.file("devices.csv", DEVICES))
    issue.refresh_from_db()
    assert issue.status == "gone"


def test_an_identifier_with_a_wrong_check_digit_is_reported_and_linked_to_its_cell(
    world: World,
) -> None:
    text = "产品编码,产品名称,UDI-DI\nP-1,监护仪,06901234567892\nP-2,呼吸机,06901234567893\n"
    (report,) = world.load(world.file("products.csv", text))
    (issue,) = issues(rule="udi.check-digit")
    assert (issue.value, issue.row, issue.header) == ("06901234567893", 3, "UDI-DI")
    assert rules(report) == {"udi.check-digit": 1}


def test_serials_that_look_alike_are_asked_about_for_as_long_as_they_stand(world: World) -> None:
    world.load(world.file("products.csv", PRODUCTS))
    devices = world.file("devices.csv", "序列号,产品编码\nSN-O1,P-1\nSN-01,P-1\nSN-O1,P-2\n")
    (report,) = world.load(devices)
    assert report["created"] == 3
    found = issues(rule="serial.lookalike")
    assert sorted(issue.value for issue in found) == ["SN-01", "SN-O1"]
    world.load(devices)
    assert {i.status for i in issues(rule="serial.lookalike")} == {"open"}
    assert len(issues(rule="serial.lookalike")) == 2


def test_package_levels_are_linked_whatever_their_order_and_unlinked_when_the_source_says_so(
    world: World,
) -> None:
    world.load(world.file("products.csv", PRODUCTS))
    head = "发码机构,标识编码,产品编码,标识类型,内含标识,内含数量\n"
    case = "GS1,16901234567899,P-1,包装,06901234567892,10\n"
    each = "GS1,06901234567892,P-1,主标识,,\n"
    world.load(world.file("identifiers.csv", head + case + each), source=("udi", 50))
    outer = UdiIdentifier.objects.get(device_identifier="16901234567899")
    assert outer.contains.device_identifier == "06901234567892"
    assert outer.quantity == 10
    before = tables()
    world.load(world.file("identifiers.csv", head + case + each), source=("udi", 50))
    assert tables() == before


def test_at_is_the_time_of_the_runs_number(world: World) -> None:
    (report,) = world.load(world.file("products.csv", PRODUCTS), at=AT)
    assert report["run"] == "RUN-20261122-0001"


# -- values that a row cannot hold, or not together ------------------------------------------------


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("采购价格", "9" * 30),
        ("采购价格", "-5"),
        ("采购日期", "99999-01-01"),
        ("批号", "L" * 5000),
        ("备注", "长" * 50_000),
        ("设备编号", "编" * 300),
    ],
)
def test_a_value_that_no_column_can_hold_is_an_issue_and_the_device_is_loaded(
    world: World, header: str, value: str
) -> None:
    world.load(world.file("products.csv", PRODUCTS))
    text = f"序列号,产品编码,{header}\nSN1,P-1,{value}\nSN2,P-1,\n"
    (report,) = world.load(world.file("devices.csv", text), source=("register", 50))
    assert report["created"] == 2
    assert sum(rules(report).values()) == 1, rules(report)


def test_a_quantity_beyond_all_measure_is_an_issue(world: World) -> None:
    world.load(world.file("products.csv", PRODUCTS))
    text = (
        "发码机构,标识编码,产品编码,标识类型,内含标识,内含数量\n"
        "GS1,16901234567899,P-1,包装,06901234567892,99999999999\n"
        "GS1,06901234567892,P-1,主标识,,\n"
    )
    (report,) = world.load(world.file("identifiers.csv", text))
    assert report["created"] == 2
    assert UdiIdentifier.objects.get(device_identifier="16901234567899").quantity is None


def test_one_source_s_start_behind_another_s_end_stops_no_import(world: World) -> None:
    """Each source is sound in itself; together they say that the warranty ends before it starts."""
    world.load(world.file("products.csv", PRODUCTS))
    one = "序列号,产品编码,保修开始日期\nSN1,P-1,2024-01-01\nSN2,P-1,2024-01-01\n"
    world.load(world.file("register.csv", one), source=("register", 40))
    two = "序列号,产品编码,保修截止日期\nSN1,P-1,2023-01-01\nSN2,P-1,2026-01-01\n"
    (report,) = world.load(world.file("service.csv", two), source=("service", 60))
    assert str(device("SN2").warranty_end) == "2026-01-01"
    assert sum(rules(report).values()) >= 1, "the contradiction is named"
