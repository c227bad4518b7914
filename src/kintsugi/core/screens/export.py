"""A list as CSV: what is shown, as much as is shown, safe to open in a spreadsheet."""

import csv
import re
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import quote

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse

from kintsugi.core.access import Access, bound, current
from kintsugi.core.screens.columns import Column

EXPORT_MAX_ROWS = 50_000
CHUNK_ROWS = 1_000
BOM = "\ufeff"  # without it Excel reads UTF-8 as the code page of the machine

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "=", "+", "-", "@")


def guarded(text: str) -> str:
    """The text with an apostrophe before it when a spreadsheet would run it as a formula.

    Source: OWASP "CSV Injection". Plain numbers (-5, +86) stay as they are; full-width signs
    count, since some spreadsheets fold them.
    """
    if text.lstrip(" ").startswith(_RISKY) and not _NUMBER.fullmatch(text.strip()):
        return f"'{text}"
    return text


class _Line:
    """A file for csv.writer that hands each line on."""

    def write(self, line: str) -> str:
        return line


def csv_chunks(
    rows: QuerySet[Any] | Sequence[Any], columns: Sequence[Column], entity: str
) -> Iterator[bytes]:
    """The header and at most 50,000 rows as UTF-8 with BOM, in chunks of 1,000 rows."""
    writer = csv.writer(_Line())
    names = [column.names(entity) for column in columns]
    labels = [guarded(column.heading(entity)[0]) for column in columns]
    chunk = [BOM, str(writer.writerow(labels))]
    source: Iterable[Any] = rows[:EXPORT_MAX_ROWS]
    if isinstance(source, QuerySet):
        source = source.iterator(chunk_size=CHUNK_ROWS)
    for index, row in enumerate(source, start=1):
        cells = [
            guarded(column.text(row, known, entity))
            for column, known in zip(columns, names, strict=True)
        ]
        chunk.append(str(writer.writerow(cells)))
        if index % CHUNK_ROWS == 0:
            yield "".join(chunk).encode()
            chunk = []
    yield "".join(chunk).encode()


def under(access: Access, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The same chunks, each made under the access of the request, which has ended by then."""
    while True:
        with bound(access):
            chunk = next(chunks, None)
        if chunk is None:
            return
        yield chunk


async def _without_blocking(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The same chunks for an asynchronous server, read in the thread of the request."""

    def following() -> bytes | None:
        return next(chunks, None)

    while (chunk := await sync_to_async(following)()) is not None:
        yield chunk


def csv_response(
    request: HttpRequest,
    rows: QuerySet[Any] | Sequence[Any],
    columns: Sequence[Column],
    *,
    entity: str,
    file_name: str,
) -> StreamingHttpResponse:
    """The download; its columns' names are in the language of the page."""
    chunks = under(current(), csv_chunks(rows, columns, entity))
    content = _without_blocking(chunks) if isinstance(request, ASGIRequest) else chunks
    return StreamingHttpResponse(
        content,
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file_name)}.csv",
            "Cache-Control": "no-store",
        },
    )
