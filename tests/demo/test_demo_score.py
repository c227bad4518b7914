"""Scoring against hand-made truth: each outcome, false alarms, pairs, fields."""

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

import kintsugi.demo
from kintsugi.demo.score import (
    Observed,
    Report,
    SeenFate,
    SeenIssue,
    SeenMember,
    SeenValue,
    score,
)
from kintsugi.demo.truth_files import read_truth

REAL = Path(kintsugi.demo.__file__).parent / "truth"
F, T = "reg.xlsx", "台账"


def cell(dirt: int, row: int | None, column: str | None, **more: Any) -> dict[str, Any]:
    base = {
        "file": F, "table": T, "row": row, "column": column, "dirt": dirt, "raw": "?",
        "correct": None, "expect": "fixed", "entity": "device", "field": None, "key": None,
    }  # fmt: skip
    return base | more


def write(
    folder: Path,
    cells: Iterable[dict[str, Any]] = (),
    devices: Iterable[dict[str, Any]] = (),
    rows: Iterable[dict[str, Any]] = (),
) -> Path:
    for name, records in (("cells", cells), ("devices", devices), ("rows", rows)):
        text = "".join(json.dumps(r) + "\n" for r in records)
        (folder / f"{name}.jsonl.gz").write_bytes(gzip.compress(text.encode()))
    return folder


def outcome_of(report: Report) -> str:
    assert report.planted == 1
    return next(name for name, n in report.outcomes.items() if n)


def judge(
    folder: Path,
    planted: dict[str, Any],
    *,
    issues: Iterable[SeenIssue] = (),
    values: Iterable[SeenValue] = (),
    fates: Iterable[SeenFate] = (),
) -> tuple[str, bool]:
    report = score(write(folder, [planted]), Observed(issues, values, fates))
    return outcome_of(report), report.as_expected == 1


SERIAL = cell(17, 5, "序列号", raw="ＳＮ１", correct="SN1", field="serial_no", key="P|SN1")
DATE = cell(38, 5, "日期", raw="2023-02-30", expect="asked", field="purchase_date", key="P|SN1")


def value(text: str | None, *, field: str = "serial_no", row: int = 5, file: str = F) -> SeenValue:
    return SeenValue("P|SN1", field, text, file, T, row)


def issue(column: str | None, row: int | None = 5) -> SeenIssue:
    return SeenIssue(F, T, row, column, "some.rule")


def test_the_correct_value_from_the_cell_is_fixed(tmp_path: Path) -> None:
    assert judge(tmp_path, SERIAL, values=[value("SN1")]) == ("fixed", True)


def test_a_different_value_is_harm_even_with_a_warning(tmp_path: Path) -> None:
    assert judge(tmp_path, SERIAL, values=[value("ＳＮ１")]) == ("wrong", False)
    seen = judge(tmp_path, SERIAL, values=[value("SN7")], issues=[issue("序列号")])
    assert seen == ("wrong", False)


def test_an_issue_instead_of_a_value_is_a_question(tmp_path: Path) -> None:
    assert judge(tmp_path, DATE, issues=[issue("日期")]) == ("asked", True)
    assert judge(tmp_path, DATE, issues=[issue(None)]) == ("asked", True)
    assert judge(tmp_path, SERIAL, issues=[issue("序列号")]) == ("asked", False)


def test_an_issue_on_another_cell_or_row_is_no_answer(tmp_path: Path) -> None:
    assert judge(tmp_path, DATE, issues=[issue("状态")]) == ("missed", False)
    assert judge(tmp_path, DATE, issues=[issue("日期", row=6)]) == ("missed", False)


def test_an_impossible_date_that_became_a_date_is_harm(tmp_path: Path) -> None:
    made = [value("2023-03-02", field="purchase_date")]
    assert judge(tmp_path, DATE, values=made) == ("wrong", False)


def test_text_kept_as_it_was_without_a_question_is_missed(tmp_path: Path) -> None:
    planted = cell(43, 5, "保修", raw="过保", expect="asked", field="warranty_terms")
    made = [value("过保", field="warranty_terms")]
    assert judge(tmp_path, planted, values=made) == ("missed", False)
    assert judge(tmp_path, planted, values=made, issues=[issue("保修")]) == ("asked", True)


def test_a_letter_for_a_zero_stored_unchanged_and_asked_is_right(tmp_path: Path) -> None:
    planted = {**SERIAL, "dirt": 25, "raw": "SNO1", "correct": "SN01", "expect": "asked"}
    made = [value("SNO1")]
    assert judge(tmp_path, planted, values=made, issues=[issue("序列号")]) == ("asked", True)
    # Swapping letters silently gives the true serial here, yet nobody was asked.
    assert judge(tmp_path, planted, values=[value("SN01")]) == ("fixed", False)


def test_a_word_for_nothing_is_fixed_when_nothing_was_loaded(tmp_path: Path) -> None:
    planted = cell(60, 5, "科室", raw="/", field="department")
    assert judge(tmp_path, planted, fates=[SeenFate(F, T, 5, "created")]) == ("fixed", True)
    assert judge(tmp_path, planted) == ("missed", False)
    made = [value("/", field="department")]
    assert judge(tmp_path, planted, values=made) == ("wrong", False)


def test_a_value_that_lost_to_another_row_is_not_judged(tmp_path: Path) -> None:
    assert judge(tmp_path, SERIAL, values=[value("SN2", row=9)]) == ("shadowed", False)
    assert judge(tmp_path, SERIAL, values=[value("SN1", row=9)]) == ("fixed", True)


def test_the_sound_cells_of_a_row_that_waits_for_an_answer_wait_with_it(tmp_path: Path) -> None:
    price = cell(44, 5, "金额", raw="8.55", correct="85500.00", field="purchase_price")
    seen = Observed((), (), [SeenFate(F, T, 5, "quarantined")])
    expected = {}
    for link in ("key", "candidate", "held", "either"):
        fragment = {"file": F, "table": T, "row": 5, "link": link}
        device = {
            "id": 1, "key": "P|SN1", "product_code": "P", "serial_no": "SN1",
            "fields": {}, "fragments": [fragment],
        }  # fmt: skip
        report = score(write(tmp_path, [price], [device]), seen)
        assert outcome_of(report) == "quarantined"
        expected[link] = report.as_expected == 1
    # A row whose key is sound has no reason to wait.
    assert expected == {"key": False, "candidate": False, "held": True, "either": True}


def test_a_quarantined_row_carries_its_question(tmp_path: Path) -> None:
    fates = [SeenFate(F, T, 5, "quarantined")]
    planted = cell(30, 5, "序列号", raw="无", expect="quarantined", field="serial_no")
    assert judge(tmp_path, planted, fates=fates) == ("quarantined", True)
    assert judge(tmp_path, DATE, fates=fates) == ("quarantined", True)
    assert judge(tmp_path, SERIAL, fates=fates) == ("quarantined", False)


def test_a_placeholder_that_became_a_serial_is_harm(tmp_path: Path) -> None:
    planted = cell(30, 5, "序列号", raw="无", expect="quarantined", field="serial_no")
    assert judge(tmp_path, planted, values=[value("无")]) == ("wrong", False)


@pytest.mark.parametrize(
    ("fate", "outcome"),
    [("excluded", "excluded"), ("created", "wrong"), ("quarantined", "quarantined")],
)
def test_a_totals_row_must_be_excluded(tmp_path: Path, fate: str, outcome: str) -> None:
    planted = cell(11, 9, None, raw="合计", expect="excluded")
    seen, expected = judge(tmp_path, planted, fates=[SeenFate(F, T, 9, fate)])
    assert seen == outcome
    assert expected == (outcome == "excluded")


def test_an_exact_repeat_is_merged(tmp_path: Path) -> None:
    planted = cell(63, 9, None)
    assert judge(tmp_path, planted, fates=[SeenFate(F, T, 9, "merged")]) == ("fixed", True)
    assert judge(tmp_path, planted, fates=[SeenFate(F, T, 9, "created")]) == ("missed", False)


def test_a_list_of_serials_needs_all_of_them(tmp_path: Path) -> None:
    planted = cell(27, 5, "序列号", raw="A1~2", correct="A1|A2", field="serial_no")
    both = [SeenValue("P|A1", "serial_no", "A1", F, T, 5)]
    assert judge(tmp_path, planted, values=both) == ("wrong", False)
    both.append(SeenValue("P|A2", "serial_no", "A2", F, T, 5))
    assert judge(tmp_path, planted, values=both) == ("fixed", True)


def test_two_phones_are_compared_as_a_set(tmp_path: Path) -> None:
    planted = cell(56, 5, "电话", correct="+861|+862", field="phone", entity="party")
    made = [SeenValue("U", "phone", '["+862", "+861"]', F, T, 5)]
    assert judge(tmp_path, planted, values=made) == ("fixed", True)


def test_amounts_agree_as_numbers_and_serials_only_as_text(tmp_path: Path) -> None:
    price = cell(44, 5, "金额", raw="12.5", correct="125000.00", field="purchase_price")
    made = [value("125000", field="purchase_price")]
    assert judge(tmp_path, price, values=made) == ("fixed", True)
    made = [value("12.5", field="purchase_price")]
    assert judge(tmp_path, price, values=made) == ("wrong", False)
    serial = cell(20, 5, "序列号", raw="123", correct="000123", field="serial_no")
    assert judge(tmp_path, serial, values=[value("123")]) == ("wrong", False)


def test_a_file_is_decoded_when_its_rows_arrive(tmp_path: Path) -> None:
    planted = cell(1, None, None)
    assert judge(tmp_path, planted, fates=[SeenFate(F, T, 2, "created")]) == ("fixed", True)
    assert judge(tmp_path, planted) == ("missed", False)


def test_a_hidden_sheet_is_listed_and_never_loaded(tmp_path: Path) -> None:
    hidden = cell(6, None, None, table="旧", expect="asked")
    other = cell(17, 5, "序列号", correct="SN1", field="serial_no")
    truth = write(tmp_path, [hidden, other])

    def kind(observed: Observed) -> dict[str, int]:
        return next(k.outcomes for k in score(truth, observed).kinds if k.dirt == 6)

    assert kind(Observed([SeenIssue(F, "旧", None, None, "x")], [], []))["asked"] == 1
    assert kind(Observed([], [], [SeenFate(F, "旧", 2, "created")]))["wrong"] == 1
    assert kind(Observed([SeenIssue(F, T, None, None, "x")], [], []))["missed"] == 1


def test_the_name_of_a_lone_table_and_the_folder_of_a_file_do_not_matter(tmp_path: Path) -> None:
    seen = SeenValue("P|SN1", "serial_no", "SN1", f"/somewhere/{F}", "Sheet1", 5)
    assert judge(tmp_path, SERIAL, values=[seen]) == ("fixed", True)


def test_false_alarms_are_counted_per_rule(tmp_path: Path) -> None:
    issues = [
        issue("序列号"),  # planted
        issue(None),  # on the planted row
        SeenIssue(F, T, 5, "状态", "a"),  # clean cell of a planted row
        SeenIssue(F, T, 8, None, "a"),  # clean row
        SeenIssue(F, T, 8, "日期", "b"),
        SeenIssue(F, T, None, "日期", "c"),  # of a column, not of a cell
    ]
    report = score(write(tmp_path, [SERIAL]), Observed(issues, [], []))
    assert report.false_alarms == {"a": 2, "b": 1}


def fragment(row: int, link: str = "key") -> dict[str, Any]:
    return {"file": F, "table": T, "row": row, "link": link}


def device(number: int, *fragments: dict[str, Any], **fields: str) -> dict[str, Any]:
    return {
        "id": number, "key": f"P|{number}", "product_code": "P", "serial_no": str(number),
        "fields": fields, "fragments": list(fragments),
    }  # fmt: skip


def pairs(folder: Path, devices: list[dict[str, Any]], members: dict[int, str]) -> tuple[int, ...]:
    truth = write(folder, [SERIAL], devices)
    seen = [SeenMember(name, F, T, row) for row, name in members.items()]
    p = score(truth, Observed([], [], [], seen)).pairs
    return p.true, p.found, p.missed, p.wrong


def test_pairs_of_rows_found_and_missed(tmp_path: Path) -> None:
    devices = [device(1, fragment(1), fragment(2), fragment(3))]
    # Three rows are three pairs; rows 1 and 2 came together.
    assert pairs(tmp_path, devices, {1: "a", 2: "a", 3: "b"}) == (3, 1, 2, 0)
    assert pairs(tmp_path, devices, {1: "a", 2: "a", 3: "a"}) == (3, 3, 0, 0)
    assert pairs(tmp_path, devices, {1: "a"}) == (3, 0, 3, 0)


def test_two_devices_in_one_are_wrong_pairs(tmp_path: Path) -> None:
    devices = [device(1, fragment(1), fragment(2)), device(2, fragment(3))]
    assert pairs(tmp_path, devices, {1: "a", 2: "a", 3: "a"}) == (1, 1, 0, 2)


def test_a_candidate_merged_without_a_person_is_wrong_and_alone_is_right(tmp_path: Path) -> None:
    devices = [device(1, fragment(1), fragment(2, "candidate"))]
    assert pairs(tmp_path, devices, {1: "a", 2: "b"}) == (0, 0, 0, 0)
    assert pairs(tmp_path, devices, {1: "a", 2: "a"}) == (0, 0, 0, 1)


def test_a_repairable_key_may_join_its_own_device_but_no_other(tmp_path: Path) -> None:
    devices = [device(1, fragment(1), fragment(2, "either")), device(2, fragment(3))]
    assert pairs(tmp_path, devices, {1: "a", 2: "a", 3: "b"}) == (0, 0, 0, 0)
    assert pairs(tmp_path, devices, {1: "a", 2: "b", 3: "b"}) == (0, 0, 0, 1)


def test_golden_fields_are_compared_with_the_true_ones(tmp_path: Path) -> None:
    known = device(1, fragment(1), purchase_date="2023-05-06", purchase_price="10.00", status="x")
    unknown = device(2, fragment(2), status="x")
    truth = write(tmp_path, [SERIAL], [known, unknown])
    values = [
        SeenValue("P|1", "purchase_date", "2023-05", F, T, 1),
        SeenValue("P|1", "purchase_price", "10", F, T, 1),
        SeenValue("P|1", "status", "y", F, T, 1),
        SeenValue("P|1", "status", "x", F, T, 2, final=False),
    ]
    fields = score(truth, Observed([], values, [])).fields
    assert (fields["purchase_date"].equal, fields["purchase_price"].equal) == (1, 1)
    assert (fields["status"].equal, fields["status"].different, fields["status"].absent) == (
        0, 1, 0,
    )  # fmt: skip


def test_rows_to_be_set_aside_are_followed(tmp_path: Path) -> None:
    rows = [
        {"file": F, "table": T, "row": 8, "fate": "excluded"},
        {"file": F, "table": T, "row": 9, "fate": "quarantined"},
    ]
    fates = [SeenFate(F, T, 8, "excluded"), SeenFate(F, T, 9, "created")]
    report = score(write(tmp_path, [SERIAL], rows=rows), Observed([], [], fates))
    assert report.rows == {"excluded as excluded": 1, "quarantined as created": 1}


# -- the real truth -----------------------------------------------------------------------------


def test_a_perfect_product_scores_full_marks() -> None:
    truth = read_truth(REAL)
    issues, values, fates, members = [], [], [], []
    for c in truth.cells:
        if c.expect in ("asked", "quarantined"):
            issues.append(SeenIssue(c.file, c.table, c.row, c.column, "perfect"))
        elif c.expect == "fixed" and c.row is not None and c.field and c.correct is not None:
            values += [
                SeenValue(c.key or "", c.field, part, c.file, c.table, c.row)
                for part in c.correct.split("|")
            ]
        if c.expect in ("excluded", "quarantined") and c.row is not None:
            fates.append(SeenFate(c.file, c.table, c.row, c.expect))
        elif c.dirt == 63 and c.row is not None:
            fates.append(SeenFate(c.file, c.table, c.row, "merged"))
        elif c.expect == "fixed":
            fates.append(SeenFate(c.file, c.table, c.row or 2, "created"))
    for d in truth.devices:
        for n, f in enumerate(d.fragments):
            name = d.key if f.link in ("key", "either") else f"{d.key}#{n}"
            members.append(SeenMember(name, f.file, f.table, f.row))
    report = score(REAL, Observed(issues, values, fates, members))
    assert report.missed_cells == []
    assert report.wrong_cells == []
    assert report.as_expected == report.planted == len(truth.cells)
    assert report.false_alarms == {}
    assert (report.pairs.missed, report.pairs.wrong) == (0, 0)
    assert report.pairs.found == report.pairs.true > 1000
    json.dumps(report.as_dict(), ensure_ascii=False)


def test_a_product_that_does_nothing_scores_nothing() -> None:
    report = score(REAL, Observed([], [], []))
    assert report.as_expected == report.outcomes["fixed"] == 0
    assert report.outcomes["wrong"] == 0
    assert report.pairs.found == 0
