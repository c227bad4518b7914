"""Issues of a run: stored so that a rerun finds the same one again, counted without a cap."""

from collections.abc import Collection
from uuid import UUID

import polars as pl
from django.db import connection
from django.db.models.functions import Now

from kintsugi.core.bulk import copy_frame
from kintsugi.core.ids import uuid7_series
from kintsugi.core.queries import query
from kintsugi.onboarding.models import Issue, RunIssueCount

#: Issues stored per rule and run; all are counted.
STORED_A_RULE = 10_000
EXAMPLES = 5
STAGING = "incoming_issue"


def store_issues(
    *,
    run_id: UUID,
    source_id: UUID,
    entity: str,
    table_no: int,
    table_name: str,
    headers: dict[int, str],
    issues: pl.DataFrame,
    again: bool = False,
) -> int:
    """Store and count issues; must run inside ``recorded``. Returns how many were found.

    ``again``: these rules' counts are set, not added to, since the same step may be repeated.

    ``issues``: the engine's issue columns, optionally ``gid``. An issue known from an earlier run
    (same source, entity, rule, place, field and raw value) is brought up to date and, if it was
    thought fixed, opened again.
    """
    if issues.is_empty():
        return 0
    _count(run_id, entity, table_no, issues, again)
    if "gid" not in issues.columns:
        issues = issues.with_columns(pl.lit(None, pl.String).alias("gid"))
    kept = issues.filter(pl.int_range(pl.len()).over("rule") < STORED_A_RULE)
    place = pl.coalesce("_key", "#" + pl.col("_row").cast(pl.String), pl.lit("")).str.slice(0, 440)
    names = pl.DataFrame(
        {"column": list(headers), "header": [h[:300] for h in headers.values()]},
        schema={"column": pl.Int32, "header": pl.String},
    )
    frame = (
        kept.join(names, on="column", how="left")
        .select(
            pl.lit(str(source_id)).alias("source_id"),
            pl.lit(str(run_id)).alias("run_id"),
            pl.lit(entity).alias("entity"),
            "rule",
            "severity",
            place.alias("place"),
            pl.lit(table_no).alias("table_no"),
            pl.lit(table_name[:200]).alias("table_name"),
            pl.col("_row").alias("row"),
            pl.col("column").alias("column_no"),
            pl.col("header").fill_null(""),
            pl.col("field").fill_null(""),
            pl.col("value").fill_null("").str.slice(0, 4000),
            "proposal",
            pl.col("raw_hash").fill_null(""),
            "gid",
        )
        .unique(["rule", "place", "field", "raw_hash"], keep="first", maintain_order=True)
    )
    frame = frame.with_columns(uuid7_series(frame.height).alias("id"))
    with connection.cursor() as cursor:
        cursor.execute(query("onboarding", "stage_issues"))
        copy_frame(table=STAGING, frame=frame)
        cursor.execute(query("onboarding", "keep_issues"))
    return issues.height


def _count(run_id: UUID, entity: str, table_no: int, issues: pl.DataFrame, again: bool) -> None:
    counts = issues.group_by("rule").agg(
        pl.len().alias("count"),
        pl.col("severity").first(),
        pl.col("value").drop_nulls().unique(maintain_order=True).head(EXAMPLES).alias("examples"),
    )
    for row in counts.iter_rows(named=True):
        place = {"run_id": run_id, "entity": entity, "table_no": table_no, "rule": row["rule"]}
        found = {name: row[name] for name in ("count", "severity", "examples")}
        known, made = RunIssueCount.objects.get_or_create(**place, defaults=found)
        if not made:
            count = row["count"] if again else known.count + row["count"]
            RunIssueCount.objects.filter(pk=known.pk).update(count=count)


def close_fixed(
    *,
    run_id: UUID,
    source_id: UUID,
    entity: str,
    keys: pl.Series,
    table_no: int,
    rows: pl.Series,
    standing: Collection[str] = (),
) -> int:
    """Mark as fixed at the source what earlier runs found at these source keys, or at these rows
    of this table where there was no key, and this run did not; must run inside ``recorded``.
    Returns how many.

    ``standing``: rules over the loaded tables; a run that brings nothing new does not find them
    again, and they are not fixed by that.
    """
    candidates = (
        Issue.objects.filter(source_id=source_id, entity=entity, status="open")
        .exclude(run_id=run_id)
        .exclude(rule__in=list(standing))
    )
    places = list(candidates.values_list("pk", "place", "table_no"))
    if not places:
        return 0
    seen, lines = set(keys.to_list()), {f"#{row}" for row in rows.to_list()}
    fixed = [
        pk for pk, place, table in places if place in seen or (table == table_no and place in lines)
    ]
    for start in range(0, len(fixed), 5000):
        Issue.objects.filter(pk__in=fixed[start : start + 5000]).update(
            status="gone", updated_at=Now()
        )
    return len(fixed)
