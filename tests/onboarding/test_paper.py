"""A photo of a register is not imported before a person looked at what OCR read."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFont

from kintsugi.core.errors import KintsugiError
from kintsugi.devices.models import Device
from kintsugi.engine.paper.confirm import Answer, read_confirm, to_confirm, write_confirm
from kintsugi.engine.reading import read_source
from kintsugi.engine.snapshot import cells_frame, open_snapshot
from kintsugi.onboarding.models import Run, Snapshot
from kintsugi.onboarding.services import Fragment, import_fragments

pytestmark = pytest.mark.django_db
ROWS = [
    ("Serial No", "Product Code", "Department"),
    ("SN20417", "P-100", "Radiology"),
    ("SN20418", "P-100", "Surgery"),
    ("SN20522", "P-200", "Surgery"),
]


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    page = Image.new("L", (900, 420), 255)
    draw = ImageDraw.Draw(page)
    font = ImageFont.load_default(30)
    for line, row in enumerate(ROWS):
        for place, text in enumerate(row):
            draw.text((40 + 290 * place, 60 + 80 * line), text, font=font, fill=0)
    path = tmp_path / "register.png"
    page.save(path)
    return path


def test_what_ocr_read_waits_for_a_person_before_it_is_imported(
    photo: Path, tmp_path: Path, settings: Any
) -> None:
    settings.SNAPSHOT_ROOT = tmp_path / "snapshots"
    settings.RUN_ROOT = tmp_path / "runs"
    at = dt.datetime(2026, 11, 27, tzinfo=dt.UTC)

    def load(path: Path, *answers: Answer) -> Run:
        fragment = Fragment(location=str(path), answers=answers)
        return import_fragments(actor="test", fragments=[fragment], at=at)[0]

    products = tmp_path / "products.csv"
    products.write_text("Product code,Product name\nP-100,Pump\nP-200,Monitor\n")
    load(products)
    with pytest.raises(KintsugiError) as refused:
        load(photo)
    facts = refused.value.facts
    assert refused.value.code == "import.paper-unconfirmed"
    assert (facts["column"], facts["value"]) == ("Serial No", "SN20417")
    assert Run.objects.count() == Snapshot.objects.count() == 1

    register = read_source(photo, into=tmp_path / "seen")
    answers = tmp_path / "answers.csv"
    write_confirm(to_confirm(register), answers)
    lines = answers.read_text("utf-8-sig").splitlines()
    # 李明 saw that the second serial number on the paper has a smudge: it is SN20413.
    said = [line.replace(",,", ",SN20413,李明") if ",SN20418," in line and line.endswith(",,")
            else f"{line[:-1]},李明" for line in lines[1:]]  # fmt: skip
    answers.write_text("\n".join([lines[0], *said]) + "\n", "utf-8-sig")
    run = load(photo, *read_confirm(answers))
    assert (run.status, run.counts["read"]) == ("verified", 3)
    stored = {d.serial_no for d in Device.objects.all()}
    assert stored == {"SN20417", "SN20413", "SN20522"}
    # The cell tells who confirmed it, and what OCR had read.
    snapshot = open_snapshot(settings.SNAPSHOT_ROOT / run.snapshot.folder)
    marks = cells_frame(snapshot, 0).collect().filter(kind="confirmed")["value"].to_list()
    assert any("李明" in mark and "SN20418" in mark for mark in marks)
