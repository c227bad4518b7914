"""``kintsugi import`` on files that are none: exit 2, an answer a machine can read, no traceback,
tables as they were."""

import gzip
import json
import os
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kintsugi.config.cli import main
from tests.scenarios.world import PRODUCTS, World, tables

pytestmark = pytest.mark.usefixtures("committed")


def truncated(path: Path) -> None:
    whole = gzip.compress(PRODUCTS.encode() * 500)
    path.write_bytes(whole[: len(whole) // 2])


def bomb(path: Path) -> None:
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("products.csv", "w") as member,
    ):
        member.write(PRODUCTS.encode())
        block = b"P-9," + b"0" * (1 << 20) + b",,,\n"
        for _ in range(600):
            member.write(block)


def gz_bomb(path: Path) -> None:
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(PRODUCTS.encode())
        for _ in range(64):
            file.write(b"\0" * (1 << 24))


def one_line(path: Path) -> None:
    """A gibibyte without a line break; sparse, so that it costs the disk nothing."""
    with path.open("wb") as file:
        file.write(b"\xe4\xba\xa7\xe5\x93\x81,")
        file.truncate(1 << 30)


def one_line_of_text(path: Path) -> None:
    block = b"SN1,P-1;" * (1 << 17)
    with path.open("wb") as file:
        file.write("序列号,产品编码\n".encode())
        for _ in range(256):
            file.write(block)


def wrong_encoding(path: Path) -> None:
    path.write_bytes(b"\xff\xfe\x00\xd8\x00\xd8" + bytes(range(128, 256)) * 40)


#: Devices without serial numbers.
NO_KEY = "产品编码,医院,科室\nP-1,市一医院,ICU\n"

BAD: dict[str, tuple[str, Callable[[Path], object]]] = {
    "nothing at all": ("empty.csv", lambda p: p.write_bytes(b"")),
    "only blanks": ("blank.csv", lambda p: p.write_text("\n  \n\n")),
    "a picture": ("photo.csv", lambda p: p.write_bytes(b"\x89PNG\r\n\x1a\n" + os.urandom(4000))),
    "a PDF": ("list.xlsx", lambda p: p.write_bytes(b"%PDF-1.7\n" + os.urandom(4000))),
    "a program": ("list.csv", lambda p: p.write_bytes(b"\x7fELF" + os.urandom(4000))),
    "half a gzip": ("products.csv.gz", truncated),
    "an empty gzip": ("products.csv.gz", lambda p: p.write_bytes(gzip.compress(b""))),
    "a zip bomb": ("products.zip", bomb),
    "a gzip bomb": ("products.csv.gz", gz_bomb),
    "a gibibyte in one line": ("line.csv", one_line),
    "a text of 256 MiB in one line": ("line.csv", one_line_of_text),
    "no known encoding": ("products.csv", wrong_encoding),
    "an empty workbook": ("b.xlsx", lambda p: p.write_bytes(b"PK\x05\x06" + b"\0" * 18)),
    "headers of nothing known": ("x.csv", lambda p: p.write_text("abc,xyz\n1,2\n")),
    "a key column missing": ("d.csv", lambda p: p.write_text(NO_KEY)),
    "no such file": ("missing.csv", lambda p: None),
}  # fmt: skip


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: Any) -> Callable[..., tuple[int, str, str]]:
    """The command in this process, as its entry point runs it."""

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["kintsugi", *map(str, arguments)])
        monkeypatch.setattr("signal.signal", lambda *_: None)
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfd.readouterr()
        return int(ended.value.code or 0), out, err

    return call


@pytest.mark.parametrize("what", sorted(BAD))
def test_a_bad_file_is_refused_with_code_remedy_and_place(
    world: World, run: Callable[..., tuple[int, str, str]], what: str
) -> None:
    name, write = BAD[what]
    path = world.folder / name
    before = tables()
    try:
        write(path)
        code, out, err = run("import", path, "--json")
    finally:
        path.unlink(missing_ok=True)
    assert code == 2, (out, err)
    assert "Traceback" not in out + err
    answer = json.loads(out)
    assert answer["ok"] is False
    told = answer["error"]
    assert told["code"].count(".") >= 1
    assert told["message"]
    assert told["remedy"]
    assert name in json.dumps(told["facts"], ensure_ascii=False)
    assert tables() == before


def test_a_refusal_speaks_the_terminal_s_language(
    world: World, run: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = world.file("empty.csv", b"")
    said = {}
    for language in ("zh", "en"):
        monkeypatch.setenv("KINTSUGI_LANG", language)
        code, out, err = run("import", path)
        assert (code, out) == (2, "")
        said[language] = err
    assert any("\u4e00" <= c <= "\u9fff" for c in said["zh"])
    assert not any("\u4e00" <= c <= "\u9fff" for c in said["en"])
    assert "→" in said["en"], "the remedy is marked"


def test_a_good_file_answers_with_closed_arithmetic(
    world: World, run: Callable[..., tuple[int, str, str]]
) -> None:
    code, out, err = run("import", world.file("products.csv", PRODUCTS), "--json")
    assert code == 0, err
    answer = json.loads(out)
    assert (answer["ok"], answer["read"], answer["created"]) == (True, 3, 3)
    assert answer["checksums"]["products_product"]["rows"] == 3
    code, out, err = run("import", world.file("products.csv", PRODUCTS), "--json")
    assert (json.loads(out)["unchanged"], json.loads(out)["checksums"]) == (3, answer["checksums"])
