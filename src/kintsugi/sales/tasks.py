"""Jobs: reservations that were to end."""

import datetime as dt

from procrastinate.contrib.django import app

from kintsugi.sales.services import release_lapsed


@app.periodic(cron="*/10 * * * *")
@app.task(queue="sales", queueing_lock="release-lapsed", pass_context=False)
def release_lapsed_reservations(timestamp: int) -> None:
    """Every ten minutes: goods whose reservation was to end are free again."""
    release_lapsed(actor="system", at=dt.datetime.fromtimestamp(timestamp, dt.UTC))
