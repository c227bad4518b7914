"""Jobs: imports asked for on the web, and the hand-out of events."""

import datetime as dt
from uuid import UUID

from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app

from kintsugi.core import events
from kintsugi.core.errors import KintsugiError
from kintsugi.onboarding.entities import ORDER
from kintsugi.onboarding.services import (
    apply_rollback,
    apply_run,
    load_or_rehearse,
    prepare_run,
    rehearse_run,
)
from kintsugi.onboarding.services.pacing import due
from kintsugi.onboarding.services.running import is_outdated

#: A job that was interrupted (a database away, a killed worker) goes on where it stopped; a
#: refusal of the input is final until a person acts.
RETRY = RetryStrategy(max_attempts=5, exponential_wait=5)


@app.task(queue="imports", retry=RETRY, pass_context=False)
def import_files(run_ids: list[str], actor: str) -> None:
    """Prepare all runs, then load them in the order of their references; a governed one is
    rehearsed instead, and waits for two persons.

    A refusal is kept with its run (status failed) and ends the job without a retry; the runs
    behind it wait for a person.
    """
    try:
        order = []
        for run_id in run_ids:
            result = prepare_run(actor=actor, run_id=UUID(run_id))
            first = [ORDER[e.entity] for e in result.entities if e.primary]
            order.append((max(first, default=0), run_id))
        for _, run_id in sorted(order):
            load_or_rehearse(actor=actor, run_id=UUID(run_id), at=dt.datetime.now(dt.UTC))
    except KintsugiError as error:
        if error.retryable or error.code == "run.busy":
            raise


@app.task(queue="imports", retry=RETRY, pass_context=False)
def load_run(run_id: str, actor: str) -> None:
    """Load a run that two persons let go, or that a pause held; a killed one goes on where its
    ledger ends, and one whose window is closed waits."""
    try:
        apply_run(actor=actor, run_id=UUID(run_id), at=dt.datetime.now(dt.UTC))
    except KintsugiError as error:
        if error.retryable or error.code == "run.busy":
            raise


@app.task(queue="imports", retry=RETRY, pass_context=False)
def rehearse(run_id: str, actor: str) -> None:
    """Work out what a run would do; one that was prepared under another data dictionary is
    prepared again first."""
    try:
        if is_outdated(UUID(run_id)):
            prepare_run(actor=actor, run_id=UUID(run_id))
        rehearse_run(actor=actor, run_id=UUID(run_id), at=dt.datetime.now(dt.UTC))
    except KintsugiError as error:
        if error.retryable or error.code == "run.busy":
            raise


@app.periodic(cron="* * * * *")
@app.task(queue="events", queueing_lock="open-windows", pass_context=True)
def open_windows(context: JobContext, timestamp: int) -> None:
    """Let runs go on whose window has opened."""
    for run in due(dt.datetime.fromtimestamp(timestamp, dt.UTC)):
        load_run.defer(run_id=str(run.pk), actor=run.act or run.started_by)


@app.task(queue="imports", retry=RETRY, pass_context=False)
def roll_back(rollback_id: str, actor: str) -> None:
    """Carry an approved rollback out; a killed one goes on where its ledger ends."""
    try:
        apply_rollback(actor=actor, rollback_id=UUID(rollback_id))
    except KintsugiError as error:
        if error.retryable or error.code == "run.busy":
            raise


@app.periodic(cron="* * * * * */5")
@app.task(queue="events", queueing_lock="deliver-events", pass_context=True)
def deliver_events(context: JobContext, timestamp: int) -> None:
    """Hand waiting events to their handlers every five seconds."""
    events.deliver(at=dt.datetime.fromtimestamp(timestamp, dt.UTC))
