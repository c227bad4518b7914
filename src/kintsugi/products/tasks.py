"""Jobs: each morning, what ends soon or ended."""

import datetime as dt

from procrastinate.contrib.django import app

from kintsugi.parties.services import tell, tell_ending


@app.periodic(cron="10 22 * * *")
@app.task(queue="events", queueing_lock="tell-ending", pass_context=False)
def tell_what_ends(timestamp: int) -> None:
    """Shortly after six in the morning in Shanghai: one event for each licence, certificate and
    distance (90, 60, 30 days, ended), once."""
    at = dt.datetime.fromtimestamp(timestamp, dt.UTC)
    tell_ending(at=at)
    tell(app="products", name="ending_certificates", what="certificate", at=at)
