"""What the jobs do in one go: seal, witness and stamp; verify and keep the answer."""

import datetime as dt
from collections.abc import Collection
from typing import Any

import structlog
from django.conf import settings

from kintsugi.audit.findings import Verdict
from kintsugi.audit.models import Verification
from kintsugi.audit.sealing import services
from kintsugi.audit.sealing.memory import witness_storage
from kintsugi.audit.sealing.services import Sealed
from kintsugi.audit.sealing.stamping import stamp_daily
from kintsugi.audit.sealing.witness import Watched, Witness
from kintsugi.audit.verification import exit_code, run_all
from kintsugi.core.errors import KintsugiError

log = structlog.get_logger(__name__)
STATES = {0: "clean", 1: "broken", 3: "inconclusive"}


def seal_round(*, at: dt.datetime) -> Sealed:
    """Seal everything that is finished; let the witness of this machine look at it, unless
    KINTSUGI_WITNESS says that it lives elsewhere; stamp once a day where an authority is set.

    Raises KintsugiError as ``services.seal`` and ``Witness.watch`` do. An authority that does not
    answer is logged and asked again in the next round.
    """
    done = services.seal(at=at)
    added = done.added
    while done.more:
        done = services.seal(at=at)
        added += done.added
    if settings.WITNESS == "local" and done.checkpoint is not None:
        watch(at=at)
    if settings.TSA_URL and done.checkpoint is not None:
        try:
            stamp_daily(at=at)
        except KintsugiError as error:
            log.warning("audit.no-time-stamp", code=error.code, facts=dict(error.facts))
    return Sealed(done.checkpoint, added)


def watch(*, at: dt.datetime, accept: Collection[str] = ()) -> Watched:
    """One look of the witness of this machine."""
    return Witness(witness_storage(services.home()), frozenset(accept)).watch(at=at)


def verify_round(
    *,
    at: dt.datetime,
    since: dt.datetime | None,
    actor: str,
    only: Collection[str] | None = None,
) -> tuple[list[Verdict], Verification]:
    """Run the verifiers and keep what they say, in both languages."""
    verdicts = run_all(since=since, only=only)
    kept: list[dict[str, Any]] = []
    for verdict in verdicts:
        zh, en = verdict.as_dict("zh-hans"), verdict.as_dict("en")
        # A page shows the first of them; the command line shows all.
        pairs = zip(zh["findings"][:100], en["findings"][:100], strict=True)
        findings = [{**b, "message": {"zh": a["message"], "en": b["message"]}} for a, b in pairs]
        reason = {"zh": zh["reason"], "en": en["reason"]} if verdict.reason else None
        kept.append({**en, "findings": findings, "reason": reason})
    row = services.keep_verification(
        at=at, since=since, actor=actor, state=STATES[exit_code(verdicts)], verdicts=kept
    )
    return verdicts, row
