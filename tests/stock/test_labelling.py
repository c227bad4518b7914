"""Labels of stock: printed, scanned back, and understood as the same thing again."""

import datetime as dt
from typing import Any

import pytest

from kintsugi.core.errors import KintsugiError
from tests.core.printing.pages import pictures, scanned
from tests.stock.test_scanning import CASE, MONITOR, STENT, labelled

__all__ = ["labelled"]

TODAY = dt.date(2026, 11, 25)


def labels(texts: list[str], **facts: Any) -> Any:
    from kintsugi.stock.labelling import labels_of

    return labels_of(texts, on=TODAY, language="en", **facts)


def printed(client: Any, what: str, **given: Any) -> list[str]:
    """What a scanner reads off the pages."""
    answer = client.post(
        "/stock/labels/", {"what": what, "size": "50x30", "layout": "roll", "copies": 1, **given}
    )
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"] == "application/pdf"
    return [one for picture in pictures(answer.content) for one in scanned(picture)]


def test_a_unit_a_lot_and_a_location_are_scanned_back_as_themselves(labelled: Any) -> None:
    from kintsugi.stock.scanning import understand_many

    what = f"SN-A\r\n SOON\r\n\r\n{labelled.shelf}\r\n"
    read = printed(labelled.of("warehouse"), what)
    assert read == [
        f"]d201{MONITOR}21SN-A",
        f"]d201{STENT}1727013110SOON",
        f"]Q1LOC:{labelled.shelf}",
    ]
    unit, lot, place = understand_many(read, on=TODAY)
    assert (unit.unit, lot.lot, place.location) == (labelled.sn_a, labelled.soon, labelled.shelf)


def test_a_package_keeps_its_own_identifier_and_says_how_many(labelled: Any) -> None:
    (made,) = labels(["26901234567896"])
    assert made.symbol.content == "(01)26901234567896"
    assert ("Quantity", "60") in made.facts
    assert made.symbol.content != CASE


def test_goods_without_a_gtin_get_our_own_code_and_it_is_understood(labelled: Any) -> None:
    from kintsugi.stock.scanning import understand

    (read,) = printed(labelled.of("warehouse"), labelled.gloves.product_code)
    assert read == f"]Q1ITEM:{labelled.gloves.product_code}"
    assert understand(read, on=TODAY).product == labelled.gloves


def test_a_lot_number_that_gs1_cannot_hold_gets_our_own_code(labelled: Any) -> None:
    from kintsugi.audit.services import recorded
    from kintsugi.stock.scanning import understand

    with recorded(actor="test", command="test"):
        lot = labelled.lot(labelled.stent, "批次-7")
    (read,) = printed(labelled.of("warehouse"), "批次-7")
    assert read.startswith("]Q1ITEM:")
    assert understand(read, on=TODAY).lot == lot


def test_all_locations_of_a_warehouse(labelled: Any) -> None:
    read = printed(
        labelled.of("warehouse"), "", warehouse=str(labelled.main.pk), layout="sheet", size="70x50"
    )
    # Three shelves of the tests, and the zones that come with a warehouse.
    from kintsugi.stock.models import Location

    places = Location.objects.filter(warehouse=labelled.main)
    assert sorted(read) == sorted(f"]Q1LOC:{one}" for one in places)
    assert f"]Q1LOC:{labelled.shelf}" in read


def test_a_logistic_unit_gets_its_number_in_bars(labelled: Any) -> None:
    read = printed(labelled.of("warehouse"), "(00)006141411234567890", size="100x150")
    assert read == ["]C100006141411234567890"]


def test_copies_stand_one_after_another(labelled: Any) -> None:
    made = labels(["SN-A", "SN-B"], copies=2)
    assert [one.symbol.content[-4:] for one in made] == ["SN-A", "SN-A", "SN-B", "SN-B"]


def test_what_is_unclear_is_named_by_its_line(labelled: Any) -> None:
    with pytest.raises(KintsugiError) as caught:
        labels(["SN-A", "NOBODY"])
    assert (caught.value.code, caught.value.facts["line"]) == ("label.unclear", 2)
    answer = labelled.of("warehouse").post(
        "/stock/labels/", {"what": "NOBODY", "size": "50x30", "layout": "roll", "copies": 1}
    )
    assert answer.status_code == 422
    assert b"Line 1:" in answer.content
    with pytest.raises(KintsugiError) as caught:
        labels(["SN-A"] * 21, copies=100)
    assert caught.value.code == "label.too-many"


def test_expired_and_blocked_goods_may_be_labelled(labelled: Any) -> None:
    (made,) = labels([f"(01){STENT}(17)200131(10)OLD"])
    assert made.symbol.content == f"(01){STENT}(17)200131(10)OLD"


def test_somebody_limited_prints_only_what_he_may(labelled: Any) -> None:
    client = labelled.by(labelled.limited)
    assert printed(client, "SN-A") == [f"]d201{MONITOR}21SN-A"]
    answer = client.post(
        "/stock/labels/", {"what": "SN-B", "size": "50x30", "layout": "roll", "copies": 1}
    )
    assert answer.status_code == 422
