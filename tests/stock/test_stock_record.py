"""What the record says about stock: names of commands, pages of rows, the chapter of a pack."""

import pytest

from kintsugi.audit.evidence import COMMAND_NAMES
from kintsugi.audit.packs.registry import Scope, Subject
from kintsugi.audit.records import FINDERS, PAGES
from kintsugi.core.errors import KintsugiError
from kintsugi.core.ids import uuid7
from kintsugi.stock.evidence_pack import collect_moves
from kintsugi.stock.kinds import BLOCK_KINDS, POSTING_KINDS
from tests.stock.house import House

pytestmark = pytest.mark.django_db


def test_every_command_of_stock_has_a_name() -> None:
    wanted = {f"stock.{kind}" for kind in (*POSTING_KINDS, *BLOCK_KINDS)}
    wanted |= {f"stock.{name}" for name in ("reverse", "open-warehouse", "add-location",
               "close-month", "release-block")}  # fmt: skip
    assert wanted <= set(COMMAND_NAMES)


def test_rows_of_stock_have_pages_and_are_found_by_number(house: House) -> None:
    for table, pk in (("stock_lot", house.soon.pk), ("stock_unit", house.sn_a.pk),
                      ("stock_posting", house.transfer.pk)):  # fmt: skip
        assert house.of("auditor").get(PAGES[table](pk)).status_code == 200
    for text, pk in (("SOON", house.soon.pk), ("sn-a", house.sn_a.pk),
                     (house.transfer.number, house.transfer.pk)):  # fmt: skip
        assert pk in {found for find in FINDERS for found in find(text)}


def pack(house: House, kind: str, key: str, title: str) -> Scope:
    """A pack about the monitor or the stent."""
    product = house.stent if kind == "lot" else house.monitor
    related = Subject("product", product.pk, product.product_code, related=True)
    return Scope(kind, key, product.name, [Subject("device", uuid7(), title), related])


def test_a_pack_of_a_device_has_its_moves(house: House) -> None:
    chapter = collect_moves(pack(house, "device", "x", "SN-A"), 10)
    assert chapter is not None
    [[day, _number, _kind, _lot, serial, source, target, qty, *_]] = chapter.tables[0].rows
    assert (day, serial, source, target, qty) == (
        "2026-11-25", "SN-A", "示例医疗设备公司", str(house.shelf), "1",
    )  # fmt: skip


def test_a_pack_of_a_lot_has_its_moves_and_one_without_any_has_no_chapter(house: House) -> None:
    key = f"{house.stent.product_code}/SOON"
    chapter = collect_moves(pack(house, "lot", key, "X"), 10)
    assert chapter is not None
    assert [row[7] for row in chapter.tables[0].rows] == ["10"]
    assert collect_moves(pack(house, "device", "x", "SN-NONE"), 10) is None
    assert collect_moves(Scope("party", "x", house.stent.name), 10) is None


def test_a_chapter_too_long_is_refused(house: House) -> None:
    with pytest.raises(KintsugiError) as caught:
        collect_moves(pack(house, "lot", f"{house.stent.product_code}/SOON", "X"), 0)
    assert caught.value.code == "pack.too-large"
