"""Readings on their way in: CSV or rows as text, each checked; what is wrong is named by row."""

import csv
import datetime as dt
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import polars as pl
from django.utils import timezone

from kintsugi.core.errors import KintsugiError, Text

ROWS_MAX, WRONG_SHOWN = 100_000, 50
COLUMNS = ("sensor", "at", "temperature", "humidity")
_NUMBER = re.compile(r"[+-]?\d{1,3}(\.\d{1,2})?")


def rows_of_csv(content: bytes) -> list[dict[str, str]]:
    """Rows of a CSV file with the columns sensor, at, temperature and, if known, humidity. Raises
    KintsugiError ``storage.file-wrong`` or ``storage.too-many-readings``."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _no_file("文件不是 UTF-8 编码。", "The file is not UTF-8.") from error
    reader = csv.DictReader(io.StringIO(text, newline=""))
    names = [(name or "").strip().lower() for name in reader.fieldnames or ()]
    if not set(COLUMNS[:3]) <= set(names):
        raise _no_file("缺少列 sensor、at、temperature。",
                       "The columns sensor, at and temperature are needed.")  # fmt: skip
    reader.fieldnames = names
    rows: list[dict[str, str]] = []
    try:
        for row in reader:
            rows.append({name: (row.get(name) or "").strip() for name in COLUMNS})
            if len(rows) > ROWS_MAX:
                raise _too_many()
    except csv.Error as error:
        raise _no_file(f"第 {len(rows) + 2} 行读不出。",
                       f"Line {len(rows) + 2} cannot be read.") from error  # fmt: skip
    return rows


def checked(
    rows: Sequence[Mapping[str, str]], known: Iterable[str], *, at: dt.datetime
) -> pl.DataFrame:
    """The rows as a frame of text: row_no, sensor, at (with zone), temperature, humidity. Times
    without a zone are local ones. Raises KintsugiError ``storage.readings-wrong`` with at most 50
    of the wrong places in ``wrong`` (row, field, value, why), and takes none then."""
    if not rows:
        raise _no_file("没有数据行。", "There are no rows.")
    if len(rows) > ROWS_MAX:
        raise _too_many()
    sensors = set(known)
    latest = at + dt.timedelta(minutes=10)
    wrong: list[dict[str, Any]] = []
    columns: dict[str, list[str | None]] = {name: [] for name in ("row_no", *COLUMNS)}
    for number, row in enumerate(rows, 1):
        code = "".join(row["sensor"].split()).upper()
        when = _instant(row["at"])
        if code not in sensors:
            wrong.append(_wrong(number, "sensor", row["sensor"], "unknown"))
        if when is None:
            wrong.append(_wrong(number, "at", row["at"], "no time"))
        elif when > latest:
            wrong.append(_wrong(number, "at", row["at"], "has not come yet"))
        if not _NUMBER.fullmatch(row["temperature"]) or abs(Decimal(row["temperature"])) > 100:
            wrong.append(_wrong(number, "temperature", row["temperature"], "−100 … 100 °C"))
        humidity = row.get("humidity") or ""
        if humidity and not (_NUMBER.fullmatch(humidity) and 0 <= Decimal(humidity) <= 100):
            wrong.append(_wrong(number, "humidity", humidity, "0 … 100 %"))
        if len(wrong) > WRONG_SHOWN:
            break
        instant = when.astimezone(dt.UTC).isoformat() if when else None
        given = (str(number), code, instant, row["temperature"], humidity or None)
        for name, value in zip(columns, given, strict=True):
            columns[name].append(value)
    if wrong:
        raise readings_wrong(wrong)
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))


def readings_wrong(wrong: Sequence[Mapping[str, Any]]) -> KintsugiError:
    """The refusal that names the wrong places."""
    first = wrong[0]
    more = "…" if len(wrong) > WRONG_SHOWN else ""
    return KintsugiError(
        "storage.readings-wrong",
        Text(f"有 {min(len(wrong), WRONG_SHOWN)}{more} 处不成立,先是第 {first['row']} 行的 "
             f"{first['field']}“{first['value']}”:{first['why']}。",
             f"{min(len(wrong), WRONG_SHOWN)}{more} values are wrong, first {first['field']} "
             f"“{first['value']}” of row {first['row']}: {first['why']}."),
        Text("改正后重新上传;已有的读数不会重复。",
             "Correct them and load again; what is kept already is not doubled."),
        field="file", row=first["row"], wrong=list(wrong[:WRONG_SHOWN]),
    )  # fmt: skip


def _wrong(row: int, field: str, value: str, why: str) -> dict[str, Any]:
    return {"row": row, "field": field, "value": value[:60], "why": why}


def _instant(text: str) -> dt.datetime | None:
    try:
        found = dt.datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return found if timezone.is_aware(found) else timezone.make_aware(found)


def _no_file(zh: str, en: str) -> KintsugiError:
    return KintsugiError(
        "storage.file-wrong", Text(zh, en),
        Text("用 UTF-8 的 CSV,列为 sensor,at,temperature,humidity。",
             "Give a CSV file in UTF-8 with the columns sensor,at,temperature,humidity."),
        field="file",
    )  # fmt: skip


def _too_many() -> KintsugiError:
    return KintsugiError(
        "storage.too-many-readings",
        Text(f"一次最多 {ROWS_MAX:,} 条读数。", f"At most {ROWS_MAX:,} readings at a time."),
        Text("分几个文件上传。", "Load several files."),
        field="file", limit=ROWS_MAX,
    )  # fmt: skip
