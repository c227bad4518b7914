"""Waves of a prepared run: pilot, widened, full; each loaded, stopped and rolled back alone."""

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import polars as pl

from kintsugi.audit.services import recorded
from kintsugi.core import events
from kintsugi.core.errors import KintsugiError, Text
from kintsugi.engine.pipeline import EntityResult, PipelineResult, open_result
from kintsugi.onboarding.models import LoadWindow, Run, Wave
from kintsugi.onboarding.services.loading import OUTCOMES, summed
from kintsugi.onboarding.services.running import get_run, refuse_other_contracts, set_run
from kintsugi.onboarding.services.selection import (
    NOTHING_STANDS,
    check_rule,
    chosen_rows,
    workdir,
)

WAVES_MAX = 200
KINDS = ("pilot", "widened", "full")
#: States in which a run can be loaded in waves.
DIVIDES = ("validated", "rehearsed", "waves")
#: A wave in one of these states has loaded what it will load, and it stands. One that was taken
#: back in part waits again as a whole: loading what stayed once more changes nothing.
LOADED = ("verified",)


def add_wave(
    *,
    actor: Any,
    run_id: UUID,
    name: str,
    kind: str,
    rule: Mapping[str, Any],
    window: LoadWindow | None = None,
) -> Run:
    """A wave of a prepared run, as a run of its own that is rehearsed and let go by two persons.

    The same rule twice gives the wave there is, unless that was given up or rolled back. Raises
    KintsugiError ``wave.rule``, ``wave.empty``, ``wave.kind``, ``wave.too-many`` or
    ``wave.not-prepared``.
    """
    with recorded(actor=actor, command="onboarding.add-wave", run_id=run_id):
        Run.objects.select_for_update(of=("self",)).get(pk=run_id)
        run = get_run(run_id)
        _may_divide(run, kind)
        result = open_result(workdir(run))
        known = list(Wave.objects.filter(run__parent=run).select_related("run"))
        standing = [w for w in known if w.run.status not in NOTHING_STANDS]
        for wave in standing:
            if wave.rule == dict(rule):
                return wave.run
        check_rule(rule, result)
        others = [w.rule for w in standing if w.rule["by"] != "rest"]
        chosen = chosen_rows(result, rule, others=others)
        rows = sum(one.len() for one in chosen.values())
        if not rows:
            raise KintsugiError(
                "wave.empty",
                Text("这条规则没有选中任何行。", "The rule chooses no row."),
                Text("请放宽规则。", "Widen it."),
                rule=json.dumps(dict(rule), ensure_ascii=False)[:300],
            )
        number = len(known) + 1
        made = Run.objects.create(
            number=f"{run.number}-W{number}",
            source=run.source,
            snapshot=run.snapshot,
            mapping=run.mapping,
            location=run.location,
            file_name=run.file_name,
            status="validated",
            observed_at=run.observed_at,
            started_by=str(actor)[:200],
            is_governed=True,
            contracts=run.contracts,
            # What was prepared is prepared for all waves.
            steps=run.steps,
            parent=run,
            window=window,
        )
        Wave.objects.create(
            run=made, number=number, name=name[:200], kind=kind, rule=dict(rule), rows=rows
        )
        if run.status != "waves":
            set_run(run, status="waves")
        _keep_counts(run, result)
    return made


def _may_divide(run: Run, kind: str) -> None:
    if kind not in KINDS:
        raise KintsugiError(
            "wave.kind",
            Text("批次须为试点、扩大或全量。", "A wave is a pilot, widened or full."),
            Text("请选择其中之一。", "Choose one of them."),
            field="kind",
            value=kind[:40],
        )
    if run.parent_id is not None or run.status not in DIVIDES or run.chunks.exists():
        raise KintsugiError(
            "wave.not-prepared",
            Text(f"{run.number} 现在不能分批。", f"{run.number} cannot be divided now."),
            Text(
                "只有已校验、尚未写入的运行可以分批。",
                "A run is divided once it is checked and before it loads.",
            ),
            run=run.number,
            status=run.status,
        )
    refuse_other_contracts(run)
    if run.waves.count() >= WAVES_MAX:
        raise KintsugiError(
            "wave.too-many",
            Text(f"一次运行最多 {WAVES_MAX} 个批次。", f"A run has at most {WAVES_MAX} waves."),
            Text("请用更宽的规则。", "Use wider rules."),
            run=run.number,
        )


def close_parent(*, run_id: UUID, at: dt.datetime) -> None:
    """After a wave was loaded or rolled back: count its parent anew; when every record stands in
    the tables or was put aside, the parent is verified, else it is open again. Must run inside
    ``recorded``."""
    wave = get_run(run_id)
    if wave.parent is None:
        return
    Run.objects.select_for_update(of=("self",)).get(pk=wave.parent.pk)
    parent = get_run(wave.parent.pk)
    if parent.status not in ("waves", "verified"):
        return
    counts = _keep_counts(parent, open_result(workdir(parent)))
    is_whole = not counts["waiting"]
    if is_whole and parent.status == "waves":
        set_run(parent, status="verified", ended_at=at)
        events.emit(
            "onboarding.run-verified",
            subject=parent.number,
            at=at,
            facts={
                "run": str(parent.pk),
                "source": parent.source.code,
                "counts": counts,
            },
        )
    elif not is_whole and parent.status == "verified":
        set_run(parent, status="waves", ended_at=None)


def _keep_counts(run: Run, result: PipelineResult) -> dict[str, Any]:
    """The arithmetic of a run in waves; ``waiting`` are records that no standing wave loaded.

    ``read = created + updated + merged + unchanged + excluded + quarantined + waiting``.
    """
    waves = [
        wave.run
        for wave in Wave.objects.filter(run__parent=run).select_related("run")
        if wave.run.status in LOADED
    ]
    code = run.source.code
    counts = summed(
        run,
        result,
        lambda stream, entity: _stream_counts(
            waves, entity.entity + stream.removeprefix(code), entity
        ),
    )
    set_run(run, counts=counts)
    return counts


def _stream_counts(waves: list[Run], name: str, entity: EntityResult) -> dict[str, int]:
    counts: dict[str, int] = {
        "rows": entity.counts.read,
        "read": entity.counts.read + entity.counts.expanded,
        "excluded": entity.counts.excluded,
        "quarantined": entity.counts.quarantined,
        "merged": entity.counts.merged,
        **dict.fromkeys(("created", "updated", "unchanged", "cells"), 0),
        "waiting": int(pl.scan_parquet(entity.records).select(pl.len()).collect().item()),
    }
    for wave in waves:
        loaded = (wave.counts or {}).get("entities", {}).get(name)
        if loaded is not None:
            counts["waiting"] -= loaded["read"]
            for outcome in (*OUTCOMES, "cells"):
                counts[outcome] += loaded[outcome]
    accounted = sum(counts[key] for key in ("excluded", "waiting", *OUTCOMES))
    assert counts["read"] == accounted, f"row arithmetic does not close: {name} {counts}"
    return counts
