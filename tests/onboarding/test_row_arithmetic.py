"""However dirty a table is, every row of it is accounted for, and a second import changes nothing.

The number of lines is counted by hand here; what becomes of each is the product's business.
"""

import datetime as dt
import itertools
import json

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from kintsugi.devices.models import Device
from kintsugi.onboarding.services.apply import chunk_rows
from kintsugi.onboarding.services.loading import _chunks
from tests.scenarios.world import ARITHMETIC, PRODUCTS, World, table_text, tables

pytestmark = pytest.mark.usefixtures("committed")
NUMBER = itertools.count()

SERIAL = st.sampled_from(
    [
        "SN1",
        "SN2",
        "ＳＮ－３",
        "sn1",
        "",
        "无",
        "111111",
        "1.23457E+17",
        "SN1/SN2",
        "SN 4",
        "见铭牌",
        "O0I1",
    ]
)
PRODUCT = st.sampled_from(["P-1", "P-2", "P-3", "P-9", "M1", "06901234567892", "", "N/A"])
HOSPITAL = st.sampled_from(["市一医院", "市二医院", "", "不详", "市一 医院", "x" * 400])
DAY = st.sampled_from(
    ["2023-05-06", "2023.5", "2023-02-30", "45012", "长期", "", "昨天", "05/06/2023"]
)
PRICE = st.sampled_from(["12.5万", "(1,234)", "-5", "壹拾贰万伍仟元", "USD 3", "免费", "9" * 30])
NOTE = st.one_of(
    st.sampled_from(["", "合计", "同上", "制表人：张三", '引"号', "两\n行", "\\N", "{}"]),
    st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=6),
)
ROW = st.tuples(SERIAL, PRODUCT, HOSPITAL, DAY, PRICE, NOTE)
HEAD = ["序列号", "产品编码", "医院", "采购日期", "采购价格", "备注"]


@settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # an import is too slow to shrink
)
@given(rows=st.lists(ROW, min_size=1, max_size=12))
def test_every_row_of_a_dirty_table_is_accounted_for(
    world: World, rows: list[tuple[str, ...]]
) -> None:
    if not tables()["products_product"].startswith("3/"):
        world.load(world.file("products.csv", PRODUCTS))
    source = (f"dirty-{next(NUMBER)}", 50)
    # A line of sound values first: the table has a content to be recognised by.
    text = table_text(HEAD, [("SN0", "P-1", "市一医院", "2023-05-06", "1", "首行"), *rows])
    (report,) = world.load(world.file("dirty.csv", text), source=source)
    blank = sum(all(not cell.strip() for cell in row) for row in rows)
    rows_read = sum(e["rows"] for e in report["entities"].values() if e["primary"])
    assert len(rows) + 1 - blank - report["read"] <= 0, "no row is lost"
    assert rows_read == len(rows) + 1 - blank
    before = tables()
    (again,) = world.load(world.file("dirty.csv", text), source=source)
    assert tables() == before
    assert (again["created"], again["updated"]) == (0, 0)
    assert again["read"] == report["read"]
    for device in Device.objects.exclude(purchase_date=None):
        assert dt.date(1900, 1, 2) < device.purchase_date < dt.date(2100, 1, 1)
    json.dumps(report, default=str)
    assert set(ARITHMETIC) <= set(report)


@settings(max_examples=40, deadline=None)
@given(
    groups=st.lists(st.integers(1, 6), max_size=15),
    size=st.integers(1, 7),
)
def test_chunks_cover_all_records_and_never_part_a_natural_key(
    groups: list[int], size: int
) -> None:
    import polars as pl

    from kintsugi.onboarding.services import loading

    firsts, at = [], 0
    for length in groups:
        firsts += [at] * length
        at += length
    kept, loading.CHUNK_ROWS = loading.CHUNK_ROWS, size
    try:
        sizes = _chunks(pl.DataFrame({"_first": firsts}, schema={"_first": pl.Int64}))
    finally:
        loading.CHUNK_ROWS = kept
    assert sum(sizes) == len(firsts)
    assert all(one > 0 for one in sizes)
    starts = set(itertools.accumulate(groups, initial=0))
    assert set(itertools.accumulate(sizes, initial=0)) <= starts


@pytest.mark.parametrize(
    ("given_", "rows"),
    [(None, 50_000), ("", 50_000), ("many", 50_000), ("-5", 50_000), ("0", 1), ("40", 40),
     ("99999999", 1_000_000)],
)  # fmt: skip
def test_the_size_of_a_chunk_from_outside_is_bounded(given_: str | None, rows: int) -> None:
    assert chunk_rows(given_) == rows
