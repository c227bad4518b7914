"""What holds for every table."""

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kintsugi.engine.repair import learn, repaired, study

WORDS = [
    "",
    "a",
    "Ab",
    "12",
    "12 oz",
    "0.5%",
    "N/A",
    "2020-01-02",
    "1/2/2020",
    "x y",
    "泵",
    " a",
    "7:05 pm",
]
CELLS = st.one_of(st.sampled_from(WORDS), st.text(max_size=6), st.none())


@st.composite
def tables(draw: st.DrawFn) -> pl.DataFrame:
    """Small tables with values that come again."""
    width, height = draw(st.integers(1, 4)), draw(st.integers(1, 30))
    cells = st.lists(CELLS, min_size=height, max_size=height)
    return pl.DataFrame({f"c{i}": pl.Series(draw(cells), dtype=pl.String) for i in range(width)})


CAREFUL = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@CAREFUL
@given(tables())
def test_only_sure_findings_change_cells_and_twice_is_the_same(table: pl.DataFrame) -> None:
    studied = study(table)
    assert studied.findings.equals(study(table).findings)
    assert studied.findings["confidence"].is_between(0, 1).all()
    assert not studied.findings.select("row", "column").is_duplicated().any()
    after = repaired(table, studied.findings)
    assert after.shape == table.shape
    sure = {(r["row"], r["column"]): r["proposed"] for r in studied.sure().iter_rows(named=True)}
    for name in table.columns:
        for row, (old, new) in enumerate(zip(table[name].fill_null(""), after[name], strict=True)):
            assert new == sure.get((row, name), old)


@CAREFUL
@given(tables())
def test_answering_what_is_there_takes_every_doubt_of_that_row(table: pl.DataFrame) -> None:
    answers = table.head(1).with_columns(pl.lit(0).alias("_row"))
    learned = learn(study(table), answers)
    assert learned.detect().filter(pl.col("row") == 0).is_empty()
    assert learned.propose(0.9).filter(pl.col("row") == 0).is_empty()
