"""Pictures and PDFs that cannot be read are refused by name, before they cost anything."""

import io
import struct
import time
import zlib
from typing import Any

import pytest
from PIL import Image

from bench import paper_pages as draw
from kintsugi.engine.reading import ReadError, ReadLimits


def png_of(width: int, height: int) -> bytes:
    """The head of a PNG that unfolds to this many pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 99))


def jpeg() -> bytes:
    page, pen = draw.sheet(300, 120)
    pen.text((20, 30), "Pump 100", font=draw.font(24), fill="black")
    return draw.encoded(page, "JPEG")


def locked_pdf() -> bytes:
    # A trailer that names the standard way of encryption, with keys that fit no password.
    body = [
        b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>",
        b"<</Filter/Standard/V 2/R 3/Length 128/P -44/O<" + b"11" * 32 + b">/U<" + b"22" * 32
        + b">>>",
    ]  # fmt: skip
    out, places = bytearray(b"%PDF-1.6\n"), []
    for number, one in enumerate(body, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    start = len(out)
    out += b"xref\n0 5\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % p for p in places)
    mark = b"33" * 16
    out += b"trailer<</Size 5/Root 1 0 R/Encrypt 4 0 R/ID[<%s><%s>]>>\n" % (mark, mark)
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start)


BAD = {
    "a bomb": ("a.png", png_of(30_000, 30_000), "reading.picture-too-large"),
    "a larger bomb": ("a.png", png_of(300_000, 300_000), "reading.picture-too-large"),
    "half a JPEG": ("a.jpg", jpeg()[:900], "reading.picture-broken"),
    "a head alone": ("a.png", png_of(10, 10)[:40], "reading.picture-broken"),
    "not a PDF": ("a.pdf", b"%PDF-1.7\nnothing\n", "reading.damaged"),
    "a locked PDF": ("a.pdf", locked_pdf(), "reading.pdf-encrypted"),
    "an empty page": ("a.png", draw.encoded(draw.sheet(200, 200)[0]), "reading.illegible"),
    "one pixel": ("a.png", draw.encoded(draw.sheet(1, 1)[0]), "reading.illegible"),
}


@pytest.mark.parametrize("what", BAD)
def test_what_cannot_be_read_has_a_code_a_remedy_and_facts(read: Any, what: str) -> None:
    name, data, code = BAD[what]
    began = time.perf_counter()
    with pytest.raises(ReadError) as refused:
        read(data, name)
    error = refused.value
    assert error.code == code
    assert error.remedy.zh
    assert error.remedy.en
    assert error.facts["file"] == name
    if "bomb" in what:
        assert time.perf_counter() - began < 2
    if code == "reading.illegible":
        assert "barcodes" in error.facts["tried"]


def test_more_pages_than_the_limit_are_refused(read: Any) -> None:
    pages = [draw.sheet(60, 60)[0] for _ in range(3)]
    for kind in ("TIFF", "PDF"):
        data = draw.encoded(pages[0], kind, save_all=True, append_images=pages[1:])
        with pytest.raises(ReadError) as refused:
            read(data, "a." + kind.lower(), limits=ReadLimits(max_pages=2))
        assert refused.value.code == "reading.too-many"
        assert refused.value.facts["limit"] == 2


def test_a_page_of_a_pdf_is_bounded_too(read: Any) -> None:
    with pytest.raises(ReadError) as refused:
        read(
            draw.encoded(draw.sheet(400, 400)[0], "PDF"), "a.pdf", limits=ReadLimits(max_pixels=999)
        )
    assert refused.value.code == "reading.picture-too-large"


def test_a_gif_is_still_no_source(read: Any) -> None:
    out = io.BytesIO()
    Image.new("P", (20, 20)).save(out, "GIF")
    with pytest.raises(ReadError) as refused:
        read(out.getvalue(), "a.gif")
    assert refused.value.code == "reading.wrong-type"
