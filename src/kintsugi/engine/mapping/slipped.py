"""Columns of a file whose values stood under another header in the file before.

``drift`` compares kinds of content; a lot number and a serial number are of one kind. Here the
values themselves are held against those of the file before: codes written as its codes are,
its words, numbers of its size.
"""

from collections.abc import Sequence

import polars as pl

from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.mapping.columns import frame_columns
from kintsugi.engine.mapping.drift import find_table, mapped_headers
from kintsugi.engine.mapping.model import Mapping
from kintsugi.engine.mapping.shift import MAX_ROWS, ShiftAlarm, column_fits, find_shifts
from kintsugi.engine.snapshot import Snapshot, table_frame
from kintsugi.engine.text import Text

#: Share of a column's cells that must look like another column's: a few strange cells are no
#: slipped column, and how a maker writes its numbers may change.
BLOCKS = 0.5


def find_slipped(mapping: Mapping, before: Snapshot, now: Snapshot) -> list[ShiftAlarm]:
    """Mapped columns of which half the cells or more look like another column of the file before,
    and not like their own; headers stand for targets. Tables that either file lacks say nothing."""
    found: list[ShiftAlarm] = []
    for table in mapping.tables:
        old, at = find_table(before, table.table), find_table(now, table.table)
        if not table.entities or old is None or at is None:
            continue
        read = mapped_headers(table.entities)
        was, new = _cells(before, old, read), _cells(now, at, read)
        fits = {column.name: column_fits(column) for column in frame_columns(was)}
        same = {name: name for name in new.columns if name in fits}
        found += [
            alarm for alarm in find_shifts(new, same, fits) if alarm.cells >= BLOCKS * alarm.filled
        ]
    return found


def _cells(snapshot: Snapshot, index: int, headers: Sequence[str]) -> pl.DataFrame:
    """The columns of these headers as texts, at most ``MAX_ROWS`` rows evenly spaced; a blank is
    null."""
    table = snapshot.table(index)
    keys = {column.name: column.key for column in table.columns if column.name in headers}
    step = -(-table.rows // MAX_ROWS) or 1
    cells = [
        pl.col(key).str.strip_chars().replace("", None).alias(name) for name, key in keys.items()
    ]
    return table_frame(snapshot, index).gather_every(step).select(cells).collect()


def refuse_slipped(found: Sequence[ShiftAlarm], *, file: str) -> None:
    """Raise KintsugiError ``mapping.slipped`` that names each column and what stands in it."""
    if not found:
        return
    zh = [f"列「{a.source}」有 {a.cells}/{a.filled} 个值像上次的「{a.neighbour}」({a.examples[0]})"
          for a in found]  # fmt: skip
    en = [f"{a.cells} of {a.filled} values of “{a.source}” look like “{a.neighbour}” of the file "
          f"before ({a.examples[0]})" for a in found]  # fmt: skip
    raise KintsugiError(
        "mapping.slipped",
        Text(f"{file} 的列错位:" + ";".join(zh) + "。", f"{file}: " + "; ".join(en) + "."),
        Text(
            "请与来源方确认;若内容确实改了,请用 --mapping 给出映射。在此之前不会载入任何数据。",
            "Ask the owner of the source; if the content did change, give the mapping with "
            "--mapping. Nothing is loaded before.",
        ),
        file=file,
        columns=[a.source for a in found],
        look_like=[a.neighbour for a in found],
    )
