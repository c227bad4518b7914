"""Jobs: imports asked for on the web, and the hand-out of events."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from kintsugi.core import events
from kintsugi.core.errors import KintsugiError
from kintsugi.onboarding.entities import ORDER
from kintsugi.onboarding.models import Run
from kintsugi.onboarding.services import (
    apply_rollback,
    apply_run,
    ask,
    compare_run,
    due_connectors,
    fetch,
    load_or_rehearse,
    prepare_run,
    rehearse_run,
    withdraw_run,
)
from kintsugi.onboarding.services.pacing import due
from kintsugi.onboarding.services.running import is_outdated

#: A job that was interrupted (a database away, a killed worker) goes on where it stopped; a
#: refusal of the input is final until a person acts.
RETRY = RetryStrategy(max_attempts=5, exponential_wait=5)


@contextmanager
def final_refusals() -> Iterator[None]:
    """A refusal ends the job, and is kept with its run; what may pass by itself is tried again."""
    try:
        yield
    except KintsugiError as error:
        if error.retryable or error.code == "run.busy":
            raise


@app.task(queue="imports", retry=RETRY, pass_context=False)
def import_files(run_ids: list[str], actor: str) -> None:
    """Prepare all runs, then load them in the order of their references; a governed one is
    rehearsed instead, and waits for two persons.

    A refusal is kept with its run (status failed) and ends the job without a retry; the runs
    behind it wait for a person.
    """
    with final_refusals():
        order = []
        for run_id in run_ids:
            result = prepare_run(actor=actor, run_id=UUID(run_id))
            first = [ORDER[e.entity] for e in result.entities if e.primary]
            order.append((max(first, default=0), run_id))
        for _, run_id in sorted(order):
            load_or_rehearse(actor=actor, run_id=UUID(run_id), at=dt.datetime.now(dt.UTC))


@app.task(queue="imports", retry=RETRY, pass_context=False)
def load_run(run_id: str, actor: str) -> None:
    """Load a run that two persons let go, or that a pause held; a killed one goes on where its
    ledger ends, and one whose window is closed waits."""
    with final_refusals():
        apply_run(actor=actor, run_id=UUID(run_id), at=dt.datetime.now(dt.UTC))


def tell_run(*, actor: Any, run_id: UUID, what: str, at: dt.datetime) -> Run:
    """A person's word to a run: ``pause``, ``stop``, ``withdraw``, or ``go-on``, which a job takes
    up. Raises what ``ask`` and ``withdraw_run`` raise."""
    if what == "withdraw":
        return withdraw_run(actor=actor, run_id=run_id)
    run = ask(actor=actor, run_id=run_id, what=what, at=at)
    if what == "go-on" and run.status in ("paused", "approved"):
        load_run.defer(run_id=str(run.pk), actor=run.act or str(actor))
    return run


@app.task(queue="imports", retry=RETRY, pass_context=False)
def rehearse(run_id: str, actor: str) -> None:
    """Work out what a run would do; one that was prepared under another data dictionary is
    prepared again first."""
    with final_refusals():
        if is_outdated(UUID(run_id)):
            prepare_run(actor=actor, run_id=UUID(run_id))
        rehearse_run(actor=actor, run_id=UUID(run_id), at=dt.datetime.now(dt.UTC))


@app.task(queue="imports", retry=RETRY, pass_context=False)
def compare(run_id: str, actor: str) -> None:
    """Hold a loaded run against the tables, cell by cell."""
    with final_refusals():
        compare_run(actor=actor, run_id=UUID(run_id), at=dt.datetime.now(dt.UTC))


@app.periodic(cron="* * * * *")
@app.task(queue="events", queueing_lock="open-windows", pass_context=True)
def open_windows(context: JobContext, timestamp: int) -> None:
    """Let runs go on whose window has opened."""
    for run in due(dt.datetime.fromtimestamp(timestamp, dt.UTC)):
        load_run.defer(run_id=str(run.pk), actor=run.act or run.started_by)


@app.task(queue="imports", retry=RETRY, pass_context=False)
def roll_back(rollback_id: str, actor: str) -> None:
    """Carry an approved rollback out; a killed one goes on where its ledger ends."""
    with final_refusals():
        apply_rollback(actor=actor, rollback_id=UUID(rollback_id))


@app.task(queue="imports", retry=RETRY, pass_context=False)
def fetch_connector(connector_id: str, actor: str = "system") -> None:
    """Fetch what a connector has and import it. What is refused is kept with its fetch; a killed
    worker's fetch is taken up by the next."""
    try:
        fetch(actor=actor, connector_id=UUID(connector_id), at=dt.datetime.now(dt.UTC))
    except KintsugiError as error:
        # Another process is at it; it sees what this one would have seen.
        if error.code != "run.busy":
            raise


@app.periodic(cron="* * * * *")
@app.task(queue="events", queueing_lock="fetch-due", pass_context=True)
def fetch_due(context: JobContext, timestamp: int) -> None:
    """Hand the connectors whose time has come to the queue, each once at a time."""
    for connector_id in due_connectors(dt.datetime.fromtimestamp(timestamp, dt.UTC)):
        ask_for(str(connector_id))


def ask_for(connector_id: str, actor: str = "system") -> bool:
    """Queue a fetch; False where one waits already."""
    job = fetch_connector.configure(queueing_lock=f"fetch-{connector_id}")
    try:
        job.defer(connector_id=connector_id, actor=actor)
    except AlreadyEnqueued:
        return False
    return True


@app.periodic(cron="* * * * * */5")
@app.task(queue="events", queueing_lock="deliver-events", pass_context=True)
def deliver_events(context: JobContext, timestamp: int) -> None:
    """Hand waiting events to their handlers every five seconds."""
    events.deliver(at=dt.datetime.fromtimestamp(timestamp, dt.UTC))
