"""A finance desk behind a house that ships: every figure of the tests is worked out by hand."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from kintsugi.billing import services
from kintsugi.billing.models import Invoice, Payment
from kintsugi.core.ids import uuid7
from kintsugi.sales import services as sales
from kintsugi.sales.services import Asked, Back, Decision
from tests.sales.dispatch import Dispatch
from tests.sales.market import AT, TODAY

ACCOUNT = "6222-0001"


class Desk(Dispatch):
    """Made inside ``recorded``."""

    def __init__(self) -> None:
        super().__init__()
        self.clerk = self._person("clerk", "冯开票", "finance")
        self.hospital = self.shop.hospital

    def gloves_signed(self, qty: int = 10, price: str = "10", **facts: Any) -> Any:
        """An order of gloves, all of it signed for; the order."""
        made = self.reserved(self.line(self.shop.gloves, qty, price), **facts)
        self.signed(self.delivery(made))
        made.refresh_from_db()
        return made

    def keep(self, order: Any) -> None:
        """Everything it wants, kept for it."""
        from kintsugi.stock import selectors as stock
        from kintsugi.stock import services as goods

        paper = goods.Document("sales.order", order.number, order.pk)
        for line in order.lines.order_by("line_no"):
            picks = stock.first_expiring(
                product=line.product_id, qty=line.qty, on=TODAY, warehouse=self.shop.main.pk,
                by_unit=False,
            )  # fmt: skip
            goods.reserve(document=paper, document_line=line.pk, picks=picks)

    def draft(self, **facts: Any) -> Invoice:
        """Everything of the hospital that can be invoiced, unless something is named."""
        facts = {"actor": self.clerk, "customer": self.hospital.pk, "kind": "vat_special",
                 "key": uuid7().hex, "at": AT, **facts}  # fmt: skip
        return services.create_invoice(**facts)

    def issued(self, made: Invoice | None = None, number: str = "", **facts: Any) -> Invoice:
        """Approved by another person, and issued."""
        made = made or self.draft(**facts)
        services.approve_invoice(actor=self.finance, invoice=made.pk, key=uuid7().hex, at=AT)
        issue = services.issue_credit if made.kind == "credit" else services.issue_invoice
        return issue(
            actor=self.clerk, invoice=made.pk, tax_number=number or uuid7().hex[-12:],
            invoiced_on=TODAY, key=uuid7().hex, at=AT,
        )  # fmt: skip

    def paid(self, amount: str, **facts: Any) -> Payment:
        """Money of the hospital that came in."""
        facts = {
            "actor": self.clerk, "direction": "in", "customer": self.hospital.pk,
            "amount": Decimal(amount), "paid_on": TODAY, "account": ACCOUNT,
            "bank_ref": uuid7().hex, "key": uuid7().hex, "at": AT, **facts,
        }  # fmt: skip
        return services.record_payment(**facts)

    def match(self, amount: str, *, by: Any = None, **sides: Any) -> Any:
        """One match; sides are records."""
        pair = services.Pair(Decimal(amount), **{name: one.pk for name, one in sides.items()})
        [made] = services.match(actor=by or self.clerk, pairs=[pair], key=uuid7().hex, at=AT)
        return made

    def came_back(self, delivery: Any, item: Any, qty: int, *, credit: str) -> Any:
        """Goods of a delivery that came back and were refunded; the settled return."""
        made = sales.request_return(
            actor=self.seller, delivery=delivery.pk, kind="refund", reason="quality",
            lines=[Asked(item.pk, Decimal(qty))], key=uuid7().hex, at=AT,
        )  # fmt: skip
        facts = {"return_of": made.pk, "at": AT}
        sales.approve_return(actor=self.quality, key=uuid7().hex, **facts)
        raw = item.product.product_code
        sales.receive_return(
            actor=self.keeper, scans=[Back(raw, Decimal(qty))], key=uuid7().hex, **facts
        )
        [line] = made.lines.all()
        sales.inspect_return(
            actor=self.quality, decisions=[Decision(line.pk, "refund", "破损")], key=uuid7().hex,
            **facts,
        )  # fmt: skip
        return sales.close_return(
            actor=self.seller, credit_amount=Decimal(credit), key=uuid7().hex, **facts
        )

    @staticmethod
    def fresh_of(one: Any) -> Any:
        """As the database has it now."""
        return type(one).objects.get(pk=one.pk)


def amounts(lines: Sequence[Any]) -> list[tuple[Decimal, Decimal, Decimal]]:
    """Net, tax and gross of lines."""
    return [(one.net, one.tax, one.gross) for one in lines]


def days(text: str) -> dt.date:
    """A day."""
    return dt.date.fromisoformat(text)


__all__ = ["ACCOUNT", "AT", "TODAY", "Desk", "amounts", "days"]
