"""What the record costs: writes with the change log and without it, and the fold that proves it.

Run as ``python -m bench.folding ROWS``; prints one JSON object. Each write is measured three times
with and without the log's triggers, in turns; ratios are of medians.
"""

import datetime as dt
import json
import math
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import psycopg

from bench.import_products import Memory

ROUNDS = 3
#: Rows with changes when the incremental fold is measured.
CHANGED = 1_000
#: Entries of the log in the slice of the incremental fold that is measured.
SLICE = 2_000
LOGGING = ("audit_insert", "audit_update", "audit_delete")
WRITES = {
    "parties_party": "update parties_party set country = 'CN', version = version + 1",
    "products_product": "update products_product set model = 'M2', version = version + 1",
    "devices_device": "update devices_device set install_site = '2', version = version + 1",
}


def measure(rows: int) -> dict[str, object]:
    """Write ``rows`` rows of three tables in a new database, then fold them."""
    from kintsugi.config.cli.database import database
    from kintsugi.runtime.cluster import Cluster

    with tempfile.TemporaryDirectory(
        prefix="kintsugi-bench-", ignore_cleanup_errors=True
    ) as folder:
        place = Path(folder)
        place.chmod(0o755)  # root's embedded server runs under another account
        os.environ["KINTSUGI_HOME"] = str(place / "home")
        with database() as url:
            server = Cluster(place / "home").running()
            owner_url = server.url() if server else url
            with psycopg.connect(owner_url, autocommit=True) as owner:
                return {
                    "rows": rows,
                    "load": round(os.getloadavg()[0], 1),
                    "server": owner.info.server_version // 10000,
                    **_folds(rows, owner),
                    **_witness(place / "witness", owner_url, min(rows, 20_000)),
                    "writes": _writes(rows, owner),
                }


# -- writing ---------------------------------------------------------------------------------------


def _writes(rows: int, owner: psycopg.Connection) -> dict[str, object]:
    """By table and kind of write: seconds with and without the log, and their ratio."""
    found: dict[str, object] = {}
    products = _frame("products_product", CHANGED)
    _copy("products_product", products)
    for table, update in WRITES.items():
        took: dict[str, list[float]] = {}
        _empty(owner, table, keep=products["id"])
        with Memory() as memory:
            for number in range(2 * ROUNDS):
                logged = number % 2 == 0
                frame = _frame(table, rows, products["id"])
                with _log(owner, table, on=logged):
                    way = "audited" if logged else "bare"
                    _quiet(owner, table)
                    took.setdefault(f"copy_{way}", []).append(_timed(partial(_copy, table, frame)))
                    _quiet(owner, table)
                    took.setdefault(f"update_{way}", []).append(_timed(partial(_change, update)))
                _empty(owner, table, keep=products["id"])
        told = {f"{name}_s": round(statistics.median(some), 3) for name, some in took.items()}
        for write in ("copy", "update"):
            told[f"{write}_ratio"] = round(told[f"{write}_audited_s"] / told[f"{write}_bare_s"], 2)
        found[table] = {**told, "peak_mib": round(memory.peak_mib)}
    return found


def _frame(table: str, rows: int, products: pl.Series | None = None) -> pl.DataFrame:
    """Rows as an import loads them, with new ids."""
    from kintsugi.core.ids import uuid7_series

    ids = uuid7_series(rows)
    number = pl.int_range(rows, eager=True).cast(pl.String)
    key = ids.str.slice(0, 13) + "-" + number
    same = {"id": ids, "version": [1] * rows, "void_reason": [""] * rows}
    columns: dict[str, object] = {
        "parties_party": lambda: {
            "party_key": "K" + key, "name": "示例医院 " + number, "roles": ["{customer}"] * rows,
            "address": "广东省深圳市罗湖区示例路 " + number + " 号",
        },
        "products_product": lambda: {
            "product_code": "P" + key, "name": "监护仪 " + number, "model": "M-" + number,
            "tracking": ["serial"] * rows,
        },
        "devices_device": lambda: {
            "serial_no": "S" + key, "product_id": (products.to_list() * rows)[:rows],
            "lot_no": "L-" + number, "install_site": ["3 楼"] * rows,
        },
    }[table]()  # fmt: skip
    return pl.DataFrame({**same, **columns, **_required(table, {*same, *columns}, rows)})


def _required(table: str, known: set[str], rows: int) -> dict[str, list[object]]:
    """Something for every other column that must not be null."""
    fillers = {"boolean": False, "integer": 1, "jsonb": "{}", "date": "2026-11-22"}
    needed = _run(
        "select column_name, data_type from information_schema.columns where table_name = %s"
        " and is_nullable = 'NO' and column_default is null",
        [table],
    )
    return {
        name: [fillers.get(kind, "x")] * rows for name, kind in needed if name not in known
    }  # fmt: skip


def _copy(table: str, frame: pl.DataFrame) -> None:
    from kintsugi.audit.services import recorded
    from kintsugi.core.bulk import copy_frame

    with recorded(actor="bench", command="bench.copy"):
        copy_frame(table=table, frame=frame)


def _change(statement: str) -> None:
    from kintsugi.audit.services import recorded

    with recorded(actor="bench", command="bench.change"):
        _run(statement)


@contextmanager
def _log(owner: psycopg.Connection, table: str, *, on: bool) -> Iterator[None]:
    """The table with the triggers that write the change log, or without them."""
    for trigger in () if on else LOGGING:
        owner.execute(f"alter table {table} disable trigger {trigger}")
    yield
    for trigger in () if on else LOGGING:
        owner.execute(f"alter table {table} enable trigger {trigger}")


def _quiet(owner: psycopg.Connection, table: str) -> None:
    """What the server would do in between is done now."""
    owner.execute(f"vacuum analyze {table}")
    owner.execute("vacuum analyze audit_change")
    owner.execute("checkpoint")


def _empty(owner: psycopg.Connection, table: str, *, keep: pl.Series) -> None:
    """The table as it was, behind the log."""
    owner.execute("set session_replication_role = replica")
    owner.execute(f"alter table {table} disable trigger row_stays")  # it fires in replica, too
    owner.execute(
        f"delete from {table} where id not in (select unnest(%s::uuid[]))", [keep.to_list()]
    )
    owner.execute(f"alter table {table} enable always trigger row_stays")
    owner.execute("truncate audit_change")
    owner.execute("set session_replication_role = origin")
    owner.execute(f"vacuum full {table}")


# -- folding ---------------------------------------------------------------------------------------


def _folds(rows: int, owner: psycopg.Connection) -> dict[str, object]:
    """A full fold of all rows; an incremental one after the same number of changes in tables of
    growing size, and by which power of the size its time grows (0: not at all)."""
    from kintsugi.audit.verifying.fold import FoldVerifier

    sizes = [rows // 4, rows // 2, rows]
    there, took = 0, {}
    for size in sizes:
        _copy("parties_party", _frame("parties_party", size - there))
        there = size
        _quiet(owner, "parties_party")
        full = FoldVerifier()
        with Memory() as memory:
            full_s = _timed(partial(_clean, full, since=None))
        took[size] = statistics.median(_incremental(owner) for _ in range(ROUNDS))
    return {
        "full_fold_s": round(full_s, 3),
        "full_fold_rows": full.checked,
        "full_fold_rows_per_s": round(full.checked / full_s),
        "full_fold_peak_mib": round(memory.peak_mib),
        "incremental_fold_ms": {size: round(1000 * s, 1) for size, s in took.items()},
        "incremental_fold_changes": CHANGED,
        "incremental_fold_slice": SLICE,
        "incremental_fold_exponent": _exponent(took),
    }


def _incremental(owner: psycopg.Connection) -> float:
    """Seconds of an incremental fold after some rows anywhere in the table were changed."""
    from kintsugi.audit.services import recorded
    from kintsugi.audit.verifying.fold import FoldVerifier

    with recorded(actor="bench", command="bench.change"):
        _run(
            "update parties_party set version = version + 1"
            " where id in (select id from parties_party order by random() limit %s)",
            [CHANGED],
        )
    _quiet(owner, "parties_party")
    verifier = FoldVerifier(slice_changes=SLICE)
    # Later than all: what changed since the last fold.
    seconds = _timed(lambda: _clean(verifier, since=dt.datetime(2100, 1, 1, tzinfo=dt.UTC)))
    assert CHANGED <= verifier.checked <= CHANGED + SLICE + 1, verifier.checked
    return seconds


def _clean(verifier: Any, *, since: dt.datetime | None) -> None:
    findings = list(verifier.verify(since=since))
    assert findings == [], findings[:3]


def _exponent(took: dict[int, float]) -> float:
    """The slope of the line through the logarithms of sizes and times."""
    return round(
        statistics.linear_regression(
            [math.log(size) for size in took], [math.log(s) for s in took.values()]
        ).slope,
        3,
    )


# -- reading the write-ahead log -------------------------------------------------------------------


def _witness(storage: Path, url: str, rows: int) -> dict[str, object]:
    """What the decoding witness reads in a second: rows that were written with their log."""
    from kintsugi.audit.verifying import decoding

    decoding.set_up(storage, url=url)
    _copy("parties_party", _frame("parties_party", rows))
    seconds = _timed(lambda: decoding.collect(storage, url=url))
    decoding.remove(storage, url=url, at=dt.datetime.now(dt.UTC))
    return {"witness_s": round(seconds, 3), "witness_rows_per_s": round(rows / seconds)}


def _run(statement: str, params: list[Any] | None = None) -> list[tuple[Any, ...]]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchall() if cursor.description else []


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
