"""Pages of a PDF as pictures and text, and the barcodes on them as a scanner sends them."""

from typing import Any


def pictures(pdf: bytes, *, dpi: int = 300) -> list[Any]:
    """Each page as grey values."""
    import pypdfium2

    document = pypdfium2.PdfDocument(pdf)
    made = [page.render(scale=dpi / 72, grayscale=True).to_numpy() for page in document]
    document.close()
    return [one.reshape(one.shape[:2]) for one in made]


def text_of(pdf: bytes) -> str:
    """The text of all pages, the breaks inside words taken out."""
    import pypdfium2

    document = pypdfium2.PdfDocument(pdf)
    found = "\n".join(page.get_textpage().get_text_bounded() for page in document)
    document.close()
    return found.replace("\u200b", "").replace("\r", "")


def scanned(picture: Any) -> list[str]:
    """Symbology identifier and data of each barcode, top to bottom, GS as it is."""
    import zxingcpp

    found = zxingcpp.read_barcodes(picture, text_mode=zxingcpp.TextMode.Plain)
    found = sorted(found, key=lambda one: (one.position.top_left.y, one.position.top_left.x))
    return [one.symbology_identifier + one.text for one in found]
