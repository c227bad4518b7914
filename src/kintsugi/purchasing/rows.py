"""A field of a form for the lines of a document: rows of inputs, as many as were typed and some
blank ones. A row that is typed wrong is named; nothing typed is lost."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from kintsugi.core.screens.parts import say
from kintsugi.engine.text import Text

ROWS_MAX = 100
BLANK_ROWS = 5
CELL_CHARS = 4_000

Kind = Literal["text", "number", "date", "choice"]


@dataclass(frozen=True)
class Cell:
    """A column of the rows. ``wide`` gives it more room; ``choices`` are (code, name)."""

    name: str
    label: Text
    kind: Kind = "text"
    required: bool = False
    wide: bool = False
    initial: str = ""
    choices: Sequence[tuple[str, Text]] = ()


def _decimal(text: str) -> Decimal:
    value = Decimal(text.replace(",", "").strip())
    if not value.is_finite() or abs(value) >= Decimal(10) ** 14:
        raise InvalidOperation
    return round(value, 4)


READERS: Mapping[str, Callable[[str], Any]] = {
    "text": str.strip,
    "choice": str.strip,
    "number": _decimal,
    "date": lambda text: dt.date.fromisoformat(text.strip()),
}


class RowsWidget(forms.Widget):
    """Inputs named ``<field>-<row>-<column>``."""

    def __init__(self, cells: Sequence[Cell]) -> None:
        super().__init__()
        self.cells = cells

    def value_from_datadict(self, data: Any, _files: Any, name: str) -> list[dict[str, str]]:
        """The rows in which something other than a preset value was typed."""
        rows = []
        for number in range(ROWS_MAX):
            row = {
                cell.name: str(data.get(f"{name}-{number}-{cell.name}", ""))[:CELL_CHARS]
                for cell in self.cells
            }
            if any(row[cell.name].strip() not in ("", cell.initial) for cell in self.cells):
                rows.append(row)
        return rows

    def id_for_label(self, id_: str) -> str:
        """The first input."""
        return f"{id_}-0-{self.cells[0].name}"

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """The rows that were typed, and blank ones."""
        typed = list(value or [])
        blank = {cell.name: cell.initial for cell in self.cells}
        rows = [*typed, *([blank] * BLANK_ROWS)][:ROWS_MAX]
        drawn = [
            [
                {
                    "cell": cell,
                    "label": say(cell.label),
                    "name": f"{name}-{number}-{cell.name}",
                    "value": row.get(cell.name, "") or "",
                    "choices": [(code, say(text)) for code, text in cell.choices],
                }
                for cell in self.cells
            ]
            for number, row in enumerate(rows)
        ]
        heads = [(say(cell.label), cell.required, cell.wide) for cell in self.cells]
        context = {"heads": heads, "rows": drawn, "id": (attrs or {}).get("id", f"id_{name}")}
        return SafeString(render_to_string("purchasing/rows.html", context))


class RowsField(forms.Field):
    """Rows as a list of mappings, each cell read by its kind; an empty one that is not required
    is None (a text: empty)."""

    def __init__(self, cells: Sequence[Cell], **options: Any) -> None:
        self.cells = cells
        super().__init__(widget=RowsWidget(cells), **options)

    def clean(self, value: Any) -> list[dict[str, Any]]:
        """The rows. Raises ValidationError that names row and column."""
        rows = []
        for number, row in enumerate(value or [], 1):
            read: dict[str, Any] = {}
            for cell in self.cells:
                text = row[cell.name]
                if not text.strip():
                    if cell.required:
                        raise ValidationError(
                            say(Text(f"第 {number} 行缺“{cell.label.zh}”。",
                                     f"Row {number} has no “{cell.label.en}”."))
                        )  # fmt: skip
                    read[cell.name] = "" if cell.kind in ("text", "choice") else None
                    continue
                try:
                    read[cell.name] = READERS[cell.kind](text)
                except (ValueError, InvalidOperation):
                    raise ValidationError(
                        say(Text(f"第 {number} 行的“{cell.label.zh}”无法读取:{text[:40]}",
                                 f"Row {number}: “{cell.label.en}” cannot be read: {text[:40]}"))
                    ) from None  # fmt: skip
            rows.append(read)
        if self.required and not rows:
            raise ValidationError(say(Text("至少填写一行。", "Fill in at least one row.")))
        return rows
