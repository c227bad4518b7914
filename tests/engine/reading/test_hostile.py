"""Input that means harm or is broken: a clear refusal, bounded work, nothing left behind."""

import errno
import gzip
import io
import os
import resource
import signal
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from kintsugi.engine.reading import ReadError, ReadLimits, read_source, source
from kintsugi.engine.snapshot import cell_with_neighbours, open_snapshot
from tests.engine.reading.test_workbooks import patched, simple

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4


def docx() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    return out.getvalue()


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("_", "."), data)
    return out.getvalue()


ENCRYPTED = (
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504 + "EncryptedPackage".encode("utf-16-le")
)
OLD_WORD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504 + "WordDocument".encode("utf-16-le")
GZ = gzip.compress(b"a,b\n" + b"".join(b"%d,%d\n" % (i, i * 7919 % 10007) for i in range(20000)))

REFUSED = {
    "pdf": (b"%PDF-1.7\n1 0 obj", "reading.damaged"),
    "png": (PNG, "reading.picture-broken"),
    "exe": (b"MZ\x90\0\x03\0\0\0" + b"\0" * 100, "reading.wrong-type"),
    "docx": (docx(), "reading.wrong-type"),
    "doc": (OLD_WORD, "reading.wrong-type"),
    "garbage": (bytes((i * 73 + 11) % 256 for i in range(5000)), "reading.wrong-type"),
    "xml": (b"<?xml version='1.0'?><a>", "reading.damaged"),
    "html": (b"<html><body>log in please</body></html>", "reading.wrong-type"),
    "encrypted": (ENCRYPTED, "reading.password"),
    "zero": (b"", "reading.empty"),
    "blank": (b"\n\n   \n", "reading.empty"),
    "bom": (b"\xef\xbb\xbf", "reading.empty"),
    "nosheet": (simple(), "reading.empty"),
    "cutgz": (GZ[: len(GZ) // 2], "reading.truncated"),
    "badgz": (GZ[:200] + b"\xff" * 50 + GZ[250:], "reading.truncated"),
    "gzgz": (gzip.compress(gzip.compress(b"a,b\n1,2\n")), "reading.nested-archive"),
    "zipzip": (zipped(x_zip=zipped(a_csv=b"a,b\n1,2\n")), "reading.nested-archive"),
    "notables": (zipped(a_pdf=b"%PDF", b_md=b"# x"), "reading.archive-members"),
    "emptyzip": (zipped(), "reading.archive-members"),
    "cutzip": (simple(["a", "b"], ["x", 1])[:3000], "reading.damaged"),
    "badsheet": (
        patched(simple(["a", "b"], ["x", 1]), "xl/worksheets/sheet1.xml", lambda x: x[:300]),
        "reading.damaged",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_table_is_refused_with_a_remedy_and_leaves_nothing(
    tmp_path: Path, case: str
) -> None:
    data, code = REFUSED[case]
    file = tmp_path / "device.csv"
    file.write_bytes(data)
    with pytest.raises(ReadError) as refused:
        read_source(file, into=tmp_path / "snapshots")
    error = refused.value
    assert error.code == code
    assert "device.csv" in str(error.facts)
    assert all((*error.message, *error.remedy))
    assert any("\u4e00" <= c <= "\u9fff" for c in error.message.zh + error.remedy.zh)
    assert list((tmp_path / "snapshots").iterdir()) == []


def test_a_damaged_xls_is_named_as_such(read: Any, shared_data: Path) -> None:
    whole = (shared_data / "peer-openboxes" / "persons.xls").read_bytes()
    for size in (1500, 2600, 4000):
        with pytest.raises(ReadError) as refused:
            read(whole[:size], "a.xls")
        assert refused.value.code in ("reading.damaged", "reading.wrong-type")


def test_a_package_whose_names_are_garbled_is_named_as_such(read: Any) -> None:
    name = "表".encode()
    data = zipped(表=b"x" * 50).replace(name, b"\xff\xfe\xfd")
    with pytest.raises(ReadError) as refused:
        read(data, "a.xlsx")
    assert refused.value.code == "reading.damaged"


def test_a_zip_with_one_table_is_opened(read: Any, look: Any) -> None:
    assert look.rows(read(zipped(a_csv=b"a,b\n1,2\n"), "x.zip")) == [{"a": "1", "b": "2"}]


def test_places_that_are_no_readable_file(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for place, code in (
        (tmp_path / "none.csv", "reading.missing"),
        (tmp_path, "reading.folder"),
        (pipe, "reading.not-a-file"),
    ):
        with pytest.raises(ReadError) as refused:
            read_source(place, into=tmp_path / "s")
        assert refused.value.code == code


def test_a_file_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(b"a,b\n1,2\n")
    file.chmod(0)
    # Root may read everything; what the system would say to others is said here.
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(ReadError) as refused:
        read_source(file, into=tmp_path / "s")
    assert refused.value.code == "reading.permission"


def test_entities_in_a_workbook_are_refused(read: Any) -> None:
    bomb = (
        '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
        '<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    )
    for part in ("xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml"):
        data = patched(
            simple(["a", "b"], ["x", 1]),
            part,
            lambda xml: bomb + xml.partition("?>")[2].replace("<t>a</t>", "<t>&b;</t>"),
        )
        with pytest.raises(ReadError) as refused:
            read(data, f"{part.replace('/', '-')}.xlsx")
        assert refused.value.code == "reading.xml-entities"


def test_bombs_are_stopped_by_ratio_and_by_size(read: Any) -> None:
    tight = ReadLimits(ratio_free_bytes=1 << 20, max_uncompressed_bytes=64 << 20)
    body = b"a,b\n" + b"0," * (8 << 20)
    sheet = patched(
        simple(["a", "b"]), "xl/worksheets/sheet1.xml", lambda xml: xml + " " * (8 << 20)
    )
    squeezed = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(sheet)) as old,
        zipfile.ZipFile(squeezed, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, old.read(name))
    for name, data in (
        ("a.csv.gz", gzip.compress(body)),
        ("a.zip", zipped(a_csv=body)),
        ("a.xlsx", squeezed.getvalue()),
    ):
        with pytest.raises(ReadError) as refused:
            read(data, name, limits=tight)
        assert refused.value.code == "reading.bomb"
    with pytest.raises(ReadError) as refused:
        read(
            gzip.compress(os.urandom(3 << 20)),
            "b.csv.gz",
            limits=ReadLimits(max_uncompressed_bytes=1 << 20),
        )
    assert refused.value.code == "reading.bomb"


def test_a_merged_range_over_the_whole_sheet_fills_only_the_table(read: Any, look: Any) -> None:
    data = patched(
        simple(["名称", "型号"], ["CT", "M1"], ["", "M2"]),
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace(
            "</sheetData>",
            '</sheetData><mergeCells count="1"><mergeCell ref="A2:A1048576"/></mergeCells>',
        ),
    )
    assert look.fills(read(data, "a.xlsx")) == {(3, 1): ("CT", 2, 1)}


def test_an_endless_line_is_refused_with_its_place(read: Any) -> None:
    limits = ReadLimits(max_line_bytes=1 << 20)
    for mark in (b"x", b'"', b","):
        with pytest.raises(ReadError) as refused:
            read(b"a,b\n1,2\n" + mark * (6 << 20), limits=limits)
        error = refused.value
        assert error.code == "reading.line-too-long"
        assert (error.facts["row"], error.facts["byte_offset"]) == (3, 8)


def test_an_endless_line_behind_many_good_ones(read: Any) -> None:
    good = b"a,b\n" + b"1,2\n" * 2_000_000
    with pytest.raises(ReadError) as refused:
        read(good + b"z" * (5 << 20), limits=ReadLimits(max_line_bytes=1 << 20))
    assert (refused.value.facts["row"], refused.value.facts["byte_offset"]) == (
        2_000_002,
        len(good),
    )


def test_limits_on_bytes_columns_rows_tables_and_cells(read: Any, look: Any) -> None:
    wide = b",".join(b"c%d" % i for i in range(60)) + b"\n" + b",".join([b"1"] * 60) + b"\n"
    long = b"a,b\n" + b"1,2\n" * 500
    two = simple(["名称", "型号"], ["CT", "M1"])
    for data, limits, code in (
        (wide, ReadLimits(max_columns=50), "reading.too-many"),
        (long, ReadLimits(max_rows=100), "reading.too-many"),
        (long, ReadLimits(max_bytes=100), "reading.too-large"),
        (two, ReadLimits(max_columns=1), "reading.too-many"),
        (two, ReadLimits(max_tables=0), "reading.too-many"),
        (two, ReadLimits(max_cell_chars=1), "reading.too-many"),
    ):
        with pytest.raises(ReadError) as refused:
            read(data, limits=limits)
        assert refused.value.code == code
    snapshot = read(b"a,b\n1," + b"x" * 300 + b"\n2,y\n", limits=ReadLimits(max_cell_chars=200))
    assert look.aside(snapshot) == [(2, "quarantined", "row.cell-too-long")]


def test_a_file_of_open_quotes_takes_no_longer_than_its_length_deserves(
    read: Any, look: Any
) -> None:
    snapshot = read(b"a,b\n" + b'"x,y\n' * 20_000)
    assert snapshot.tables[0].read == 20_000


def test_the_same_bytes_are_read_once_and_keep_their_new_name(
    read: Any, look: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = read(b"a,b\n1,2\n", "one.csv")
    monkeypatch.setattr(source, "_read_bytes", lambda *_, **__: pytest.fail("read again"))
    second = read(b"a,b\n1,2\n", "two.csv")
    assert second.path == first.path
    assert (second.file_name, second.tables[0].name) == ("two.csv", "two")
    assert open_snapshot(first.path).file_name == "one.csv"


def test_another_parser_version_reads_again(read: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    first = read(b"a,b\n1,2\n")
    monkeypatch.setattr(source, "PARSER_VERSION", "next")
    second = read(b"a,b\n1,2\n")
    assert (second.path, second.parser_version) == (first.path, "next")
    assert len(list(first.path.parent.iterdir())) == 1


def test_who_finishes_second_leaves_the_first_readers_files_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two people import the same file at once. The first has answered and reads on; the second,
    who began before, must not take the directory from under him."""
    file, other, into = tmp_path / "a.csv", tmp_path / "b.csv", tmp_path / "s"
    for one in (file, other):
        one.write_bytes(b"a,b\n1,2\n")
    honest, first = source._read_bytes, []

    def overtaken(*args: Any, **kwargs: Any) -> Any:
        monkeypatch.setattr(source, "_read_bytes", honest)
        first.append(read_source(file, into=into))
        first.append((first[0].path / "t0.parquet").stat().st_ino)
        return honest(*args, **kwargs)

    monkeypatch.setattr(source, "_read_bytes", overtaken)
    second = read_source(other, into=into)
    assert (second.path, second.file_name) == (first[0].path, "b.csv")
    assert (second.path / "t0.parquet").stat().st_ino == first[1]
    assert [p.name for p in into.iterdir()] == [first[0].path.name]


def test_a_full_disk_leaves_no_half_snapshot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(b"a,b\n1,2\n")

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    from kintsugi.engine.reading.writer import TableWriter

    monkeypatch.setattr(TableWriter, "data", full)
    with pytest.raises(ReadError) as refused:
        read_source(file, into=tmp_path / "s")
    assert (refused.value.code, refused.value.retryable) == ("reading.disk-full", True)
    assert list((tmp_path / "s").iterdir()) == []


def test_the_system_really_out_of_room_leaves_no_half_snapshot(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(b"a,b\n" + b"".join(b"%d,%d\n" % (i, i * i) for i in range(100_000)))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
    try:
        with pytest.raises(ReadError) as refused:
            read_source(file, into=tmp_path / "s")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, old)
    assert refused.value.code == "reading.disk-full"
    assert list((tmp_path / "s").iterdir()) == []


KILLED = """
import sys, time
from pathlib import Path
from kintsugi.engine.reading import read_source, source
def stuck(*a, **k):
    print("writing", flush=True)
    time.sleep(60)
source._read_bytes = stuck
read_source(sys.argv[1], into=Path(sys.argv[2]))
"""


def test_what_a_killed_reader_left_is_removed_but_not_what_a_living_one_writes(
    tmp_path: Path,
) -> None:
    file, into = tmp_path / "a.csv", tmp_path / "s"
    file.write_bytes(b"a,b\n1,2\n")
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(file), str(into)], stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"writing\n"
        read_source(file, into=into)
        assert len(list(into.glob(".reading-*"))) == 2  # a directory and its lock
        child.kill()
        child.wait()
    read_source(file, into=into)
    assert [p.name.startswith(".") for p in into.iterdir()] == [False]


def test_a_snapshot_that_is_gone_or_damaged_is_named(read: Any, tmp_path: Path) -> None:
    from kintsugi.engine.errors import KintsugiError

    with pytest.raises(KintsugiError) as missing:
        open_snapshot(tmp_path / "nowhere")
    assert missing.value.code == "snapshot.missing"
    snapshot = read(b"a,b\n1,2\n")
    (snapshot.path / "snapshot.json").write_text("{")
    with pytest.raises(KintsugiError) as damaged:
        open_snapshot(snapshot.path)
    assert damaged.value.code == "snapshot.damaged"
    assert read(b"a,b\n1,2\n").tables[0].rows == 1


def test_a_cell_is_shown_among_its_neighbours(read: Any) -> None:
    snapshot = read("名称,厂家\nCT,GE\n同上,西门子\n合计,\nMR,飞利浦\n".encode())
    rows = cell_with_neighbours(snapshot, 0, 3, 1, around=2)
    assert [(r["row"], r["place"]) for r in rows] == [
        (1, "header"),
        (2, "data"),
        (3, "data"),
        (4, "excluded"),
        (5, "data"),
    ]
    here = [c for r in rows for c in r["cells"] if c["here"]]
    assert [(c["header"], c["text"], c["letter"]) for c in here] == [("名称", "同上", "A")]
    assert here[0]["marks"] == [{"kind": "ditto", "value": "CT", "anchor_row": 2, "anchor_col": 1}]


def test_a_huge_line_is_refused_in_bounded_memory_and_without_a_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "long.csv"
    with file.open("wb") as out:
        out.write(b"a,b\n1,2\n")
        out.truncate(300 << 20)  # a hole: one line of NUL bytes
    monkeypatch.setattr(source, "_copy", lambda *_: pytest.fail("copied"))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ReadError) as refused:
        read_source(file, into=tmp_path / "s")
    assert refused.value.code == "reading.line-too-long"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000
