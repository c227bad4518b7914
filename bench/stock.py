"""Posting one shipped serial, audit on, against the bare transaction (a move, two balances).

Run as ``python -m bench.stock POSTINGS``; prints one JSON object. Both in turns on one server.
"""

import datetime as dt
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg

from bench.import_products import Memory

AT = dt.datetime(2026, 11, 25, 8, tzinfo=dt.UTC)
#: In turns of so many, so that both meet the same machine.
TURN = 50
BARE = """
create table bare_balance (id int primary key, on_hand numeric not null check (on_hand >= 0));
create table bare_move (
    id uuid primary key, product uuid not null, unit uuid not null,
    source int not null references bare_balance, target int not null references bare_balance,
    qty numeric not null, at timestamptz not null
);
insert into bare_balance values (1, 1000000), (2, 0)
"""
MOVE = """
insert into bare_move
values (gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 1, 2, 1, now())
"""


def measure(postings: int) -> dict[str, object]:
    """Ship ``postings`` serials one by one, and as many bare transactions; milliseconds each."""
    from kintsugi.config.cli.database import database

    with tempfile.TemporaryDirectory(
        prefix="kintsugi-bench-", ignore_cleanup_errors=True
    ) as folder:
        place = Path(folder)
        place.chmod(0o755)  # root's embedded server runs under another account
        os.environ["KINTSUGI_HOME"] = str(place / "home")
        with database():
            return _measure(postings)


def _measure(postings: int) -> dict[str, object]:
    from django.db import connection, transaction

    from kintsugi.runtime.cluster import Cluster

    server = Cluster().running()
    assert server is not None, "the embedded server runs while we measure"
    with psycopg.connect(server.url(), autocommit=True) as owner:
        owner.execute(BARE)
        owner.execute("grant select, insert, update on bare_move, bare_balance to public")
    ship, units = _house(postings + TURN)

    def bare(_unit: Any) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(MOVE)
            cursor.execute("update bare_balance set on_hand = on_hand - 1 where id = 1")
            cursor.execute("update bare_balance set on_hand = on_hand + 1 where id = 2")

    for work in (ship, bare):
        _timed(work, units[:TURN])
    spent = {"ours": 0.0, "bare": 0.0}
    with Memory() as memory:
        for begin in range(TURN, postings + TURN, TURN):
            part = units[begin : begin + TURN]
            spent["bare"] += _timed(bare, part)
            spent["ours"] += _timed(ship, part)
    count = len(units) - TURN
    return {
        "postings": count,
        "ours_ms": round(1000 * spent["ours"] / count, 2),
        "bare_ms": round(1000 * spent["bare"] / count, 2),
        "ratio": round(spent["ours"] / spent["bare"], 2),
        "peak_mib": round(memory.peak_mib),
    }


def _house(count: int) -> tuple[Callable[[Any], None], list[Any]]:
    """A shelf with ``count`` serials of one product, and what ships one of them."""
    from kintsugi.audit.services import recorded
    from kintsugi.parties.models import Party
    from kintsugi.products.models import Product
    from kintsugi.stock import services
    from kintsugi.stock.services import Line

    with recorded(actor="bench", command="bench"):
        product = Product.objects.create(product_code="BENCH", name="监护仪", tracking="serial")
        hospital = Party.objects.create(party_key="bench", name="示例医院", roles=["customer"])
        house = services.open_warehouse(actor="bench", code="B", name="B")
        shelf = services.add_location(
            actor="bench", code="A1", kind="bin", warehouse=house, zone="qualified"
        )
        outside, site = services.world("opening"), services.place_of(hospital.pk)
        units = list(
            services.register_units(
                product=product.pk, outside=outside, quality="qualified",
                serials=[f"S{n:07d}" for n in range(count)],
            ).values()
        )  # fmt: skip
        for begin in range(0, count, 2000):
            lines = [
                Line(product=product.pk, unit=u.pk, source=outside.pk, target=shelf.pk,
                     unit_cost=Decimal(100))
                for u in units[begin : begin + 2000]
            ]  # fmt: skip
            services.post(actor="bench", kind="opening", lines=lines, key=f"open-{begin}", at=AT)

    def ship(unit: Any) -> None:
        line = Line(product=product.pk, unit=unit.pk, source=shelf.pk, target=site.pk)
        services.post(actor="bench", kind="ship", lines=[line], key=f"ship-{unit.pk}", at=AT)

    return ship, units


def _timed(work: Callable[[Any], None], units: list[Any]) -> float:
    began = time.perf_counter()
    for unit in units:
        work(unit)
    return time.perf_counter() - began


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
