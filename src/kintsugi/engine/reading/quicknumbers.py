"""`formats.number_text` for many numbers at once."""

from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kintsugi.engine.reading.formats import number_text

_SHOWN: Final = 15
_MOST: Final = 18  # digits that a 64-bit number holds for certain
_FRACTION: Final = rf"^-?[0-9]{{1,{_SHOWN}}}\.[0-9]+$"


def offsets_of(texts: Any) -> Any:
    """The offsets of an Arrow array of strings."""
    offsets = np.frombuffer(texts.buffers()[1], np.int32) if len(texts) else np.zeros(1, np.int32)
    return offsets[texts.offset : texts.offset + len(texts) + 1]


def bytes_of(texts: Any) -> Any:
    """The bytes its offsets point into."""
    data = texts.buffers()[2]
    return (
        np.frombuffer(data, np.uint8) if data is not None and data.size else np.zeros(0, np.uint8)
    )


def odd_numbers(texts: Any) -> Any:
    """Mask of the numbers `number_text` may change or call inexact: those of more than 15 signs
    or with an exponent. The others stay as they stand."""
    offsets = offsets_of(texts)
    odd = np.diff(offsets) > _SHOWN
    codes = bytes_of(texts)[offsets[0] : offsets[-1]]
    signs = np.flatnonzero((codes | 32) == 101)
    if signs.size:
        odd[np.searchsorted(offsets, signs + offsets[0], side="right") - 1] = True
    return odd


def number_texts(texts: Any) -> tuple[Any, Any]:
    """(plain texts, mask of those that lost digits) as `number_text` gives them one by one."""
    digits = pc.replace_substring(pc.utf8_ltrim(texts, "-"), ".", "", max_replacements=1)
    length = np.diff(offsets_of(digits))
    easy = np.asarray(pc.match_substring_regex(texts, _FRACTION)) & (length <= _MOST)
    lost = np.zeros(len(texts), bool)
    hard = np.flatnonzero(~easy)
    parts, order = [], []
    if hard.size:
        encoded = texts.take(pa.array(hard)).dictionary_encode()
        found = [number_text(text) for text in encoded.dictionary.to_pylist()]
        parts.append(pa.array([f[0] for f in found], pa.string()).take(encoded.indices))
        lost[hard] = np.array([f[1] for f in found])[np.asarray(encoded.indices)]
        order.append(hard)
    if easy.any():
        at = np.flatnonzero(easy)
        for places, shown in _rounded(texts.take(pa.array(at)), digits.take(pa.array(at))):
            parts.append(shown)
            order.append(at[places])
    back = np.empty(len(texts), np.int64)
    back[np.concatenate(order)] = np.arange(len(texts))
    return pa.concat_arrays(parts).take(pa.array(back)), lost


def _rounded(texts: Any, digits: Any) -> list[tuple[Any, Any]]:
    """(places, texts) of plain fractions rounded half up to 15 significant digits. ``digits``:
    the same without sign and point, 18 at most."""
    number = np.asarray(pc.cast(digits, pa.int64()))
    point = np.asarray(pc.find_substring(texts, "."))
    fraction = np.diff(offsets_of(texts)) - point - 1
    places = np.searchsorted(10 ** np.arange(_MOST + 1, dtype=np.int64), number, side="right")
    drop = np.maximum(places - _SHOWN, 0)
    kept: list[tuple[Any, Any]] = []
    if (drop == 0).any():
        at = np.flatnonzero(drop == 0)
        kept.append((at, texts.take(pa.array(at))))
    unit = 10 ** drop.astype(np.int64)
    rounded = np.where(drop > 0, (number + unit // 2) // unit, number)
    left = fraction - drop
    minus = bytes_of(texts)[offsets_of(texts)[:-1]] == ord("-")
    for size in np.unique(left[drop > 0]).tolist():
        at = np.flatnonzero((left == size) & (drop > 0))
        kept.append((at, _written(rounded[at], size, minus[at])))
    return kept


def _written(number: Any, size: int, minus: Any) -> Any:
    """Whole numbers as fractions of ``size`` digits, without zeros at the end."""
    scale = 10**size
    text = pc.cast(pa.array(number // scale), pa.string())
    if size:
        # A one in front keeps the zeros that a fraction begins with.
        part = pc.cast(pa.array(number % scale + scale), pa.string())
        part = pc.utf8_rtrim(pc.utf8_slice_codeunits(part, 1), "0")
        text = pc.utf8_rtrim(pc.binary_join_element_wise(text, part, "."), ".")
    if minus.any():
        signs = pa.array(["", "-"]).take(pa.array(minus.astype(np.int8)))
        text = pc.binary_join_element_wise(signs, text, "")
    return text
