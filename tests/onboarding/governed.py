"""A governed import from file to tables, by two persons, for the tests."""

import datetime as dt
from pathlib import Path
from typing import Any

from kintsugi.onboarding.models import Run
from kintsugi.onboarding.services import (
    apply_run,
    prepare_run,
    propose_run,
    rehearse_run,
    start_run,
    take_snapshot,
)
from tests.identity.control.people import account, decided, executed

AT = dt.datetime(2026, 11, 23, 8, 0, tzinfo=dt.UTC)


def prepared(path: Path, *, governed: bool = True, **more: Any) -> Run:
    """The file read, mapped, cleaned and checked; nothing loaded."""
    snapshot = take_snapshot(actor="tester", location=str(path))
    run = start_run(
        actor="tester",
        location=str(path),
        snapshot=snapshot,
        at=AT,
        is_governed=governed,
        **more,
    )
    prepare_run(actor="tester", run_id=run.pk)
    run.refresh_from_db()
    return run


def rehearsed(path: Path, **more: Any) -> Run:
    """The same, and rehearsed."""
    return rehearse_run(actor="tester", run_id=prepared(path, **more).pk, at=AT)


def released(run: Run, people: tuple[Any, Any] | None = None) -> Any:
    """Proposed by one person, approved by another and let go by the first; its act."""
    li, wang = people or (account("李明"), account("王芳"))
    act = propose_run(
        account=li, run_id=run.pk, reason="as rehearsed", at=AT, key=f"k-{run.number}"
    )
    act = decided(act, wang)
    return executed(act, li)


def loaded(run: Run, *, at: dt.datetime = AT) -> Run:
    """Released and loaded."""
    released(run)
    return apply_run(actor="worker", run_id=run.pk, at=at)


def sums(run: Run, entity: str) -> dict[str, int]:
    """What a rehearsal says of one entity, over all its streams."""
    assert run.rehearsal
    found: dict[str, int] = {}
    for one in run.rehearsal["entities"].values():
        if one["entity"] == entity:
            for name in ("read", "created", "updated", "merged", "unchanged", "quarantined"):
                found[name] = found.get(name, 0) + one[name]
    return found
