"""A second pair of eyes: what waits for a person, and what the person's answer does."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from bench import paper_pages as draw
from kintsugi.config.cli import make_app
from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.paper.confirm import (
    COLUMNS,
    SURE,
    Answer,
    confirmed,
    read_confirm,
    to_confirm,
    write_confirm,
)
from kintsugi.engine.paper.keys import key_kind
from kintsugi.engine.reading import read_source
from kintsugi.engine.snapshot import Snapshot

HEAD = ["Name", "Lot", "Qty", "Ward"]
ROWS = [["Pump", "24A77", "12", "East"], ["Cuff", "24B98", "7", "West"]]


@pytest.fixture(scope="module")
def scan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("paper") / "stock.png"
    path.write_bytes(draw.encoded(draw.ruled([HEAD, *ROWS], [110, 110, 80, 110])))
    return path


@pytest.fixture(scope="module")
def snapshot(scan: Path) -> Snapshot:
    return read_source(scan, into=scan.parent / "snapshots")


def answer(**facts: Any) -> Answer:
    known: dict[str, Any] = {
        "line": 2, "table": "stock", "row": 2, "column": "Lot", "text": "24A77", "value": None,
        "by": "Li Na",
    }  # fmt: skip
    return Answer(**{**known, **facts})


def test_key_cells_wait_and_the_others_do_not(snapshot: Snapshot) -> None:
    waiting = to_confirm(snapshot, sure=0.0)
    assert [(c.row, c.column, c.text, c.reason) for c in waiting] == [
        (2, "Lot", "24A77", "lot"), (2, "Qty", "12", "quantity"),
        (3, "Lot", "24B98", "lot"), (3, "Qty", "7", "quantity"),
    ]  # fmt: skip
    assert all(len(c.box) == 4 and c.page == 1 for c in waiting)
    everything = to_confirm(snapshot, sure=1.01)
    assert len(everything) == 8
    assert {c.reason for c in everything} == {"confidence", "lot+confidence", "quantity+confidence"}
    assert 0 < SURE < 1


def test_answers_are_applied_with_the_person_and_what_was_read(
    snapshot: Snapshot, seen: Any, tmp_path: Path
) -> None:
    done = confirmed(
        snapshot, [answer(value="24A71"), answer(column="Qty", text="12")], into=tmp_path, sure=0
    )
    assert (done.confirmed, done.changed, len(done.open), done.aside) == (2, 1, 2, 0)
    assert seen.rows(done.snapshot) == [["Pump", "24A71", "12", "East"], ROWS[1]]
    mark = seen.marks(done.snapshot, "confirmed")[2, 2]
    assert (mark["by"], mark["read"], mark["page"]) == ("Li Na", "24A77", 1)
    assert (2, 2) in seen.marks(done.snapshot, "ocr")
    assert seen.rows(snapshot) == ROWS  # the snapshot itself is never changed
    assert {(c.row, c.column) for c in to_confirm(done.snapshot, sure=0)} == {
        (3, "Lot"), (3, "Qty"),
    }  # fmt: skip


def test_strict_mode_puts_rows_aside_and_none_is_lost(
    snapshot: Snapshot, seen: Any, tmp_path: Path
) -> None:
    both = [answer(), answer(column="Qty", text="12")]
    done = confirmed(snapshot, both, into=tmp_path, only_confirmed=True, sure=0)
    (table,) = done.snapshot.tables
    assert seen.rows(done.snapshot) == [ROWS[0]]
    assert seen.aside(done.snapshot) == [("quarantined", "paper.unconfirmed", "Cuff,24B98,7,West")]
    assert (table.read, table.rows, table.quarantined, done.aside) == (2, 1, 1, 1)


@pytest.mark.parametrize(
    "facts", [{"text": "24A78"}, {"row": 9}, {"column": "Batch"}, {"table": "other"}]
)
def test_an_answer_to_another_reading_is_refused_with_its_line(
    snapshot: Snapshot, tmp_path: Path, facts: dict[str, Any]
) -> None:
    with pytest.raises(KintsugiError) as refused:
        confirmed(snapshot, [answer(line=7, **facts)], into=tmp_path)
    assert (refused.value.code, refused.value.facts["row"]) == ("paper.answer-misfit", 7)
    assert not list(tmp_path.iterdir())


def test_the_file_for_a_person_goes_there_and_back(snapshot: Snapshot, tmp_path: Path) -> None:
    path = tmp_path / "confirm.csv"
    write_confirm(to_confirm(snapshot, sure=0), path)
    with path.open(encoding="utf-8-sig", newline="") as stream:
        lines = list(csv.DictReader(stream))
    assert tuple(lines[0]) == COLUMNS
    assert read_confirm(path) == []
    lines[0]["confirmed_by"] = "Li Na"
    lines[1] |= {"confirmed_by": "Li Na", "confirmed_text": "(blank)"}
    with path.open("w", encoding="gb18030", newline="") as out:
        writer = csv.DictWriter(out, COLUMNS)
        writer.writeheader()
        writer.writerows(lines)
    assert [(a.line, a.column, a.value, a.by) for a in read_confirm(path)] == [
        (2, "Lot", None, "Li Na"), (3, "Qty", "", "Li Na"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a,b\n1,2\n", "paper.answers"),
        (",".join(COLUMNS) + "\nstock,2,Lot,1,,1,24A77,lot,24A71,\n", "paper.no-person"),
        (",".join(COLUMNS) + "\nstock,x,Lot,1,,1,24A77,lot,24A71,Li Na\n", "paper.answers"),
    ],
)
def test_files_of_answers_that_say_nothing_clear_are_refused(
    tmp_path: Path, text: str, code: str
) -> None:
    path = tmp_path / "c.csv"
    path.write_text(text)
    with pytest.raises(KintsugiError) as refused:
        read_confirm(path)
    assert refused.value.code == code


def test_the_command_writes_the_cells_takes_answers_and_says_what_waits(
    scan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KINTSUGI_LANG", "en")

    def run(*arguments: str) -> Any:
        code = make_app()(["read", str(scan), "-o", "out", *arguments], standalone_mode=False)
        return code or 0

    assert run("--confirm", "c.csv", "--report", "r.json", "--sure", "0") == 0
    (source,) = json.loads(Path("r.json").read_text())["sources"]
    assert (source["paper"]["to_confirm"], source["paper"]["key_cells"]) == (4, 4)
    assert len(source["paper"]["cells"]) == 4
    lines = Path("c.csv").read_text(encoding="utf-8-sig").splitlines()
    first, second = (line for line in lines if line.startswith("stock,2,"))
    answers = [lines[0], first[:-1] + "24A71,Li Na", second[:-1] + ",Li Na"]
    Path("c.csv").write_text("\n".join(answers), encoding="utf-8")
    assert run("--confirmed", "c.csv", "--only-confirmed", "--sure", "0", "--json") == 3
    shown = capsys.readouterr().out
    (source,) = json.loads(shown[shown.index("{") :])["sources"]
    assert (source["paper"]["changed"], source["paper"]["rows_put_aside"]) == (1, 1)
    assert Path("out/stock.csv").read_text() == "Name,Lot,Qty,Ward\n" + "Pump,24A71,12,East\n"
    assert "paper.unconfirmed" in Path("out/stock.aside.csv").read_text()


def test_key_kinds_are_told_by_header_and_by_values() -> None:
    assert key_kind("批号", ["A1"]) == "lot"
    assert key_kind("有效期至", ["2027-01-31"]) == "date"
    assert key_kind("库存数量", ["12"]) == "quantity"
    assert key_kind("含税单价", ["1.20"]) == "money"
    assert key_kind("规格型号", ["M95"]) == "model"
    assert key_kind("SN", ["S900123"]) == "serial"
    assert key_kind("#3", ["2024-01-02", "2024-03-04"]) == "date"
    assert key_kind("code", ["(01)09506000134352(10)A1"]) == "udi"
    assert key_kind("名称", ["输液器", "口罩"]) is None
    assert key_kind("序号", ["1", "2", "3"]) is None
