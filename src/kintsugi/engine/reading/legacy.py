"""XLS (BIFF), XLSB and ODS sheets by calamine: cell text without the sidecar of XLSX.

Calamine gives a date as "2023-03-27 00:00:00" and a whole number without ".0"; merges, comments,
hidden rows and formats of these formats are not seen, which a note says.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import fastexcel
import polars as pl

from kintsugi.engine.reading import errors
from kintsugi.engine.reading.limits import ReadLimits
from kintsugi.engine.reading.sheetxml import Sheet
from kintsugi.engine.reading.sieve import Cell
from kintsugi.engine.reading.workbook import check_package
from kintsugi.engine.text import Text

_DATE: Final = r"^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})(?:\.0+)?$"


def read_legacy(
    path: Path, kind: str, *, file: str, limits: ReadLimits, wanted: tuple[str, ...] = ()
) -> Iterator[Sheet]:
    """The sheets of an XLS, XLSB or ODS workbook. Raises ``reading.damaged``, ``.too-many``."""
    if kind in ("ods", "xlsb"):
        check_package(path, file=file, limits=limits)
    with _damage(file):
        book = fastexcel.read_excel(path.read_bytes())
        names = list(book.sheet_names)
    for name in wanted:
        if name not in names:
            raise errors.no_table(file, name, names)
    if len(names) > limits.max_tables:
        raise errors.too_many(
            file, Text("工作表", "sheets"), count=len(names), limit=limits.max_tables
        )
    for name in wanted or names:
        with _damage(file, sheet=name):
            loaded = book.load_sheet(name, header_row=None, skip_rows=0, dtypes="string")
            frame = loaded.to_polars()
            visible = loaded.visible == "visible"
        if frame.width > limits.max_columns:
            raise errors.too_many(
                file,
                Text("列", "columns"),
                count=frame.width,
                limit=limits.max_columns,
                sheet=name,
            )
        yield _sheet(name, frame, visible)


@contextmanager
def _damage(file: str, **facts: str) -> Iterator[None]:
    """Turns what calamine does with damaged files, panics too, into ``reading.damaged``."""
    try:
        yield
    except fastexcel.FastExcelError as error:
        raise errors.damaged(file, str(error).partition("\n")[0], **facts) from error
    except BaseException as error:
        # A Rust panic arrives as a BaseException that no module exports.
        if type(error).__name__ != "PanicException":
            raise
        raise errors.damaged(file, str(error).partition("\n")[0], **facts) from None


def _sheet(name: str, frame: pl.DataFrame, visible: bool) -> Sheet:
    frame = frame.rename({old: f"c{i}" for i, old in enumerate(frame.columns, start=1)})
    frame = frame.cast(pl.String).fill_null("")
    cells: list[Cell] = []
    for ordinal, key in enumerate(frame.columns, start=1):
        dates = frame[key].str.contains(_DATE).arg_true().to_list()
        cells += [Cell(at + 1, ordinal, "type", "date") for at in dates]
    frame = frame.with_columns(
        pl.all().str.replace(_DATE, "${1}T${2}").str.strip_suffix("T00:00:00")
        if cells
        else pl.all()
    )
    rows = pl.Series("_row", range(1, frame.height + 1), dtype=pl.Int32)
    table: Any = frame.insert_column(0, rows).to_arrow(compat_level=pl.CompatLevel.oldest())
    return Sheet(name, table, cells, [], not visible)
