"""Every role at every address: what the matrix says is what happens, and nobody sees the other's.

Two hospitals in two regions, each with a device; every text of a hospital carries its mark. Each
role, in each scope it may have, asks for every page, export and API operation. What should be
answered follows from the matrix, read as data, and from ``PLACES``: the hand-written list of whose
rows stand at which address. An address that is not listed, or has no rule, fails the suite.
"""

import datetime as dt
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from kintsugi.config.api import api
from kintsugi.core.access import OPEN, PERSONAL, SIGNED_IN, rule_of
from kintsugi.identity.matrix import ROLES, is_whole, permissions
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


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[World]:
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


# -- what there is ---------------------------------------------------------------------------------


def patterns(
    resolver: Any = None, prefix: str = "", space: str = ""
) -> Iterator[tuple[str, str, Any]]:
    """(name, route, view) of every address of the product."""
    for one in (resolver or get_resolver()).url_patterns:
        route = prefix + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from patterns(one, route, one.namespace or space)
        else:
            assert isinstance(one, URLPattern)
            yield (f"{space}:{one.name}" if space else str(one.name)), route, one.callback


def _allauth(view: Any) -> bool:
    """Pages of one's own log-in: allauth's, or made from them; sign-in has its own tests."""
    made = getattr(view, "view_class", view)
    kinds = made.__mro__ if isinstance(made, type) else (made,)
    return any(str(one.__module__).startswith("allauth.") for one in kinds)


EVERY = {name: (route, view) for name, route, view in patterns() if not _allauth(view)}
#: Reads whose rows belong to one hospital, by the argument that names it.
OWNED = {
    "devices:detail": "device", "parties:detail": "party",
    "api-1.0.0:device": "device", "api-1.0.0:party": "party",
    "api-1.0.0:explain_device": "device", "api-1.0.0:explain_party": "party",
    "api-1.0.0:history_of_device": "device", "api-1.0.0:history_of_party": "party",
    "onboarding:cell": "cell", "api-1.0.0:cell": "cell",
    "devices:correct": "device", "parties:correct": "party",
    "devices:correct-again": "device",
    "acts:detail": "act", "api-1.0.0:act": "act",
    "signatures:detail": "signature", "api-1.0.0:signature": "signature",
    "parties:add-licence": "party", "parties:merge": "party",
    "products:request-licence": "party", "products:change-licence": "licence",
    "parties:licence": "licence", "parties:revoke-licence": "licence",
    "parties:ask-unlock": "licence", "api-1.0.0:licence": "licence",
    "products:authorise": "licence",
    "parties:unlock": "unlock", "parties:decide-unlock": "unlock",
    "products:review": "review", "api-1.0.0:first_review": "review",
    "stock:unit": "unit",
    "billing:invoice": "invoice", "api-1.0.0:invoice": "invoice",
    "billing:payment": "payment", "api-1.0.0:payment": "payment",
    "sales:order": "order", "sales:confirmation": "order", "api-1.0.0:order": "order",
    "sales:delivery": "delivery", "api-1.0.0:delivery": "delivery",
    "sales:return": "return", "api-1.0.0:return_of": "return",
    "sales:contract": "contract", "sales:contract-version": "contract",
    "api-1.0.0:sales_contract": "contract",
    "stock:posting": "posting", "api-1.0.0:posting": "posting",
    "stock:stocktake": "stocktake", "api-1.0.0:stocktake": "stocktake",
    "stock:adjustment": "adjustment", "api-1.0.0:adjustment": "adjustment",
    "stock:sensor": "sensor", "api-1.0.0:sensor": "sensor",
    "stock:excursion": "excursion", "api-1.0.0:excursion": "excursion",
}  # fmt: skip
#: Whose limits reach the rows of an address; those of a warehouse are of its region too.
REACHED = {name: ("region", "warehouse") for name in OWNED if "unit" in name or "posting" in name}
#: Documents of purchasing: whose they are is asked in tests/purchasing; here by no id of theirs.
PURCHASING = (
    "purchasing:requests", "purchasing:new-request", "purchasing:request",
    "purchasing:decide-request", "purchasing:order-request", "purchasing:cancel-request",
    "purchasing:orders", "purchasing:new-order", "purchasing:order", "purchasing:order-paper",
    "purchasing:submit-order", "purchasing:approve-order", "purchasing:send-back-order",
    "purchasing:cancel-order", "purchasing:close-order", "purchasing:announce",
    "purchasing:enter-invoice", "purchasing:notices", "purchasing:notice",
    "purchasing:cancel-notice", "purchasing:receipts", "purchasing:open-receipt",
    "purchasing:receipt", "purchasing:receipt-paper", "purchasing:receive", "purchasing:arrival",
    "purchasing:post-receipt", "purchasing:cancel-receipt", "purchasing:reverse-receipt",
    "purchasing:accept", "purchasing:put-away", "purchasing:new-return", "purchasing:take-out",
    "purchasing:acceptances", "purchasing:acceptance", "purchasing:returns", "purchasing:return",
    "purchasing:decide-return", "purchasing:cancel-return", "purchasing:ship-return",
    "purchasing:credit-return", "purchasing:invoices", "purchasing:invoice",
    "purchasing:approve-invoice", "purchasing:reject-invoice", "purchasing:match-again",
    "purchasing:resolve",
)  # fmt: skip
PURCHASING_API = (
    "accept_goods", "advance_notice", "advance_notices", "announce_shipment", "approve_purchase",
    "ask_supplier_return", "cancel_advance_notice", "cancel_goods_receipt", "cancel_purchase",
    "cancel_requisition", "cancel_supplier_return", "close_purchase", "credit_supplier_return",
    "decide_requisition", "decide_supplier_invoice", "decide_supplier_return",
    "describe_arrival", "draft_purchase", "enter_supplier_invoice", "goods_acceptance",
    "goods_acceptances", "goods_receipt", "goods_receipts", "make_requisition",
    "match_supplier_invoice", "open_goods_receipt", "post_goods_receipt", "proposed_shelves",
    "purchase_order", "purchase_orders", "put_goods_away", "requisition", "requisitions",
    "resolve_invoice_line", "reverse_goods_receipt", "scan_goods", "send_back_purchase",
    "ship_supplier_return", "submit_purchase", "supplier_invoice", "supplier_invoices",
    "supplier_return", "supplier_returns", "take_out_scan",
)  # fmt: skip
REACHED = {
    name: ("region", "warehouse")
    for name, what in OWNED.items()
    if what in ("unit", "posting", "stocktake", "adjustment", "sensor", "excursion")
}
#: Everything else, with the values of its parameters (hand-written: new addresses are added here).
PLACES: dict[str, dict[str, str]] = {
    name: {}
    for name in (
        *PURCHASING,
        *(f"api-1.0.0:{name}" for name in PURCHASING_API),
        "home", "search", "healthz", "preferences",
        "devices:list", "products:list", "parties:list", "parties:role", "products:detail",
        "onboarding:list", "onboarding:sources", "onboarding:source", "onboarding:issues",
        "onboarding:upload", "onboarding:preview", "onboarding:run", "onboarding:live",
        "onboarding:go-on", "onboarding:run-issues", "onboarding:rows", "onboarding:step",
        "people:list", "people:join", "people:person", "people:grant", "people:move",
        "people:leave", "people:switch", "people:review", "people:matrix",
        "people:end", "people:delegate", "people:review-grant", "people:tokens",
        "people:new-token", "people:all-tokens", "people:revoke",
        "parties:correct-again", "acts:list", "acts:mine", "acts:all", "acts:sign", "acts:step",
        "signatures:list", "mfa_index", "mfa_list_webauthn",
        "end_own_session", "end_other_sessions",
        "identity:events", "identity:sessions", "identity:account", "identity:act",
        "identity:end_session", "audit:refusals",
        "audit:record", "audit:proof", "audit:verify",
        "audit:desk", "audit:row", "audit:reports", "audit:report", "audit:save-report",
        "audit:take-report", "audit:packs", "audit:ask-for-pack", "audit:pack", "audit:pack-file",
        "audit:pack-again", "audit:holds", "audit:place-hold", "audit:hold", "audit:release-hold",
        "audit:due",
        "parties:licences", "parties:licence-file", "products:certificates",
        "products:add-certificate", "products:certificate", "products:certificate-file",
        "products:withdraw-certificate", "products:reviews", "products:ask-review",
        "products:submit-review", "products:check-review", "products:approve-review",
        "products:reject-review", "products:withdraw-review", "products:end-review",
        "products:radar", "products:radar-within", "products:request-certificate",
        "products:change-certificate", "products:merge",
        "stock:list", "stock:list-expiring", "stock:move", "stock:moves", "stock:lots",
        "stock:labels", "stock:scan",
        "stock:lots-expiring", "stock:lot", "stock:units", "stock:units-expiring",
        "stock:postings", "stock:reverse", "stock:blocks", "stock:place-block", "stock:release",
        "stock:warehouses", "stock:open-warehouse", "stock:places", "stock:add-place",
        "stock:months", "stock:close-month",
        "takeover:list", "takeover:system", "takeover:levels", "takeover:propose",
        "takeover:takeover", "takeover:approve", "takeover:withdraw",
        "sales:orders", "sales:orders-to-do", "sales:take-order", "sales:change-order",
        "sales:reduce-order", "sales:submit-order", "sales:approve-order", "sales:send-back-order",
        "sales:agree-credit", "sales:agree-choice", "sales:reserve-order", "sales:release-order",
        "sales:cancel-order", "sales:hold-order", "sales:resume-order", "sales:close-order",
        "sales:contracts", "sales:write-contract", "sales:vary-contract", "sales:submit-contract",
        "sales:approve-contract", "sales:refuse-contract", "sales:drop-variation",
        "sales:end-contract", "sales:prices", "sales:set-price", "sales:end-price",
        "sales:deliveries", "sales:deliveries-to-do", "sales:delivery-paper",
        "sales:assign-delivery", "sales:pick", "sales:put-back", "sales:check",
        "sales:finish-picking", "sales:reopen-picking", "sales:start-check", "sales:pass-check",
        "sales:fail-check", "sales:ship", "sales:hand-over", "sales:reverse-shipment",
        "sales:cancel-delivery", "sales:sign", "sales:report-use", "sales:take-back",
        "sales:ask-return", "sales:waves", "sales:make-wave", "sales:wave", "sales:returns",
        "sales:approve-return", "sales:reject-return", "sales:receive-return",
        "sales:inspect-return", "sales:exchange", "sales:close-return",
        "stock:months", "stock:close-month", "stock:edit-place",
        "stock:stocktakes", "stock:plan-stocktake", "stock:stocktake-proposals",
        "stock:stocktake-sheet", "stock:print-stocktake", "stock:stocktake-lines",
        "stock:start-stocktake", "stock:count-stocktake", "stock:finish-stocktake",
        "stock:approve-stocktake", "stock:cancel-stocktake", "stock:explain-difference",
        "stock:adjustments", "stock:request-adjustment", "stock:decide-adjustment",
        "stock:trace", "stock:drills", "stock:new-drill", "stock:drill",
        "stock:value", "stock:age", "stock:checks",
        "stock:storage-checks", "stock:storage-due", "stock:record-check", "stock:sensors",
        "stock:add-sensor", "stock:load-readings", "stock:excursions", "stock:judge-excursion",
        "billing:invoices", "billing:write", "billing:invoice-pdf", "billing:approve",
        "billing:send-back", "billing:void", "billing:issue", "billing:issue-credit",
        "billing:credit", "billing:credit-return", "billing:match-credit", "billing:due-day",
        "billing:due", "billing:payments", "billing:record", "billing:statement",
        "billing:assign", "billing:match", "billing:match-proposed", "billing:match-out",
        "billing:unmatch", "billing:batches", "billing:export", "billing:accounts",
        "billing:batch", "billing:batch-file", "billing:margin",
        *(f"api-1.0.0:{name}" for name in (
            "invoices", "payments", "batches", "billable", "approve_invoice", "send_back_invoice",
            "create_invoice", "record_payment", "export_journal",
            "void_invoice", "issue_invoice", "credit_invoice", "credit_return", "assign_payment",
            "read_statement", "match", "undo_match", "due", "margin", "batch_lines", "batch_file",
            "openapi-json", "openapi-view", "api-root", "None",
            "devices", "products", "product", "identifiers", "packages", "parties",
            "explain_product", "history_of_product", "sources", "source", "issues", "runs", "run",
            "run_progress", "run_steps", "step_rows", "run_rows", "run_issues", "resume_run",
            "import_files", "snapshot", "people", "grants", "tokens",
            "refusals", "roles", "search", "home", "contracts", "contract", "rules",
            "acts", "acts_waiting", "draft_act", "revise_act", "sign_act", "step_act", "undo_act",
            "signatures", "log-ins", "sessions", "end_session",
            "sealed_record", "sealed_change", "verify_record",
            "packs", "pack", "pack_file", "report_datasets", "saved_reports", "report_rows",
            "report_as_file", "holds", "hold", "release_hold", "retention_rules", "keep_report",
            "place_hold",
            "ask_for_pack",
            "licences", "register_licence", "revoke_licence", "request_unlock", "decide_unlock",
            "certificates", "certificate", "register_certificate", "first_reviews", "radar",
            "trade_check", "ask_first_review", "step_first_review", "judge_first_review",
            "balances", "lots", "units", "postings", "moves", "locations", "warehouses", "blocks",
            "months", "holders", "receivers", "post_moves", "reverse_posting", "place_block",
            "release_block",
            "takeover_systems", "takeover_review", "takeover_propose", "takeover_read",
            "takeover_approve", "takeover_withdraw",
            "release_block", "read_scans",
            "orders", "prices", "take_order", "change_order", "submit_order", "approve_order",
            "send_back", "agree_credit", "agree_choice", "reserve_order", "release_order",
            "reduce_order", "cancel_order", "hold_order", "resume_order", "close_order",
            "set_price", "end_price", "sales_contracts", "write_contract", "vary_contract",
            "submit_contract", "approve_contract", "refuse_contract", "drop_variation",
            "end_contract",
            "deliveries", "waves", "wave", "make_delivery", "make_wave", "assign", "pick",
            "put_back", "finish", "reopen", "start_check", "check", "pass_check", "fail_check",
            "ship", "hand_over", "reverse", "sign", "use", "take_back", "cancel", "returns", "ask",
            "approve", "reject", "receive", "inspect", "exchange", "close",
            "release_block", "change_place",
            "stocktakes", "stocktake_sheet", "stocktake_lines", "plan_stocktake",
            "start_stocktake", "count_place", "finish_stocktake", "explain_difference",
            "approve_stocktake", "cancel_stocktake", "adjustments", "request_adjustment",
            "decide_adjustment", "trace_meanings", "trace_of", "drills", "drill", "make_drill",
            "stock_value", "stock_age", "stock_checks", "storage_checks", "sensors", "excursions",
            "checks_due", "record_check", "record_readings", "judge_excursion",
        )),
    )
}  # fmt: skip
#: Not asked for here: an endless stream (tested with onboarding).
STREAMS = {"onboarding:live"}


def address(world: World, name: str, mark: str) -> str:
    """The address with its arguments filled in, for this hospital where it belongs to one."""
    route = EVERY[name][0]
    app = name.split(":")[0]
    ids = {
        "devices": world.device[mark], "products": world.product, "parties": world.party[mark],
        "acts": world.act[mark], "signatures": world.signature[mark],
    }.get(app, {
        "device": world.device[mark], "party": world.party[mark], "act": world.act[mark],
        "signature": world.signature[mark],
    }.get(OWNED.get(name, ""), world.act[mark] if "/acts/" in route else world.product)
    )  # fmt: skip
    if app == "stock" or "/stock/" in route:
        ids = (
            world.posting[mark] if "postings/" in route
            else world.unit[mark] if "units/" in route
            else world.block if "blocks/" in route
            else world.line[mark] if "stocktake-lines/" in route
            else world.stocktake[mark] if "stocktakes/" in route
            else world.adjustment[mark] if "adjustments/" in route
            else world.sensor[mark] if "sensors/" in route
            else world.excursion[mark] if "excursions/" in route
            else world.place[mark] if "places/" in route or "locations/" in route
            else world.drill if "drills/" in route
            else world.lot
        )  # fmt: skip
    for part, row in (
        ("licences/<", world.licence[mark]), ("licences/{", world.licence[mark]),
        ("requests/parties/", world.party[mark]), ("requests/products/", world.product),
        ("authorisations/", world.licence[mark]), ("unlocks/", world.unlock[mark]),
        ("reviews/", world.review[mark]), ("certificates/", world.certificate),
    ):  # fmt: skip
        if part in route and "people" not in route:
            ids = world.party[mark] if "reviews/new" in route else row
    if app == "sales" or "/sales/" in route:
        ids = (
            world.contract[mark] if "contracts/" in route
            else world.price if "prices/" in route
            else world.delivery[mark] if "deliveries/" in route or "waves/" in route
            else world.returned[mark] if "returns/" in route
            else world.order[mark]
        )  # fmt: skip
    if app == "billing" or "/billing/" in route:
        ids = world.payment[mark] if "payments/" in route else world.invoice[mark]
    if app == "people":
        ids = (
            world.account.pk if name == "people:switch"
            else world.token.pk if name == "people:revoke"
            else world.grant.pk if "grants" in route
            else world.person.pk
        )  # fmt: skip
    values = {
        "pk": ids, "id": ids, "role": "customer", "code": world.source, "number": world.run,
        "batch_id": "0" * 32, "outcome": "created", "step": world.step, "entity": "device",
        "act": world.act[mark], "kind": "device", "snapshot": world.snapshot, "table": 0,
        "account_id": world.account.pk, "what": "unlock", "session_id": "x",
        "row": world.row[mark], "ordinal": 1, "column": 1, "rest": "nowhere", "change": 1,
        "within": "30", "by": "customer", "todo": "to_approve", "no": 1,
    }  # fmt: skip
    if app == "takeover" or "/takeover/" in route:
        values["number"] = world.takeover
    if "packs/" in route or "holds/" in route:
        values["number"] = world.pack if "packs/" in route else world.hold
    values |= {"table": "devices_device"} if name == "audit:row" else {}
    values |= {
        "row_id": world.device[mark], "dataset": "trail", "report_id": world.report,
        "name": "trail", "system": "trail",
    }  # fmt: skip
    if "/reviews/" in route:
        values["step"] = "check" if "quality" in route else "submit"
    if "/acts/" in route:
        values["step"] = "approve" if "sign" in route else "submit"
    path = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str(values[found.group(1)]), route)
    record = {"onboarding:cell": "gid", "api-1.0.0:cell": "record"}.get(name)
    return f"/{path}" + (f"?{record}={world.device[mark]}" if record else "")


def is_allowed(role: str, kind: str, rule: str) -> bool:
    """By the matrix, as data."""
    if rule in (OPEN, SIGNED_IN):
        return True
    return bool(role) and rule in ROLES[role].permissions and (kind == "all" or not is_whole(rule))


# -- the tests -------------------------------------------------------------------------------------


def test_every_address_is_walked():
    assert set(EVERY) == set(PLACES) | set(OWNED)


def test_every_address_has_a_rule_that_the_matrix_knows():
    known = {OPEN, SIGNED_IN, *permissions()}
    for name, (_route, view) in EVERY.items():
        for method in ("GET", "POST"):
            assert rule_of(view, method) in known, name


def test_every_operation_of_the_document_names_its_permission():
    document = json.loads(json.dumps(api.get_openapi_schema()))
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation.get("x-permission") in {SIGNED_IN, *permissions()}, (method, path)
            assert "403" in operation["responses"], (method, path)


def client_of(world: World, role: str, kind: str) -> Any:
    from tests.api.asking import logged_in

    return logged_in(world.users[role, kind])


COMBINATIONS = [(role.name, kind) for role in ROLES.values() for kind in role.scopes] + [
    ("", "all")
]


def body_of(response: Any) -> str:
    parts = response.streaming_content if response.streaming else [response.content]
    text: str = b"".join(parts).decode("utf-8", "replace")
    return text


@pytest.mark.parametrize(("role", "kind"), COMBINATIONS)
def test_a_role_reads_what_the_matrix_gives_and_nothing_of_the_other(world, role, kind):
    client = client_of(world, role, kind)
    wrong = []
    for name, (_route, view) in EVERY.items():
        rule = rule_of(view, "GET")
        assert rule is not None
        for mark in (OWN, OTHER) if name in OWNED else (OWN,):
            if name in STREAMS and is_allowed(role, kind, rule):
                continue
            url = address(world, name, mark)
            response = client.get(url)
            body = body_of(response)
            where = (name, mark, response.status_code)
            if response.status_code >= 500:
                wrong.append(where)
            elif not is_allowed(role, kind, rule):
                if response.status_code != 403 or OWN in body or OTHER in body:
                    wrong.append(where)
            elif kind != "all":
                # A person with a limit: the other's record is not there, and its mark nowhere.
                reached = REACHED.get(name, ("region", "customer"))
                others = mark == OTHER or (kind not in reached and name in OWNED)
                if others and response.status_code != 404:
                    wrong.append(where)
                if not others and response.status_code not in (200, 302, 400, 404, 405, 422):
                    wrong.append(where)
                if not others and name in OWNED and response.status_code != 200:
                    wrong.append(where)
                # An error page may repeat the address that was asked for, nothing else.
                if OTHER in body.replace(url, ""):
                    wrong.append((*where, "shows the other's mark"))
            elif name in OWNED and (response.status_code != 200 or mark not in body):
                wrong.append(where)
            if not (role and PERSONAL in ROLES[role].permissions) and PHONE[3:7] in re.sub(
                r"\D", "", "".join(re.findall(r"1380013\d+", body))
            ):
                wrong.append((*where, "shows a telephone number"))
    assert wrong == []


LISTS = (
    "devices:list", "products:list", "parties:list", "onboarding:list", "onboarding:sources",
    "onboarding:issues", "people:list", "people:review", "people:matrix", "identity:events",
    "identity:sessions", "audit:refusals", "acts:all", "signatures:list",
    "stock:list", "stock:lots", "stock:units", "stock:postings", "stock:moves",
    "purchasing:requests", "purchasing:orders", "purchasing:notices", "purchasing:receipts",
    "purchasing:acceptances", "purchasing:returns", "purchasing:invoices",
    "sales:orders", "sales:contracts", "sales:prices", "sales:deliveries", "sales:waves",
    "sales:returns",
    "stock:stocktakes", "stock:adjustments", "stock:storage-checks", "stock:sensors",
    "stock:excursions", "stock:drills",
    "sales:returns", "billing:invoices", "billing:payments", "billing:batches",
)  # fmt: skip


@pytest.mark.parametrize(("role", "kind"), COMBINATIONS)
def test_exports_search_and_counts_follow_the_same_rule(world, role, kind):
    client = client_of(world, role, kind)
    for name in LISTS:
        reads = rule_of(EVERY[name][1], "GET")
        assert reads is not None
        exports = reads.replace(".read", ".export")
        both = is_allowed(role, kind, reads) and is_allowed(role, kind, exports)
        response = client.get(f"{address(world, name, OWN)}?export=csv")
        body = body_of(response)
        assert response.status_code == (200 if both else 403), name
        if not both or kind != "all":
            assert OTHER not in body, name
        if both and kind == "all" and name in ("devices:list", "parties:list"):
            assert OWN in body
            assert OTHER in body
    for url in ("/search/?q=", "/api/v1/search?q=", "/devices/?q=", "/api/v1/parties?q="):
        body = body_of(client.get(f"{url}SN-{OTHER}")) + body_of(client.get(f"{url}{OTHER}医院"))
        if kind != "all" or not role:
            left = body.replace(f"SN-{OTHER}", "").replace(f"{OTHER}医院", "")
            assert f"{OTHER}科" not in left
            assert str(world.device[OTHER]) not in body
            assert str(world.party[OTHER]) not in body
    if is_allowed(role, kind, "device.read"):
        count = client.get("/api/v1/devices").json()["count"]
        tiles = {t["label"]: t["value"] for t in client.get("/api/v1/home").json()["tiles"]}
        expected = 2 if kind == "all" else 1 if kind in ("region", "customer") else 0
        assert count == expected
        assert tiles.get("Devices", 0) == expected


def _refused_by_the_act(response: Any) -> bool:
    """Whoever may take steps may still be the wrong person for this one."""
    return "json" in response["Content-Type"] and response.json()["error"]["code"].startswith(
        "control."
    )


@pytest.mark.parametrize(("role", "kind"), COMBINATIONS)
def test_a_role_changes_only_what_the_matrix_gives(world, role, kind):
    """Empty requests: whoever may is told what is missing, whoever may not is refused before."""
    client = client_of(world, role, kind)
    wrong = []
    for name, (_route, view) in EVERY.items():
        rule = rule_of(view, "POST")
        assert rule is not None
        response = client.post(address(world, name, OWN))
        may = is_allowed(role, kind, rule)
        denied = response.status_code == 403 and not _refused_by_the_act(response)
        if response.status_code >= 500 or denied == may:
            wrong.append((name, response.status_code))
    assert wrong == []


def test_whoever_is_not_logged_in_gets_the_log_in_or_401(world):
    from django.test import Client

    client = Client(raise_request_exception=False)
    for name, (_route, view) in EVERY.items():
        if rule_of(view, "GET") == OPEN:
            continue
        response = client.get(address(world, name, OWN))
        assert response.status_code in (302, 401, 405), name
        assert OWN not in body_of(response).replace(address(world, name, OWN), ""), name
