"""25,000 real device records of the FDA (GUDID, CC0) through the whole product."""

import os
from pathlib import Path

import pytest

from kintsugi.onboarding.models import Issue
from kintsugi.products.models import Product, UdiIdentifier
from tests.scenarios.world import World, changes, last_change, tables

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("KINTSUGI_TEST_DATA") or ROOT.parent / "shared" / "data") / "gudid"
FILES = ("gudid_devices_1_25000.csv.gz", "gudid_identifiers_1_25000.csv.gz")


def test_all_records_are_in_wrong_identifiers_named_packages_linked_and_again_changes_nothing(
    world: World,
) -> None:
    paths = [DATA / name for name in FILES]
    if not all(path.is_file() for path in paths):
        pytest.skip("the GUDID files are not here; name their folder in KINTSUGI_TEST_DATA")
    devices, identifiers = world.load(*paths)
    assert (devices["read"], devices["created"]) == (25_000, 25_000)
    assert Product.objects.count() == 25_000
    assert identifiers["read"] == 25_394
    assert identifiers["created"] + identifiers["merged"] == 25_394
    assert UdiIdentifier.objects.count() == identifiers["created"]
    # The four unsound identifiers of the file, and no sound one (see tests/engine/udi).
    wrong = Issue.objects.filter(rule__startswith="udi.", field="device_identifier")
    assert {issue.value for issue in wrong} == {
        "00841518100003", "00840118105406", "0013964672053", "00841523106431",
    }  # fmt: skip
    import csv
    import gzip

    with gzip.open(paths[1], "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    known = {row["device_id"] for row in rows}
    packages = {row["device_id"]: row["contains_di"] for row in rows if row["contains_di"] in known}
    linked = dict(
        UdiIdentifier.objects.filter(contains__isnull=False).values_list(
            "device_identifier", "contains__device_identifier"
        )
    )
    assert packages, "the file has package levels"
    assert packages.items() <= linked.items()
    before, seen = tables(), last_change()
    again = world.load(*paths)
    assert tables() == before
    assert changes(seen) == []
    assert sum(report["unchanged"] for report in again) == 50_394 - identifiers["merged"]
