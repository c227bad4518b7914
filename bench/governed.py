"""A rehearsal against the load it announces, a rollback against the bare SQL that does the same.

Run as ``python -m bench.governed ROWS``: of ROWS product records 60 % change a value of a known
product and 40 % are new; before the rollback people edit 1 % of the changed ones. Prints one JSON
object.
"""

import datetime as dt
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import polars as pl
import psycopg

from bench.import_products import Memory
from bench.rows import write_rows

AT = dt.datetime(2026, 11, 27, 8, tzinfo=dt.UTC)
KNOWN = 0.6
#: What the rollback does, as one would write it by hand: values back from a copy, new rows void,
#: the crosswalk as it was. Triggers and the change log are those of the product.
BARE = """
update products_product t set name = b.name, version = t.version + 1, updated_at = now()
from bench_before b where b.id = t.id and t.name = b.loaded;
update products_product t set is_void = true, void_reason = 'bench', version = t.version + 1,
    updated_at = now()
from bench_new n where n.id = t.id;
"""
CROSSWALK = """
update audit_provenance p set "values" = b."values", values_hash = b.values_hash,
    origin_id = b.origin_id, row = b.row
from bench_provenance b where b.id = p.id;
update audit_provenance p set closed_run_id = %s from bench_new n where n.id = p.gid;
"""


def measure(rows: int) -> dict[str, Any]:
    """All of it on a fresh database."""
    from kintsugi.config.cli.database import database

    with tempfile.TemporaryDirectory(
        prefix="kintsugi-bench-", ignore_cleanup_errors=True
    ) as folder:
        place = Path(folder)
        place.chmod(0o755)  # root's embedded server runs under another account
        os.environ["KINTSUGI_HOME"] = str(place / "home")
        with database():
            return _measure(place, rows)


def _files(place: Path, rows: int) -> tuple[Path, Path]:
    """The register as it was, and as it comes again: changed and longer."""
    first, second = place / "register.csv", place / "later" / "register.csv"
    second.parent.mkdir()
    write_rows(second, rows)
    every = pl.read_csv(second, infer_schema=False)
    every.head(int(rows * KNOWN)).write_csv(first)
    every.with_columns(pl.col("brand") + " (2)").write_csv(second)
    return first, second


def _measure(place: Path, rows: int) -> dict[str, Any]:
    from kintsugi.onboarding.services import (
        Fragment,
        apply_rollback,
        apply_run,
        import_fragments,
        plan_rollback,
        prepare_run,
        rehearse_run,
        start_run,
        take_snapshot,
    )
    from tests.identity.control.people import account
    from tests.onboarding.governed import released
    from tests.onboarding.undone import released as rollback_released

    first, second = _files(place, rows)
    import_fragments(actor="bench", fragments=[Fragment(str(first))], at=AT)
    snapshot = take_snapshot(actor="bench", location=str(second))
    run = start_run(actor="bench", location=str(second), snapshot=snapshot, at=AT, is_governed=True)
    prepare_run(actor="bench", run_id=run.pk)
    found: dict[str, Any] = {"rows": rows}
    with Memory() as memory:
        found["rehearsal_s"], run = _timed(
            lambda: rehearse_run(actor="bench", run_id=run.pk, at=AT)
        )
    found["rehearsal_peak_mib"] = round(memory.peak_mib)
    people = (account("李明"), account("王芳"))
    released(run, people)
    _keep_before()
    found["apply_s"], run = _timed(lambda: apply_run(actor="bench", run_id=run.pk, at=AT))
    assert run.status == "verified", run.error
    found["rehearsal_of_apply"] = round(found["rehearsal_s"] / found["apply_s"], 2)
    found["updated"], found["created"] = run.counts["updated"], run.counts["created"]
    found["bare_s"], found["bare_without_crosswalk_s"] = _bare()
    found["edited"] = _edits()
    found["plan_s"], plan = _timed(lambda: plan_rollback(actor="bench", run_id=run.pk, at=AT))
    rollback_released(plan, people=people)
    with Memory() as memory:
        found["rollback_s"], plan = _timed(
            lambda: apply_rollback(actor="bench", rollback_id=plan.pk)
        )
    plan.rollback.refresh_from_db()
    found["result"] = plan.rollback.result
    found["proof_holds"] = all(one["before"] == one["now"] for one in plan.rollback.proof.values())
    found["rollback_peak_mib"] = round(memory.peak_mib)
    found["ratio"] = round(found["rollback_s"] / found["bare_s"], 2)
    found["ratio_with_plan"] = round((found["rollback_s"] + found["plan_s"]) / found["bare_s"], 2)
    return found


def _timed(work: Any) -> tuple[float, Any]:
    begun = time.perf_counter()
    answer = work()
    return round(time.perf_counter() - begun, 2), answer


def _owner() -> "psycopg.Connection[Any]":
    """The tables' owner, in the context that every change needs."""
    from kintsugi.runtime.cluster import Cluster

    server = Cluster().running()
    assert server is not None, "the embedded server runs while we measure"
    return psycopg.connect(server.url())


def _keep_before() -> None:
    """Copies that the bare SQL takes its values from; not part of what is timed."""
    with _owner() as owner, owner.cursor() as cursor:
        cursor.execute("create table bench_before as select id, name, ''::text as loaded"
                       " from products_product")  # fmt: skip
        cursor.execute("create table bench_provenance as select * from audit_provenance")


def _bare() -> tuple[float, float]:
    """Seconds of the bare SQL, rolled back afterwards; with the crosswalk and without it."""
    from django.db import connection

    from kintsugi.audit.services import recorded
    from kintsugi.core.ids import uuid7

    with _owner() as owner, owner.cursor() as cursor:
        cursor.execute("update bench_before b set loaded = p.name from products_product p"
                       " where p.id = b.id")  # fmt: skip
        cursor.execute(
            "create table bench_new as select id from products_product p"
            " where not exists (select from bench_before b where b.id = p.id)"
        )
        for table in ("bench_before", "bench_new", "bench_provenance"):
            cursor.execute(f"create index on {table} (id)")
            cursor.execute(f"grant select on {table} to public")
        cursor.execute("analyze")
    seconds = []
    for statements in (BARE + CROSSWALK, BARE):
        try:
            with recorded(actor="bench", command="bench.bare"), connection.cursor() as cursor:
                begun = time.perf_counter()
                cursor.execute(statements, [uuid7()] if "%s" in statements else None)
                seconds.append(time.perf_counter() - begun)
                raise _UndoneError
        except _UndoneError:
            pass
    return round(seconds[0], 2), round(seconds[1], 2)


class _UndoneError(Exception):
    """Takes the bare SQL back, so that the rollback finds what the run left."""


def _edits() -> int:
    """People change one in a hundred of the changed products."""
    from django.db import connection

    from kintsugi.audit.services import recorded

    with recorded(actor="张工", command="bench.edit"), connection.cursor() as cursor:
        cursor.execute(
            "update products_product set name = name || '!', version = version + 1"
            " where id in (select id from bench_before where hashtext(id::text) %% 100 = 0)", [],
        )  # fmt: skip
        return int(cursor.rowcount)


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
