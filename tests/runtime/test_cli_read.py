"""``kintsugi read`` needs no home, server or database."""

import json
from pathlib import Path
from typing import Any

import pytest

from kintsugi.config.cli import make_app
from kintsugi.engine.errors import KintsugiError


@pytest.fixture
def asked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Any:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KINTSUGI_LANG", "en")

    def run(*arguments: str) -> str:
        make_app()(["read", *arguments], standalone_mode=False)
        return capsys.readouterr().out

    return run


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    (folder / "old").mkdir(parents=True)
    (folder / "a.csv").write_bytes("编号;名称\n1;泵\n2;刀\n".encode("gb18030"))
    (folder / "old" / "b.tsv").write_text("code\tname\nx\ty\n")
    (folder / "notes.csv").write_bytes(b"")
    return folder


def test_one_file_becomes_one_file_and_a_report(asked: Any, files: Path, tmp_path: Path) -> None:
    shown = asked("in/a.csv", "-o", "out/a.csv", "--report", "out/r.json")
    assert "gb18030" in shown
    assert (tmp_path / "out" / "a.csv").read_bytes() == "编号,名称\r\n1,泵\r\n2,刀\r\n".encode()
    report = json.loads((tmp_path / "out" / "r.json").read_text())
    (source,) = report["sources"]
    assert (source["encoding"], source["dialect"]["delimiter"]) == ("gb18030", ";")
    assert source["tables"][0]["header_rows"] == [1, 1]
    assert (source["tables"][0]["read"], report["rows"]) == (2, 2)
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["a.csv", "r.json"]


def test_a_folder_is_read_with_all_below_it_and_what_is_refused_is_named(
    asked: Any, files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Click's own main would end the process with it.
    assert make_app()(["read", "in", "-o", "out", "--json"], standalone_mode=False) == 1
    answer = json.loads(capsys.readouterr().out)
    assert [Path(s["source"]).name for s in answer["sources"]] == ["a.csv", "b.tsv"]
    (refused,) = answer["refused"]
    assert (refused["code"], Path(refused["source"]).name) == ("reading.empty", "notes.csv")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["a.csv", "b.csv"]
    answer = json.loads(
        asked("in", "--pattern", "*.tsv", "-o", "two", "--format", "parquet", "--json")
    )
    assert [p.name for p in (tmp_path / "two").iterdir()] == ["b.parquet"]
    assert answer["ok"]


def test_without_a_place_nothing_is_written(asked: Any, files: Path, tmp_path: Path) -> None:
    answer = json.loads(asked("in/a.csv", "--json"))
    assert answer["sources"][0]["tables"][0]["columns"] == ["编号", "名称"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["in/none.csv"], "reading.missing"),
        (["in/a.csv", "in/old/b.tsv", "-o", "one.csv"], "read.several-tables"),
        (["in/a.csv", "-o", "in/a.csv"], "read.onto-source"),
        (["in/a.csv", "-o", "in/a.csv/x"], "read.unwritable"),
        (["in/a.csv", "--table", "9"], "read.no-table"),
        (["in/a.csv", "--format", "xlsx"], "read.format"),
        (["in/a.csv", "--query", "select 1"], "read.query"),
        (["in", "--pattern", "*.xls"], "read.nothing"),
        (["in/notes.csv", "in/none.csv"], "reading.empty"),
    ],
)
def test_what_cannot_be_done_is_refused_and_nothing_is_left(
    asked: Any, files: Path, tmp_path: Path, arguments: list[str], code: str
) -> None:
    before = (tmp_path / "in" / "a.csv").read_bytes()
    with pytest.raises(KintsugiError) as refused:
        asked(*arguments)
    assert refused.value.code == code
    assert (tmp_path / "in" / "a.csv").read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in"]
