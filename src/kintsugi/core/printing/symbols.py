"""Barcodes as drawings: GS1 DataMatrix, GS1-128, Code 128 and QR."""

import re
from dataclasses import dataclass
from enum import StrEnum

import zxingcpp

from kintsugi.core.errors import KintsugiError, Text


class Symbology(StrEnum):
    """What a symbol looks like. Those of GS1 begin with FNC1 and take ``(01)…(10)…``."""

    GS1_DATA_MATRIX = "GS1 DataMatrix"
    GS1_128 = "GS1-128"
    QR = "QR Code"
    CODE_128 = "Code 128"

    @property
    def is_linear(self) -> bool:
        """Whether it is a row of bars."""
        return self in (Symbology.GS1_128, Symbology.CODE_128)


_FORMATS = {
    Symbology.GS1_DATA_MATRIX: zxingcpp.DataMatrix,
    Symbology.GS1_128: zxingcpp.Code128,
    Symbology.QR: zxingcpp.QRCode,
    Symbology.CODE_128: zxingcpp.Code128,
}


@dataclass(frozen=True)
class Symbol:
    """A barcode to print: the canonical bracketed text for GS1, any text for the others."""

    symbology: Symbology
    content: str

    def svg(self) -> str:
        """The drawing with its quiet zone, one unit a module. Raises KintsugiError
        ``label.symbol`` when the symbology cannot hold the content."""
        is_gs1 = self.symbology in (Symbology.GS1_DATA_MATRIX, Symbology.GS1_128)
        try:
            # Rectangular DataMatrix would be smaller, but not every scanner reads it.
            made = zxingcpp.create_barcode(
                self.content,
                _FORMATS[self.symbology],
                **({"gs1": True} if is_gs1 else {}),
                **({"force_square": True} if self.symbology is Symbology.GS1_DATA_MATRIX else {}),
            )
        except ValueError as error:
            raise KintsugiError(
                "label.symbol",
                Text(f"{self.symbology} 条码放不下这一内容。",
                     f"A {self.symbology} cannot hold this content."),
                Text("缩短批号或序列号,或去掉特殊字符;库位可用二维码。",
                     "Shorten the numbers or leave out special characters; a place may take a QR "
                     "code."),
                content=self.content[:90],
                cause=str(error),
            ) from None  # fmt: skip
        drawn = zxingcpp.write_barcode_to_svg(made, add_quiet_zones=True)
        return drawn[drawn.index("<svg") :]


def modules_of(svg: str) -> int:
    """How many modules wide a drawing is, its quiet zones included."""
    width = re.match(r'<svg width="([0-9]+)"', svg)
    assert width is not None, "our own drawings begin with their width"
    return int(width[1])
