"""The trace of a lot with many moves to all its customers, against the bare recursive query.

Run as ``python -m bench.trace MOVES``; prints one JSON object. Both on one server, in turns; the
bare query follows a table of nothing but lot, places, quantity and day.
"""

import datetime as dt
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from bench.import_products import Memory

AT = dt.datetime(2026, 11, 25, 8, tzinfo=dt.UTC)
CUSTOMERS = 2_000
LINES = 5_000
TURNS = 7
BARE = """
create table bare_flow (
    lot uuid not null, source uuid not null, target uuid not null, qty numeric not null,
    day date not null
);
insert into bare_flow
select m.lot_id, m.source_id, m.target_id, m.qty, p.business_date
from stock_move m join stock_posting p on p.id = m.posting_id;
create index on bare_flow (lot, source);
create index on bare_flow (lot, target);
analyze bare_flow;
"""
FOLLOW = """
with recursive reached as (
    select f.target as place from bare_flow f where f.lot = %(lot)s and f.source = %(outside)s
    union
    select f.target from reached r join bare_flow f on f.lot = %(lot)s and f.source = r.place
)
select f.target, sum(f.qty), min(f.day), max(f.day)
from bare_flow f join reached r on r.place = f.target
where f.lot = %(lot)s
group by f.target
"""


def measure(moves: int) -> dict[str, object]:
    """Trace one lot of ``moves`` moves; milliseconds of the middle of several turns."""
    from kintsugi.config.cli.database import database

    with tempfile.TemporaryDirectory(
        prefix="kintsugi-bench-", ignore_cleanup_errors=True
    ) as folder:
        place = Path(folder)
        place.chmod(0o755)  # root's embedded server runs under another account
        os.environ["KINTSUGI_HOME"] = str(place / "home")
        with database():
            return _measure(moves)


def _measure(moves: int) -> dict[str, object]:
    from kintsugi.runtime.cluster import Cluster
    from kintsugi.stock.tracing.asking import Subject
    from kintsugi.stock.tracing.following import trace

    server = Cluster().running()
    assert server is not None, "the embedded server runs while we measure"
    lot, outside = _flow(moves)
    subject = Subject("lot", str(lot), "BENCH")
    with psycopg.connect(server.url(), autocommit=True) as owner, Memory() as memory:
        owner.execute(BARE)
        owner.execute("analyze")
        given = {"lot": lot, "outside": outside}
        bare, ours = [], []
        found: Any = None
        for _ in range(TURNS):
            bare.append(_timed(lambda: owner.execute(FOLLOW, given).fetchall()))
            ours.append(_timed(lambda: trace(subject)))
        found = trace(subject)
        reached = owner.execute(FOLLOW, given).fetchall()
    customers = {way.target.id for way in found.ways if way.target.kind == "customer"}
    assert customers <= {row[0] for row in reached}, "both reach the same customers"
    return {
        "moves": sum(way.moves for way in found.ways),
        "customers": len(customers),
        "ours_ms": round(1000 * statistics.median(ours), 1),
        "bare_ms": round(1000 * statistics.median(bare), 1),
        "ratio": round(statistics.median(ours) / statistics.median(bare), 2),
        "peak_mib": round(memory.peak_mib),
    }


def _flow(moves: int) -> tuple[Any, Any]:
    """A lot that comes to a shelf, and is shipped line by line to many customers in turn."""
    from decimal import Decimal

    from kintsugi.audit.services import recorded
    from kintsugi.parties.models import Party
    from kintsugi.products.models import Product
    from kintsugi.stock import services
    from kintsugi.stock.services import Line

    with recorded(actor="bench", command="bench"):
        product = Product.objects.create(product_code="BENCH", name="支架", tracking="lot")
        house = services.open_warehouse(actor="bench", code="B", name="B")
        shelf = services.add_location(
            actor="bench", code="A1", kind="bin", warehouse=house, zone="qualified"
        )
        lot = services.register_lot(product=product.pk, lot_no="L1")
        outside = services.world("opening")
        count = max(1, min(CUSTOMERS, moves // 10))
        sites = [
            services.place_of(
                Party.objects.create(party_key=f"b{n}", name=f"示例医院{n}", roles=["customer"]).pk
            )
            for n in range(count)
        ]
    line = Line(product=product.pk, source=outside.pk, target=shelf.pk, lot=lot.pk,
                qty=Decimal(moves))  # fmt: skip
    services.post(actor="bench", kind="opening", lines=[line], key="open", at=AT)
    for begin in range(0, moves - 1, LINES):
        lines = [
            Line(product=product.pk, source=shelf.pk, target=sites[n % count].pk, lot=lot.pk)
            for n in range(begin, min(begin + LINES, moves - 1))
        ]
        services.post(actor="bench", kind="ship", lines=lines, key=f"ship-{begin}", at=AT)
    return lot.pk, outside.pk


def _timed(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
