"""What a run's page shows of rehearsal, approval, waves and windows."""

from dataclasses import dataclass
from typing import Any

import polars as pl
from django.db.models import Count, Sum
from django.urls import reverse

from kintsugi.core.masks import mask
from kintsugi.engine.contract import load_contract
from kintsugi.engine.pipeline import open_result
from kintsugi.engine.text import Text
from kintsugi.identity.selectors import acts_about
from kintsugi.onboarding.models import Chunk, Issue, Run, Wave
from kintsugi.onboarding.services import workdir
from kintsugi.onboarding.services.loading import OUTCOMES, stem
from kintsugi.onboarding.services.proposing import UNDER_WAY
from kintsugi.onboarding.services.rehearsal import REHEARSES, folder_of
from kintsugi.onboarding.services.waves import DIVIDES
from kintsugi.onboarding.states import RUN
from kintsugi.onboarding.titles import entity_title, field_title

KINDS: dict[str, Text] = {
    "pilot": Text("试点", "pilot"),
    "widened": Text("扩大", "widened"),
    "full": Text("全量", "full"),
}
#: What the list of a rehearsal can show.
SHOWS: dict[str, Text] = {
    "changed": Text("改变的值", "values that change"),
    "created": Text("新建", "created"),
    "merged": Text("并入", "merged"),
    "quarantined": Text("不动", "left alone"),
}
PAGE = 100
VALUES_SHOWN = 300


@dataclass(frozen=True)
class StreamLine:
    """One stream of a rehearsal: its name in the run's folder, what it is, its counts."""

    name: str
    entity: str
    stream: str
    table_no: int
    title: Text
    counts: dict[str, int]
    fields: list[tuple[Text, int]]
    issues: dict[str, int]


@dataclass(frozen=True)
class WaveLine:
    """One wave on its parent's page. Shares are of its records, 0 to 1."""

    run: Run
    name: str
    kind: Text
    rule: Text
    status: Text
    records: int
    done: int
    errors: float | None
    consistency: float | None
    rate: float | None
    remaining_s: float | None
    url: str


@dataclass
class LoadState:
    """Buttons, rehearsal, act and waves of one run."""

    run: Run
    rehearsal: list[StreamLine]
    acts: list[Any]
    waves: list[WaveLine]
    parent: Run | None
    can_rehearse: bool
    can_propose: bool
    can_divide: bool
    can_pause: bool
    can_go_on: bool
    can_stop: bool
    can_withdraw: bool


def load_state(run: Run) -> LoadState:
    """All of it, in a bounded number of queries."""
    acts = list(acts_about([run.pk], limit=20)) if run.is_governed else []
    is_proposed = any(act.status in UNDER_WAY for act in acts)
    begun = Chunk.objects.filter(run=run).exists()
    waves = wave_lines(run) if run.status in ("waves", "verified") and run.waves.exists() else []
    return LoadState(
        run=run,
        rehearsal=stream_lines(run),
        acts=acts,
        waves=waves,
        parent=run.parent,
        can_rehearse=run.status in REHEARSES and bool(run.contracts) and not begun,
        can_propose=run.status == "rehearsed" and not is_proposed,
        can_divide=run.parent_id is None and run.status in DIVIDES and not begun,
        can_pause=run.status == "applying" and run.asked == "",
        can_go_on=run.status == "paused" or (run.status == "approved" and bool(run.error)),
        can_stop=run.status in ("applying", "paused"),
        can_withdraw=run.status in ("validated", "rehearsed", "approved")
        and not begun
        and not is_proposed,
    )


def stream_lines(run: Run) -> list[StreamLine]:
    """The streams of the last rehearsal, the table's own first."""
    found = (run.rehearsal or {}).get("entities", {})
    lines = [
        StreamLine(
            name=name,
            entity=one["entity"],
            stream=one["stream"],
            table_no=one["table_no"],
            title=_in_table(one["table"], entity_title(one["entity"])),
            counts={k: one[k] for k in ("read", *OUTCOMES, "cells")},
            fields=[(field_title(one["entity"], f), n) for f, n in one["fields"].items()],
            issues=one["issues"],
        )
        for name, one in found.items()
    ]
    return sorted(lines, key=lambda line: not found[line.name]["primary"])


def _in_table(table: str, title: Text) -> Text:
    return Text(f"{table} › {title.zh}", f"{table} › {title.en}")


def wave_lines(run: Run) -> list[WaveLine]:
    """The waves of a run in their order."""
    waves = list(Wave.objects.filter(run__parent=run).select_related("run").order_by("number"))
    ids = [wave.run_id for wave in waves]
    ledger: dict[Any, dict[str, Any]] = {
        row["run"]: dict(row)
        for row in Chunk.objects.filter(run__in=ids)
        .values("run")
        .annotate(
            records=Sum("records"),
            quarantined=Sum("quarantined"),
            took=Sum("seconds"),
        )
    }
    conflicts = dict(
        Issue.objects.filter(run__in=ids, rule__startswith="conflict.")
        .values_list("run")
        .annotate(n=Count("pk"))
    )
    return [_wave_line(wave, ledger.get(wave.run_id, {}), conflicts) for wave in waves]


def _wave_line(wave: Wave, ledger: dict[str, Any], conflicts: dict[Any, int]) -> WaveLine:
    run = wave.run
    found = (run.rehearsal or {}).get("entities", {})
    records = sum(one["read"] for one in found.values()) or wave.rows
    done = int(ledger.get("records") or 0)
    rate = done / ledger["took"] if ledger.get("took") else None
    is_loading = run.status == "applying"
    return WaveLine(
        run=run,
        name=wave.name,
        kind=KINDS[wave.kind],
        rule=rule_text(wave.rule),
        status=RUN.states[run.status],
        records=records,
        done=done,
        errors=int(ledger["quarantined"]) / done if done else None,
        consistency=1 - conflicts.get(run.pk, 0) / done if done else None,
        rate=rate,
        remaining_s=max(0, records - done) / rate if is_loading and rate else None,
        url=reverse("onboarding:run", args=[run.number]),
    )


def rule_text(rule: dict[str, Any]) -> Text:
    """A wave's rule in words."""
    if rule["by"] == "values":
        field = field_title(rule["entity"], rule["field"])
        shown = "、".join(rule["values"][:5])
        more = f" …({len(rule['values'])})" if len(rule["values"]) > 5 else ""
        return Text(f"{field.zh}:{shown}{more}", f"{field.en}: {shown}{more}")
    if rule["by"] == "range":
        low, high = rule.get("from") or "…", rule.get("to") or "…"
        return Text(f"键 {low} 至 {high}", f"keys {low} to {high}")
    if rule["by"] == "sample":
        share = f"{float(rule['share']):.1%}"
        least = rule["at_least"]
        return Text(f"抽样 {share},至少 {least}", f"a sample of {share}, at least {least}")
    return Text("其余全部", "all the rest")


# -- the diff --------------------------------------------------------------------------------------


@dataclass
class DiffPage:
    """One page of a rehearsal's list; ``next_after`` is None at its end."""

    rows: list[dict[str, Any]]
    total: int
    next_after: int | None


def diff_page(
    run: Run, line: StreamLine, show: str, *, field: str = "", after: int = 0
) -> DiffPage:
    """A window of what the rehearsal would change (``gid, field, before, after, _key, _row``) or
    of the records of one outcome (``_key, _row, _gid``), from a position in its file."""
    kind = "changed" if show == "changed" else "records"
    path = folder_of(run) / f"{kind}-{stem(line.stream, line.entity)}.parquet"
    if not path.exists():
        return DiffPage([], 0, None)
    frame = pl.scan_parquet(path)
    if show != "changed":
        frame = frame.filter(pl.col("_op") == show)
    elif field:
        frame = frame.filter(pl.col("field") == field)
    total = int(frame.select(pl.len()).collect().item())
    rows = frame.slice(after, PAGE).collect().to_dicts()
    for row in rows:
        if show == "changed":
            for side in ("before", "after"):
                if row[side] is not None:
                    row[side] = str(mask(line.entity, row["field"], row[side]))[:400]
    following = after + PAGE
    return DiffPage(rows, total, following if following < total else None)


def field_values(run: Run, entity: str, field: str) -> list[tuple[str, int]]:
    """Values of a field in a prepared run with how many records have each, most frequent first;
    at most 300."""
    result = open_result(workdir(run.parent or run))
    parts = [
        pl.scan_parquet(one.records).select(pl.col(field).cast(pl.String))
        for one in result.entities
        if one.entity == entity and field in one.fields
    ]
    if not parts:
        return []
    counted = (
        pl.concat(parts)
        .filter(pl.col(field).is_not_null())
        .group_by(field)
        .len()
        .sort(["len", field], descending=[True, False])
        .head(VALUES_SHOWN)
        .collect()
    )
    return [(str(value), int(count)) for value, count in counted.iter_rows()]


def rule_fields(run: Run) -> list[tuple[str, str, Text]]:
    """Fields a wave can be chosen by: entity, field, title; those of the tables' own records."""
    result = open_result(workdir(run.parent or run))
    found: dict[tuple[str, str], Text] = {}
    for one in sorted(result.entities, key=lambda e: not e.primary):
        contract = load_contract(one.entity)
        for name in one.fields:
            if name in contract.names:
                title = field_title(one.entity, name)
                about = entity_title(one.entity)
                found.setdefault(
                    (one.entity, name),
                    Text(f"{about.zh} · {title.zh}", f"{about.en} · {title.en}"),
                )
    return [(entity, name, text) for (entity, name), text in found.items()]
