"""What holds for any table, however dirty."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kintsugi.engine.mapping import Const, EntityMapping, Mapping, TableMapping
from kintsugi.engine.pipeline import PipelineResult, run_pipeline

HEADERS = ["序列号", "产品编码", "医院", "采购日期", "数量", "状态"]
COLUMNS = {
    "serial_no": "序列号",
    "product": "产品编码",
    "customer": "医院",
    "purchase_date": "采购日期",
    "status": "状态",
}
MAPPING = Mapping(
    tables=(
        TableMapping(
            table="sheet",
            entities=(
                EntityMapping(entity="device", columns=COLUMNS),
                EntityMapping(
                    entity="party",
                    primary=False,
                    columns={"name": "医院", "party_key": "医院", "roles": Const(const="customer")},
                ),
            ),
        ),
    )
)
# Few values, so that keys repeat; each column with its own dirt, and any text at all.
anything = st.text(max_size=6)
row = st.tuples(
    st.sampled_from(["A1X1", "ａ1x1", "SN001~003", "SN7/8", "无", "", "B|2", "B\\2X"]) | anything,
    st.sampled_from(["P1", "P2", " P1 ", "", "1.2E+17"]) | anything,
    st.sampled_from(["示例医院", "示例医院 ", "不详", ""]) | anything,
    st.sampled_from(["2023-05-06", "2023.5", "45012", "2023-02-30", "05/06/2023", ""]) | anything,
    st.sampled_from(["1", "2", "3", ""]),
    st.sampled_from(["在用", "停用", "飞行", ""]) | anything,
)
tables = st.lists(row, max_size=25)


def examples(count: int) -> settings:
    """A run costs a quarter of a second: few examples, but tables of many rows."""
    return settings(
        max_examples=count,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


@contextmanager
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp())
    try:
        yield made
    finally:
        shutil.rmtree(made)


def content(result: PipelineResult) -> list[list[dict]]:
    """Records and issues of every entity, without the places of source columns."""
    found = []
    for entity in result.entities:
        found.append(pl.read_parquet(entity.records).to_dicts())
        issues = pl.read_parquet(entity.issues).drop("column")
        found.append(issues.sort(pl.all(), nulls_last=True).to_dicts())
    return found


@examples(16)
@given(tables)
def test_every_row_ends_in_exactly_one_place(write_snapshot, contracts, rows):
    with folder() as here:
        result = run_pipeline(
            snapshot=write_snapshot(here, HEADERS, rows),
            mapping=MAPPING,
            contracts=contracts,
            workdir=here / "work",
        )
        device = result.entity("device")
        counts = device.counts
        assert counts.read == len(rows)
        assert counts.read == (
            counts.excluded + counts.quarantined + counts.merged + counts.records - counts.expanded
        )
        records = pl.read_parquet(device.records)
        issues = pl.read_parquet(device.issues)
        blocked = set(issues.filter(pl.col("severity") == "block")["_row"])
        kept = set(records["_rows"].explode().drop_nulls())
        assert kept | blocked == set(range(2, 2 + len(rows)))
        assert not kept & blocked
        assert records["_key"].is_unique().all()
        assert records["_key"].null_count() == 0
        assert records.filter(pl.col("product").is_null()).is_empty()
        # A row without its key is never loaded under another row's key.
        assert set(issues["rule"].drop_nulls()) <= set(device.issue_counts)


@examples(5)
@given(tables)
def test_a_repeated_run_gives_the_same_from_files_and_from_scratch(write_snapshot, contracts, rows):
    with folder() as here:
        snapshot = write_snapshot(here, HEADERS, rows)
        results = [
            run_pipeline(
                snapshot=snapshot, mapping=MAPPING, contracts=contracts, workdir=here / work
            )
            for work in ("a", "a", "b")
        ]
        first, again, fresh = map(content, results)
        assert first == again == fresh
        assert len({result.sha256 for result in results}) == 1


@examples(7)
@given(tables, st.permutations(range(len(HEADERS))))
def test_the_order_of_the_columns_plays_no_part(write_snapshot, contracts, rows, order):
    with folder() as here:
        straight = write_snapshot(here, HEADERS, rows)
        turned = write_snapshot(
            here, [HEADERS[i] for i in order], [[r[i] for i in order] for r in rows]
        )
        results = [
            run_pipeline(
                snapshot=snapshot,
                mapping=MAPPING,
                contracts=contracts,
                workdir=here / f"work{number}",
            )
            for number, snapshot in enumerate((straight, turned))
        ]
        assert content(results[0]) == content(results[1])


@examples(7)
@given(tables)
def test_a_record_cleaned_again_does_not_change(write_snapshot, contracts, rows):
    """What the pipeline wrote is canonical: reading it as a source gives the same values."""
    with folder() as here:
        result = run_pipeline(
            snapshot=write_snapshot(here, HEADERS, rows),
            mapping=MAPPING,
            contracts=contracts,
            workdir=here / "work",
        )
        before = pl.read_parquet(result.entity("device").records).select(*COLUMNS, "_key")
        # A month stands as its first day beside its precision; the day alone is read back.
        texts = before.with_columns(pl.all().cast(pl.String)).fill_null("")
        again = run_pipeline(
            snapshot=write_snapshot(here, list(COLUMNS), texts.select(*COLUMNS).rows()),
            mapping=Mapping(
                tables=(
                    TableMapping(
                        table="sheet",
                        entities=(EntityMapping(entity="device", columns={f: f for f in COLUMNS}),),
                    ),
                )
            ),
            contracts=contracts,
            workdir=here / "again",
        )
        after = pl.read_parquet(again.entity("device").records).select(*COLUMNS, "_key")
        assert after.sort("_key").equals(before.sort("_key"))
