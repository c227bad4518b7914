"""Jobs: evidence packs, sealing each minute, this machine's witness, time stamps, verification."""

import datetime as dt

import structlog
from procrastinate.contrib.django import app

from kintsugi.audit.packs.tasks import make_evidence_pack
from kintsugi.audit.sealing.rounds import seal_round, verify_round
from kintsugi.core.errors import KintsugiError

__all__ = ["make_evidence_pack", "seal_log", "verify_all", "verify_asked", "verify_new"]

log = structlog.get_logger(__name__)


@app.periodic(cron="* * * * *")
@app.task(queue="sealing", queueing_lock="seal-log", pass_context=False)
def seal_log(timestamp: int) -> None:
    """Seal what is finished. A refusal (a rolled-back database, a lost key, a witness that does
    not agree) is logged and shown on the record's page; it ends no worker."""
    try:
        seal_round(at=dt.datetime.fromtimestamp(timestamp, dt.UTC))
    except KintsugiError as error:
        log.error("audit.sealing-refused", code=error.code, facts=dict(error.facts))


@app.periodic(cron="20 * * * *")
@app.task(queue="sealing", queueing_lock="verify-new", pass_context=False)
def verify_new(timestamp: int) -> None:
    """Each hour: what was recorded in the last day."""
    at = dt.datetime.fromtimestamp(timestamp, dt.UTC)
    verify_round(at=at, since=at - dt.timedelta(days=1), actor="system")


@app.periodic(cron="40 2 * * 0")
@app.task(queue="sealing", queueing_lock="verify-all", pass_context=False)
def verify_all(timestamp: int) -> None:
    """Each Sunday night: everything."""
    verify_round(at=dt.datetime.fromtimestamp(timestamp, dt.UTC), since=None, actor="system")


@app.task(queue="sealing", queueing_lock="verify-asked", pass_context=False)
def verify_asked(at: str, actor: str) -> None:
    """Everything, because somebody asked for it on the record's page."""
    verify_round(at=dt.datetime.fromisoformat(at), since=None, actor=actor)
