"""A house that buys: the small shop of the stock tests, with the people of purchasing.

Every quantity and price of the tests is worked out by hand from the order that each test places.
"""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from kintsugi.core.ids import uuid7
from kintsugi.products.models import Product, UdiIdentifier
from kintsugi.purchasing import services
from kintsugi.purchasing.kinds import CHECKS
from kintsugi.purchasing.models import Order, Receipt
from kintsugi.purchasing.services import Finding, OrderLineIn, Placing, Reading
from kintsugi.purchasing.services.scanning import Outcome
from tests.identity.people import create_user
from tests.products.trade import Trade
from tests.stock.shop import AT, TODAY, Shop

PASSWORD = "gold-seam-2026"
PASSED = dict.fromkeys(CHECKS, "pass")
#: GTIN-14 of one box of gloves, and of the case that holds ten of them (check digits by hand:
#: 0691234567890: 3·(0+9+2+4+6+8+0)+(6+1+3+5+7+9) = 87+31 = 118, so 2).
PIECE = "06912345678902"
CASE = "16912345678909"


class Depot(Shop):
    """Made inside ``recorded``."""

    def __init__(self, account: Any) -> None:
        super().__init__(account)
        self.keeper = account
        self.trade = Trade()
        self.buyer, self.inspector = self.trade.asker, self.trade.reviewer
        self.chief = self.trade.approver
        self.second = self._person("second", "孙仓管", "warehouse")
        self.payer = self._person("payer", "周会计", "finance")
        self.auditing = self._person("controller", "吴审核", "finance")
        self._may_trade()
        piece = UdiIdentifier.objects.create(
            device_identifier=PIECE, issuer="GS1", kind="primary", product=self.gloves
        )
        UdiIdentifier.objects.create(
            device_identifier=CASE, issuer="GS1", kind="package", product=self.gloves,
            contains=piece, contains_identifier=PIECE, quantity=10,
        )  # fmt: skip

    def _may_trade(self) -> None:
        """The supplier is reviewed; the products are spares, for which no certificate is asked."""
        for kind in ("business_licence", "quality_agreement", "sales_person_proxy"):
            self.trade.licence(self.supplier, kind)
        self.permit = self.trade.licence(self.supplier, "operating_permit")
        self.trade.approve("supplier", self.supplier, ("II", "III"))
        for product in (self.monitor, self.stent, self.vaccine, self.gloves):
            product.item_kind = "spare"
            Product.objects.filter(pk=product.pk).update(item_kind="spare")

    def _person(self, username: str, name: str, role: str) -> Any:
        return create_user(
            username=username, password=PASSWORD, display_name=name, roles=[role], language="en"
        )

    def order(self, *lines: OrderLineIn, ordered: bool = True, supplier: Any = None) -> Order:
        """An order for the main warehouse, placed unless it is to stay a draft."""
        made = services.draft_order(
            actor=self.buyer, supplier=supplier or self.supplier, warehouse=self.main.pk,
            lines=lines,
            key=uuid7().hex, at=AT,
        )  # fmt: skip
        if ordered:
            services.submit_order(actor=self.buyer, order=made.pk, key=uuid7().hex, at=AT)
            services.approve_order(actor=self.chief, order=made.pk, key=uuid7().hex, at=AT)
        return Order.objects.get(pk=made.pk)

    def line(self, product: Any, qty: int | str, price: str = "10", **facts: Any) -> OrderLineIn:
        """A line of an order."""
        return OrderLineIn(product.pk, Decimal(qty), Decimal(price), **facts)

    def open(self, order: Order, **facts: Any) -> Receipt:
        """A receipt of today for an order."""
        given = {"actor": self.keeper, "delivery_note": "DN-1", "key": uuid7().hex, "at": AT}
        return services.open_receipt(order_no=order.number, **{**given, **facts})

    def scan(self, receipt: Receipt, *readings: Reading, **facts: Any) -> list[Outcome]:
        """Readings one after the other in one command."""
        given = {"actor": self.keeper, "key": uuid7().hex, "at": AT}
        return services.scan(receipt=receipt.pk, readings=readings, **{**given, **facts})

    def one(self, receipt: Receipt, raw: str = "", **facts: Any) -> Outcome:
        """One scan; ``product`` instead of its code."""
        if product := facts.pop("product", None):
            facts["product_code"] = product.product_code
        [outcome] = self.scan(receipt, Reading(raw=raw, **facts))
        return outcome

    def post_receipt(self, receipt: Receipt, **facts: Any) -> Receipt:
        """What was scanned comes in."""
        given = {"actor": self.keeper, "key": uuid7().hex, "at": AT}
        return services.post_receipt(receipt=receipt.pk, **{**given, **facts})

    def received(self, order: Order, *readings: Reading, **facts: Any) -> Receipt:
        """Opened, scanned and posted."""
        receipt = self.open(order, **facts)
        for outcome in self.scan(receipt, *readings):
            assert outcome.refusal is None, outcome.refusal
        return self.post_receipt(receipt)

    def accept(self, receipt: Receipt, *findings: Finding, **facts: Any) -> Any:
        """The inspector decides."""
        given = {"actor": self.inspector, "key": uuid7().hex, "at": AT}
        return services.accept(receipt=receipt.pk, findings=findings, **{**given, **facts})

    def put_away(self, receipt: Receipt, *placings: Placing, **facts: Any) -> Receipt:
        """Onto shelves."""
        given = {"actor": self.keeper, "key": uuid7().hex, "at": AT}
        return services.put_away(receipt=receipt.pk, placings=placings, **{**given, **facts})

    def zone(self, code: str) -> Any:
        """A zone of the main warehouse."""
        return self.main.locations.get(code=code)


def finding(line: int, qualified: int | str, rejected: int | str = 0, **facts: Any) -> Finding:
    """Everything looked at and passed, unless said otherwise."""
    given: dict[str, Any] = {"checks": PASSED}
    if rejected:
        given["reject_reason"] = "damaged"
    return Finding(line, Decimal(qualified), Decimal(rejected), **{**given, **facts})


def typed(product: Any, qty: int | str = 1, **facts: Any) -> Reading:
    """A thing whose label was typed."""
    return Reading(product_code=product.product_code, qty=Decimal(qty), **facts)


def codes(outcomes: Sequence[Outcome]) -> list[str]:
    """What was refused, in order; empty where it was counted."""
    return [one.refusal.code if one.refusal else "" for one in outcomes]


def day(text: str) -> dt.date:
    """A date."""
    return dt.date.fromisoformat(text)


__all__ = ["AT", "CASE", "PIECE", "TODAY", "Depot", "Finding", "Placing", "Reading"]
