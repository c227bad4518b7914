"""Two real inventory systems come over: their own quantities, and the differences inside them.

What must come out is counted here from the files themselves, by plain Python and none of ours.
"""

import csv
import datetime as dt
import json
import os
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kintsugi.onboarding.services import register_source
from kintsugi.takeover import selectors, services
from tests.scenarios.world import World
from tests.takeover.systems import (
    DUMP,
    DUMP_VALUES,
    LISTS_PRODUCTS,
    LISTS_VALUES,
    warehouse_list,
)
from tests.takeover.test_takeover import on_hand, people

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
AT = dt.datetime(2026, 11, 26, 2, tzinfo=dt.UTC)
ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("KINTSUGI_TEST_DATA") or ROOT.parent / "shared" / "data")
WAREHOUSES = {"main": "MAIN", "boston": "BOSTON", "chicago": "CHICAGO"}


def folder(name: str) -> Path:
    """The system's files, or a skipped test."""
    found = DATA / name
    if not found.is_dir():
        pytest.skip(f"{name} is not here; name its parent in KINTSUGI_TEST_DATA")
    return found


def take_over(system: str, asks: Any, decides: Any) -> Any:
    """Asked for and approved."""
    made = services.propose(actor=asks, system=system, reason="切换", key=system, at=AT)
    return services.approve(actor=decides, takeover=made.pk, reason="已核对", at=AT)


def test_three_warehouses_of_a_health_supply_chain(world: World) -> None:
    files = folder("peer-openboxes")
    source = register_source(actor="t", code="ob-products", kind="csv", value_maps=LISTS_VALUES)
    assert source.value_maps == LISTS_VALUES
    world.load(
        files / "configuration-products.csv", mapping=LISTS_PRODUCTS, source=("ob-products", 50)
    )
    asks, decides = people()
    wanted: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for name, code in WAREHOUSES.items():
        stem = f"{name}WarehouseInventory"
        path = files / f"{stem}.csv"
        world.load(path, mapping=warehouse_list(stem, code), source=(code, 50))
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        for row in rows:
            if Decimal(row["Physical QOH"] or 0):
                place = f"{code}/{row['Bin location'].replace(' ', '').upper()}"
                wanted[row["Product code"], place, row["Lot number"]] += Decimal(
                    row["Physical QOH"]
                )
        assert selectors.faults(f"OB-{code}") == []
        made = take_over(f"OB-{code}", asks, decides)
        assert made.levels == sum(1 for row in rows if Decimal(row["Physical QOH"] or 0))
        assert selectors.disagreements(made) == []
    assert {key[:3]: qty for key, qty in on_hand().items()} == dict(wanted)
    totals = Counter[str]()
    for (_product, place, _lot), qty in wanted.items():
        totals[place.partition("/")[0]] += int(qty)
    assert totals == {"MAIN": 198_656, "BOSTON": 78_580, "CHICAGO": 51_137}


def test_a_dump_of_stock_items_and_their_movements(world: World) -> None:
    path = folder("peer-inventree") / "inventree_data.json"
    register_source(actor="t", code="dump", kind="json", value_maps=DUMP_VALUES)
    world.load(path, mapping=DUMP, source=("dump", 50))
    records = json.loads(path.read_text("utf-8"))
    items = {r["pk"]: r["fields"] for r in records if r["model"] == "stock.stockitem"}
    parts = {r["pk"]: r["fields"] for r in records if r["model"] == "part.part"}
    history = [r for r in records if r["model"] == "stock.stockitemtracking"]
    assert selectors.levels("INVENTREE").count() == len(items) == 1_106
    assert selectors.movements("INVENTREE").count() == len(history) == 1_076

    # What does not come over: what is nowhere, and tracked things without a number.
    faults: dict[str, set[str]] = defaultdict(set)
    for one in selectors.faults("INVENTREE"):
        faults[one["item_ref"]].add(one["code"])
    nowhere = {str(pk) for pk, item in items.items() if item["location"] is None}
    unnumbered = {
        str(pk)
        for pk, item in items.items()
        if parts[item["part"]]["trackable"] and not item["serial"]
    }
    assert {ref for ref, codes in faults.items() if "no-place" in codes} == nowhere
    assert {ref for ref, codes in faults.items() if "serial-missing" in codes} == unnumbered
    assert set(faults) == nowhere | unnumbered
    assert (len(nowhere), len(unnumbered)) == (51, 10)

    # Quantities by part, location and batch: theirs and ours.
    asks, decides = people()
    made = take_over("INVENTREE", asks, decides)
    theirs: dict[tuple[str, str, str, str], Decimal] = defaultdict(Decimal)
    for pk, item in items.items():
        if str(pk) not in faults:
            key = (
                f"IT-{item['part']}", f"INVENTREE/L{item['location']}", item["batch"] or "",
                str(item["serial"] or ""),
            )  # fmt: skip
            theirs[key] += Decimal(item["quantity"])
    assert made.levels == len(items) - len(faults)
    assert selectors.disagreements(made) == []
    ours: dict[tuple[str, str, str, str], Decimal] = defaultdict(Decimal)
    for key, qty in on_hand().items():
        ours[key[:4]] += qty
    assert ours == theirs

    # What the last movement that says a quantity left, against the item.
    last: dict[int, Decimal] = {}
    for one in sorted(history, key=lambda r: r["pk"]):
        if "quantity" in one["fields"]["deltas"]:
            last[one["fields"]["item"]] = Decimal(str(one["fields"]["deltas"]["quantity"]))
    differ = {str(pk) for pk, qty in last.items() if qty != Decimal(items[pk]["quantity"])}
    silent = {str(pk) for pk in items if pk not in last}
    found: dict[str, set[str]] = defaultdict(set)
    for one in selectors.differences("INVENTREE"):
        found[one["code"]].add(one["item_ref"])
    assert found["level-and-last-movement"] == differ
    assert found["no-movement-with-quantity"] == silent
    assert (len(differ), len(silent)) == (36, 273)
