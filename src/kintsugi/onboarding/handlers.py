"""What onboarding does when something has happened."""

from django.db import connection

from kintsugi.core.events import on
from kintsugi.core.models import Event
from kintsugi.core.queries import query
from kintsugi.onboarding.entities import LOADERS


@on("onboarding.run-verified")
def refresh_statistics(event: Event) -> None:
    """Tell the planner about the rows a run brought, so that lists and search stay quick.

    Idempotent: it reads the tables as they are.
    """
    loaded = {name.split("/")[-1] for name in event.facts["counts"]["entities"]}
    with connection.cursor() as cursor:
        for entity in loaded:
            cursor.execute(query("onboarding", "analyze"), [LOADERS[entity].table])
        cursor.execute(query("onboarding", "analyze"), ["audit_provenance"])


@on("onboarding.run-approved")
def load(event: Event) -> None:
    """Hand an approved run to the job queue; twice is no harm, its ledger knows."""
    from kintsugi.onboarding import tasks

    tasks.load_run.defer(run_id=event.facts["run"], actor=event.facts["act"])


@on("onboarding.rollback-approved")
def carry_out(event: Event) -> None:
    """Hand an approved rollback to the job queue; twice is no harm, its ledger knows."""
    from kintsugi.onboarding import tasks

    tasks.roll_back.defer(rollback_id=event.facts["rollback"], actor=event.facts["act"])
