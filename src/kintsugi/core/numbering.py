"""Document numbers: gap-free within a series, safe under concurrency."""

import datetime as dt

from django.db import connection

from kintsugi.core.queries import query


def next_number(*, prefix: str, on: dt.date, width: int = 4) -> str:
    """The next number such as ``RUN-20261122-0001``.

    The series' row stays locked until the caller's transaction ends, so numbers have no gaps.
    """
    series = f"{prefix}-{on:%Y%m%d}"
    with connection.cursor() as cursor:
        cursor.execute(query("core", "next_number"), [series])
        (last,) = cursor.fetchone()
    return f"{series}-{last:0{width}d}"
