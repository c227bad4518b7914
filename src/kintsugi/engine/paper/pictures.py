"""Pictures to arrays, within bounds: nothing is decoded before its size is known."""

import struct
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from kintsugi.engine.paper.model import Array
from kintsugi.engine.reading import errors
from kintsugi.engine.reading.limits import ReadLimits
from kintsugi.engine.text import Text

#: A JPEG may turn out an MPO, as some cameras write.
_FORMATS: Final = ("PNG", "JPEG", "TIFF", "WEBP", "BMP")
# What Pillow raises for pictures that are damaged in one way or another.
_BROKEN: Final = (
    UnidentifiedImageError, ValueError, SyntaxError, EOFError, struct.error, zlib.error, TypeError,
    LookupError, ArithmeticError, AttributeError, NotImplementedError, RuntimeError,
    AssertionError, MemoryError,
)  # fmt: skip


def picture_pages(path: Path, *, file: str, limits: ReadLimits) -> Iterator[Array]:
    """The pages of a picture (a TIFF may have several) as BGR arrays, turned as the camera noted.

    Raises ``reading.picture-broken``, ``reading.picture-too-large`` or ``reading.too-many``.
    """
    try:
        with warnings.catch_warnings():
            # Its size is bounded below, and what Pillow minds about metadata concerns no pixel.
            warnings.simplefilter("ignore")
            with Image.open(path, formats=_FORMATS) as picture:
                check_pixels(*picture.size, file=file, page=1, limits=limits)
                yield _array(picture)
                if picture.format == "TIFF":
                    yield from _further(picture, file, limits)
    except errors.ReadError:
        raise
    except Image.DecompressionBombError as error:
        raise errors.picture_too_large(file, limit=limits.max_pixels, page=1) from error
    except _BROKEN as error:
        raise errors.picture_broken(file, f"{type(error).__name__}: {error}") from error
    except OSError as error:
        if error.errno is not None:
            raise
        raise errors.picture_broken(file, str(error)) from error


def _further(picture: Image.Image, file: str, limits: ReadLimits) -> Iterator[Array]:
    page = 1
    while True:
        try:
            picture.seek(page)
        except EOFError:
            return
        page += 1
        if page > limits.max_pages:
            raise errors.too_many(file, Text("页", "pages"), count=page, limit=limits.max_pages)
        check_pixels(*picture.size, file=file, page=page, limits=limits)
        yield _array(picture)


def check_pixels(width: float, height: float, *, file: str, page: int, limits: ReadLimits) -> None:
    """Refuses a page of more pixels than the limit: ``reading.picture-too-large``."""
    if width * height > limits.max_pixels:
        raise errors.picture_too_large(
            file, limit=limits.max_pixels, page=page, width=int(width), height=int(height)
        )


def _array(picture: Image.Image) -> Array:
    """Blue, green, red, on white."""
    frame: Any = ImageOps.exif_transpose(picture)
    if frame.mode.startswith("I") or frame.mode == "F":
        # More than eight bits a pixel: what is there is spread from black to white.
        values = np.nan_to_num(np.asarray(frame, float), posinf=0.0, neginf=0.0)
        low, high = float(values.min()), float(values.max())
        grey = ((values - low) * (255.0 / max(high - low, 1e-9))).astype(np.uint8)
        return np.dstack([grey] * 3)
    if frame.mode in ("RGBA", "LA", "PA") or "transparency" in frame.info:
        over = frame.convert("RGBA")
        ground = Image.new("RGBA", over.size, "white")
        frame = Image.alpha_composite(ground, over)
    return np.ascontiguousarray(np.asarray(frame.convert("RGB"))[:, :, ::-1])
