"""The piece of a page that a cell was read from, as a picture to look at."""

import io
from collections.abc import Sequence
from itertools import islice
from typing import Final

from PIL import Image

from kintsugi.engine.paper.model import Array
from kintsugi.engine.paper.pictures import check_pixels, picture_pages
from kintsugi.engine.reading import errors
from kintsugi.engine.reading.limits import ReadLimits
from kintsugi.engine.snapshot import RAW, Snapshot

DPI: Final = 150
#: What is shown around a cell: so many times its height, and never less than this share of a page.
AROUND: Final = 0.6
LEAST: Final = 0.01
WIDTH_MAX: Final = 900


def cut_out(snapshot: Snapshot, page: int, box: Sequence[float]) -> bytes:
    """A PNG of the box (fractions of the page as the file shows it) with a little around it; the
    whole page, made small, where the box is empty.

    Raises ``reading.damaged`` where the page cannot be shown any more, and what reading pictures
    raises.
    """
    image = Image.fromarray(_page(snapshot, page)[:, :, ::-1])
    if box:
        x0, y0, x1, y1 = box
        more = max((y1 - y0) * AROUND, LEAST)
        edges = (x0 - more, y0 - more, x1 + more, y1 + more)
        size = (image.width, image.height, image.width, image.height)
        left, top, right, bottom = (
            int(min(max(edge, 0.0), 1.0) * whole) for edge, whole in zip(edges, size, strict=True)
        )
        image = image.crop((left, top, max(right, left + 1), max(bottom, top + 1)))
    image.thumbnail((WIDTH_MAX, WIDTH_MAX))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def _page(snapshot: Snapshot, page: int) -> Array:
    """The page as the file shows it, BGR."""
    limits, file, path = ReadLimits(), snapshot.file_name, snapshot.path / RAW
    if snapshot.kind != "pdf":
        pages = picture_pages(path, file=file, limits=limits)
        found = next(islice(pages, page - 1, None), None)
        if found is None:
            raise errors.damaged(file, f"no page {page}")
        return found
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(path)
    except (pypdfium2.PdfiumError, OSError) as error:
        raise errors.damaged(file, str(error)) from error
    try:
        if not 1 <= page <= len(document):
            raise errors.damaged(file, f"no page {page}")
        one, scale = document[page - 1], DPI / 72
        width, height = one.get_size()
        check_pixels(width * scale, height * scale, file=file, page=page, limits=limits)
        image: Array = one.render(scale=scale).to_numpy()
        return image[:, :, :3] if image.ndim == 3 and image.shape[2] >= 3 else _grey(image)
    except pypdfium2.PdfiumError as error:
        raise errors.damaged(file, str(error)) from error
    finally:
        document.close()


def _grey(image: Array) -> Array:
    import numpy as np

    return np.dstack([image.reshape(image.shape[:2])] * 3)
