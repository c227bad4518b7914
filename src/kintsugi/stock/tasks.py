"""Jobs of stock: each night, whether balances, positions and values are what the ledger says."""

import datetime as dt

import structlog
from procrastinate.contrib.django import app

from kintsugi.stock.services_checks import check_projections

log = structlog.get_logger(__name__)


@app.periodic(cron="10 3 * * *")
@app.task(queue="stock", queueing_lock="check-stock", pass_context=False)
def check_stock(timestamp: int) -> None:
    """What breaks a check is logged and told as an event; nothing is mended by itself."""
    found = check_projections(at=dt.datetime.fromtimestamp(timestamp, dt.UTC))
    for name, rows in found.items():
        log.error("stock.check-broken", check=name, rows=len(rows), first=rows[0])
