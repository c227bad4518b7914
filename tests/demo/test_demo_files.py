"""The demo fragments are what their truth says, read without any of the product's readers."""

import csv
import gzip
import hashlib
import io
import json
import re
import sqlite3
import zipfile
from collections import Counter, defaultdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import yaml

import kintsugi.demo
from kintsugi.demo.excerpt import gtin_is_sound
from kintsugi.demo.generate import DEFAULT_SEED, generate
from kintsugi.demo.kinds import KINDS
from kintsugi.demo.truth_files import CellTruth, TruthSet, read_truth
from kintsugi.demo.world import credit_code

DEMO = Path(kintsugi.demo.__file__).parent
FILES = DEMO / "files"
#: File kinds of dirt: one instance is all there can be.
SINGLETONS = {1, 4}


@pytest.fixture(scope="module")
def truth() -> TruthSet:
    return read_truth(DEMO / "truth")


@pytest.fixture(scope="module")
def again(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("again")
    generate(seed=DEFAULT_SEED, out=out)
    return out


def records_by_line(name: str, encoding: str, delimiter: str) -> dict[int, list[str]]:
    """First physical line → fields, by the csv module."""
    text = (FILES / name).read_bytes().decode(encoding).lstrip("\ufeff")
    reader = csv.reader(
        (line + "\n" for line in text.removesuffix("\n").split("\n")), delimiter=delimiter
    )
    found, start = {}, 1
    for record in reader:
        found[start] = [v.replace("\r\n", "\n") for v in record]
        start = reader.line_num + 1
    return found


def cell_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)


# -- the generator ------------------------------------------------------------------------------


def test_the_committed_files_are_what_the_generator_writes(again: Path) -> None:
    names = sorted(p.name for p in FILES.iterdir() if not p.name.startswith("."))
    assert names == sorted(p.name for p in (again / "files").iterdir())
    for name in names:
        new = again / "files" / name
        if name.endswith(".xlsx"):
            assert content_of_zip(FILES / name) == content_of_zip(new), name
        elif name.endswith(".db"):
            assert dump(FILES / name) == dump(new), name
        else:
            assert sha(FILES / name) == sha(new), name
    assert (DEMO / "sources.yaml").read_bytes() == (again / "sources.yaml").read_bytes()


def test_the_committed_truth_is_what_the_generator_writes(again: Path) -> None:
    for path in sorted((DEMO / "truth").iterdir()):
        old, new = path.read_bytes(), (again / "truth" / path.name).read_bytes()
        if path.suffix == ".gz":
            old, new = gzip.decompress(old), gzip.decompress(new)
        assert old == new, path.name


def test_another_seed_gives_other_devices_over_the_same_catalogue(tmp_path: Path) -> None:
    generate(seed=7, out=tmp_path)
    name = "install_base_south.tsv"
    assert sha(tmp_path / "files" / name) != sha(FILES / name)
    assert sha(tmp_path / "files/catalogue_gudid.csv") == sha(FILES / "catalogue_gudid.csv")


def test_nothing_of_the_product_is_imported_by_the_demo() -> None:
    bridge = DEMO / "onboard.py"  # runs the product on the fragments; nothing here reads it
    for path in set(DEMO.rglob("*.py")) - {bridge}:
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.strip().startswith(("import kintsugi", "from kintsugi")):
                assert line.strip().startswith("from kintsugi.demo"), f"{path.name}: {line}"
                assert "onboard" not in line


def sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def dump(path: Path) -> list[str]:
    connection = sqlite3.connect(path)
    try:
        return list(connection.iterdump())
    finally:
        connection.close()


def content_of_zip(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as book:
        assert {i.date_time for i in book.infolist()} == {(2024, 7, 1, 8, 0, 0)}
        return {n: book.read(n) for n in book.namelist()}


# -- the truth ----------------------------------------------------------------------------------


def test_at_least_35_kinds_of_dirt_at_least_three_times(truth: TruthSet) -> None:
    kinds = Counter(c.dirt for c in truth.cells)
    assert set(kinds) <= set(KINDS) == set(range(1, 64))
    enough = {k for k, n in kinds.items() if n >= 3}
    assert set(kinds) - enough <= SINGLETONS
    assert len(kinds) >= 35


def test_every_device_row_of_the_truth_names_a_row_that_exists_once(truth: TruthSet) -> None:
    seen = Counter((f.file, f.table, f.row) for d in truth.devices for f in d.fragments)
    assert max(seen.values()) == 1
    aside = {(r.file, r.table, r.row) for r in truth.rows}
    held = {
        (f.file, f.table, f.row) for d in truth.devices for f in d.fragments if f.link == "held"
    }
    assert not (set(seen) & aside) - held


def test_devices_overlap_between_the_fragments(truth: TruthSet) -> None:
    spread = Counter(len({f.file for f in d.fragments}) for d in truth.devices)
    assert len(truth.devices) == 1200
    assert spread[2] > 200
    assert spread[3] > 100
    assert len({d.key for d in truth.devices}) == len(truth.devices)


def test_one_serial_under_two_makers_is_two_devices(truth: TruthSet) -> None:
    serials = defaultdict(set)
    for device in truth.devices:
        product, serial = device.key.split("|")
        serials[serial].add(product)
    assert sum(len(products) == 2 for products in serials.values()) == 5


def test_letters_for_zeros_are_candidates_and_never_another_true_serial(truth: TruthSet) -> None:
    serials = {d.key.split("|")[1] for d in truth.devices}
    confused = [c for c in truth.cells if c.dirt == 25]
    links = {(f.file, f.row): f.link for d in truth.devices for f in d.fragments}
    assert len(confused) == 8
    for cell in confused:
        assert cell.raw is not None
        assert cell.row is not None
        assert cell.raw not in serials
        assert cell.raw.replace("O", "0") == (cell.correct or "").replace("O", "0")
        assert links[(cell.file, cell.row)] == "candidate"


def test_hospitals_are_invented_and_their_credit_codes_sound() -> None:
    stdnum = pytest.importorskip("stdnum.cn.uscc")
    lines = gzip.decompress((DEMO / "truth/parties.jsonl.gz").read_bytes()).decode().splitlines()
    parties = [json.loads(line) for line in lines]
    assert len(parties) == 60
    for party in parties:
        assert stdnum.is_valid(party["uscc"])
        # 990000 is no administrative region.
        assert party["uscc"][2:8] == "990000"
    # Worked by hand: 12345678 → 3+14+27+40+25+48+28+16 = 201, 11 − 201 mod 11 = 8.
    assert credit_code("12345678")[8:17] == "123456788"


# -- each file, read directly, against the truth ------------------------------------------------


def planted(truth: TruthSet, file: str, table: str | None = None) -> list[CellTruth]:
    return [
        c for c in truth.cells if c.file == file and c.row is not None and table in (None, c.table)
    ]


@pytest.mark.parametrize(
    ("file", "encoding", "delimiter"),
    [
        ("install_base_south.tsv", "utf-8", "\t"),
        ("维修工单导出.csv", "gb18030", ","),
        ("客户名单.xls", "utf-16", "\t"),
        ("catalogue_gudid.csv", "utf-8", ","),
        ("catalogue_identifiers.csv", "utf-8", ","),
    ],
)
def test_text_files_hold_the_planted_text_where_the_truth_says(
    truth: TruthSet, file: str, encoding: str, delimiter: str
) -> None:
    records = records_by_line(file, encoding, delimiter)
    header, names = records[1], Counter()  # type: ignore[var-annotated]
    columns = {}
    for i, name in enumerate(header):
        names[name] += 1
        columns[name if names[name] == 1 else f"{name} #{names[name]}"] = i
    assert planted(truth, file)
    for cell in planted(truth, file):
        assert cell.row is not None
        record = records[cell.row]
        if cell.dirt == 5:
            assert len(record) != len(header)
            assert cell.raw == next(lines_of(file, encoding, cell.row))
        elif cell.column is None:
            assert cell.dirt == 63
            assert any(r == record for n, r in records.items() if n != cell.row)
        elif cell.dirt != 8:
            assert record[columns[cell.column]] == cell.raw, cell
        else:
            assert header[columns[cell.column]] == cell.raw


def lines_of(file: str, encoding: str, row: int) -> Any:
    text = (FILES / file).read_bytes().decode(encoding)
    yield text.split("\n")[row - 1].removesuffix("\r")


def test_every_other_line_of_the_text_files_has_the_width_of_the_header(truth: TruthSet) -> None:
    for file, encoding, delimiter in (
        ("install_base_south.tsv", "utf-8", "\t"),
        ("维修工单导出.csv", "gb18030", ","),
        ("客户名单.xls", "utf-16", "\t"),
    ):
        ragged = {c.row for c in truth.cells if c.file == file and c.dirt == 5}
        records = records_by_line(file, encoding, delimiter)
        wrong = {n for n, r in records.items() if len(r) != len(records[1])}
        assert wrong == ragged, file


def test_encodings_are_the_promised_ones() -> None:
    orders = (FILES / "维修工单导出.csv").read_bytes()
    assert not orders.startswith(b"\xef\xbb\xbf")
    with pytest.raises(UnicodeDecodeError):
        orders.decode("utf-8")
    assert "设备序列号" in orders.decode("gb18030")
    customers = (FILES / "客户名单.xls").read_bytes()
    assert customers.startswith(b"\xff\xfe")
    assert not customers.startswith((b"PK", b"\xd0\xcf"))


@pytest.mark.parametrize(
    ("file", "table", "header_rows"),
    [
        ("华东装机台账.xlsx", "装机台账", (3, 4)),
        ("库存盘点.xlsx", "扫码库存", (1, 1)),
        ("库存盘点.xlsx", "手工库存", (1, 1)),
    ],
)
def test_workbooks_hold_the_planted_cells_where_the_truth_says(
    truth: TruthSet, file: str, table: str, header_rows: tuple[int, int]
) -> None:
    sheet = openpyxl.load_workbook(FILES / file, rich_text=False)[table]
    columns = header_paths(sheet, header_rows)
    cells = planted(truth, file, table)
    assert cells
    for cell in cells:
        assert cell.row is not None
        if cell.column is None or cell.dirt == 22:  # openpyxl rounds: see below
            continue
        if cell.dirt == 7:
            assert cell.column in columns
            continue
        assert cell_text(sheet.cell(cell.row, columns[cell.column]).value) == cell.raw, cell


def header_paths(sheet: Any, header_rows: tuple[int, int]) -> dict[str, int]:
    top, bottom = header_rows
    columns: dict[str, int] = {}
    group = ""
    for column in range(1, sheet.max_column + 1):
        group = sheet.cell(top, column).value or group
        name = sheet.cell(bottom, column).value if bottom > top else None
        columns[f"{group}/{name}" if name else group] = column
    return columns


def test_the_eastern_sheet_looks_like_a_register(truth: TruthSet) -> None:
    file = "华东装机台账.xlsx"
    book = openpyxl.load_workbook(FILES / file)
    sheet = book["装机台账"]
    merged = {str(r) for r in sheet.merged_cells.ranges}
    assert "A1:N1" in merged
    assert "B3:C3" in merged
    assert "A3:A4" in merged
    assert book["2019旧数据"].sheet_state == "hidden"
    cells = planted(truth, file, "装机台账")
    for cell in cells:
        assert cell.row is not None
        if cell.dirt == 6:
            assert sheet.row_dimensions[cell.row].hidden
        if cell.dirt == 12:
            assert any(
                cell.row in range(r.min_row + 1, r.max_row + 1) and r.min_col == 2
                for r in sheet.merged_cells.ranges
            )
        if cell.dirt == 15 and cell.field == "status" and cell.raw == "在用":
            assert "已报废" in sheet.cell(cell.row, 13).comment.text
        if cell.dirt == 15 and cell.correct is None:
            assert sheet.cell(cell.row, 7).font.strike
        if cell.dirt == 20:
            target = sheet.cell(cell.row, 7)
            assert isinstance(target.value, int)
            assert len(target.number_format) == len(cell.correct or "")
        if cell.dirt == 11:
            assert sheet.cell(cell.row, 1).value == cell.raw
    totals = [c for c in cells if c.dirt == 11 and c.raw == "合计"]
    assert len(totals) == 1
    numbers = [
        v
        for n in range(5, sheet.max_row + 1)
        if isinstance(v := sheet.cell(n, 9).value, float | int)
        and sheet.cell(n, 1).value not in ("小计", "合计")
    ]
    assert totals[0].row is not None
    assert sheet.cell(totals[0].row, 9).value == pytest.approx(sum(numbers), abs=0.01)


def test_twenty_digit_cells_keep_their_digits_in_the_file(truth: TruthSet) -> None:
    with zipfile.ZipFile(FILES / "华东装机台账.xlsx") as book:
        xml = book.read("xl/worksheets/sheet1.xml").decode()
        strings = book.read("xl/sharedStrings.xml").decode()
    long = [c for c in truth.cells if c.dirt == 22]
    assert len(long) >= 3
    for cell in long:
        assert re.search(rf'<c r="G{cell.row}"[^>]*><v>{cell.correct}</v>', xml)
        assert cell.raw == cell.correct
    assert strings.count("<rPh ") == 3


def test_the_stock_workbook_counts_its_days_from_1904(truth: TruthSet) -> None:
    book = openpyxl.load_workbook(FILES / "库存盘点.xlsx")
    assert book.epoch == datetime(1904, 1, 1)
    cells = [c for c in truth.cells if c.file == "库存盘点.xlsx" and c.dirt == 34]
    assert len(cells) == 6
    for cell in cells:
        days = (date.fromisoformat(cell.correct or "") - date(1904, 1, 1)).days
        assert cell.raw == str(days)


@pytest.mark.parametrize("table", ["T_SBTZ", "T_KH"])
def test_the_legacy_database_holds_the_planted_values(truth: TruthSet, table: str) -> None:
    connection = sqlite3.connect(FILES / "legacy_service.db")
    cursor = connection.execute(f"SELECT * FROM {table} ORDER BY 1")
    names = [d[0] for d in cursor.description]
    rows = cursor.fetchall()
    connection.close()
    cells = planted(truth, "legacy_service.db", table)
    assert cells
    for cell in cells:
        assert cell.row is not None
        assert cell.column is not None
        assert str(rows[cell.row - 1][names.index(cell.column)]) == cell.raw


def test_the_counts_of_rows_are_the_rows_of_the_files() -> None:
    counts = json.loads((DEMO / "truth/counts.json").read_text(encoding="utf-8"))["rows"]

    def total(file: str, table: str) -> int:
        return int(sum(counts[file][table].values()))

    for file, table, encoding, delimiter in (
        ("install_base_south.tsv", "install_base_south", "utf-8", "\t"),
        ("维修工单导出.csv", "维修工单导出", "gb18030", ","),
        ("客户名单.xls", "客户名单", "utf-16", "\t"),
        ("catalogue_gudid.csv", "catalogue_gudid", "utf-8", ","),
        ("catalogue_identifiers.csv", "catalogue_identifiers", "utf-8", ","),
    ):
        assert total(file, table) == len(records_by_line(file, encoding, delimiter)) - 1
    sheet = openpyxl.load_workbook(FILES / "华东装机台账.xlsx")["装机台账"]
    assert total("华东装机台账.xlsx", "装机台账") == sheet.max_row - 4
    stock = openpyxl.load_workbook(FILES / "库存盘点.xlsx")
    for table in ("扫码库存", "手工库存"):
        assert total("库存盘点.xlsx", table) == stock[table].max_row - 1
    assert total("catalogue_gudid.csv", "catalogue_gudid") == 2000


def test_every_unsound_identifier_of_the_catalogue_is_in_the_truth(truth: TruthSet) -> None:
    text = (FILES / "catalogue_identifiers.csv").read_text(encoding="utf-8")
    unsound = {
        r["device_id"]
        for r in csv.DictReader(io.StringIO(text, newline=""))
        if not gtin_is_sound(r["device_id"])
    }
    assert unsound == {"00841518100003", "00840118105406"}
    told = {c.raw for c in truth.cells if c.file == "catalogue_identifiers.csv"}
    # A package level of 13 digits is sound but short; one GS1 number is filed under HIBCC.
    assert told == unsound | {"0013964672053", "00841523106431"}
    assert gtin_is_sound("0013964672053")


def test_a_sound_gtin_is_told_from_an_unsound_one() -> None:
    # GS1 General Specifications, worked by hand: 629104150021 → check digit 3.
    assert gtin_is_sound("6291041500213")
    assert not gtin_is_sound("6291041500214")
    assert not gtin_is_sound("12345")


# -- the source definitions ---------------------------------------------------------------------


def test_every_source_maps_headers_that_its_file_has() -> None:
    content = yaml.safe_load((DEMO / "sources.yaml").read_text(encoding="utf-8"))
    assert len(content["sources"]) == 8
    for source in content["sources"]:
        assert (FILES / source["file"]).is_file()
        assert source["name"]["zh"]
        assert source["name"]["en"]
        for table in source["mapping"]["tables"]:
            known = headers_of_file(source["file"], table["table"])
            for entity in table["entities"]:
                for expression in entity["columns"].values():
                    for header in named_headers(expression):
                        assert header in known, (source["code"], header)
                    if isinstance(expression, dict) and "value_map" in expression:
                        assert expression["value_map"] in source["value_maps"]


def named_headers(expression: Any) -> list[str]:
    if isinstance(expression, str):
        return [expression]
    for word in ("column", "split", "udi"):
        if word in expression:
            return [expression[word]]
    return list(expression.get("first_of") or expression.get("concat") or [])


def headers_of_file(file: str, table: str) -> set[str]:
    if file.endswith(".xlsx"):
        rows = (3, 4) if "台账" in file else (1, 1)
        return set(header_paths(openpyxl.load_workbook(FILES / file)[table], rows))
    if file.endswith(".db"):
        connection = sqlite3.connect(FILES / file)
        names = {r[1] for r in connection.execute(f"PRAGMA table_info({table})")}
        connection.close()
        return names
    encoding = {"维修工单导出.csv": "gb18030", "客户名单.xls": "utf-16"}.get(file, "utf-8")
    delimiter = "," if file.endswith(".csv") else "\t"
    header = records_by_line(file, encoding, delimiter)[1]
    return set(header) | {f"{h} #2" for h, n in Counter(header).items() if n > 1}


def test_value_maps_settle_no_question_that_is_planted(truth: TruthSet) -> None:
    content = yaml.safe_load((DEMO / "sources.yaml").read_text(encoding="utf-8"))
    maps = {n: m for source in content["sources"] for n, m in source["value_maps"].items()}
    for cell in truth.cells:
        if cell.dirt == 54:
            assert (cell.raw in maps["hospital"]) == (cell.expect == "fixed")
        if cell.dirt == 51:
            assert (maps["product"].get(cell.raw) == cell.correct) == (cell.expect == "fixed")


def test_the_readme_states_the_counts_of_the_truth(truth: TruthSet) -> None:
    readme = (DEMO / "README.md").read_text(encoding="utf-8")
    for dirt, pieces in Counter(c.dirt for c in truth.cells).items():
        assert f"| {dirt} | {KINDS[dirt].zh} / {KINDS[dirt].en} | {pieces} |" in readme
