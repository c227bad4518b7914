"""The HTTP API of sales."""

from ninja import Router

from kintsugi.sales.api.contracts import router as contracts
from kintsugi.sales.api.orders import router as orders

router = Router(tags=["Sales"])
router.add_router("", orders)
router.add_router("", contracts)
