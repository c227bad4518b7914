"""From a snapshot to records: every step, every count, every issue by hand."""

import datetime as dt
import json
from pathlib import Path

import polars as pl
import pytest

from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.mapping import (
    Concat,
    Const,
    EntityMapping,
    Expression,
    Mapping,
    TableMapping,
    Udi,
    suggest_mapping,
)
from kintsugi.engine.mapping.model import Column
from kintsugi.engine.pipeline import open_result, raw_hash, run_pipeline, show_step
from kintsugi.engine.reading import read_source

HEADERS = ["序列号", "产品编码", "医院", "采购日期", "采购价(万元)", "生产日期", "备注"]
DEVICE: dict[str, Expression] = {
    "serial_no": "序列号",
    "product": "产品编码",
    "customer": "医院",
    "purchase_date": "采购日期",
    "purchase_price": "采购价(万元)",
    "mfg_date": "生产日期",
    "notes": "备注",
}


def mapping_of(*entities: EntityMapping) -> Mapping:
    return Mapping(tables=(TableMapping(table="sheet", entities=entities),))


def device(**more) -> EntityMapping:
    return EntityMapping(entity="device", columns=DEVICE, **more)


@pytest.fixture
def run(make_snapshot, contracts, tmp_path: Path):
    def go(rows, *entities, headers=HEADERS, cells=(), aside=(), name="work", **arguments):
        snapshot = make_snapshot(headers, rows, cells=cells, aside=aside)
        return run_pipeline(
            snapshot=snapshot,
            mapping=mapping_of(*(entities or (device(),))),
            contracts=contracts,
            workdir=tmp_path / name,
            **arguments,
        )

    return go


def issues_of(result, entity="device") -> set[tuple[int | None, str, str, str]]:
    frame = pl.read_parquet(result.entity(entity).issues)
    return set(frame.select("_row", "field", "rule", "severity").iter_rows())


def records_of(result, entity="device") -> list[dict]:
    return pl.read_parquet(result.entity(entity).records).sort("_row").to_dicts()


GOOD = ["A100B7", "P1", "示例医院", "2023.5.6", "12.5", "2023-01-02", ""]


def test_a_clean_row_becomes_a_typed_record_that_knows_its_row(run):
    result = run([GOOD])
    (record,) = records_of(result)
    assert record.pop("_hash")
    assert record == {
        "_key": "P1|A100B7",
        "_row": 2,
        "_rows": [2],
        "_field_rows": None,
        "serial_no": "A100B7",
        "product": "P1",
        "mfg_date": dt.date(2023, 1, 2),
        "purchase_date": dt.date(2023, 5, 6),
        "purchase_price": "125000.00",
        # The header says 万元.
        "currency": "CNY",
        "customer": "示例医院",
        "notes": None,
    }
    assert issues_of(result) == set()
    counts = result.entity("device").counts
    assert (counts.read, counts.records, counts.merged, counts.quarantined) == (1, 1, 0, 0)


def test_the_steps_are_named_in_both_languages_and_can_be_shown(run):
    result = run([[" A100B7　", *GOOD[1:]]])
    names = [step.name for step in result.steps]
    assert names == [
        "raw", "filled", "trimmed", "mapped", "cleaned", "checked", "keyed", "merged"
    ]  # fmt: skip
    assert all(step.title.zh and step.title.en and step.text for step in result.steps)
    assert show_step(result, "raw")[0]["序列号"] == " A100B7　"
    assert show_step(result, "trimmed")[0]["序列号"] == "A100B7"
    assert show_step(result, "mapped")[0]["serial_no"] == "A100B7"
    assert show_step(result, "cleaned")[0]["purchase_price"] == "125000.00"
    assert show_step(result, "sheet/device/merged")[0]["_key"] == "P1|A100B7"
    assert show_step(result, "merged", offset=1) == []
    assert result.step("filled").kind == "view"
    assert "SELECT" in result.step("merged").text
    with pytest.raises(KintsugiError) as caught:
        show_step(result, "polished")
    assert caught.value.code == "pipeline.no-step"


def test_another_process_opens_the_result(run, tmp_path):
    result = run([GOOD])
    again = open_result(tmp_path / "work")
    assert again == result
    assert show_step(again, "merged") == show_step(result, "merged")
    with pytest.raises(KintsugiError) as caught:
        open_result(tmp_path / "nowhere")
    assert caught.value.code == "pipeline.no-result"


def test_a_row_without_a_usable_key_waits_and_the_others_go_on(run):
    rows = [
        GOOD,
        ["见铭牌", "P1", "", "", "", "", ""],
        ["", "P1", "", "", "", "", ""],
        ["1.23457E+17", "P1", "", "", "", "", ""],
    ]
    result = run(rows)
    assert [record["_row"] for record in records_of(result)] == [2]
    assert issues_of(result) == {
        (3, "serial_no", "serial.placeholder", "block"),
        (4, "serial_no", "check.required", "block"),
        (5, "serial_no", "identifier.precision-lost", "block"),
    }
    counts = result.entity("device").counts
    assert (counts.read, counts.quarantined, counts.records) == (4, 3, 1)


def test_a_wrong_check_digit_loads_with_a_warning_but_a_missing_identifier_waits(run):
    headers = ["issuer", "di", "product"]
    entity = EntityMapping(
        entity="udi_identifier",
        columns={"issuer": "issuer", "device_identifier": "di", "product": "product"},
    )
    rows = [["GS1", "00844588018920", "P1"], ["GS1", "", "P1"], ["GS1", "00844588018923", "P1"]]
    result = run(rows, entity, headers=headers)
    assert issues_of(result, "udi_identifier") == {
        (2, "device_identifier", "udi.check-digit", "warn"),
        (3, "device_identifier", "check.required", "block"),
    }
    assert [r["_key"] for r in records_of(result, "udi_identifier")] == [
        "GS1|00844588018920",
        "GS1|00844588018923",
    ]


def test_a_wrong_value_of_a_lesser_field_is_emptied_and_asked_about(run):
    result = run([[*GOOD[:3], "2023-02-30", *GOOD[4:]]])
    (record,) = records_of(result)
    assert record["purchase_date"] is None
    assert issues_of(result) == {(2, "purchase_date", "date.invalid", "ask")}
    issue = pl.read_parquet(result.entity("device").issues).to_dicts()[0]
    assert issue["value"] == "2023-02-30"
    assert issue["raw_hash"] == raw_hash("2023-02-30")
    assert issue["column"] == 4
    assert issue["_key"] == "P1|A100B7"


def test_dates_in_the_wrong_order_are_asked_about_with_both(run):
    result = run([[*GOOD[:5], "2024-01-01", ""]])
    (issue,) = pl.read_parquet(result.entity("device").issues).to_dicts()
    assert (issue["rule"], issue["severity"]) == ("check.date-order", "ask")
    assert issue["value"] == "2024-01-01 / 2023-05-06"
    # Tied to the text of the field that is asked about.
    assert issue["field"] == "purchase_date"
    assert issue["raw_hash"] == raw_hash("2023.5.6")


def test_rows_of_one_key_become_one_record_and_say_what_they_disagreed_on(run):
    rows = [
        ["A100B7", "P1", "示例医院", "", "12.5", "", ""],
        ["Ａ１００Ｂ７", "P1", "示例医院", "2023-05-06", "13", "", ""],
        ["A100B7", "P1", "示例医院", "", "12.5", "", ""],
    ]
    result = run(rows)
    (record,) = records_of(result)
    assert record["_rows"] == [2, 3, 4]
    assert record["purchase_date"] == dt.date(2023, 5, 6)
    # One source has one authority: the first price stands, the other one is asked about.
    assert record["purchase_price"] == "125000.00"
    assert json.loads(record["_field_rows"]) == {"purchase_date": 3}
    (issue,) = pl.read_parquet(result.entity("device").issues).to_dicts()
    assert (issue["rule"], issue["_row"], issue["_key"]) == ("merge.conflict", 3, "P1|A100B7")
    assert (issue["value"], issue["proposal"]) == ("130000.00", "125000.00")
    assert issue["raw_hash"] == raw_hash("13")
    counts = result.entity("device").counts
    assert (counts.read, counts.merged, counts.records) == (3, 2, 1)


def test_one_serial_number_of_two_products_is_two_devices(run):
    result = run([GOOD, ["A100B7", "P2", *GOOD[2:]]])
    assert [r["_key"] for r in records_of(result)] == ["P1|A100B7", "P2|A100B7"]


def test_a_bar_inside_a_key_part_cannot_imitate_the_separator(run):
    entity = EntityMapping(
        entity="device",
        columns={"notes": "备注", "department": "医院"},
        key=("notes", "department"),
    )
    rows = [["", "", "b|c", "", "", "", "a"], ["", "", "c", "", "", "", "a|b"]]
    result = run(rows, entity)
    assert {r["_key"] for r in records_of(result)} == {"a|b\\|c", "a\\|b|c"}


def test_rows_without_any_key_are_known_by_content_and_repeats_are_kept(run):
    entity = EntityMapping(
        entity="device", columns={"notes": "备注", "department": "医院"}, key=("notes",)
    )
    rows = [["", "", "放射科", "", "", "", ""]] * 2 + [["", "", "检验科", "", "", "", "n"]]
    result = run(rows, entity)
    records = records_of(result)
    assert len(records) == 3
    assert records[0]["_hash"] == records[1]["_hash"]
    weak = [r["_key"] for r in records if r["_key"].startswith("~")]
    assert len(set(weak)) == 2
    assert weak[0].endswith("~1")
    assert weak[1].endswith("~2")
    asked = {(row, rule) for row, _, rule, _ in issues_of(result)}
    assert {(2, "key.weak"), (3, "key.weak")} <= asked
    assert (4, "key.weak") not in asked


def test_merged_and_ditto_cells_are_filled_and_point_to_their_anchor(run):
    rows = [GOOD, ["A100B8", "P1", "", "", "", "", ""], ["A100B9", "P1", "同上", "", "", "", ""]]
    cells = [
        {"row": 3, "col": 3, "kind": "merged", "value": "示例医院", "anchor_row": 2},
        {"row": 4, "col": 3, "kind": "ditto", "value": "示例医院", "anchor_row": 2},
    ]
    result = run(rows, cells=cells)
    records = records_of(result)
    assert [r["customer"] for r in records] == ["示例医院"] * 3
    assert [r["_field_rows"] and json.loads(r["_field_rows"]) for r in records] == [
        None,
        {"customer": 2},
        {"customer": 2},
    ]
    assert result.step("filled").kind == "kernel"


def test_cells_the_reader_marked_become_issues(run):
    cells = [
        {"row": 2, "col": 5, "kind": "error", "value": "#N/A"},
        {"row": 2, "col": 4, "kind": "formula_uncached", "value": "A1+1"},
        {"row": 2, "col": 1, "kind": "strike"},
        {"row": 3, "col": 7, "kind": "comment", "value": "已报废"},
        {"row": 3, "col": 6, "kind": "comment", "value": "见说明书"},
        {"row": 3, "col": 3, "kind": "mojibake", "value": "示例医院"},
    ]
    rows = [["A100B7", "P1", "", "", "", "", ""], ["A100B8", "P1", "绀轰緥鍖婚櫌", "", "", "", ""]]
    result = run(rows, cells=cells)
    assert issues_of(result) == {
        (2, "purchase_price", "cell.error", "ask"),
        (2, "purchase_date", "cell.formula-uncached", "ask"),
        (2, "status", "cell.out-of-use", "ask"),
        (3, "status", "cell.out-of-use", "ask"),
        (3, "customer", "cell.mojibake-reversible", "ask"),
    }
    assert records_of(result)[1]["customer"] == "示例医院"


def aside(row, disposition, rule, values):
    text = ",".join(values)
    return {
        "_row": row, "disposition": disposition, "rule": rule, "text": text, "values": values
    }  # fmt: skip


def test_rows_the_reader_put_aside_are_counted_and_the_total_is_compared(run):
    rows = [
        ["A1X1", "P1", "", "", "12.5", "", ""],
        ["A1X2", "P1", "", "", "7.5万", "", ""],
    ]
    put_aside = [
        aside(4, "excluded", "row.total", ["小计", "", "", "", "99", "", ""]),
        aside(5, "excluded", "row.total", ["合计", "", "", "", "20", "", ""]),
        aside(6, "quarantined", "row.ragged", ["x", "y"]),
    ]
    right = run(rows, aside=put_aside)
    counts = right.entity("device").counts
    assert (counts.read, counts.excluded, counts.quarantined, counts.records) == (5, 2, 1, 2)
    assert issues_of(right) == set()
    put_aside[1]["values"][4] = "21"
    wrong = run(rows, aside=put_aside, name="wrong")
    (issue,) = pl.read_parquet(wrong.entity("device").issues).to_dicts()
    assert (issue["rule"], issue["severity"], issue["_row"]) == ("total.mismatch", "warn", 5)
    assert (issue["value"], issue["proposal"]) == ("21", "200000.00")


def test_serial_numbers_in_one_cell_become_devices_when_the_quantity_agrees(run):
    headers = ["序列号", "产品编码", "数量"]
    columns = {"serial_no": "序列号", "product": "产品编码"}
    rows = [
        ["SN001~005", "P1", "5"],
        ["SN123/124", "P1", "2"],
        ["SN900", "P1", "3"],
        ["SN801~805", "P1", "4"],
        ["SN700", "P1", "1"],
    ]
    result = run(rows, EntityMapping(entity="device", columns=columns), headers=headers)
    by_row: dict[int, list[str]] = {}
    for record in records_of(result):
        by_row.setdefault(record["_row"], []).append(record["serial_no"])
    assert {row: sorted(serials) for row, serials in by_row.items()} == {
        2: ["SN001", "SN002", "SN003", "SN004", "SN005"],
        3: ["SN123", "SN124"],
        4: ["SN900"],
        6: ["SN700"],
    }
    assert (4, "serial_no", "serial.count", "ask") in issues_of(result)
    assert {row for row, _, _, severity in issues_of(result) if severity == "block"} == {5}
    counts = result.entity("device").counts
    assert (counts.read, counts.records, counts.expanded, counts.quarantined) == (5, 9, 4 + 1, 1)


def test_a_mentioned_entity_is_distinct_and_silent_about_blanks(run):
    customer = EntityMapping(
        entity="party",
        primary=False,
        columns={"name": "医院", "party_key": "医院", "roles": Const(const="customer")},
    )
    rows = [
        ["A1X1", "P1", "示例医院有限公司", "", "", "", ""],
        ["A1X2", "P1", "", "", "", "", ""],
        ["A1X3", "P1", "示例医院", "", "", "", ""],
        ["A1X4", "P1", "示例医院", "", "", "", ""],
    ]
    result = run(rows, device(), customer)
    (party,) = records_of(result, "party")
    assert (party["_row"], party["name"], party["roles"]) == (
        2,
        "示例医院有限公司",
        '["customer"]',
    )
    counts = result.entity("party").counts
    assert (counts.read, counts.merged, counts.records, counts.quarantined) == (2, 1, 1, 0)
    assert {severity for *_, severity in issues_of(result, "party")} == {"warn"}


def test_expressions_and_value_maps(run):
    entity = EntityMapping(
        entity="device",
        columns={
            "serial_no": Udi(udi="序列号", part="serial"),
            "product": Udi(udi="序列号", part="di"),
            "expiry_date": Udi(udi="序列号", part="expiry"),
            "customer": Column(column="医院", value_map="hospitals"),
            "notes": Concat(concat=("采购日期", "备注"), sep="; "),
        },
    )
    code = "(01)00841542101691(17)260500(21)S77A"
    rows = [[code, "", "协和", "a", "", "", "b"], [code[:-1] + "B", "", "其他", "", "", "", "b"]]
    maps = {"hospitals": {"协和": "示例协和医院"}}
    first, second = records_of(run(rows, entity, value_maps=maps))
    assert (first["serial_no"], first["product"]) == ("S77A", "00841542101691")
    assert first["expiry_date"] == dt.date(2026, 5, 31)
    assert (first["customer"], first["notes"]) == ("示例协和医院", "a; b")
    assert (second["customer"], second["notes"]) == ("其他", "b")


def test_rows_outside_where_are_excluded_not_lost(run):
    rows = [GOOD, ["A1X2", "P1", "外院", "", "", "", ""], ["A1X3", "P1", "", "", "", "", ""]]
    result = run(rows, device(where={"医院": ("示例医院", "")}))
    assert [r["_row"] for r in records_of(result)] == [2, 4]
    counts = result.entity("device").counts
    assert (counts.read, counts.excluded, counts.records) == (3, 1, 2)


def test_the_end_of_a_period_is_taken_and_its_start_from_the_same_cell(make_snapshot, contracts):
    headers = ["序列号", "产品编码", "保修截止"]
    rows = [["A1X1", "P1", "2023.5.5-2024.5.4"], ["A1X2", "P1", "2025-01-31"]]
    snapshot = make_snapshot(headers, rows)
    result = run_pipeline(
        snapshot=snapshot,
        mapping=suggest_mapping(snapshot, contracts).mapping,
        contracts=contracts,
        workdir=snapshot.path / "work",
    )
    first, second = records_of(result)
    assert (first["warranty_start"], first["warranty_end"]) == (
        dt.date(2023, 5, 5),
        dt.date(2024, 5, 4),
    )
    assert (second["warranty_start"], second["warranty_end"]) == (None, dt.date(2025, 1, 31))


def test_a_month_keeps_its_precision_beside_its_first_day(run):
    result = run([[*GOOD[:3], "2023年5月", *GOOD[4:]], ["A2X2", *GOOD[1:]]])
    first, second = records_of(result)
    assert (first["purchase_date"], first["purchase_date__precision"]) == (
        dt.date(2023, 5, 1),
        "month",
    )
    assert second["purchase_date"] == dt.date(2023, 5, 6)


def test_a_month_written_as_we_write_it_is_a_month_too(run):
    """A column in which nothing had to be changed used to lose that its dates are months."""
    result = run([[*GOOD[:3], "2023-05", *GOOD[4:]]])
    [record] = records_of(result)
    assert (record["purchase_date"], record["purchase_date__precision"]) == (
        dt.date(2023, 5, 1),
        "month",
    )


def test_out_of_warranty_with_an_end_ahead_is_a_contradiction_on_that_day(run):
    entity = EntityMapping(
        entity="device",
        columns={
            "serial_no": "序列号",
            "product": "产品编码",
            "warranty_terms": "备注",
            "warranty_end": "采购日期",
        },
    )
    rows = [["A1X1", "P1", "", "2025-01-01", "", "", "过保"]]
    during = run(rows, entity, as_of=dt.date(2024, 6, 30))
    assert issues_of(during) == {(2, "warranty_terms", "warranty.conflict", "ask")}
    after = run(rows, entity, as_of=dt.date(2025, 6, 30))
    assert issues_of(after) == set()


def test_a_required_field_without_a_column_is_said_once_for_the_table(run):
    entity = EntityMapping(entity="product", columns={"product_code": "产品编码"})
    result = run([["", f"P{i}", "", "", "", "", ""] for i in range(5)], entity)
    assert issues_of(result, "product") == {(None, "name", "mapping.required-unmapped", "ask")}
    assert result.unknown_columns == {"sheet": [h for h in HEADERS if h != "产品编码"]}


def test_a_header_without_rows_gives_empty_records(run):
    result = run([])
    assert records_of(result) == []
    assert result.entity("device").counts.read == 0


def test_drift_stops_the_run_before_anything_is_written(make_snapshot, contracts, tmp_path):
    rows = [[f"A{i}X", "P1", "示例医院", "2023-05-06", "12.5", "2023-01-02", ""] for i in range(9)]
    mapping = suggest_mapping(make_snapshot(HEADERS, rows), contracts).mapping
    slid = make_snapshot(HEADERS, [[row[0], *row[2:], ""] for row in rows])
    with pytest.raises(KintsugiError) as caught:
        run_pipeline(snapshot=slid, mapping=mapping, contracts=contracts, workdir=tmp_path / "work")
    assert caught.value.code == "mapping.drift"
    assert not (tmp_path / "work").exists()


def test_a_second_run_reuses_every_file_and_a_cut_off_one_is_made_again(run, tmp_path):
    first = run([GOOD, ["A2X2", *GOOD[1:]]])
    stamps = {p: p.stat().st_mtime_ns for p in (tmp_path / "work").rglob("*.parquet")}
    second = run([GOOD, ["A2X2", *GOOD[1:]]])
    assert {p: p.stat().st_mtime_ns for p in stamps} == stamps
    assert [s.reused for s in second.steps if s.kind != "view"] == [True] * 4
    # Killed between the rename and the note: the file is not trusted.
    cleaned = second.step("cleaned").path
    cleaned.with_suffix(".key").unlink()
    cleaned.write_bytes(b"half a file")
    third = run([GOOD, ["A2X2", *GOOD[1:]]])
    assert records_of(third) == records_of(first)
    assert not third.step("cleaned").reused


def test_a_changed_value_map_is_not_answered_from_old_files(run):
    entity = EntityMapping(
        entity="device",
        columns={**DEVICE, "customer": Column(column="医院", value_map="hospitals")},
    )
    before = run([GOOD], entity, value_maps={"hospitals": {"示例医院": "甲"}})
    after = run([GOOD], entity, value_maps={"hospitals": {"示例医院": "乙"}})
    assert before.sha256 != after.sha256
    assert records_of(after)[0]["customer"] == "乙"


def test_a_full_disk_is_a_refusal_that_can_be_repeated(make_snapshot, contracts, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(KintsugiError) as caught:
        run_pipeline(
            snapshot=make_snapshot(HEADERS, [GOOD]),
            mapping=mapping_of(device()),
            contracts=contracts,
            workdir=blocked / "work",
        )
    assert caught.value.code == "pipeline.no-room"
    assert caught.value.retryable


def test_duplicate_headers_are_told_apart_and_only_the_first_is_taken(tmp_path, contracts):
    source = tmp_path / "twice.csv"
    source.write_text("序列号,产品编码,备注,备注\nA1X1,P1,first,second\n", encoding="utf-8")
    snapshot = read_source(source, into=tmp_path / "snapshots")
    found = suggest_mapping(snapshot, contracts)
    assert found.unknown_columns == {snapshot.tables[0].name: ["备注 #2"]}
    result = run_pipeline(
        snapshot=snapshot, mapping=found.mapping, contracts=contracts, workdir=tmp_path / "work"
    )
    assert records_of(result)[0]["notes"] == "first"


def test_every_step_is_reported_as_it_ends(run):
    seen = []
    run([GOOD], progress=seen.append)
    assert [p.done for p in seen] == list(range(1, 9))
    assert {p.total for p in seen} == {8}


@pytest.mark.parametrize(
    ("file", "entity", "records"),
    [
        ("gudid_devices_1_25000.csv.gz", "product", 25_000),
        ("gudid_identifiers_1_25000.csv.gz", "udi_identifier", 25_394),
    ],
)
def test_gudid_is_understood_whole(file, entity, records, shared_data, contracts, tmp_path):
    snapshot = read_source(shared_data / "gudid" / file, into=tmp_path / "snapshots")
    found = suggest_mapping(snapshot, contracts)
    assert found.unknown_columns == {}
    assert found.mapping.tables[0].entities[0].entity == entity
    result = run_pipeline(
        snapshot=snapshot, mapping=found.mapping, contracts=contracts, workdir=tmp_path / "work"
    )
    counts = result.entity(entity).counts
    assert (counts.read, counts.records, counts.quarantined) == (records, records, 0)
    if entity == "product":
        makers = result.entity("party")
        assert pl.read_parquet(makers.records)["roles"].unique().to_list() == ['["manufacturer"]']
