"""A market with goods on the shelves and a person for each post; all figures worked out by hand.

main   A-01-01: monitors SN-01 … SN-05, 100 gloves, 10 stents of lot EARLY (2027-03-31)
       A-01-02: 20 stents of lot LATE (2028-03-31)
       C-01-01: 8 reagents of lot COLD1 (2027-06-30)
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from kintsugi.core.events import HANDLERS
from kintsugi.core.ids import uuid7
from kintsugi.core.models import Event
from kintsugi.sales import services
from kintsugi.sales.models import Delivery, DeliveryItem, Order
from kintsugi.sales.services import Scan, Signature, Transport
from kintsugi.stock import selectors as stock
from kintsugi.stock import services as goods
from tests.sales.market import AT, TODAY, Market

COLD = Transport(
    "cold", "示例冷链", "SF001", "BOX-7", start_temp=Decimal("4.5"), log_interval_min=5
)


class Dispatch(Market):
    """Made inside ``recorded``."""

    def __init__(self) -> None:
        super().__init__()
        self.picker = self.keeper
        self.checker = self._person("checker", "孙复核", "warehouse")
        self.driver = self._person("driver", "周司机", "warehouse")
        shop = self.shop
        self.monitors = shop.units("SN-01", "SN-02", "SN-03", "SN-04", "SN-05")
        shop.move_units("receipt", self.monitors, shop.outside, shop.shelf)
        shop.receive(shop.gloves, 100)
        self.early = shop.lot(shop.stent, "EARLY", "2027-03-31")
        self.late = shop.lot(shop.stent, "LATE", "2028-03-31")
        self.cold = shop.lot(shop.vaccine, "COLD1", "2027-06-30")
        shop.receive(shop.stent, 10, lot=self.early)
        shop.receive(shop.stent, 20, lot=self.late, to=shop.shelf2)
        shop.receive(shop.vaccine, 8, lot=self.cold, to=shop.fridge)

    # -- labels --------------------------------------------------------------------------------

    def label(self, product: Any, lot: str = "", serial: str = "") -> str:
        """The text of a label of ours: what a person types when there is no barcode."""
        return serial or lot or product.product_code

    # -- steps ---------------------------------------------------------------------------------

    def reserved(self, *lines: Any, **facts: Any) -> Order:
        """An approved order with all it wants kept for it, first expiring first."""
        made = self.approved(*lines, **facts)
        paper = goods.Document("sales.order", made.number, made.pk)
        for line in made.lines.select_related("product").order_by("line_no"):
            picks = stock.first_expiring(
                product=line.product_id, qty=line.qty, on=TODAY, warehouse=self.shop.main.pk,
                by_unit=line.product.tracking == "serial",
            )  # fmt: skip
            goods.reserve(document=paper, document_line=line.pk, picks=picks)
        made.refresh_from_db()
        return made

    def delivery(self, *orders: Order) -> Delivery:
        """A delivery of these orders, assigned to the picker."""
        made = services.create_delivery(
            actor=self.keeper, orders=[one.pk for one in orders], warehouse=self.shop.main.pk,
            key=uuid7().hex, at=AT,
        )  # fmt: skip
        return services.assign_delivery(
            actor=self.keeper, delivery=made.pk, picker=self.picker.person_id, key=uuid7().hex,
            at=AT,
        )  # fmt: skip

    def scan(
        self, made: Delivery, *raws: str, qty: int | None = None, key: str = "", by: Any = None,
        location: Any = None,
    ) -> list[dict[str, Any]]:  # fmt: skip
        """Pick by scanning."""
        scans = [
            Scan(raw, Decimal(qty) if qty else None, location.pk if location else None)
            for raw in raws
        ]
        return services.pick_scan(
            actor=by or self.picker, delivery=made.pk, scans=scans, key=key or uuid7().hex, at=AT
        )

    def check(self, made: Delivery, *raws: str, qty: int | None = None) -> list[dict[str, Any]]:
        """Scan at the check."""
        scans = [Scan(raw, Decimal(qty) if qty else None) for raw in raws]
        return services.check_scan(
            actor=self.checker, delivery=made.pk, scans=scans, key=uuid7().hex, at=AT
        )

    def step(self, what: str, made: Any, *, by: Any = None, **facts: Any) -> Any:
        """A command of deliveries under a key of its own."""
        facts = {"actor": by or self.picker, "key": uuid7().hex, "at": AT, **facts}
        return getattr(services, what)(delivery=made.pk, **facts)

    def picked(self, made: Delivery) -> Delivery:
        """Everything that is kept, picked."""
        for one in stock.kept_goods(
            [line.kept_for for line in made.lines.all()], warehouse=self.shop.main.pk
        ):
            raw = one.unit.serial_no if one.unit else one.lot.lot_no if one.lot else None
            answers = self.scan(
                made, raw or one.product.product_code, qty=None if one.unit else int(one.qty)
            )
            assert answers[0]["accepted"], answers
        self.step("finish_picking", made)
        return self.fresh(made)

    def checked(self, made: Delivery) -> Delivery:
        """Picked, and scanned again by the checker."""
        self.picked(made)
        self.step("start_check", made, by=self.checker)
        for one in DeliveryItem.objects.filter(delivery=made, is_void=False).select_related(
            "unit", "lot", "product"
        ):
            raw = one.unit.serial_no if one.unit else one.lot.lot_no if one.lot else None
            answers = self.check(
                made, raw or one.product.product_code, qty=None if one.unit else int(one.picked)
            )
            assert answers[0]["accepted"], answers
        return self.step("pass_check", made, by=self.checker)

    def shipped(self, made: Delivery, transport: Transport | None = None) -> Delivery:
        """Checked and shipped."""
        self.checked(made)
        return self.step("ship_delivery", made, transport=transport or Transport())

    def signed(self, made: Delivery, **facts: Any) -> Any:
        """Shipped and signed for, all of it."""
        self.shipped(made)
        return self.sign(made, rest="signed", **facts)

    def sign(
        self, made: Delivery, *, lines: Sequence[Any] = (), rest: str = "", **facts: Any
    ) -> Any:
        """What a nurse signed for."""
        signature = Signature("护士长吴", AT, **facts)
        return self.step(
            "sign_delivery", made, by=self.driver, signature=signature, lines=lines, rest=rest
        )

    @staticmethod
    def fresh(made: Delivery) -> Delivery:
        """As the database has it now."""
        return Delivery.objects.get(pk=made.pk)


def counts(order: Order) -> list[tuple[Decimal, ...]]:
    """Reserved, picked, shipped, signed, returned of each line of an order."""
    names = ("reserved", "picked", "shipped", "signed", "returned")
    return [tuple(getattr(line, n) for n in names) for line in order.lines.order_by("line_no")]


def told() -> None:
    """Hand out what sales told, as after the commit: the test's own transaction has not ended."""
    for event in Event.objects.filter(type__startswith="sales.", handled_at=None).order_by("pk"):
        for handler in HANDLERS.get(event.type, []):
            handler(event)
        Event.objects.filter(pk=event.pk).update(handled_at=event.at)
