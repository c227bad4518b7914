"""The two hospitals of ``test_access_everywhere``, with a row for every address."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from kintsugi.identity.matrix import ROLES
from tests.billing.drafts import drafts

AT = dt.datetime(2026, 11, 22, 9, tzinfo=dt.UTC)
OWN, OTHER = "ALPHAMARK", "BETAMARK"
PHONE = "13800138001"
CATALOGUE = "产品编码,产品名称,型号,生产企业\nP-100,氧气机,OX-1,金桥医疗\n"
CUSTOMERS = f"""单位名称,角色,行政区划代码,联系人,电话
{OWN}医院,客户,440304,王小明,{PHONE}
{OTHER}医院,客户,110105,李小红,13900139002
"""
REGISTER = f"""序列号,产品编码,使用科室,客户名称,保修截止日期
SN-{OWN},P-100,{OWN}科,{OWN}医院,2027-05-01
SN-{OTHER},P-100,{OTHER}科,{OTHER}医院,not a day {OTHER}
"""
NEW = "x"


@dataclass
class World:
    """Addresses' arguments by name, for the own and the other's rows."""

    run: str = ""
    source: str = ""
    connector: Any = None
    arrival: Any = None
    snapshot: str = ""
    row: dict[str, int] = field(default_factory=dict)
    device: dict[str, Any] = field(default_factory=dict)
    party: dict[str, Any] = field(default_factory=dict)
    product: Any = None
    person: Any = None
    grant: Any = None
    account: Any = None
    token: Any = None
    act: dict[str, Any] = field(default_factory=dict)
    signature: dict[str, Any] = field(default_factory=dict)
    unit: dict[str, Any] = field(default_factory=dict)
    posting: dict[str, Any] = field(default_factory=dict)
    warehouse: dict[str, Any] = field(default_factory=dict)
    licence: dict[str, Any] = field(default_factory=dict)
    unlock: dict[str, Any] = field(default_factory=dict)
    review: dict[str, Any] = field(default_factory=dict)
    certificate: Any = None
    order: dict[str, Any] = field(default_factory=dict)
    contract: dict[str, Any] = field(default_factory=dict)
    delivery: dict[str, Any] = field(default_factory=dict)
    returned: dict[str, Any] = field(default_factory=dict)
    price: Any = None
    invoice: dict[str, Any] = field(default_factory=dict)
    payment: dict[str, Any] = field(default_factory=dict)
    lot: Any = None
    stocktake: dict[str, Any] = field(default_factory=dict)
    line: dict[str, Any] = field(default_factory=dict)
    adjustment: dict[str, Any] = field(default_factory=dict)
    sensor: dict[str, Any] = field(default_factory=dict)
    excursion: dict[str, Any] = field(default_factory=dict)
    place: dict[str, Any] = field(default_factory=dict)
    drill: Any = None
    block: Any = None
    takeover: str = ""
    step: str = ""
    pack: str = ""
    hold: str = ""
    report: Any = None
    users: dict[tuple[str, str], Any] = field(default_factory=dict)


def _people(world: World) -> None:
    from tests.identity.people import create_user, give

    for role in ROLES.values():
        for kind in role.scopes:
            values = {"customer": [str(world.party[OWN])], "region": ["4403"],
                      "warehouse": [str(world.warehouse[OWN])]}.get(kind, [])  # fmt: skip
            user = create_user(
                roles=(), username=f"{role.name}.{kind}", password="gold-seam-2026",
                display_name=f"{role.name} {kind}", language="en",
            )  # fmt: skip
            world.grant = give(user, role.name, kind, values)
            world.users[role.name, kind] = user
    nobody = create_user(
        roles=(), username="nobody", password="gold-seam-2026", display_name="Nobody", language="en"
    )
    world.users["", "all"] = world.account = nobody
    world.person = nobody.person


def _stock(world: World) -> None:
    """For each hospital's region a warehouse with a unit in it; one lot, one hold."""
    from kintsugi.stock import services
    from kintsugi.stock.models import Location
    from kintsugi.stock.services import Line

    opening = services.world("opening")
    world.lot = services.register_lot(product=world.product, lot_no="L-1").pk
    world.block = services.place_block(
        actor="test", kind="hold", product=world.product, lot=world.lot, reason="x", at=AT
    ).pk
    for mark, region in ((OWN, "440304"), (OTHER, "110105")):
        made = services.open_warehouse(
            actor="test", code=mark, name=f"{mark}仓", region_code=region
        )
        shelf = Location.objects.get(warehouse=made, code="QUARANTINE")
        [unit] = services.register_units(
            product=world.product, serials=[f"U-{mark}"], outside=opening
        ).values()
        line = Line(product=world.product, source=opening.pk, target=shelf.pk, unit=unit.pk,
                    source_quality="pending")  # fmt: skip
        world.posting[mark] = services.post(
            actor="test", kind="opening", lines=[line], key=mark, at=AT, reason=mark
        ).pk
        world.warehouse[mark], world.unit[mark] = made.pk, unit.pk


def _trade(world: World) -> None:
    """For each hospital a licence that ended, an unlock that was asked for, and a first review."""
    from kintsugi.parties.services import LicenceFacts, register_licence, request_unlock
    from kintsugi.products.services import CertificateFacts, ask_first_review, register_certificate

    steward, day = world.users["steward", "all"], dt.date(2026, 11, 22)
    for mark in (OWN, OTHER):
        facts = LicenceFacts(
            kind="medical_institution_permit", number=mark, valid_from=dt.date(2020, 1, 1),
            valid_to=dt.date(2026, 11, 1),
        )  # fmt: skip
        made = register_licence(
            actor=steward, party=world.party[mark], facts=facts, key=mark, at=AT
        )
        world.licence[mark] = made.pk
        world.unlock[mark] = request_unlock(
            actor=steward, licence=made.pk, first_day=day, last_day=day, reason=mark, key=mark,
            at=AT,
        ).pk  # fmt: skip
        world.review[mark] = ask_first_review(
            actor=steward, role="customer", subject=world.party[mark], classes=["II"],
            reason=mark, key=mark, at=AT,
        ).pk  # fmt: skip
    facts = CertificateFacts(
        number="CERT-1", kind="filing", holder=world.party[OWN], valid_from=day
    )
    world.certificate = register_certificate(
        actor=steward, facts=facts, products=[world.product], key="x", at=AT
    ).pk


def _connector(world: World) -> None:
    """A watched folder of the register, and a file of it that was held."""
    from django.conf import settings

    from kintsugi.audit.services import recorded
    from kintsugi.onboarding.models import Fetch, Source
    from kintsugi.onboarding.services import save_connector

    one = save_connector(
        actor="test", source=Source.objects.get(code=world.source), at=AT, name="in", kind="folder",
        given={"path": str(settings.WATCH_ROOTS[0])}, time_zone="Asia/Shanghai",
    )  # fmt: skip
    world.connector = one.pk
    with recorded(actor="test", command="test"):
        world.arrival = Fetch.objects.create(
            connector=one, item="a.csv", mark="1", started_at=AT, status="held",
            error={"code": "x", "message": ["否", "no"], "remedy": ["改", "mend"], "facts": {}},
            facts={"folder": world.snapshot},
        ).pk  # fmt: skip


def _takeover(world: World) -> None:
    """A system that states stock, and the takeover that waits for approval."""
    from decimal import Decimal

    from kintsugi.takeover.models import StatedLevel
    from kintsugi.takeover.services import propose

    StatedLevel.objects.create(
        system="trail", item_ref="1", product_id=world.product, warehouse="T", bin="T1",
        quantity=Decimal(1), serial_no="T-1", lot_no="T-L",
    )  # fmt: skip
    world.takeover = propose(actor="test", system="trail", reason="x", key="t", at=AT).number


def _sales(world: World) -> None:
    """For each hospital a contract and an order, both drafts; one list price."""
    from decimal import Decimal

    from kintsugi.sales import services
    from kintsugi.sales.models import Delivery, Return
    from kintsugi.stock.models import Warehouse

    day = AT.date()
    world.price = services.set_price(
        actor="test", product=world.product, price=Decimal(10), floor=Decimal(9),
        tax_rate=Decimal("0.13"), valid_from=day, key="price",
    ).pk  # fmt: skip
    for mark in (OWN, OTHER):
        party = world.party[mark]
        world.contract[mark] = services.create_contract(
            actor="test", customer=party, kind="framework", lines=[], payments=[], key=mark, at=AT,
            words=services.Words(effective_on=day, delivery_terms=mark),
        ).pk  # fmt: skip
        world.order[mark] = services.create_order(
            actor="test", customer=party, wanted_on=day, key=mark, at=AT, note=mark,
            lines=[services.LineWanted(product=world.product, qty=Decimal(1))],
        ).pk  # fmt: skip
        house = Warehouse.objects.create(code=f"DN{mark}", name="示例仓")
        sent = Delivery.objects.create(
            number=f"DN-{mark}", customer_id=party, customer_name=mark, warehouse=house,
            wanted_on=day, status="draft",
        )  # fmt: skip
        world.delivery[mark] = sent.pk
        world.returned[mark] = Return.objects.create(
            number=f"RT-{mark}", delivery=sent, customer_id=party, customer_name=mark,
            kind="refund", reason="quality", status="requested", requested_at=AT,
            requested_by_name="test",
        ).pk  # fmt: skip


def _kept(world: World) -> None:
    """For each warehouse a stocktake, an adjustment, a sensor and its excursion; one drill."""
    from kintsugi.stock.counting.services import Plan, plan_stocktake, start_stocktake
    from kintsugi.stock.counting.services_adjust import request_adjustment
    from kintsugi.stock.models import Excursion, Location, Unit, Warehouse
    from kintsugi.stock.storing import services as storing
    from kintsugi.stock.tracing.services import drill_recall
    from kintsugi.stock.typed import TypedLine

    quality = world.users["quality", "all"]
    for mark in (OWN, OTHER):
        house = Warehouse.objects.get(pk=world.warehouse[mark])
        take = plan_stocktake(actor=quality, warehouse=house, plan=Plan(), key=mark, at=AT)
        start_stocktake(actor=quality, stocktake=take.pk, at=AT)
        world.stocktake[mark], world.line[mark] = take.pk, take.lines.get().pk
        place = Location.objects.get(warehouse=house, code="QUARANTINE")
        world.place[mark] = place.pk
        line = TypedLine("P-100", serial_no=f"U-{mark}", source=str(place))
        world.adjustment[mark] = request_adjustment(
            actor=quality, kind="scrap", lines=[line], reason=mark, key=mark, at=AT
        ).pk
        code = f"T-{mark}"
        world.sensor[mark] = storing.add_sensor(
            actor=quality, code=code, place=str(place), high=8
        ).pk
        row = {"sensor": code, "at": AT.isoformat(), "temperature": "9", "humidity": ""}
        storing.record_readings(actor=quality, rows=[row], at=AT)
        world.excursion[mark] = Excursion.objects.get(sensor=world.sensor[mark]).pk
    assert Unit.objects.filter(serial_no=f"U-{OWN}").exists()
    world.drill = drill_recall(
        actor=quality, product_code="P-100", serial_from=f"U-{OWN}", reason="x", key="d", at=AT
    ).pk


def _acts(world: World) -> None:
    """For each hospital's device a correction that waits for a second person, and a signature."""
    from django.utils import timezone

    from kintsugi.identity.control.kinds import kind_of
    from kintsugi.identity.control.services import draft_act, submit_act
    from kintsugi.identity.signing.services import Proof, session_hash, sign

    steward = world.users["steward", "all"]
    for mark in (OWN, OTHER):
        now = timezone.now()
        plan = kind_of("device.correct").plan(world.device[mark], {"department": f"{mark}新科"})
        made = draft_act(
            kind="device.correct", subject_id=world.device[mark], plan=plan, reason="x",
            account=steward, at=now, key=mark,
        )  # fmt: skip
        world.act[mark] = submit_act(act_id=made.pk, account=steward, at=now).pk
        proof = Proof(steward, "password", now, session_hash("s"))
        signed = sign(
            proof=proof, meaning="reviewed", kind="act", object_id=made.pk, at=now, reason="x"
        )
        world.signature[mark] = signed.pk


def _examined(world: World) -> None:
    """A pack that was asked for, a hold on the own device, and a report."""
    from kintsugi.audit.packs.services import ask_for_pack
    from kintsugi.audit.reports.services import save_report
    from kintsugi.audit.retention.services import place_hold
    from kintsugi.core.access import SYSTEM, bound

    quality = world.users["quality", "all"]
    key = str(world.device[OWN])
    with bound(SYSTEM):
        world.pack = ask_for_pack(
            actor=quality, kind="device", key=key, language="en", reason="x", at=AT
        ).number
        world.hold = place_hold(actor=quality, kind="device", key=key, reason="x", at=AT).number
        world.report = save_report(
            actor=quality, name="x", dataset="trail", columns=[], filters={}
        ).pk


def make_world(django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[World]:
    """Three files, imported and committed, and somebody for every role and scope."""
    from django.test import TransactionTestCase

    from kintsugi.audit.services import recorded
    from kintsugi.devices.models import Device
    from kintsugi.identity.services import make_token
    from kintsugi.onboarding.services import Fragment, import_fragments, register_source
    from kintsugi.parties.models import Party

    folder = tmp_path_factory.mktemp("fragments")
    with django_db_blocker.unblock():
        made, runs = World(), {}
        for name, text in (
            ("catalogue", CATALOGUE), ("customers", CUSTOMERS), ("register", REGISTER)
        ):  # fmt: skip
            path = folder / f"{name}.csv"
            path.write_text(text, "utf-8")
            source = register_source(actor="test", code=name, kind="file", authority=50)
            fragment = Fragment(location=str(path), source=source)
            [runs[name]] = import_fragments(actor="test", fragments=[fragment], at=AT)
        made.run, made.source = runs["register"].number, "register"
        made.snapshot = runs["register"].snapshot.folder
        made.step = runs["register"].steps[-1]["id"]
        for mark, row in ((OWN, 2), (OTHER, 3)):
            device = Device.objects.get(serial_no=f"SN-{mark}")
            made.device[mark], made.product, made.row[mark] = device.pk, device.product_id, row
            made.party[mark] = Party.objects.get(name=f"{mark}医院").pk
        _connector(made)
        with recorded(actor="test", command="test"):
            _stock(made)
            _takeover(made)
            _sales(made)
            made.invoice, made.payment = drafts(made.party, at=AT)
            _people(made)
            _trade(made)
            _kept(made)
            _acts(made)
            _examined(made)
            made.token = make_token(
                account=made.account, name="t", scopes=["search.read"], allowed=["search.read"],
                at=AT, expires_at=AT + dt.timedelta(days=9),
            ).token  # fmt: skip
        yield made
        TransactionTestCase._fixture_teardown(None)
