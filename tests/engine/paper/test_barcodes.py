"""Barcodes in pictures take the place of what is printed beside them."""

from typing import Any

from bench import paper_pages as draw

DI = "09506000134352"


def test_a_label_with_a_misprinted_lot_follows_its_barcode(read: Any, seen: Any) -> None:
    page = draw.label(
        f"(01){DI}(17)270131(10)ABC123(21)S900123",
        ["Infusion set", "LOT ABC128", "SN S900123", "EXP 2027-01-31"],
    )
    snapshot = read(draw.encoded(page))
    (table,) = snapshot.tables
    (row,) = seen.rows(snapshot)
    record = dict(zip(seen.head(snapshot), row, strict=True))
    assert record == {
        "文字": "Infusion set", "LOT": "ABC123", "SN": "S900123", "EXP": "2027-01-31",
        "UDI-DI (01)": DI,
    }  # fmt: skip
    lot = seen.marks(snapshot, "barcode")[table.last_row, 2]
    assert lot["read"] == "ABC128"
    assert lot["data"] == f"(01){DI}(17)270131(10)ABC123(21)S900123"
    (note,) = [n for n in snapshot.notes if n.code == "paper.barcode-differs"]
    assert (note.facts["printed"], note.facts["barcode"]) == ("ABC128", "ABC123")


def test_barcodes_in_a_table_go_to_their_rows(read: Any, seen: Any) -> None:
    rows = [["Name", "Lot", "Qty", ""], ["Pump", "24A77", "12", ""], ["Cuff", "24B98", "7", ""]]
    page = draw.ruled(rows, [110, 110, 80, 150], step=110)
    for at, lot in enumerate(("24A77", "24B99"), start=1):
        page.paste(draw.symbol(f"(01){DI}(10){lot}", scale=3), (340, 16 + at * 110 + 6))
    snapshot = read(draw.encoded(page))
    assert seen.head(snapshot) == ["Name", "Lot", "Qty", "UDI-DI (01)"]
    assert seen.rows(snapshot) == [["Pump", "24A77", "12", DI], ["Cuff", "24B99", "7", DI]]
    marks = seen.marks(snapshot, "barcode")
    assert marks[3, 2]["read"] == "24B98"
    assert "read" not in marks[2, 4]


def test_a_barcode_alone_is_a_record(read: Any, seen: Any) -> None:
    snapshot = read(draw.encoded(draw.symbol(f"(01){DI}(11)240229(10)Z-9")))
    assert seen.head(snapshot) == ["UDI-DI (01)", "生产日期 (11)", "批号 (10)"]
    assert seen.rows(snapshot) == [[DI, "2024-02-29", "Z-9"]]
    assert seen.marks(snapshot, "ocr") == {}
