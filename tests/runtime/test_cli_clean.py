"""``kintsugi clean`` needs no home, server or database."""

import csv
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from kintsugi.config.cli import make_app
from kintsugi.engine.errors import KintsugiError

HEADER = "shop,town,weight\r\n"


@pytest.fixture
def asked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Any:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KINTSUGI_LANG", "en")

    def run(*arguments: str) -> str:
        make_app()(["clean", *arguments], standalone_mode=False)
        return capsys.readouterr().out

    return run


@pytest.fixture
def shops(tmp_path: Path) -> Path:
    """Forty rows of five shops; row 3 of the file has a wrong town, row 9 a unit."""
    towns = ["Bergen", "Molde", "Narvik", "Hamar", "Larvik"]
    rows = [[f"shop {i // 8}", towns[i // 8], str(20 + i % 8)] for i in range(40)]
    rows[1][1] = "Bexgen"
    rows[7][2] += " kg"
    path = tmp_path / "shops.csv"
    path.write_text(HEADER + "".join(",".join(r) + "\r\n" for r in rows), newline="")
    return path


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_sure_cells_are_repaired_and_everything_found_is_listed(
    asked: Any, shops: Path, tmp_path: Path
) -> None:
    shown = asked("shops.csv", "-o", "out/clean.csv", "--issues", "out/issues.csv")
    assert "2 repaired" in shown
    before, after = _read(shops), _read(tmp_path / "out" / "clean.csv")
    assert len(after) == 40
    assert (after[1]["town"], after[7]["weight"]) == ("Bergen", "27")
    assert after[:1] + after[2:7] + after[8:] == before[:1] + before[2:7] + before[8:]
    issues = _read(tmp_path / "out" / "issues.csv")
    first, second = issues
    assert (first["row"], first["record"], first["column"]) == ("3", "2", "town")
    assert (first["value"], first["proposed"], first["applied"]) == ("Bexgen", "Bergen", "yes")
    assert first["reason"] == "7 of 7 other rows with the same shop have “Bergen”"
    assert (second["row"], second["rule"], second["proposed"]) == ("9", "unit", "27")
    assert (tmp_path / "out" / "clean.csv").read_bytes().startswith(HEADER.encode())
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["clean.csv", "issues.csv"]


def test_a_cell_filled_by_the_reader_is_listed(asked: Any, tmp_path: Path) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(tmp_path / "merged.xlsx") as book:
        sheet = book.add_worksheet("a")
        sheet.write_row(0, 0, ["site", "town", "beds"])
        for row in range(1, 13):
            sheet.write(row, 0, f"N{row}")
            sheet.write(row, 2, f"{20 + row}")
            if row not in (3, 4):
                sheet.write(row, 1, f"town {row}")
        sheet.merge_range(3, 1, 4, 1, "Bergen")
    asked("merged.xlsx", "-o", "o.csv", "--issues", "i.csv")
    (issue,) = _read(tmp_path / "i.csv")
    assert (issue["row"], issue["column"], issue["value"]) == ("5", "town", "")
    assert (issue["proposed"], issue["applied"], issue["rule"]) == ("Bergen", "yes", "filled")
    assert [r["town"] for r in _read(tmp_path / "o.csv")][2:4] == ["Bergen", "Bergen"]


def test_the_threshold_leaves_proposals(asked: Any, shops: Path, tmp_path: Path) -> None:
    answer = json.loads(
        asked("shops.csv", "-o", "o.csv", "--issues", "i.csv", "--threshold", "1", "--json")
    )
    assert (answer["found"], answer["applied"]) == (2, 0)
    assert {i["applied"] for i in _read(tmp_path / "i.csv")} == {"no"}
    assert _read(tmp_path / "o.csv") == _read(shops)


def test_rows_are_asked_for_and_their_answers_learned(
    asked: Any, shops: Path, tmp_path: Path
) -> None:
    asked("shops.csv", "--ask", "3", "-o", "ask.csv")
    rows = _read(tmp_path / "ask.csv")
    assert len(rows) == 3
    assert list(rows[0]) == ["_row", "shop", "town", "weight"]
    with (tmp_path / "answers.csv").open("w", newline="", encoding="utf-8") as file:
        out = csv.DictWriter(file, list(rows[0]))
        out.writeheader()
        for row in rows:
            out.writerow(row | {"weight": "5000"})
    asked("shops.csv", "--answers", "answers.csv", "-o", "o.csv", "--issues", "i.csv")
    after = _read(tmp_path / "o.csv")
    for row in rows:
        assert after[int(row["_row"]) - 2]["weight"] == "5000"
    assert {i["rule"] for i in _read(tmp_path / "i.csv")} >= {"answered"}


def test_the_result_may_be_parquet_and_the_report_alone_writes_nothing(
    asked: Any, shops: Path, tmp_path: Path
) -> None:
    asked("shops.csv")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["shops.csv"]
    asked("shops.csv", "-o", "o.parquet")
    assert pl.read_parquet(tmp_path / "o.parquet")["town"][1] == "Bergen"


def test_reasons_are_in_the_language_of_the_terminal(
    asked: Any, shops: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KINTSUGI_LANG", "zh_CN")
    asked("shops.csv", "--issues", "i.csv")
    assert "相同的行中" in _read(tmp_path / "i.csv")[0]["reason"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["none.csv"], "reading.missing"),
        (["shops.csv", "-o", "shops.csv"], "read.onto-source"),
        (["shops.csv", "--issues", "shops.csv"], "read.onto-source"),
        (["shops.csv", "-o", "a.csv", "--issues", "a.csv"], "clean.same-file"),
        (["shops.csv", "--ask", "3"], "clean.ask-where"),
        (["shops.csv", "--ask", "0", "-o", "a.csv"], "repair.bad-budget"),
        (["shops.csv", "--ask", "3", "--answers", "shops.csv"], "clean.ask-and-answers"),
        (["shops.csv", "--answers", "shops.csv"], "repair.bad-answers"),
        (["shops.csv", "--contract", "nothing"], "contract.missing"),
        (["two.xlsx"], "clean.several-tables"),
    ],
)
def test_refusals(asked: Any, shops: Path, tmp_path: Path, arguments: list[str], code: str) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(tmp_path / "two.xlsx") as book:
        for name in ("a", "b"):
            book.add_worksheet(name).write_column(0, 0, ["code", "x1", "x2"])
    with pytest.raises(KintsugiError) as refused:
        asked(*arguments)
    assert refused.value.code == code
    assert sorted(p.name for p in tmp_path.iterdir()) == ["shops.csv", "two.xlsx"]
