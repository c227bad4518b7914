"""The HTTP API of sales."""

from ninja import Router

from kintsugi.sales.api.contracts import router as contracts
from kintsugi.sales.api.deliveries import router as deliveries
from kintsugi.sales.api.orders import router as orders
from kintsugi.sales.api.returns import router as returns

router = Router(tags=["Sales"])
router.add_router("", orders)
router.add_router("", contracts)
router.add_router("", deliveries)
router.add_router("", returns)
