"""Which source rows a wave takes, and where the plans of a load lie."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
from django.conf import settings

from kintsugi.core.errors import KintsugiError, Text
from kintsugi.engine.contract import load_contracts
from kintsugi.engine.pipeline import EntityResult, PipelineResult
from kintsugi.onboarding.entities import ORDER
from kintsugi.onboarding.models import Run, Wave
from kintsugi.onboarding.services.loading import Part

#: Waves in one of these states loaded nothing, or not all of it stands: their rows wait again.
NOTHING_STANDS = ("withdrawn", "reverted", "partly-reverted")
VALUES_MAX = 2_000
RULES = ("values", "range", "sample", "rest")

Rows = dict[int, pl.Series]


def workdir(run: Run) -> Path:
    """The folder of a run's materialised steps and plans."""
    return Path(settings.RUN_ROOT) / str(run.pk)


def plans_of(run: Run) -> Path:
    """Where the plans of its load lie: which records, in which chunks."""
    return workdir(run) / "load"


def part_of(run: Run, result: PipelineResult) -> Part:
    """What this run loads of the prepared records: a wave its rows, any other run all of them."""
    folder = plans_of(run)
    if run.parent is None:
        return Part(folder)
    siblings = Wave.objects.filter(run__parent=run.parent).select_related("run")
    others = [wave for wave in siblings if wave.run_id != run.pk]
    standing = [plans_of(wave.run) for wave in others if wave.run.status not in NOTHING_STANDS]
    rules = [
        wave.rule for wave in others if wave.run.status != "withdrawn" and wave.rule["by"] != "rest"
    ]
    return Part(folder, chosen_rows(result, run.wave.rule, others=rules), tuple(standing))


def chosen_rows(
    result: PipelineResult, rule: Mapping[str, Any], *, others: Sequence[Mapping[str, Any]] = ()
) -> Rows:
    """Source rows by table that a rule chooses.

    Rules: ``{"by": "values", "entity", "field", "values"}``, rows in which a field of a record has
    one of the values; ``{"by": "range", "from", "to"}``, rows whose key lies between (either may
    be empty); ``{"by": "sample", "share", "at_least"}``, a share of the keys, always the same
    ones; ``{"by": "rest"}``, what ``others`` leave. A table that a rule cannot speak of, such as
    the product list beside the devices, comes whole: what devices refer to must be there.
    Raises KintsugiError ``wave.rule`` or ``wave.empty``.
    """
    check_rule(rule, result)
    tables: dict[int, list[EntityResult]] = {}
    for entity in result.entities:
        tables.setdefault(entity.table, []).append(entity)
    last = _last_table(tables)
    found: Rows = {}
    for table, entities in tables.items():
        if rule["by"] == "rest":
            found[table] = _rest(entities, [chosen_rows(result, o).get(table) for o in others])
        elif rule["by"] == "values":
            found[table] = _with_values(entities, rule)
        elif table == last:
            found[table] = _by_key(entities, rule)
        else:
            found[table] = _every(entities)
    return found


def _last_table(tables: Mapping[int, Sequence[EntityResult]]) -> int:
    """The table whose own entity refers to the others': devices rather than products."""
    places = {
        table: max((ORDER[e.entity] for e in entities if e.primary), default=-1)
        for table, entities in tables.items()
    }
    return max(places, key=lambda table: places[table])


def _rows(frame: pl.LazyFrame) -> pl.Series:
    listed = pl.concat_list(pl.col("_row"), pl.col("_rows").fill_null([])).alias("_any")
    return frame.select(listed).explode("_any").unique().sort("_any").collect()["_any"]


def _every(entities: Sequence[EntityResult]) -> pl.Series:
    parts = [_rows(pl.scan_parquet(entity.records)) for entity in entities]
    return pl.concat(parts).unique().sort() if parts else pl.Series("_any", [], pl.Int32)


def _rest(entities: Sequence[EntityResult], taken: Sequence[pl.Series | None]) -> pl.Series:
    every = _every(entities)
    for rows in taken:
        if rows is not None:
            every = every.filter(~every.is_in(rows.implode()))
    return every


def _with_values(entities: Sequence[EntityResult], rule: Mapping[str, Any]) -> pl.Series:
    named = [e for e in entities if e.entity == rule["entity"] and rule["field"] in e.fields]
    if not named:
        return _every(entities)
    wanted = [str(value) for value in rule["values"]]
    parts = [
        _rows(
            pl.scan_parquet(e.records).filter(pl.col(rule["field"]).cast(pl.String).is_in(wanted))
        )
        for e in named
    ]
    return pl.concat(parts).unique().sort()


def _by_key(entities: Sequence[EntityResult], rule: Mapping[str, Any]) -> pl.Series:
    own = next((e for e in entities if e.primary), entities[0])
    records = pl.scan_parquet(own.records)
    if rule["by"] == "range":
        low, high = rule.get("from") or "", rule.get("to") or ""
        if low:
            records = records.filter(pl.col("_key") >= low)
        if high:
            records = records.filter(pl.col("_key") <= high)
        return _rows(records)
    keys = records.select("_key").collect()["_key"]
    wanted = max(int(rule["at_least"]), round(float(rule["share"]) * keys.len()))
    # By a hash of the key: the same records whenever it is asked, and no neighbours.
    order = keys.map_elements(lambda k: hashlib.sha256(k.encode()).hexdigest(), pl.String)
    taken = keys.gather(order.arg_sort().head(wanted)).implode()
    return _rows(records.filter(pl.col("_key").is_in(taken)))


def check_rule(rule: Mapping[str, Any], result: PipelineResult) -> None:
    """Raise KintsugiError ``wave.rule`` where a rule says nothing that these records can answer."""
    by = rule.get("by")
    wrong: str | None = None
    if by not in RULES:
        wrong = "by"
    elif by == "values":
        contract = load_contracts().get(str(rule.get("entity")))
        values = rule.get("values")
        if contract is None or not any(e.entity == contract.entity for e in result.entities):
            wrong = "entity"
        elif not any(
            e.entity == contract.entity and rule.get("field") in e.fields for e in result.entities
        ):
            wrong = "field"
        elif not isinstance(values, list) or not 0 < len(values) <= VALUES_MAX:
            wrong = "values"
    elif by == "range" and not (rule.get("from") or rule.get("to")):
        wrong = "from"
    elif by == "sample" and not (
        _is_number(rule.get("share"), 0, 1) and _is_number(rule.get("at_least"), 0, 10**7)
    ):
        wrong = "share"
    if wrong is not None:
        raise KintsugiError(
            "wave.rule",
            Text(
                f"批次规则中的“{wrong}”无法用于这些记录。",
                f"“{wrong}” of the wave's rule does not suit these records.",
            ),
            Text(
                "请选择这次运行中有的字段和值、键的范围,或 0 到 1 的抽样比例。",
                "Choose a field and values that this run has, a range of keys, or a share between "
                "0 and 1.",
            ),
            field=wrong,
            value=str(rule.get(wrong))[:200],
        )


def _is_number(value: Any, low: float, high: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
