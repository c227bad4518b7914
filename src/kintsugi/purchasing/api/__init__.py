"""Purchasing over HTTP: from the request to the shelf, back to the supplier, and the invoice."""

from ninja import Router

from kintsugi.core.api.errors import STATUS
from kintsugi.purchasing import refusals
from kintsugi.purchasing.api.inbound import router as inbound
from kintsugi.purchasing.api.orders import router as orders
from kintsugi.purchasing.api.settling import router as settling

STATUS.update(refusals.STATUS)
router = Router(tags=["Purchasing"])
for part in (orders, inbound, settling):
    router.add_router("", part, tags=["Purchasing"])
