"""Mutated files against a reader: each must give tables or a KintsugiError, and soon.

``python -m bench.fuzz READER SECONDS [--seed N] [--keep FOLDER]`` prints JSON: executions, answers
by code, crashes (anything else that was raised) and the slowest case. READER: one of the kinds
below, or ``all``. The seed fixes every mutation; a crash is kept as a file to read again.
"""

import argparse
import gzip
import hashlib
import io
import json
import random
import sqlite3
import sys
import tarfile
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Final

from bench.pollution import polluted_files
from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.pipeline.export import write_table
from kintsugi.engine.reading import ReadLimits, read_source

SEED: Final = 1
_LIMITS: Final = ReadLimits(
    max_bytes=1 << 22, max_uncompressed_bytes=1 << 24, ratio_free_bytes=1 << 22, max_columns=400,
    max_pages=4, max_pixels=1_000_000,
)  # fmt: skip
_ROWS: Final = [["name", "model", "qty"], ["pump", "P-1", "3"], ["cable, long", "C-9", "12"]]
#: Pieces that mean something to one reader or another.
_PIECES: Final = (
    b'"', b"'", b",", b";", b"\t", b"|", b"\r", b"\n", b"\r\n", b"\0", b"\xff\xfe", b"\xef\xbb\xbf",
    b"\\", b"<", b">", b"</a>", b"&amp;", b"<!DOCTYPE", b"{", b"}", b"[", b"]", b"null", b"1e999",
    b"PK\x03\x04", b"\x1f\x8b", b"--", b"\xd6\xd0", b"\xed\xa0\x80", b"99999999999", b"-1",
    b'rowspan="9999"', b'r="A99999999"', b"A1:XFD1048576", b"NaN", b"\xc3\x28", b"Content-Type: ",
)  # fmt: skip


def _csv_text() -> str:
    return "".join(",".join(f'"{c}"' if "," in c else c for c in row) + "\r\n" for row in _ROWS)


def _xlsx() -> bytes:
    import xlsxwriter

    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet("one")
        for at, row in enumerate(_ROWS):
            sheet.write_row(at, 0, row)
        sheet.merge_range("A5:B6", "merged")
        sheet.write_formula("C5", "=1/0", None, "#DIV/0!")
        sheet.write_comment("C2", "a comment")
    return out.getvalue()


def _zip(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def _tar() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name in ("a.csv", "b.csv"):
            data = _csv_text().encode()
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def _mail() -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@x.org", "b@x.org", "list"
    mail["Date"] = "Mon, 02 Jan 2023 10:00:00 +0000"
    mail.set_content("see the list")
    mail.add_attachment(_csv_text().encode(), "text", "csv", filename="a.csv")
    return mail.as_bytes()


def _sqlite() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.db"
        base = sqlite3.connect(path)
        base.execute("create table t (name text, model text, qty integer)")
        base.executemany("insert into t values (?, ?, ?)", _ROWS[1:])
        base.commit()
        base.close()
        return path.read_bytes()


def _xml() -> bytes:
    rows = "".join(
        f'<item no="{i}"><name>{r[0]}</name><at><x>{r[2]}</x></at><tag>a</tag><tag>b</tag></item>'
        for i, r in enumerate(_ROWS)
    )
    return f"<?xml version='1.0'?><list>{rows}</list>".encode()


def _workbook_xml() -> bytes:
    space = "urn:schemas-microsoft-com:office:spreadsheet"
    lines = [
        "".join(f'<Cell ss:Index="{i}"><Data>{c}</Data></Cell>' for i, c in enumerate(row, 1))
        for row in _ROWS
    ]
    rows = "".join(f"<Row>{line}</Row>" for line in lines)
    return (
        f'<?xml version="1.0"?><Workbook xmlns="{space}" xmlns:ss="{space}">'
        f'<Worksheet ss:Name="s"><Table>{rows}</Table></Worksheet></Workbook>'
    ).encode()


def _html() -> bytes:
    rows = "".join("<tr>" + "".join(f"<td>{c}</td>" for c in row) + "</tr>" for row in _ROWS)
    return f'<html><table border=1><tr><th colspan="2">t</th></tr>{rows}</table></html>'.encode()


def _csv_files() -> list[bytes]:
    return [f.data for f in polluted_files() if f.tables[0].name in ("short", "chinese", "places")]


def _json_files() -> list[bytes]:
    records = [dict(zip(_ROWS[0], row, strict=True)) | {"n": {"a": [1, {"b": 2}]}} for row in _ROWS]
    lines = "\n".join(json.dumps(r) for r in records)
    return [json.dumps(records).encode(), json.dumps({"x": records}).encode(), lines.encode()]


def _pictures() -> list[bytes]:
    """Tiny ones: what is still a picture after its damage is read by OCR."""
    from bench import paper_pages as draw

    page, pen = draw.sheet(130, 40)
    pen.text((8, 4), "Pump 12", font=draw.font(22), fill="black")
    return [draw.encoded(page, kind) for kind in ("PNG", "JPEG", "TIFF", "WEBP", "BMP")]


def _pdfs() -> list[bytes]:
    from bench import paper_pages as draw

    page, pen = draw.sheet(200, 60)
    pen.text((8, 4), "Pump 12", font=draw.font(30), fill="black")
    return [draw.text_pdf(_ROWS, columns=3), draw.encoded(page, "PDF", resolution=100)]


READERS: Final[dict[str, Callable[[], list[bytes]]]] = {
    "csv": _csv_files,
    "fixed": lambda: [
        b"NAME        QTY   PRICE\n----------- ----- -------\n"
        b"Pump          12    3.50\nVentilator X   3  120.00\nCable        100    1.25\n",
        "设备名称    型号      数量\n监护仪      iMEC8       12\n呼吸机      SV300        3\n"
        "输液泵      M7          10\n".encode(),
    ],
    "html": lambda: [_html()],
    "json": _json_files,
    "xml": lambda: [_xml(), _workbook_xml()],
    "xlsx": lambda: [_xlsx()],
    "sqlite": lambda: [_sqlite()],
    "gzip": lambda: [gzip.compress(_csv_text().encode(), mtime=0), gzip.compress(_tar(), mtime=0)],
    "zip": lambda: [_zip({"a.csv": _csv_text().encode(), "b.xml": _xml(), "c.html": _html()})],
    "tar": lambda: [_tar()],
    "mail": lambda: [_mail()],
    "picture": _pictures,
    "pdf": _pdfs,
}


def mutated(data: bytes, r: random.Random) -> bytes:
    """The bytes with a few things changed: bits, pieces put in, parts cut out, doubled, swapped."""
    body = bytearray(data)
    for _ in range(r.choice((1, 1, 2, 3, 8))):
        at = r.randrange(len(body) + 1)
        size = r.choice((1, 2, 8, 64, 512))
        act = r.randrange(6)
        if act == 0 and body:
            body[r.randrange(len(body))] ^= 1 << r.randrange(8)
        elif act == 1:
            body[at:at] = r.choice(_PIECES)
        elif act == 2:
            del body[at : at + size]
        elif act == 3:
            body[at:at] = body[at : at + size] * r.choice((1, 2, 20))
        elif act == 4:
            body[at : at + size] = bytes(r.randrange(256) for _ in range(min(size, 8)))
        else:
            other = r.randrange(len(body) + 1)
            body[at : at + size] = body[other : other + size]
    return bytes(body[: 1 << 20])


def _inside(data: bytes, r: random.Random) -> bytes:
    """A zip with one member mutated rather than its own bytes: damage the checksum would hide."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = {n: archive.read(n) for n in archive.namelist()}
    except zipfile.BadZipFile:
        return mutated(data, r)
    name = r.choice(sorted(members))
    members[name] = mutated(members[name], r)
    return _zip(members)


def run(data: bytes, work: Path) -> str:
    """``ok`` or the code of the refusal; raises what should not happen."""
    path = work / "source"
    path.write_bytes(data)
    try:
        snapshot = read_source(path, into=work / "snapshots", limits=_LIMITS)
        for table in snapshot.tables:
            write_table(snapshot, table, work / f"out{table.index}.csv", kind="csv")
    except KintsugiError as error:
        return error.code
    return "ok"


def fuzz(
    reader: str, seconds: float, *, seed: int = SEED, keep: Path | None = None
) -> dict[str, object]:
    """Figures of one reader."""
    r = random.Random(f"{seed} {reader}")
    samples = READERS[reader]()
    codes: Counter[str] = Counter()
    crashes: dict[str, str] = {}
    slowest, count, began = 0.0, 0, time.monotonic()
    while time.monotonic() - began < seconds:
        sample = r.choice(samples)
        packed = reader in ("xlsx", "zip") and r.random() < 0.7
        data = _inside(sample, r) if packed else mutated(sample, r)
        count += 1
        start = time.monotonic()
        with tempfile.TemporaryDirectory() as work:
            try:
                codes[run(data, Path(work))] += 1
            except Exception as error:
                place = error.__traceback__
                while place is not None and place.tb_next is not None:
                    place = place.tb_next
                where = place.tb_frame.f_code.co_qualname if place is not None else ""
                mark = f"{type(error).__name__} in {where}: {str(error)[:120]}"
                crashes.setdefault(mark, hashlib.sha256(data).hexdigest()[:12])
                if keep is not None:
                    keep.mkdir(parents=True, exist_ok=True)
                    (keep / f"{reader}-{crashes[mark]}").write_bytes(data)
        slowest = max(slowest, time.monotonic() - start)
    return {
        "reader": reader,
        "seed": seed,
        "seconds": round(time.monotonic() - began, 1),
        "executions": count,
        "answers": dict(codes.most_common()),
        "crashes": crashes,
        "slowest_s": round(slowest, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("reader", choices=[*READERS, "all"])
    parser.add_argument("seconds", type=float)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--keep", type=Path, default=None)
    asked = parser.parse_args()
    failed = False
    for reader in READERS if asked.reader == "all" else [asked.reader]:
        figures = fuzz(reader, asked.seconds, seed=asked.seed, keep=asked.keep)
        failed |= bool(figures["crashes"])
        print(json.dumps(figures, ensure_ascii=False, indent=1), flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
