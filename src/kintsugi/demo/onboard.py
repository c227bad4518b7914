"""Onboard the demo fragments through the real engine, and say what was found against the truth."""

import datetime as dt
import json
import os
import secrets
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import polars as pl
import yaml
from django.conf import settings
from django.contrib.auth import get_user_model

from kintsugi.audit.selectors import provenance_of_sources
from kintsugi.audit.services import recorded
from kintsugi.demo.score import (
    Observed,
    Report,
    SeenFate,
    SeenIssue,
    SeenMember,
    SeenValue,
    score,
)
from kintsugi.devices.selectors import customers_by_devices, natural_keys
from kintsugi.engine.mapping import Mapping
from kintsugi.engine.pipeline import open_result
from kintsugi.engine.reading import ReadHints
from kintsugi.engine.snapshot import aside_frame, open_snapshot, table_frame
from kintsugi.identity.services import create_user, grant_role
from kintsugi.onboarding.selectors import issues_of_runs
from kintsugi.onboarding.services import (
    Fragment,
    import_fragments,
    register_source,
    workdir,
)
from kintsugi.parties.selectors import credit_codes

HERE = Path(__file__).parent
FILES = HERE / "files"
TRUTH = HERE / "truth"
ACTOR = "demo"
#: When the fragments were exported, by their own dates.
WRITTEN_AT = dt.datetime(2024, 6, 30, 12, tzinfo=dt.UTC)

#: Accounts of the demo: user name, shown name, language, role.
PEOPLE = (
    ("admin", "管理员 Administrator", "zh-hans", "administrator"),
    ("steward", "数据管家 Data steward", "zh-hans", "steward"),
    ("desk", "服务台 Service desk", "zh-hans", "desk"),
    ("technician", "现场工程师 Technician", "zh-hans", "technician"),
    ("auditor", "审计员 Auditor", "en", "auditor"),
    ("contact", "医院联系人 Hospital contact", "zh-hans", "hospital_contact"),
)
#: Whose rows are limited, and to how many hospitals. The files name no region codes, so the
#: technician's district is a list of hospitals.
HOSPITALS = {"technician": 5, "contact": 1}


def fragments() -> list[Fragment]:
    """The demo's sources, registered, each with its file and mapping, in onboarding order."""
    listed = yaml.safe_load((HERE / "sources.yaml").read_text("utf-8"))["sources"]
    found = []
    for place, entry in enumerate(listed):
        source = register_source(
            actor=ACTOR,
            code=entry["code"],
            kind=entry["kind"],
            name_zh=entry["name"]["zh"],
            name_en=entry["name"]["en"],
            owner=entry["owner"],
            authority=entry["authority"],
            value_maps=entry.get("value_maps"),
        )
        tables = tuple(entry["tables"]) if entry["kind"] == "database" else ()
        found.append(
            Fragment(
                location=str(FILES / entry["file"]),
                source=source,
                mapping=Mapping.model_validate(entry["mapping"]),
                hints=ReadHints(tables=tables) if tables else None,
                # The fragments were written on one day, in the order in which they are listed.
                observed_at=WRITTEN_AT + dt.timedelta(minutes=place),
            )
        )
    return found


def onboard(*, at: dt.datetime, listener: Any = None) -> list[Any]:
    """Import all fragments; returns the runs in the order they were loaded."""
    return import_fragments(actor=ACTOR, fragments=fragments(), at=at, listener=listener)


def ensure_people(home: Path, *, at: dt.datetime) -> list[dict[str, str]]:
    """The demo's accounts with the passwords made for this installation.

    Passwords are random and kept readable by the owner only in ``demo-logins.json``.
    """
    path = home / "demo-logins.json"
    known: dict[str, str] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    users = get_user_model().objects
    logins = []
    for username, name, language, role in PEOPLE:
        if username not in known:
            known[username] = "-".join(secrets.token_hex(2) for _ in range(4))
        with recorded(actor=ACTOR, command="demo.create-account", reason=username):
            user = users.filter(username=username).first()
            if user is None:
                user = create_user(
                    username=username,
                    password=known[username],
                    display_name=name,
                    language=language,
                    is_staff=role == "administrator",
                )
            if username not in HOSPITALS:
                _give(user, role, at=at)
        logins.append({"username": username, "password": known[username], "name": name})
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(known, file, indent=1)
    return logins


def limit_people(*, at: dt.datetime) -> None:
    """Give the roles whose rows are limited, now that there are hospitals: the technician some, the
    contact the one with most devices."""
    busiest = customers_by_devices(limit=max(HOSPITALS.values()))
    for username, _name, _language, role in PEOPLE:
        if username in HOSPITALS and busiest:
            user = get_user_model().objects.get(username=username)
            values = [str(pk) for pk in busiest[: HOSPITALS[username]]]
            with recorded(actor=ACTOR, command="demo.give-role", reason=username):
                _give(user, role, at=at, kind="customer", values=values)


def _give(
    user: Any, role: str, *, at: dt.datetime, kind: str = "all", values: Sequence[str] = ()
) -> None:
    """The role, unless the person had it before."""
    if user.person.grants.filter(role=role, is_void=False).exists():
        return
    grant_role(
        person=user.person,
        role=role,
        scope_kind=kind,
        scope_values=values,
        by=None,
        reason="Demo",
        at=at,
    )


def compare_with_truth(runs: list[Any]) -> Report:
    """What the product found, fixed, asks and missed, against the truth beside the files."""
    records = list(provenance_of_sources([run.source.code for run in runs]))
    return score(
        TRUTH,
        Observed(
            issues=_issues(runs),
            values=chain(_values(records), _mentions(runs)),
            fates=_fates(runs, records),
            members=_members(records),
        ),
    )


def _issues(runs: list[Any]) -> Iterator[SeenIssue]:
    for issue in issues_of_runs([run.pk for run in runs]):
        yield SeenIssue(
            issue.run.file_name, issue.table_name, issue.row, issue.header or None, issue.rule
        )


def _values(records: list[Any]) -> Iterator[SeenValue]:
    keys = {**natural_keys(), **credit_codes()}
    for record in records:
        won = set(record.won.fields)
        for name, value in record.values.items():
            row = (record.field_rows or {}).get(name, record.row)
            yield SeenValue(
                key=keys.get(str(record.gid), record.source_key),
                field=name,
                value=value,
                file=record.origin.file_name,
                table=record.origin.table_name,
                row=row if isinstance(row, int) else record.row,
                final=name in won,
            )


def _mentions(runs: list[Any]) -> Iterator[SeenValue]:
    """The party each row names, for tables whose rows only mention parties: the name that the
    run's steps made of the row's cell."""
    for run in runs:
        result = open_result(workdir(run))
        for entity in result.entities:
            ordinals = entity.columns.get("name", [])
            primary = result.entities[0].entity
            if (entity.entity, primary) != ("party", "device") or len(ordinals) != 1:
                continue
            raw = f"c{ordinals[0]}"
            filled = result.step(f"{entity.table_name}/filled")
            rows = pl.read_parquet(filled.path, columns=["_row", raw])
            texts = dict(rows.iter_rows())
            records = pl.read_parquet(entity.records, columns=["_row", "name"])
            maps = run.source.value_maps
            names = {_mapped(texts[row], maps): name for row, name in records.iter_rows()}
            for row, text in texts.items():
                name = names.get(_mapped(text, maps))
                if name is not None:
                    yield SeenValue(
                        name, "name", name, run.file_name, entity.table_name, row, False
                    )


def _mapped(text: str, maps: dict[str, dict[str, str]]) -> str:
    """A cell's text after the source's value maps for names."""
    for name in ("maker", "hospital"):
        text = maps.get(name, {}).get(text.strip(), text.strip())
    return text


def _members(records: list[Any]) -> Iterator[SeenMember]:
    for record in records:
        if record.entity == "device":
            for row in record.rows or [record.row]:
                yield SeenMember(
                    str(record.gid), record.origin.file_name, record.origin.table_name, row
                )


def _fates(runs: list[Any], records: list[Any]) -> Iterator[SeenFate]:
    """A row is loaded when a record came from it, and merged when it joined an earlier row of
    its own file."""
    primary = {
        (run.source.code, part["entity"], part["table"])
        for run in runs
        for part in run.counts["entities"].values()
        if part["primary"]
    }
    loaded: dict[tuple[str, int], set[int]] = {}
    first: dict[tuple[str, int], set[int]] = {}
    for record in records:
        place = (record.origin.file_name, record.origin.table_no)
        loaded.setdefault(place, set()).update(record.rows or [record.row])
        if (record.origin.source, record.entity, record.origin.table_name) in primary:
            first.setdefault(place, set()).add(record.row)
    for run in runs:
        snapshot = open_snapshot(settings.SNAPSHOT_ROOT / run.snapshot.folder)
        mapped = {str(table["table"]) for table in run.mapping.content["tables"]}
        for table in snapshot.tables:
            if table.name not in mapped and str(table.index) not in mapped:
                continue
            rows = loaded.get((run.file_name, table.index), set())
            firsts = first.get((run.file_name, table.index), set())
            for row in table_frame(snapshot, table.index).select("_row").collect()["_row"]:
                fate = "quarantined" if row not in rows else "merged"
                yield SeenFate(run.file_name, table.name, row, "loaded" if row in firsts else fate)
            aside = aside_frame(snapshot, table.index).lazy().collect()
            for row, fate in aside.select("_row", "disposition").iter_rows():
                yield SeenFate(run.file_name, table.name, row, fate)
