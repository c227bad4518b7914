"""A house that sells: stock, a seller, people who approve; every figure is worked out by hand."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from kintsugi.core.errors import KintsugiError
from kintsugi.core.ids import uuid7
from kintsugi.parties.models import Party
from kintsugi.products.models import Product
from kintsugi.sales import services
from kintsugi.sales.models import Contract, ContractLine, Order
from kintsugi.sales.services import ContractLineWanted, LineWanted, Payment, Words
from tests.identity.people import create_user
from tests.products.trade import Trade
from tests.stock.shop import AT, TODAY, Shop

PASSWORD = "gold-seam-2026"
WANTED = dt.date(2026, 12, 1)


class Market:
    """Made inside ``recorded``. Nothing is in stock until a test puts it there."""

    def __init__(self, mark: str = "") -> None:
        self.seller = self._person(f"seller{mark}", "李销售", "sales")
        self.finance = self._person(f"cfo{mark}", "赵财务", "finance")
        self.quality = self._person(f"qa{mark}", "钱质量", "quality")
        self.keeper = self._person(f"keeper{mark}", "王库管", "warehouse")
        self.shop = Shop(self.keeper)
        # A licensed hospital; what it buys here is no device, but for what a test makes one.
        self.trade = Trade(mark)
        Party.objects.filter(pk=self.shop.hospital.pk).update(customer_type="hospital")
        self.trade.licence(self.shop.hospital, "medical_institution_permit")
        self.trade.approve("customer", self.shop.hospital, ("I", "II", "III"))
        Product.objects.update(item_kind="tool")

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

    def price(
        self, product: Any, price: str, *, floor: str, since: str = "2026-01-01",
        until: str | None = None, group: str = "",
    ) -> Any:  # fmt: skip
        """A list price with 13 % tax."""
        return services.set_price(
            actor=self.seller, product=product.pk, price=Decimal(price), floor=Decimal(floor),
            tax_rate=Decimal("0.13"), valid_from=dt.date.fromisoformat(since),
            valid_to=dt.date.fromisoformat(until) if until else None, group=group, key=uuid7().hex,
        )  # fmt: skip

    # -- contracts ---------------------------------------------------------------------------------

    def customer(self, name: str) -> Any:
        """One more hospital."""
        return Party.objects.create(party_key=uuid7().hex, name=name, roles=["customer"])

    def _terms(self, facts: dict[str, Any]) -> Words:
        return Words(
            effective_on=dt.date(2026, 11, 1),
            expires_on=facts.pop("expires_on", dt.date(2027, 10, 31)),
            signed_on=dt.date(2026, 10, 30),
            warranty_months=facts.pop("months", 12),
            warranty_covers=("labour", "parts"),
            file_name="合同.pdf",
            file_sha256=facts.pop("file_sha256", "a" * 64),
        )

    def _parts(self, lines: Sequence[Any], facts: dict[str, Any]) -> dict[str, Any]:
        return {
            "words": self._terms(facts),
            "lines": [
                ContractLineWanted(
                    product=product.pk, qty=Decimal(qty), price=Decimal(price),
                    tax_rate=Decimal("0.13"), discount=Decimal(discount),
                )
                for product, qty, price, discount in lines
            ],
            "payments": facts.pop("payments", [Payment("全款", Decimal(1), "delivered", 30)]),
        }  # fmt: skip

    def contract(self, lines: Sequence[Any], **facts: Any) -> Contract:
        """A draft: lines of (product, quantity, price, discount)."""
        parts = self._parts(lines, facts)
        facts = {
            "actor": self.seller, "customer": self.shop.hospital.pk, "kind": "sale",
            "key": uuid7().hex, "at": AT, **parts, **facts,
        }  # fmt: skip
        return services.create_contract(**facts)

    def vary(self, made: Contract, lines: Sequence[Any], *, reason: str = "", **facts: Any) -> Any:
        """The next version, or the draft written anew."""
        parts = self._parts(lines, facts)
        return services.vary_contract(
            actor=self.seller, contract=made.pk, reason=reason, key=uuid7().hex, at=AT, **parts
        )

    def put_in_force(self, made: Contract) -> Contract:
        """Submitted by the seller, approved by finance."""
        services.submit_contract(actor=self.seller, contract=made.pk, key=uuid7().hex, at=AT)
        return services.approve_contract(
            actor=self.finance, contract=made.pk, key=uuid7().hex, at=AT
        )

    def in_force(self, lines: Sequence[Any], **facts: Any) -> Contract:
        """A contract that is effective."""
        return self.put_in_force(self.contract(lines, **facts))

    def called_off(self, made: Contract) -> Decimal:
        """What orders took of its first line."""
        found = ContractLine.objects.get(
            version_of__contract=made, version_of__status="in_force", line_no=1
        )
        return found.called_off

    # -- steps of an order -------------------------------------------------------------------------

    def do(self, command: Any, order: Order, by: Any = None, **facts: Any) -> Order:
        """A command about an order, by its seller unless somebody is named."""
        facts = {"key": uuid7().hex, "at": AT, **facts}
        return command(actor=by or self.seller, order=order.pk, **facts)


def refusal(command: Any, *args: Any, **facts: Any) -> str:
    """The code that a command is refused with."""
    with pytest.raises(KintsugiError) as refused, transaction.atomic():
        command(*args, **facts)
    return str(refused.value.code)


__all__ = ["AT", "TODAY", "WANTED", "Market", "refusal"]
