"""Connectors for the tests: a source with one connector, and fetches by hand."""

import datetime as dt
import os
from pathlib import Path
from typing import Any

from kintsugi.onboarding.models import Connector, Fetch, Source
from kintsugi.onboarding.services import fetch, register_source, save_connector

AT = dt.datetime(2026, 11, 23, 8, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
HEAD = "序列号,产品编码,医院,科室,采购日期,备注\n"


def register(rows: int, *, head: str = HEAD, first: int = 1) -> str:
    """A register of so many devices."""
    lines = [
        f"SN{n},P-1,市一医院,ICU,2023-05-{1 + n % 28:02d},第{n}台\n"
        for n in range(first, first + rows)
    ]
    return head + "".join(lines)


def connector(kind: str, source: Source | None = None, **given: Any) -> Connector:
    """A connector of the source ``台账``."""
    known = {"name", "secret", "cron", "allow_private", "is_active"}
    facts = {name: given.pop(name) for name in list(given) if name in known}
    return save_connector(
        actor="tester",
        source=source or register_source(actor="tester", code="台账", kind=kind),
        at=AT,
        kind=kind,
        given=given,
        time_zone="Asia/Shanghai",
        **{"name": "c", **facts},
    )


def states(one: Connector) -> list[tuple[str, str]]:
    """(item, status) of the connector's fetches, in their order."""
    found = Fetch.objects.filter(connector=one).order_by("started_at", "created_at")
    return list(found.values_list("item", "status"))


def fetched(one: Connector, at: dt.datetime = AT) -> list[str]:
    """Fetch once: the states of what was dealt with."""
    return [taken.status for taken in fetch(actor="tester", connector_id=one.pk, at=at)]


def put(folder: Path, name: str, text: str | bytes, *, age_s: int = 100) -> Path:
    """A file whose time of change lies so far back."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    past = AT.timestamp() - age_s
    os.utime(path, (past, past))
    return path
