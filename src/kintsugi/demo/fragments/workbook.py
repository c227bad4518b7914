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
#: The largest whole number that a spreadsheet's arithmetic keeps.
LARGEST_EXACT = 10**15
_DIGITS = "digits:"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_INLINE = re.compile(r'<c (?P<head>[^>]*)t="inlineStr"><is>(?P<item>.*?)</is></c>', re.DOTALL)
_FORCED_TEXT = re.compile(r'(<c [^>]*)(><f>"([^"<]*)"</f>)<v ?/?>(?:</v>)?')
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
    value = styled.value
    if isinstance(value, int) and abs(value) > LARGEST_EXACT:
        # openpyxl would round it to 16 digits; other programs write all of them.
        value = f"{_DIGITS}{value}"
    target = sheet.cell(row=row, column=column, value=value)
    if isinstance(styled.value, date):
        target.number_format = "yyyy-mm-dd"
    if styled.number_format:
        target.number_format = styled.number_format
    if styled.strike:
        target.font = Font(strike=True)
    if styled.comment:
        target.comment = Comment(styled.comment, "资料员")


def save(book: Workbook, path: Path, *, phonetic: Mapping[str, str] | None = None) -> None:
    """Save with fixed times and order, strings in a shared table as spreadsheet programs do.

    ``phonetic``: text → reading added to it as a phonetic run.
    """
    book.properties.creator = "kintsugi demo"
    book.properties.created = book.properties.modified = FIXED_TIME
    buffer = io.BytesIO()
    book.save(buffer)
    with zipfile.ZipFile(buffer) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    stamp = FIXED_TIME.isoformat().encode() + b"Z"
    core = "docProps/core.xml"
    parts[core] = _STAMP.sub(rb"\g<1>" + stamp + rb"\g<3>", parts[core])
    _share_strings(parts, phonetic or {})
    with zipfile.ZipFile(path, "w") as target:
        for name, content in parts.items():
            info = zipfile.ZipInfo(name, date_time=(2024, 7, 1, 8, 0, 0))
            info.external_attr = 0o600 << 16
            target.writestr(info, content, zipfile.ZIP_DEFLATED, 9)


def _share_strings(parts: dict[str, bytes], phonetic: Mapping[str, str]) -> None:
    """Move inline strings, which openpyxl writes, into xl/sharedStrings.xml.

    Dirt 16 needs it too: openpyxl cannot write phonetic runs, so they are added to the table.
    """
    order: dict[str, int] = {}

    def shared(match: re.Match[str]) -> str:
        text = match["item"].removeprefix("<t>").removesuffix("</t>")
        if text.startswith(_DIGITS):
            return f"<c {match['head']}><v>{text.removeprefix(_DIGITS)}</v></c>"
        index = order.setdefault(match["item"], len(order))
        return f'<c {match["head"]}t="s"><v>{index}</v></c>'

    for name in sorted(parts):
        if name.startswith("xl/worksheets/sheet"):
            sheet = _INLINE.sub(shared, parts[name].decode())
            # ="00123": a spreadsheet program stores the text that the formula gives beside it.
            sheet = _FORCED_TEXT.sub(r'\1 t="str"\2<v>\3</v>', sheet)
            parts[name] = sheet.encode()
    items = []
    for item in order:
        text = re.sub("<[^>]+>", "", item)
        reading = phonetic.get(text)
        run = f'<rPh sb="0" eb="{len(text)}"><t>{reading}</t></rPh>' if reading else ""
        items.append(f"<si>{item}{run}</si>")
    if missing := [t for t in phonetic if f"<t>{t}</t>" not in order]:
        raise ValueError(f"no cell holds {missing}")
    parts["xl/sharedStrings.xml"] = (
        f'<sst xmlns="{_MAIN}" uniqueCount="{len(items)}">{"".join(items)}</sst>'.encode()
    )
    types, relations = "[Content_Types].xml", "xl/_rels/workbook.xml.rels"
    parts[types] = parts[types].replace(
        b"</Types>",
        b'<Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats-'
        b'officedocument.spreadsheetml.sharedStrings+xml"/></Types>',
    )
    parts[relations] = parts[relations].replace(
        b"</Relationships>",
        b'<Relationship Id="rIdStrings" Type="http://schemas.openxmlformats.org/officeDocument/'
        b'2006/relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
    )
