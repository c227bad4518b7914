"""Writing workbooks whose bytes depend on their content only."""

import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

FIXED_TIME = datetime(2024, 7, 1, 8, 0, 0)  # noqa: DTZ001  workbooks know no time zones
_STAMP = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*(</dcterms)")


@dataclass(frozen=True)
class Styled:
    """A cell with more than a value: a number format, a strike, or a comment."""

    value: Any
    number_format: str | None = None
    strike: bool = False
    comment: str | None = None


def cell_text(cell: Any) -> str:
    """The text of a cell as the truth names it: dates in ISO form, numbers as their digits."""
    value = cell.value if isinstance(cell, Styled) else cell
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, date) else str(value)


def put(sheet: Worksheet, row: int, column: int, cell: Any) -> None:
    """Write one cell; ISO-typed dates get a date format."""
    styled = cell if isinstance(cell, Styled) else Styled(cell)
    if styled.value in (None, ""):
        return
    target = sheet.cell(row=row, column=column, value=styled.value)
    if isinstance(styled.value, date):
        target.number_format = "yyyy-mm-dd"
    if styled.number_format:
        target.number_format = styled.number_format
    if styled.strike:
        target.font = Font(strike=True)
    if styled.comment:
        target.comment = Comment(styled.comment, "资料员")


def save(book: Workbook, path: Path, *, phonetic: Mapping[str, str] | None = None) -> None:
    """Save with fixed times and order. ``phonetic``: text → reading added as a phonetic run."""
    book.properties.creator = "kintsugi demo"
    book.properties.created = book.properties.modified = FIXED_TIME
    buffer = io.BytesIO()
    book.save(buffer)
    with zipfile.ZipFile(buffer) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "docProps/core.xml":
                stamp = FIXED_TIME.isoformat().encode() + b"Z"
                content = _STAMP.sub(rb"\g<1>" + stamp + rb"\g<3>", content)
            if name == "xl/sharedStrings.xml":
                content = _with_readings(content, phonetic or {})
            info = zipfile.ZipInfo(name, date_time=(2024, 7, 1, 8, 0, 0))
            info.external_attr = 0o600 << 16
            target.writestr(info, content, zipfile.ZIP_DEFLATED, 9)


def _with_readings(content: bytes, phonetic: Mapping[str, str]) -> bytes:
    """Dirt 16: openpyxl cannot write phonetic runs, so they are put into the string table."""
    for text, reading in phonetic.items():
        plain = f"<si><t>{text}</t></si>".encode()
        if content.count(plain) != 1:
            raise ValueError(f"{text!r} stands {content.count(plain)} times in the string table")
        run = f'<rPh sb="0" eb="{len(text)}"><t>{reading}</t></rPh>'
        content = content.replace(plain, f"<si><t>{text}</t>{run}</si>".encode())
    return content
