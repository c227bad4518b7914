"""Jobs: packs are made in the background."""

import datetime as dt
from uuid import UUID

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from kintsugi.audit.packs.services import make_pack
from kintsugi.core.errors import KintsugiError

RETRY = RetryStrategy(max_attempts=3, exponential_wait=5)


@app.task(queue="imports", retry=RETRY)
def make_evidence_pack(pack_id: str, actor: str) -> None:
    """Make a pack. A refusal is kept with the pack and ends the job without a retry."""
    try:
        make_pack(actor=actor, pack_id=UUID(pack_id), at=dt.datetime.now(dt.UTC))
    except KintsugiError as error:
        if error.retryable:
            raise
