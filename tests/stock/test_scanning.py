"""What a scan is: labels of the house, each worked out by hand."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

TODAY = dt.date(2026, 11, 25)
MONITOR, CASE, STENT = "09506000134352", "19506000134359", "06901234567892"


@pytest.fixture
def labelled(house: Any) -> Any:
    """The house with identifiers: monitor MONITOR, a case of 12 boxes of 5 stents."""
    from kintsugi.audit.services import recorded
    from kintsugi.products.models import UdiIdentifier

    def identify(product: Any, di: str, kind: str, inner: Any = None, quantity: Any = None) -> Any:
        return UdiIdentifier.objects.create(
            product=product, device_identifier=di, issuer="GS1", kind=kind, contains=inner,
            contains_identifier=inner.device_identifier if inner else None, quantity=quantity,
        )  # fmt: skip

    with recorded(actor="test", command="test"):
        identify(house.monitor, MONITOR, "primary")
        stent = identify(house.stent, STENT, "primary")
        box = identify(house.stent, "16901234567899", "package", stent, 5)
        identify(house.stent, "26901234567896", "package", box, 12)
        identify(house.stent, "36901234567893", "package")
    return house


def one(raw: str, **facts: Any) -> Any:
    from kintsugi.stock.scanning import understand

    return understand(raw, on=TODAY, **facts)


def codes(found: Any) -> list[str]:
    return [fault.code for fault in found.faults]


WAYS = (
    "]d2010950600013435221SN-A",
    "]C1010950600013435221SN-A\r\n",
    "\x1d010950600013435221SN-A",
    "010950600013435221SN-A",
    "(01)09506000134352(21)SN-A",
    "（01）09506000134352（21）SN-A",
    "(01)09506000134352(21)sn-a",
    "https://id.gs1.org/01/09506000134352/21/SN-A",
    "SN-A",
    " sn-a\t",
)


def test_every_way_to_write_a_label_names_the_same_unit(labelled: Any) -> None:
    for raw in WAYS:
        found = one(raw)
        assert found.kind == "goods", raw
        assert (found.product, found.unit, found.qty) == (labelled.monitor, labelled.sn_a, 1), raw
        assert found.unit.location == labelled.shelf
        assert codes(found) == [], raw


def test_a_case_is_unfolded_into_base_units(labelled: Any) -> None:
    assert one("26901234567896").qty == Decimal(60)
    assert one("(01)26901234567896(10)SOON(30)2").qty == Decimal(120)
    unknown = one("36901234567893")
    assert unknown.qty is None
    assert codes(unknown)[0] == "scan.package-size"


def test_lot_and_dates_come_from_the_label_and_agree_with_the_lot(labelled: Any) -> None:
    found = one(f"(01){STENT}(17)270100(10)SOON")
    assert (found.lot, found.expiry_date) == (labelled.soon, dt.date(2027, 1, 31))
    assert codes(found) == ["scan.near-expiry"]
    assert codes(one(f"(01){STENT}(17)270130(10)SOON"))[0] == "scan.dates-differ"
    assert codes(one(f"(01){STENT}(17)280100(10)NEW")) == ["scan.lot-new"]
    assert codes(one(STENT)) == ["scan.lot-missing"]


def test_expired_is_the_day_after_the_last_day(labelled: Any) -> None:
    assert codes(one(f"(01){STENT}(17)261125(10)X")) == ["scan.near-expiry", "scan.lot-new"]
    assert codes(one(f"(01){STENT}(17)261124(10)X")) == ["scan.expired", "scan.lot-new"]


def test_a_swallowed_separator_is_suspected_where_the_serial_is_missing(labelled: Any) -> None:
    found = one(f"01{MONITOR}10LOT121SN-A")
    assert found.fault("scan.serial-missing").remedy.en.startswith("If the label does show (21)")


def test_a_serial_of_two_products_lists_both(labelled: Any) -> None:
    from kintsugi.audit.services import recorded
    from kintsugi.stock.services import register_units

    with recorded(actor="test", command="test"):
        register_units(
            product=labelled.gloves.pk, serials=["SN-A"], outside=labelled.outside,
            quality="qualified",
        )  # fmt: skip
    found = one("SN-A")
    assert (found.kind, codes(found)) == ("several", ["scan.several"])
    assert {c.product.pk for c in found.candidates} == {labelled.monitor.pk, labelled.gloves.pk}
    assert one(f"(01){MONITOR}(21)SN-A").unit == labelled.sn_a


def test_holds_and_recalls_say_why(labelled: Any) -> None:
    from kintsugi.stock import services_hand

    quality = labelled.people["quality"]
    at = dt.datetime(2026, 11, 25, 3, tzinfo=dt.UTC)
    services_hand.block_by_hand(
        actor=quality, at=at, kind="recall", product_code=labelled.stent.product_code,
        lot_no="SOON", serial_no="", reason="断裂",
    )  # fmt: skip
    found = one(f"(01){STENT}(10)SOON")
    assert codes(found)[0] == "scan.recalled"
    assert "断裂" in found.faults[0].what.en
    assert "scan.recalled" not in codes(one(f"(01){STENT}(10)OTHER"))


def test_locations_by_our_label_or_their_name(labelled: Any) -> None:
    name = str(labelled.shelf)
    for raw in (f"LOC:{name}", name, name.lower()):
        found = one(raw)
        assert (found.kind, found.location, codes(found)) == ("location", labelled.shelf, [])
    assert codes(one("LOC:NO/WHERE")) == ["scan.unknown-place"]


def test_our_own_label_of_goods(labelled: Any) -> None:
    from kintsugi.stock.reading import own_item

    code = labelled.gloves.product_code
    found = one(own_item(code, lot_no="A;B%", serial_no="1:2"))
    assert (found.product, found.lot_no, found.serial_no) == (labelled.gloves, "A;B%", "1:2")
    assert codes(one("ITEM:NOBODY")) == ["scan.unknown-product"]


def test_what_is_wrong_is_named(labelled: Any) -> None:
    assert codes(one("")) == ["scan.empty"]
    assert codes(one("1" * 8000)) == ["scan.too-long"]
    assert codes(one("NOBODY KNOWS")) == ["scan.unknown"]
    assert codes(one("(01)04012345678901(21)1")) == ["scan.unknown-di"]
    assert codes(one("(01)09506000134353(21)1")) == ["scan.check-digit"]
    assert codes(one("(10)SOON(17)270131")) == ["scan.no-item"]
    whole = one(f"01{STENT}\n]C11727013110SOON")
    assert (whole.lot, codes(whole)) == (labelled.soon, ["scan.near-expiry"])
    assert codes(one(f"(01){STENT}\n(01){MONITOR}")) == ["scan.symbols-differ"]


def test_an_sscc_is_a_package(labelled: Any) -> None:
    found = one("(00)006141411234567890")
    assert (found.kind, found.sscc) == ("package", "006141411234567890")


def test_a_sound_scan_passes_and_an_unsound_one_refuses_with_its_code(labelled: Any) -> None:
    from kintsugi.core.errors import KintsugiError

    assert one("SN-A").sound().unit == labelled.sn_a
    expired = one(f"(01){STENT}(17)261124(10)X")
    assert expired.sound(but=["scan.expired"]) is expired
    with pytest.raises(KintsugiError, match="expired on 2026-11-24"):
        expired.sound()


def test_a_limited_person_does_not_find_what_lies_elsewhere(labelled: Any) -> None:
    from kintsugi.core.scope import Scope, bound

    with bound(Scope(warehouses=frozenset({labelled.main.pk}))):
        assert one("SN-A").unit == labelled.sn_a
        assert codes(one("SN-B")) == ["scan.unknown"]
        assert codes(one(f"(01){MONITOR}(21)SN-B")) == ["scan.unit-new"]
        assert codes(one(f"LOC:{labelled.far}")) == ["scan.unknown-place"]


def test_many_scans_take_as_many_queries_as_a_few(
    labelled: Any, django_assert_num_queries: Any
) -> None:
    from kintsugi.stock.scanning import understand_many

    few = [f"(01){MONITOR}(10)L(21)SN-A", "SN-B", str(labelled.shelf), "LOC:A/B"]
    many = [f"(01){MONITOR}(10)L{n}(21)S{n}" for n in range(300)] + few * 50
    for raws in (few, many):
        with django_assert_num_queries(10):
            found = understand_many(raws, on=TODAY)
    assert len(found) == 500
    assert found[301].unit == labelled.sn_b
