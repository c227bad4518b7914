"""Labels: one barcode with its text, or many on a sheet."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kintsugi.core.errors import KintsugiError, Text
from kintsugi.core.printing.symbols import Symbol, Symbology, modules_of
from kintsugi.core.printing.typesetting import typeset

#: Labels of one file.
LABELS_MAX = 2_000
#: Width and height in millimetres.
SIZES: dict[str, tuple[int, int]] = {"50x30": (50, 30), "70x50": (70, 50), "100x150": (100, 150)}
LAYOUTS: dict[str, Text] = {
    "roll": Text("标签卷,每页一张", "label roll, one on a page"),
    "sheet": Text("A4 纸,排满", "A4 sheet, as many as fit"),
}
A4_MM = (210, 297)
MARGIN_MM = 5
#: What scanners still read, after GS1's sizes for health care; the room for a symbol is that of
#: ``labels.typ``.
MODULE_MIN_MM = {True: 0.17, False: 0.254}


@dataclass(frozen=True)
class Label:
    """What one label shows: a symbol, whose text (``readable``, one line each) stands under it, a
    title, and facts as (name, value). ``linear`` is a second, wide symbol below, where there is
    room for one."""

    symbol: Symbol
    readable: Sequence[str]
    title: str = ""
    facts: Sequence[tuple[str, str]] = ()
    linear: Symbol | None = None

    def drawn(self, width_mm: int) -> dict[str, Any]:
        """For the template. Raises KintsugiError ``label.symbol`` and ``label.too-narrow``."""
        is_linear = self.symbol.symbology.is_linear
        room = _room_mm(width_mm, is_linear=is_linear)
        return {
            "symbol": _fitting(self.symbol, room),
            "is_linear": is_linear,
            "readable": list(self.readable),
            "title": self.title,
            "facts": [list(one) for one in self.facts if one[1]],
            "linear": _fitting(self.linear, _room_mm(width_mm, is_linear=True))
            if self.linear
            else None,
        }


def _room_mm(width_mm: int, *, is_linear: bool) -> float:
    if is_linear:
        return width_mm - (3.2 if width_mm <= 50 else 5.2)
    return {50: 15.0, 70: 23.0, 100: 44.0}[width_mm]


def _fitting(symbol: Symbol, room_mm: float) -> str:
    """The drawing. Raises KintsugiError ``label.too-narrow`` when its modules get too fine."""
    drawn = symbol.svg()
    module_mm = room_mm / modules_of(drawn)
    least = MODULE_MIN_MM[symbol.symbology.is_linear]
    if module_mm < least:
        advice = Text("换大一号的标签,或用 GS1 DataMatrix。",
                      "Take a larger label, or a GS1 DataMatrix.")  # fmt: skip
        if symbol.symbology is not Symbology.GS1_128:
            advice = Text("换大一号的标签。", "Take a larger label.")
        raise KintsugiError(
            "label.too-narrow",
            Text(f"标签太窄:模块宽 {module_mm:.2f} mm,扫描枪至少要 {least} mm。",
                 f"The label is too narrow: modules of {module_mm:.2f} mm, scanners need {least} "
                 "mm."),
            advice,
            content=symbol.content[:90],
            module_mm=round(module_mm, 3),
        )  # fmt: skip
    return drawn


def print_labels(
    labels: Sequence[Label], *, size: str, layout: str, at: dt.datetime, language: str
) -> bytes:
    """The labels as PDF, in their order. Raises KintsugiError ``label.none``, ``label.too-many``,
    ``label.symbol``, ``label.too-narrow`` or ``pack.no-chinese-font``."""
    if not labels:
        raise KintsugiError(
            "label.none",
            Text("没有要打印的标签。", "There is no label to print."),
            Text("至少选择一项。", "Choose one thing at least."),
        )
    if len(labels) > LABELS_MAX:
        raise KintsugiError(
            "label.too-many",
            Text(f"一次最多 {LABELS_MAX:,} 张标签,现有 {len(labels):,} 张。",
                 f"At most {LABELS_MAX:,} labels at a time; these are {len(labels):,}."),
            Text("分几次打印。", "Print them in several parts."),
            labels=len(labels),
            limit=LABELS_MAX,
        )  # fmt: skip
    width, height = SIZES[size]
    across = (A4_MM[0] - 2 * MARGIN_MM) // width
    data = {
        "title": Text("标签", "Labels").get(language),
        "author": "Kintsugi",
        "width": width,
        "height": height,
        "is_sheet": layout == "sheet",
        "across": across,
        "margin": MARGIN_MM,
        "labels": [one.drawn(width) for one in labels],
    }
    return typeset("kintsugi.core.printing", "labels", data, at=at, language=language)
