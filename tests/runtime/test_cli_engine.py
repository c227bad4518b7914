"""The engine's commands from outside: no home, server or database; answers, files, exit codes."""

import csv
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from kintsugi.config.cli import make_app
from kintsugi.engine.errors import KintsugiError


@pytest.fixture
def asked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Any:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KINTSUGI_LANG", "en")

    def run(*arguments: str) -> tuple[int, str]:
        code = make_app()([*arguments], standalone_mode=False)
        return code or 0, capsys.readouterr().out

    return run


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "bank.csv").write_text("no,day,amount\nI1,2026-03-01,300\nI2,2026-03-04,70\n")
    (tmp_path / "book.csv").write_text(
        "单号;日期;金额\nI1;2026年3月1日;100\nI1;2026-03-02;200.00\nI2;2026-03-04;07\n", "utf-8"
    )
    (tmp_path / "rules.yaml").write_text(
        "tables: {bank: bank.csv}\nrules:\n"
        "  - {column: 金额, type: money, minimum: 10}\n  - {column: 单号, in: bank.no}\n"
    )
    return tmp_path


PAIRS = ("--key", "no=单号", "--amount", "amount=金额", "--date", "day=日期")


def test_two_lists_are_reconciled_with_the_rows_of_their_files(asked: Any, files: Path) -> None:
    code, said = asked("reconcile", "bank.csv", "book.csv", *PAIRS, "-o", "out.csv", "--json")
    answer = json.loads(said)
    assert code == 1
    assert [(m["kind"], m["left"], m["right"]) for m in answer["matches"]] == [
        ("one-to-many", [2], [2, 3])
    ]
    (only,) = answer["breaks"]
    assert (only["kind"], only["left"], only["right"], only["difference"]) == (
        "shifted", 3, 4, "63",
    )  # fmt: skip
    rows = list(csv.reader((files / "out.csv").read_text("utf-8").splitlines()))
    assert rows[0] == ["group", "side", "row", "kind", "difference", "days"]
    assert sorted((row[1], row[2]) for row in rows[1:]) == [
        ("left", "2"), ("left", "3"), ("right", "2"), ("right", "3"), ("right", "4"),
    ]  # fmt: skip
    code, said = asked("reconcile", "bank.csv", "bank.csv", "--key", "no", "--amount", "amount")
    assert (code, "the same" in said) == (0, True)


def test_a_table_is_held_against_rules(asked: Any, files: Path) -> None:
    code, said = asked("check", "book.csv", "--rules", "rules.yaml", "--json", "-o", "wrong.csv")
    answer = json.loads(said)
    assert (code, answer["rows"], answer["broken"]) == (1, 3, 1)
    wrong = [(one["name"], one["broken"]) for one in answer["results"] if one["broken"]]
    assert wrong == [("金额: minimum", 1)]
    rows = list(csv.reader((files / "wrong.csv").read_text("utf-8").splitlines()))
    assert rows[1:] == [["金额: minimum", "minimum", "金额", "4", "07"]]
    code, said = asked("check", "book.csv", "--rules", "rules.yaml")
    assert (code, "not below the least" in said) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("reconcile", "bank.csv", "book.csv"), "reconcile.nothing-to-compare"),
        (("reconcile", "bank.csv", "book.csv", "--key", "no"), "reconcile.no-column"),
        (("reconcile", "bank.csv", "bank.csv", "--tolerance", "NaN"), "reconcile.tolerance"),
        (("reconcile", "bank.csv", "book.csv", *PAIRS, "-o", "bank.csv"), "read.onto-source"),
        (("reconcile", "bank.csv", "none.csv", *PAIRS), "reading.missing"),
        (("check", "bank.csv"), "check.which-rules"),
        (("check", "bank.csv", "--contract", "nonsense"), "contract.missing"),
        (("check", "bank.csv", "--rules", "rules.yaml"), "check.no-column"),
        (("profile", "bank.csv", "--against", "rules.yaml"), "profile.no-earlier"),
        (("profile", "bank.csv", "--at", "yesterday"), "profile.day"),
        (("profile", "bank.csv", "-o", "bank.txt"), "profile.format"),
        (("profile", "bank.csv", "--date-column", "when"), "profile.no-column"),
    ],
)  # fmt: skip
def test_refusals_name_what_is_wrong_and_write_nothing(
    asked: Any, files: Path, arguments: tuple[str, ...], code: str
) -> None:
    before = sorted(p.name for p in files.iterdir())
    with pytest.raises(KintsugiError) as refusal:
        asked(*arguments)
    assert refusal.value.code == code
    assert sorted(p.name for p in files.iterdir()) == before


def test_a_table_is_profiled_as_json_and_page_and_compared(asked: Any, files: Path) -> None:
    code, said = asked("profile", "bank.csv", "-o", "bank.json", "--at", "2026-11-27", "--json")
    answer = json.loads(said)
    assert (code, answer["rows"], [c["type"] for c in answer["columns"]]) == (
        0, 2, ["text", "date", "integer"],
    )  # fmt: skip
    (files / "bank.csv").write_text("no,amount\nI1,many\nI1,few\n")
    code, said = asked("profile", "bank.csv", "--against", "bank.json", "-o", "bank.html", "--json")
    found = [(one["kind"], one["column"]) for one in json.loads(said)["drift"]]
    assert code == 1
    assert found[:3] == [("column-gone", "day"), ("key-lost", "no"), ("type", "amount")]
    assert "a column is gone" in (files / "bank.html").read_text("utf-8")
    code, said = asked("profile", "book.csv")
    assert (code, "Completeness 100.0" in said) == (0, True)


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    """Forty people in one list, the first twenty once more in another, spelled a little wrong."""
    from tests.engine.matching.test_matching import people

    table, _ = people(40)
    table = table.with_columns(id=pl.format("p{}", pl.int_range(table.height)))
    table[:40].write_csv(tmp_path / "first.csv")
    again = table[:20].with_columns(
        last=pl.col("last") + "n", id=pl.format("q{}", pl.int_range(20))
    )
    again.write_csv(tmp_path / "second.csv")
    return tmp_path


def test_two_lists_are_matched_with_decisions_and_ids_that_last(asked: Any, lists: Path) -> None:
    (lists / "said.csv").write_text("left,right,link\np0,q0,cannot\np39,q0,must\n")
    where = ("--key", "id", "--decisions", "said.csv", "-o", "pairs.csv", "--clusters", "c.csv")
    code, said = asked("match", "first.csv", "second.csv", *where, "--json", "--explain", "1")
    answer = json.loads(said)
    assert (code, answer["records"], answer["sure"]) == (0, 60, 20)
    rows = list(csv.DictReader((lists / "pairs.csv").read_text("utf-8").splitlines()))
    found = {(row["left"], row["right"]) for row in rows if float(row["probability"]) >= 0.9}
    assert found == {(f"p{n}", f"q{n}") for n in range(1, 20)} | {("p39", "q0")}
    assert 0.5 <= answer["threshold"] <= 0.99
    assert answer["expected_f1"] > 0.8
    assert answer["rests_on"]["must"] == 1
    (explained,) = answer["explained"]
    assert sum(s["weight"] for s in explained["steps"]) + explained["prior"] == pytest.approx(
        explained["weight"], abs=0.01
    )
    before = (lists / "c.csv").read_text("utf-8")
    code, _ = asked("match", "first.csv", "second.csv", *where[:6], "--clusters", "c2.csv",
                    "--known", "c.csv")  # fmt: skip
    assert (lists / "c2.csv").read_text("utf-8") == before


def test_groups_that_join_are_named_and_a_list_without_matches_is_done(
    asked: Any, lists: Path
) -> None:
    same = "id,name,phone\na,anna adler,0301\nb,bo bauer,0302\nc,ANNA ADLER,0301\n"
    (lists / "list.csv").write_text(same)
    (lists / "old.csv").write_text("side,record,cluster\nleft,a,c-2\nleft,c,c-1\n")
    code, said = asked("match", "list.csv", "--key", "id", "--known", "old.csv", "--explain", "9",
                       "--clusters", "new.csv", "--json")  # fmt: skip
    answer = json.loads(said)
    assert (code, answer["clusters"], answer["sure"]) == (0, 2, 1)
    assert answer["merged"] == [{"id": "c-2", "into": "c-1"}]
    assert answer["rests_on"] == {"same": 1}
    assert [one["rule"] for one in answer["explained"]] == ["the same in every column"]
    (note,) = answer["notes"]
    assert note.startswith("Besides those that are the same")
    (lists / "list.csv").write_text("id,name,phone\na,anna,0301\nb,bo,0302\n")
    code, said = asked("match", "list.csv", "--key", "id")
    assert (code, "no matches" in " ".join(said.split())) == (0, True)


@pytest.mark.parametrize(
    ("text", "arguments", "code"),
    [
        ("left,right,link\np0,zz,must\n", ("--decisions", "x.csv"), "match.unknown-record"),
        ("left,right,link\np0,q0,maybe\n", ("--decisions", "x.csv"), "match.bad-decision"),
        ("left,right\np0,q0\n", ("--decisions", "x.csv"), "match.bad-pairs"),
        ("left,right,match\np0,q0,yes\n", ("--labels", "x.csv"), "match.bad-label"),
        ("left,right,match\np0,q0,1\n", ("--labels", "x.csv"), "match.few-labels"),
        ("a,b\n1,2\n", ("--known", "x.csv"), "match.bad-clusters"),
        ("", ("--column", "nothing"), "match.no-column"),
    ],
)
def test_decisions_and_answers_that_cannot_be_meant_are_refused(
    asked: Any, lists: Path, text: str, arguments: tuple[str, ...], code: str
) -> None:
    (lists / "x.csv").write_text(text)
    with pytest.raises(KintsugiError) as refusal:
        asked("match", "first.csv", "second.csv", "--key", "id", *arguments, "-o", "out.csv")
    assert refusal.value.code == code
    assert not (lists / "out.csv").exists()


REGISTER = (
    "出厂编号,规格型号,供货商,购置日期,使用状态\n"
    "S1,M1,Huakang,2021-03-02,在用\nS2,M2,Antai,2019-06-11,停用\n"
)


def test_columns_are_mapped_to_a_contract(asked: Any, tmp_path: Path) -> None:
    (tmp_path / "register.csv").write_text(REGISTER, "utf-8")
    code, said = asked("map", "register.csv", "--to", "device", "-o", "map.csv", "--json")
    answer = json.loads(said)
    assert code == 0
    right = ["serial_no", "product_model", "supplier", "purchase_date", "status"]
    assert [one["target"] for one in answer["columns"]] == right
    with (tmp_path / "map.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [row["target"] for row in csv.DictReader(file)] == right


def test_columns_are_mapped_to_a_table_and_approved_pairs_stand(asked: Any, tmp_path: Path) -> None:
    (tmp_path / "register.csv").write_text(REGISTER, "utf-8")
    (tmp_path / "target.csv").write_text("serial,vendor,bought,x\nA,B,2020-01-01,y\n")
    (tmp_path / "known.csv").write_text("source,target\n供货商,vendor\n出厂编号,\n", "utf-8")
    code, said = asked(
        "map", "register.csv", "--to", "target.csv", "--approved", "known.csv", "--json"
    )
    columns = {one["source"]: one for one in json.loads(said)["columns"]}
    assert code == 0
    assert columns["供货商"]["target"] == "vendor"
    assert columns["供货商"]["candidates"][0]["score"] == 1


def test_a_slipped_column_is_shown_with_its_rows(asked: Any, tmp_path: Path) -> None:
    (tmp_path / "slipped.csv").write_text(
        "sex,age,city\nmale,33,Ulm\nfemale,41,Ulm\n30,Bonn,\n31,Ulm,\n32,Bonn,\n"
    )
    (tmp_path / "target.csv").write_text(
        "sex,age,city\n"
        + "".join(f"{s},{a},Ulm\n" for s in ("male", "female") for a in range(25, 45))
    )
    code, said = asked("map", "slipped.csv", "--to", "target.csv", "--json")
    (alarm, *_) = json.loads(said)["shifts"]
    assert code == 1
    assert (alarm["source"], alarm["fits"], alarm["rows"]) == ("sex", "age", [4, 5, 6])
    code, said = asked("map", "slipped.csv", "--to", "target.csv")
    assert "do not fit" in said


def test_a_mapping_refuses_what_it_cannot_use(asked: Any, tmp_path: Path) -> None:
    (tmp_path / "register.csv").write_text(REGISTER, "utf-8")
    with pytest.raises(KintsugiError) as caught:
        asked("map", "register.csv", "--to", "device", "--approved", "register.csv")
    assert caught.value.code == "map.approved"
    with pytest.raises(KintsugiError) as caught:
        asked("map", "register.csv", "--to", "device", "-o", "register.csv")
    assert caught.value.code == "read.onto-source"
    assert (tmp_path / "register.csv").read_text("utf-8") == REGISTER


def test_amounts_are_converted_at_the_rate_of_their_day_and_the_rest_is_named(
    asked: Any, tmp_path: Path
) -> None:
    (tmp_path / "rates.csv").write_text("currency,into,since,rate\nUSD,CNY,2024-03-15,7.1\n")
    (tmp_path / "in.csv").write_text("no,day,amount\n1,2024-03-16,10 USD\n2,2024-03-16,4 GBP\n")
    arguments = ("convert", "in.csv", "-o", "out.csv", "--column", "amount", "--into", "人民币")
    code, said = asked(
        *arguments, "--rates", "rates.csv", "--dated", "day", "--issues", "left.csv", "--json"
    )
    assert (code, json.loads(said)["issues"]) == (1, {"money.no-rate": 1})
    assert (tmp_path / "out.csv").read_text("utf-8").splitlines()[1:] == [
        "1,2024-03-16,10 USD,71.00,7.1,2024-03-15,", "2,2024-03-16,4 GBP,,,,",
    ]  # fmt: skip
    assert (tmp_path / "left.csv").read_text().splitlines()[1:] == ["3,amount,4 GBP,money.no-rate"]
    code, _ = asked(*arguments, "--rates", "rates.csv", "--on", "2024-03-20")
    assert code == 1
    with pytest.raises(KintsugiError) as refused:
        asked(*arguments, "--rates", "rates.csv", "--on", "20.3.2024")
    assert refused.value.code == "convert.bad-day"
