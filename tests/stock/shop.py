"""A small house for the tests: two warehouses, three products, a hospital, a supplier."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from kintsugi.core.ids import uuid7
from kintsugi.parties.models import Party
from kintsugi.products.models import Product
from kintsugi.stock import services
from kintsugi.stock.models import Balance, Location, Lot, Unit, Warehouse
from kintsugi.stock.services import Document, Line

AT = dt.datetime(2026, 11, 25, 2, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 25)


class Shop:
    """Made inside ``recorded``; every quantity of the tests is worked out by hand from here."""

    def __init__(self, account: Any) -> None:
        self.account = account
        mark = uuid7().hex[-8:]
        self.hospital = Party.objects.create(
            party_key=f"h{mark}", name="示例市第一医院", roles=["customer"]
        )
        self.supplier = Party.objects.create(
            party_key=f"s{mark}", name="示例医疗设备公司", roles=["supplier"]
        )
        self.monitor = self._product(f"MON-{mark}", "监护仪", tracking="serial")
        self.stent = self._product(f"STE-{mark}", "支架", tracking="lot", is_implant=True)
        self.vaccine = self._product(
            f"REA-{mark}", "试剂", tracking="lot", storage_condition="cold"
        )
        self.gloves = self._product(f"GLV-{mark}", "手套", tracking="none")
        self.main = services.open_warehouse(actor=account, code=f"SZ{mark}", name="深圳主仓")
        self.other = services.open_warehouse(actor=account, code=f"GZ{mark}", name="广州分仓")
        self.shelf = self.bin("A-01-01", self.main)
        self.shelf2 = self.bin("A-01-02", self.main)
        self.far = self.bin("B-01-01", self.other)
        self.fridge = self.bin("C-01-01", self.main, temp_zone="cold")
        self.quarantine = Location.objects.get(warehouse=self.main, code="QUARANTINE")
        self.outside = services.place_of(self.supplier.pk, "supplier")
        self.site = services.place_of(self.hospital.pk)

    def _product(self, code: str, name: str, **facts: Any) -> Product:
        return Product.objects.create(product_code=code, name=name, **facts)

    def bin(self, code: str, warehouse: Warehouse, temp_zone: str = "normal") -> Location:
        """One more shelf for qualified goods."""
        return services.add_location(
            actor=self.account, code=code, kind="bin", warehouse=warehouse, zone="qualified",
            temp_zone=temp_zone,
        )  # fmt: skip

    def lot(self, product: Product, number: str, expires: str | None = None) -> Lot:
        """A lot with an expiry date."""
        return services.register_lot(
            product=product.pk,
            lot_no=number,
            expiry_date=dt.date.fromisoformat(expires) if expires else None,
        )

    def units(self, *serials: str) -> list[Unit]:
        """Monitors that the supplier still has."""
        found = services.register_units(
            product=self.monitor.pk, serials=serials, outside=self.outside, quality="qualified"
        )
        return [found[serial] for serial in serials]

    def post(self, kind: str, lines: Sequence[Line], **facts: Any) -> Any:
        """A posting at the time of the tests."""
        facts = {"key": uuid7().hex, "at": AT, "actor": self.account, **facts}
        if kind == "scrap":  # under a paper of another app: by hand it takes two persons
            facts.setdefault("document", Document("disposal", "D-1"))
        return services.post(kind=kind, lines=lines, **facts)

    def receive(
        self, product: Product, qty: int | str, *, lot: Lot | None = None,
        to: Location | None = None, cost: str | None = None, **facts: Any,
    ) -> Any:  # fmt: skip
        """Goods without serials from the supplier onto a shelf."""
        line = Line(
            product=product.pk, source=self.outside.pk, target=(to or self.shelf).pk,
            qty=Decimal(qty), lot=lot.pk if lot else None,
            unit_cost=Decimal(cost) if cost else None,
        )  # fmt: skip
        return self.post("receipt", [line], **facts)

    def move(
        self, kind: str, product: Product, qty: int | str, source: Location, target: Location,
        *, lot: Lot | None = None, quality: str = "qualified", to_quality: str = "", **facts: Any,
    ) -> Any:  # fmt: skip
        """Goods without serials from one place to another."""
        line = Line(
            product=product.pk, source=source.pk, target=target.pk, qty=Decimal(qty),
            lot=lot.pk if lot else None, source_quality=quality, target_quality=to_quality,
        )  # fmt: skip
        return self.post(kind, [line], **facts)

    def move_units(
        self, kind: str, units: Sequence[Unit], source: Location, target: Location, **facts: Any
    ) -> Any:
        """Monitors from one place to another."""
        lines = [
            Line(product=u.product_id, source=source.pk, target=target.pk, unit=u.pk, lot=u.lot_id)
            for u in units
        ]
        return self.post(kind, lines, **facts)

    def move_and_commit(self, *args: Any, **facts: Any) -> None:
        """A move, and what the database asks at the end of the transaction."""
        with connection.cursor() as cursor:
            self.move(*args, **facts)
            cursor.execute("set constraints check_paper immediate")

    def on_hand(self, product: Product, location: Location, quality: str = "qualified") -> Decimal:
        """What the balances say lies there."""
        found = Balance.objects.filter(product=product, location=location, quality=quality)
        return sum((one.on_hand for one in found), Decimal(0))


def position(unit_id: UUID) -> Location:
    """Where a unit is."""
    return Unit.objects.select_related("location").get(pk=unit_id).location


__all__ = ["AT", "TODAY", "Document", "Line", "Shop", "position"]
