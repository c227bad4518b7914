"""A house that sells: stock, a seller, people who approve; every figure is worked out by hand."""

import datetime as dt
from decimal import Decimal
from typing import Any

from kintsugi.core.ids import uuid7
from kintsugi.sales import services
from kintsugi.sales.models import Order
from kintsugi.sales.services import LineWanted
from tests.identity.people import create_user
from tests.stock.shop import AT, TODAY, Shop

PASSWORD = "gold-seam-2026"
WANTED = dt.date(2026, 12, 1)


class Market:
    """Made inside ``recorded``. Nothing is in stock until a test puts it there."""

    def __init__(self) -> None:
        self.seller = self._person("seller", "李销售", "sales")
        self.finance = self._person("cfo", "赵财务", "finance")
        self.quality = self._person("qa", "钱质量", "quality")
        self.keeper = self._person("keeper", "王库管", "warehouse")
        self.shop = Shop(self.keeper)

    def _person(self, name: str, display: str, role: str) -> Any:
        return create_user(
            username=name, password=PASSWORD, display_name=display, roles=[role], language="en"
        )

    def line(
        self, product: Any, qty: int | str, price: str | None = "10", **facts: Any
    ) -> LineWanted:
        """A line at a typed price with 13 % tax."""
        facts = {"tax_rate": Decimal("0.13"), **facts}
        return LineWanted(
            product=product.pk, qty=Decimal(qty), price=Decimal(price) if price else None, **facts
        )

    def order(self, *lines: LineWanted, **facts: Any) -> Order:
        """A draft of the seller for the hospital."""
        facts = {
            "actor": self.seller, "customer": self.shop.hospital.pk, "wanted_on": WANTED,
            "key": uuid7().hex, "at": AT, **facts,
        }  # fmt: skip
        return services.create_order(lines=lines, **facts)

    def submitted(self, *lines: LineWanted, **facts: Any) -> Order:
        """An order that waits for approval."""
        made = self.order(*lines, **facts)
        return services.submit_order(actor=self.seller, order=made.pk, key=uuid7().hex, at=AT)

    def approved(self, *lines: LineWanted, **facts: Any) -> Order:
        """An order that quality approved."""
        made = self.submitted(*lines, **facts)
        return services.approve_order(actor=self.quality, order=made.pk, key=uuid7().hex, at=AT)


__all__ = ["AT", "TODAY", "WANTED", "Market"]
