"""PDFs: a page's own text where it has some, OCR where it has none."""

import io
from typing import Any

import pypdfium2
import pytest

from bench import paper_pages as draw

HEAD = ["Name", "Model", "Qty"]
FIRST = [["Pump", "P-100", "12"], ["Monitor", "M-20", "340"]]


def test_a_page_with_text_and_a_scanned_one_are_one_table(read: Any, seen: Any) -> None:
    scanned = draw.encoded(
        draw.ruled([HEAD, ["Valve", "V-77", "25"]], [120, 110, 90]), "PDF", resolution=110
    )
    data = draw.joined_pdf(draw.text_pdf([HEAD, *FIRST], columns=3, heading="Stock list"), scanned)
    snapshot = read(data, "two.pdf")
    assert snapshot.kind == "pdf"
    (table,) = snapshot.tables
    assert seen.head(snapshot) == HEAD
    assert seen.rows(snapshot) == [*FIRST, ["Valve", "V-77", "25"]]
    assert [cell.text for cell in table.preamble] == ["Stock list"]
    own, ocr = seen.marks(snapshot, "textlayer"), seen.marks(snapshot, "ocr")
    assert {(m["page"], m["confidence"]) for m in own.values()} == {(1, 1.0)}
    assert {m["page"] for m in ocr.values()} == {2}
    (note,) = [n for n in snapshot.notes if n.code == "paper.ocr"]
    assert note.facts["pages"] == 1


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_text_that_runs_up_or_down_the_page_is_read_upright(
    read: Any, seen: Any, quarters: int
) -> None:
    document = pypdfium2.PdfDocument(draw.text_pdf([HEAD, *FIRST], columns=3))
    page = document[0]
    # The content itself is turned, not the page's flag: as when a wide list lies on a tall page.
    turn = pypdfium2.PdfMatrix().rotate(90 * quarters)
    width, height = page.get_size()
    turn = turn.translate(*{1: (0, width), 2: (width, height), 3: (height, 0)}[quarters])
    for piece in page.get_objects():
        piece.transform(turn)
    if quarters % 2:
        page.set_mediabox(0, 0, height, width)
    page.gen_content()
    out = io.BytesIO()
    document.save(out)
    snapshot = read(out.getvalue(), "turned.pdf")
    assert (seen.head(snapshot), seen.rows(snapshot)) == (HEAD, FIRST)
    x0, y0, *_ = seen.marks(snapshot, "textlayer")[snapshot.tables[0].last_row, 1]["box"]
    # The page as it lies in the file: its left margin is at the top, at the right, at the bottom.
    inside = {1: x0 > 0.6 and y0 < 0.2, 2: x0 > 0.6 and y0 > 0.6, 3: x0 < 0.4 and y0 > 0.6}
    assert inside[quarters]
