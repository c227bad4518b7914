"""Profiles of what came: measured, kept, and held against what was accepted last."""

import datetime as dt
from pathlib import Path

import polars as pl
from django.conf import settings
from django.db.models import Max

from kintsugi.engine.contract import load_contracts
from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.mapping import Mapping, find_table
from kintsugi.engine.mapping.model import headers_of
from kintsugi.engine.profiling import Drift, drift, from_dict, profile_table
from kintsugi.engine.profiling import Profile as EngineProfile
from kintsugi.engine.snapshot import open_snapshot, table_frame
from kintsugi.onboarding.models import Fetch, Profile, Run, Snapshot, Source
from kintsugi.onboarding.services.guards import accepted
from kintsugi.onboarding.services.sources import current_mapping

#: Tables of more rows are measured in so many, evenly spread.
ROWS_MAX = 500_000
TABLES_MAX = 50
NAMES = ("completeness", "consistency", "accuracy", "timeliness")


def profile_snapshot(*, source: Source, snapshot: Snapshot, at: dt.datetime) -> list[Profile]:
    """The profiles of a snapshot's tables for a source, measured where they are not kept yet.

    A table that is too wide to be measured has none; its scores stay unknown.
    """
    found = open_snapshot(Path(settings.SNAPSHOT_ROOT) / snapshot.folder)
    kept = {one.table_no: one for one in Profile.objects.filter(source=source, snapshot=snapshot)}
    known = len(kept)
    weights = _weights(source)
    for table in found.tables[:TABLES_MAX]:
        if table.index in kept or table.hidden or not table.columns:
            continue
        step = -(-table.rows // ROWS_MAX) or 1
        frame = table_frame(found, table.index).gather_every(step).collect()
        rows = frame["_row"]
        texts = frame.select(
            pl.when(pl.col(c.key) == "").then(None).otherwise(pl.col(c.key)).alias(c.name)
            for c in table.columns
        )
        names = set(texts.columns)
        try:
            measured = profile_table(
                texts,
                rows,
                source=source.code,
                table=table.name,
                at=at.date(),
                aside=table.excluded + table.quarantined,
                weights={name: weight for name, weight in weights.items() if name in names},
            )
        except KintsugiError:
            continue
        kept[table.index], _ = Profile.objects.update_or_create(
            source=source,
            snapshot=snapshot,
            table_no=table.index,
            defaults={
                "table_name": table.name[:200],
                "rows": table.rows,
                "scores": {one.name: one.value for one in measured.scores},
                "content": measured.as_dict(),
                "at": at,
            },
        )
    if len(kept) != known:
        _keep_overall(source, snapshot, at)
    return [kept[index] for index in sorted(kept)]


def _keep_overall(source: Source, snapshot: Snapshot, at: dt.datetime) -> None:
    """Keep the source's scores with its newest profiles, so that a list need not work them out.
    Timeliness is left out: it changes by the day."""
    overall = scores_of(source, at)
    overall.pop("timeliness")
    Profile.objects.filter(source=source, snapshot=snapshot).update(overall=overall)


def _weights(source: Source) -> dict[str, int]:
    """How much each column matters: 3 where it feeds a key or a high-risk field."""
    version = current_mapping(source)
    if version is None:
        return {}
    contracts = load_contracts()
    weights: dict[str, int] = {}
    for table in Mapping.model_validate(version.content).tables:
        for entity in table.entities:
            contract = contracts.get(entity.entity)
            risky = {*source.high_risk, *(contract.key if contract else ())}
            for field, expression in entity.columns.items():
                for header in headers_of(expression):
                    weights[header] = max(weights.get(header, 2), 3 if field in risky else 2)
    return weights


def scores_of(source: Source, at: dt.datetime) -> dict[str, float | None]:
    """The source's four scores: of the tables that are mapped in what came last, weighted by their
    rows; None where nothing was measured, never 100. Timeliness is the age of what was accepted
    last against the days within which the source should be fresh: 100 until then, then less.
    """
    newest = Profile.objects.filter(source=source).order_by("-at", "-snapshot__created_at").first()
    if newest is None:
        return {**dict.fromkeys(NAMES), "timeliness": timeliness(source, at)}
    profiles = list(Profile.objects.filter(source=source, snapshot_id=newest.snapshot_id))
    profiles = [one for one in profiles if one.table_no in _mapped(source, newest)] or profiles
    found: dict[str, float | None] = {}
    for name in NAMES:
        known = [(one.scores.get(name), one.rows) for one in profiles]
        measured = [(value, rows) for value, rows in known if value is not None and rows]
        total = sum(rows for _, rows in measured)
        found[name] = (
            round(sum(value * rows for value, rows in measured) / total, 1) if total else None
        )
    found["timeliness"] = timeliness(source, at)
    return found


def timeliness(source: Source, at: dt.datetime) -> float | None:
    """Days within which the source should be fresh ÷ age of what was accepted last, at most 100;
    None where nobody said how fresh it should be, or nothing came yet."""
    last = last_seen(source)
    if source.refresh_days is None or last is None:
        return None
    age_days = max((at - last).total_seconds() / 86400, 0.0)
    if age_days <= source.refresh_days:
        return 100.0
    return round(100 * source.refresh_days / age_days, 1)


def last_seen(source: Source) -> dt.datetime | None:
    """When the source last said something that was accepted: the day of its last verified run, or
    a later fetch that found nothing new."""
    runs = Run.objects.filter(source=source, status="verified", reverts=None)
    same = Fetch.objects.filter(connector__source=source, status="same")
    moments = [
        runs.aggregate(last=Max("observed_at"))["last"],
        same.aggregate(last=Max("ended_at"))["last"],
    ]
    return max((one for one in moments if one is not None), default=None)


def is_late(source: Source, at: dt.datetime) -> bool:
    """Whether the source is later than it should be. One that never said anything is late from its
    day of registration on."""
    if source.refresh_days is None or source.status == "retired":
        return False
    since = last_seen(source) or source.created_at
    return at - since > dt.timedelta(days=source.refresh_days)


def _mapped(source: Source, profile: Profile) -> set[int]:
    version = current_mapping(source)
    if version is None:
        return set()
    found = open_snapshot(Path(settings.SNAPSHOT_ROOT) / profile.snapshot.folder)
    tables = Mapping.model_validate(version.content).tables
    return {index for t in tables if (index := find_table(found, t.table)) is not None}


def compared(source: Source, snapshot: Snapshot) -> dict[str, list[Drift]]:
    """By table: what changed since what was accepted last, worst first; empty before the first."""
    last = accepted(source)
    if last is None or last.pk == snapshot.pk:
        return {}
    before = {p.table_name: p for p in Profile.objects.filter(source=source, snapshot=last)}
    changes: dict[str, list[Drift]] = {}
    for one in Profile.objects.filter(source=source, snapshot=snapshot):
        earlier = before.get(one.table_name)
        if earlier is None and len(before) == 1:
            earlier = next(iter(before.values()))
        if earlier is not None:
            changes[one.table_name] = drift(measured(earlier), measured(one))
    return changes


def measured(profile: Profile) -> EngineProfile:
    """The engine's profile as it was kept."""
    return from_dict(profile.content)
