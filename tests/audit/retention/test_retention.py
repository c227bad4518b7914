"""Nothing is deleted; holds need two persons; every date has its reason."""

import datetime as dt
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from kintsugi.audit.retention.models import LegalHold
from kintsugi.audit.retention.selectors import due, holds_on, kept
from kintsugi.audit.retention.services import EVIDENCE_TABLES, place_hold, release_hold
from kintsugi.audit.services import business_tables, recorded
from kintsugi.core.errors import KintsugiError
from kintsugi.core.ids import uuid7
from kintsugi.devices.models import Device
from kintsugi.parties.models import Party
from kintsugi.products.models import Product
from tests.identity.people import create_user

pytestmark = pytest.mark.django_db
AT = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)


@pytest.fixture
def other(world: Any) -> Any:
    with recorded(actor="test", command="test"):
        return create_user(
            roles=("quality",),
            username=f"wang-{uuid7().hex[-8:]}",
            password="gold-seam-2026",
            display_name="王芳",
        )


@pytest.fixture
def device(world: Any) -> Device:
    return Device.objects.get(serial_no="S-001")


def refused(code: str, statement: str, params: list[Any] | None = None) -> None:
    with (
        pytest.raises(DatabaseError) as caught,
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement, params)
    assert caught.value.__cause__.sqlstate == code


# -- nothing is deleted ----------------------------------------------------------------------------


def unguarded() -> set[str]:
    """Tables that should refuse deletion and do not, whatever the replication role."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select c.relname from pg_trigger t join pg_class c on c.oid = t.tgrelid"
            " where t.tgname = 'row_stays' and t.tgenabled = 'A'"
        )
        guarded = {name for (name,) in cursor.fetchall()}
    return {*business_tables(), *EVIDENCE_TABLES} - guarded


def test_every_business_table_and_all_evidence_refuse_deletion(world: Any) -> None:
    assert unguarded() == set()


@pytest.mark.usefixtures("table_owner")
def test_a_removed_guard_is_noticed(world: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("drop trigger row_stays on devices_device")
        assert unguarded() == {"devices_device"}
        cursor.execute("alter table audit_provenance enable trigger row_stays")
        assert unguarded() == {"devices_device", "audit_provenance"}


@pytest.mark.usefixtures("table_owner")
def test_even_a_superuser_deletes_nothing_and_going_round_triggers_does_not_help(
    device: Device,
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select usesuper from pg_user where usename = current_user")
        assert cursor.fetchone() == (True,)
    with recorded(actor="test", command="test"):
        refused("KT006", "delete from devices_device where id = %s", [device.pk])
        refused("KT006", "delete from audit_provenance where gid = %s", [device.pk])
    with connection.cursor() as cursor:
        cursor.execute("set local session_replication_role = replica")
    refused("KT006", "delete from devices_device where id = %s", [device.pk])
    refused("KT006", "truncate devices_device cascade")
    assert Device.objects.filter(pk=device.pk).exists()


def _attempt(statement: str) -> str:
    """What became of a statement: its SQLSTATE, or how many rows it took away."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
            return f"{cursor.rowcount} rows"
    except DatabaseError as error:
        return str(error.__cause__.sqlstate)


def _count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"select count(*) from {table}")
        (count,) = cursor.fetchone()
        return int(count)


#: A table with records of people, of the business, of the record itself, and of its evidence.
KEPT = (
    "devices_device", "parties_party", "products_product", "onboarding_run", "onboarding_issue",
    "identity_user", "identity_rolegrant", "audit_legalhold", "audit_provenance", "audit_origin",
    "audit_fieldset", "audit_change", "audit_transaction",
)  # fmt: skip


@pytest.mark.parametrize("who", ["kintsugi_runtime", "kintsugi_system", "an owner", "a superuser"])
@pytest.mark.usefixtures("table_owner")
def test_nobody_deletes_anything_by_hand(device: Device, person: Any, who: str) -> None:
    """Raw SQL of every kind of account, with a context as the product gives it; the superuser
    switches off what a setting can switch off. KT006 is the refusal that rows are kept, 42501 that
    of a missing right, KT002 the log's own."""
    with recorded(actor="test", command="test"):
        place_hold(actor=person, kind="device", key="S-001", reason="案件 7", at=AT)
        # A setting lets a superuser past the log's own refusal; the seal names what he takes.
        tables = [one for one in KEPT if who != "a superuser" or one not in LOG]
        before = {table: _count(table) for table in tables}
        assert min(before.values()) > 0, before
        with connection.cursor() as cursor:
            if who == "an owner":
                cursor.execute("create role an_owner nologin")
                cursor.execute("grant usage, create on schema public to an_owner")
                for table in tables:
                    cursor.execute(f"alter table {table} owner to an_owner")
                cursor.execute("set local role an_owner")
            elif who == "a superuser":
                cursor.execute("set local session_replication_role = replica")
            else:
                cursor.execute(f"set local role {who}")
        tried = {
            (what, table): _attempt(statement.format(table))
            for what, statement in (
                ("delete", "delete from {}"),
                ("truncate", "truncate {} cascade"),
            )
            for table in tables
        }
        with connection.cursor() as cursor:
            cursor.execute("set local role none")
            cursor.execute("set local session_replication_role = origin")
    # A row that a scope does not show is not there to be deleted; nothing else comes through.
    let_through = {one: said for one, said in tried.items() if said not in REFUSED}
    assert set(let_through.values()) <= ({"0 rows"} if who == "kintsugi_runtime" else set())
    assert {table: _count(table) for table in before} == before


LOG = frozenset({"audit_change", "audit_transaction"})
REFUSED = frozenset({"KT001", "KT002", "KT003", "KT004", "KT006", "42501", "55000"})


def test_voiding_stays_possible(device: Device) -> None:
    with recorded(actor="test", command="test"):
        Device.objects.filter(pk=device.pk).update(is_void=True, void_reason="double")
    assert Device.objects.get(pk=device.pk).is_void


# -- how long --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("implant", "expiry", "clause", "until"),
    [
        (True, dt.date(2027, 2, 28), "implant", None),
        (None, dt.date(2027, 2, 28), "implant_unknown", None),
        (False, dt.date(2027, 2, 28), "expiry", dt.date(2029, 2, 28)),
        (False, dt.date(2028, 2, 29), "expiry", dt.date(2030, 2, 28)),
        (False, None, "no_expiry", dt.date(2031, 11, 23)),
    ],
)
def test_the_date_follows_from_the_rule(
    device: Device, implant: bool | None, expiry: dt.date | None, clause: str, until: Any
) -> None:
    with recorded(actor="test", command="test"):
        Product.objects.filter(pk=device.product_id).update(is_implant=implant)
        Device.objects.filter(pk=device.pk).update(expiry_date=expiry, mfg_date=None, updated_at=AT)
    found = kept(entity="device", record=device)
    assert found is not None
    assert (found.clause.code, found.until) == (clause, until)
    assert found.clause.reason.zh
    assert found.clause.reason.en


def test_what_becomes_due_is_listed_and_stays(device: Device) -> None:
    with recorded(actor="test", command="test"):
        Product.objects.filter(pk=device.product_id).update(is_implant=False)
        Device.objects.filter(pk=device.pk).update(expiry_date=dt.date(2020, 1, 31), mfg_date=None)
    assert [d.serial_no for d in due(entity="device", on=dt.date(2022, 1, 31))] == ["S-001"]
    assert list(due(entity="device", on=dt.date(2022, 1, 30))) == []


# -- legal holds -----------------------------------------------------------------------------------


def test_a_hold_covers_the_device_by_itself_its_party_its_lot_and_its_changes(
    device: Device, person: Any
) -> None:
    with recorded(actor="test", command="test"):
        Device.objects.filter(pk=device.pk).update(lot_no="L-7")
    device.refresh_from_db()
    names = {
        place_hold(actor=person, kind=kind, key=key, reason="案件 7", at=AT).number
        for kind, key in (
            ("device", "S-001"),
            ("product", "P-100"),
            ("party", "第一医院"),
            ("lot", "P-100/L-7"),
            ("period", "2020-01-01/2100-01-01"),
        )
    }
    assert {hold.number for hold in holds_on(entity="device", record=device)} == names
    other = Device.objects.get(serial_no="S-003")
    assert {h.kind for h in holds_on(entity="device", record=other)} == {"period"}
    product = Product.objects.get(product_code="P-100")
    assert {h.kind for h in holds_on(entity="product", record=product)} == {"product", "period"}
    hospital = Party.objects.get(name="第一医院")
    assert {h.kind for h in holds_on(entity="party", record=hospital)} == {"party", "period"}


def test_the_one_who_placed_a_hold_cannot_release_it_another_can(
    device: Device, person: Any, other: Any
) -> None:
    hold = place_hold(actor=person, kind="device", key="S-001", reason="案件 7", at=AT)
    with pytest.raises(KintsugiError) as caught:
        release_hold(actor=person, hold=hold, reason="done", at=AT)
    assert caught.value.code == "hold.same-person"
    released = release_hold(actor=other, hold=hold, reason="结案", at=AT + dt.timedelta(days=1))
    assert (released.released_by, holds_on(entity="device", record=device)) == ("王芳", [])
    with pytest.raises(KintsugiError) as caught:
        release_hold(actor=other, hold=hold, reason="again", at=AT + dt.timedelta(days=2))
    assert caught.value.code == "hold.released"


def test_the_database_itself_refuses_one_person_and_a_changed_order(
    device: Device, person: Any
) -> None:
    hold = place_hold(actor=person, kind="device", key="S-001", reason="案件 7", at=AT)
    release = (
        "update audit_legalhold set released_by_id = placed_by_id, released_by = 'x',"
        " released_at = now() + interval '1 year', release_reason = 'x' where id = %s"
    )
    with recorded(actor="test", command="test"):
        refused("23514", release, [hold.pk])
        refused("KT007", "update audit_legalhold set reason = 'y' where id = %s", [hold.pk])
        refused("KT007", "update audit_legalhold set is_void = true where id = %s", [hold.pk])
        refused("KT006", "delete from audit_legalhold where id = %s", [hold.pk])


def test_a_release_needs_a_reason_and_happens_once(device: Device, person: Any, other: Any) -> None:
    """In the service, over HTTP and in the database."""
    from tests.api.asking import logged_in
    from tests.api.asking import refused as refused_by_api

    hold = place_hold(actor=person, kind="device", key="S-001", reason="案件 7", at=AT)
    with pytest.raises(KintsugiError) as caught:
        release_hold(actor=other, hold=hold, reason="  ", at=AT + dt.timedelta(days=1))
    assert (caught.value.code, caught.value.facts["field"]) == ("hold.no-reason", "reason")
    silent = (
        "update audit_legalhold set released_by_id = %s, released_by = 'x',"
        " released_at = now() + interval '1 year', release_reason = '' where id = %s"
    )
    with recorded(actor="test", command="test"):
        refused("23514", silent, [other.person_id, hold.pk])
    assert [one.pk for one in holds_on(entity="device", record=device)] == [hold.pk]

    browser, url = logged_in(other), f"/api/v1/holds/{hold.number}/release"

    def release(reason: str) -> Any:
        return browser.post(url, {"reason": reason}, content_type="application/json")

    refused_by_api(release(""), 422, "api.invalid")
    assert release("结案").status_code == 200
    assert holds_on(entity="device", record=device) == []
    error = refused_by_api(release("again"), 409, "hold.released")
    assert error["facts"]["by"] == "王芳"
    with recorded(actor="test", command="test"):
        refused("KT007", "update audit_legalhold set release_reason = 'y' where id = %s", [hold.pk])
        refused(
            "KT007",
            "update audit_legalhold set released_at = null, released_by_id = null,"
            " released_by = '', release_reason = '' where id = %s",
            [hold.pk],
        )


def test_a_product_has_its_panel_and_its_pack(client: Any, device: Device) -> None:
    product = Product.objects.get(pk=device.product_id)
    made = client.post("/audit/holds/new/", {"kind": "product", "key": "P-100", "reason": "case 9"})
    assert made.status_code == 302
    page = client.get(f"/products/{product.pk}/").content.decode()
    assert "on legal hold" in page
    assert f"kind=product&amp;key={product.pk}" in page
    # The device of that product is kept by the same order.
    assert "on legal hold" in client.get(f"/devices/{device.pk}/").content.decode()


def test_a_hold_without_reason_or_subject_is_refused(world: Any, person: Any) -> None:
    for kind, key, reason, code in (
        ("device", "S-001", " ", "hold.no-reason"),
        ("run", "RUN-1", "x", "hold.kind"),
        ("device", "nobody", "x", "core.not-found"),
    ):
        with pytest.raises(KintsugiError) as caught:
            place_hold(actor=person, kind=kind, key=key, reason=reason, at=AT)
        assert caught.value.code == code
    assert not LegalHold.objects.exists()


# -- screens and API -------------------------------------------------------------------------------


def test_the_pages_show_rules_holds_and_what_is_due(client: Any, device: Device) -> None:
    answer = client.post(
        "/audit/holds/new/", {"kind": "device", "key": "S-001", "reason": "case 7"}
    )
    assert answer.status_code == 302
    page = client.get(answer["Location"]).content.decode()
    assert "in force" in page
    assert "case 7" in page
    record = client.get(f"/devices/{device.pk}/").content.decode()
    assert "on legal hold" in record
    assert "Kept until" in record
    listed = client.get("/audit/holds/").content.decode()
    assert "Two years after expiry." in listed
    assert client.get("/audit/retention/device/due/").status_code == 200
    assert client.get("/audit/retention/party/due/").status_code == 404
    again = client.post(f"{answer['Location']}release", {"reason": "done", "version": 1})
    assert again.status_code == 422
    assert "cannot release it" in again.content.decode()


def test_the_api_places_and_refuses(client: Any, device: Device) -> None:
    made = client.post(
        "/api/v1/holds",
        {"kind": "device", "key": "S-001", "reason": "case 8"},
        content_type="application/json",
    )
    assert made.status_code == 201, made.content
    number = made.json()["number"]
    refusal = client.post(
        f"/api/v1/holds/{number}/release",
        {"reason": "x"},
        content_type="application/json",
    )
    assert (refusal.status_code, refusal.json()["error"]["code"]) == (403, "hold.same-person")
    rules = client.get("/api/v1/retention").json()["items"]
    assert [one["entity"] for one in rules] == [
        "device", "product", "purchasing", "stock", "sales", "billing", "party", "record",
    ]  # fmt: skip
