"""A device and a party put right under two persons: plan, refusals, the record, its evidence."""

import datetime as dt

import pytest
from django.utils import timezone

from kintsugi.audit.selectors import evidence_of, history
from kintsugi.audit.services import recorded
from kintsugi.core.errors import KintsugiError, StaleVersion
from kintsugi.core.ids import uuid7
from kintsugi.core.scope import Scope, bound
from kintsugi.devices.corrections import CORRECTION as DEVICES
from kintsugi.devices.models import Device
from kintsugi.engine.values import norm
from kintsugi.identity.control import services as control
from kintsugi.identity.control.selectors import act_view, acts, waiting_for
from kintsugi.identity.signing.selectors import signatures
from kintsugi.parties.corrections import CORRECTION as PARTIES
from kintsugi.parties.models import Party
from kintsugi.products.models import Product
from tests.identity.control.people import decided, executed, verified

pytestmark = pytest.mark.django_db


@pytest.fixture
def device(db) -> Device:
    with recorded(actor="test", command="test"):
        product = Product.objects.create(product_code="P-1", name="监护仪", tracking="serial")
        return Device.objects.create(
            serial_no="SN-1", product=product, lot_no="A1", expiry_date=dt.date(2030, 5, 31),
            mfg_date=dt.date(2024, 1, 1), partial_dates=["mfg_date"],
        )  # fmt: skip


@pytest.fixture
def party(db) -> Party:
    with recorded(actor="test", command="test"):
        return Party.objects.create(
            party_key="示例市第一医院", name="示例市第一医院", roles=["customer"],
            name_key=norm("party_key", "示例市第一医院").value, phone=["+8610123"],
        )  # fmt: skip


def proposed(correction, row, author, **typed):
    with recorded(actor=author, command="test"):
        act = control.draft_act(
            kind=correction.name,
            subject_id=row.pk,
            plan=correction.plan(row, typed),
            reason="按铭牌",
            account=author,
            at=timezone.now(),
            key=uuid7().hex,
        )
        return control.submit_act(act_id=act.pk, account=author, at=timezone.now())


def corrected(correction, row, author, approver, **typed):
    return executed(decided(proposed(correction, row, author, **typed), approver), author)


def refused(code: str, **typed) -> KintsugiError:
    row = typed.pop("row")
    with pytest.raises(KintsugiError) as caught:
        DEVICES.plan(row, typed)
    assert caught.value.code == code
    return caught.value


# -- what is planned -------------------------------------------------------------------------------


def test_a_plan_holds_only_what_differs_as_the_contract_reads_it(device):
    plan = DEVICES.plan(
        device,
        {"serial_no": "ＳＮ－２", "lot_no": "A1", "mfg_date": "2024-01",
         "expiry_date": "2031年6月7日", "purchase_price": "12,500.50", "status": "installed"},
    )  # fmt: skip
    assert plan == {
        "version": 1,
        "changes": {
            "serial_no": {"from": "SN-1", "to": "SN-2"},
            "expiry_date": {"from": "2030-05-31", "to": "2031-06-07"},
            "purchase_price": {"from": None, "to": "12500.5"},
            "status": {"from": None, "to": "installed"},
        },
    }


def test_a_value_the_contract_refuses_is_named_with_its_field(device):
    error = refused("correction.invalid", row=device, expiry_date="2023-02-30")
    assert (error.facts["field"], error.facts["rule"]) == ("expiry_date", "date.invalid")
    assert refused("correction.invalid", row=device, status="flying").facts["field"] == "status"
    assert refused("correction.required", row=device, serial_no=" ").facts["field"] == "serial_no"
    error = refused("correction.invalid", row=device, customer="无此医院")
    assert error.facts["rule"] == "reference.unknown"
    assert refused("correction.invalid", row=device, mfg_date="2024").facts["field"] == "mfg_date"
    refused("correction.nothing", row=device, lot_no=" A1 ")
    refused("correction.unknown-field", row=device, version="7")


def test_what_another_record_or_field_contradicts_is_refused_before_anybody_approves(device, li):
    with recorded(actor="test", command="test"):
        Device.objects.create(serial_no="SN-9", product=device.product)
    for typed in ({"serial_no": "SN-9"}, {"expiry_date": "2001-01-01"}):
        with pytest.raises(KintsugiError) as caught:
            proposed(DEVICES, device, li, **typed)
        assert caught.value.code == "correction.contradicts"
    device.refresh_from_db()
    assert (device.serial_no, device.version) == ("SN-1", 1)


# -- what is done ----------------------------------------------------------------------------------


def test_a_device_is_corrected_and_verified(device, party, li, wang):
    act = corrected(
        DEVICES, device, li, wang,
        lot_no="A7", expiry_date="2031-06", mfg_date="2024-02-03", customer="示例市第一医院",
        purchase_date="2024-05",
    )  # fmt: skip
    device.refresh_from_db()
    assert (device.lot_no, device.version, device.customer) == ("A7", 2, party)
    # An expiry known to the month lasts to its end; other dates stay known to the month.
    assert (device.expiry_date, device.mfg_date) == (dt.date(2031, 6, 30), dt.date(2024, 2, 3))
    assert device.purchase_date == dt.date(2024, 5, 1)
    assert device.partial_dates == ["purchase_date"]
    assert verified(act, wang).status == "verified"


def test_a_party_is_corrected_with_what_follows_from_its_name(party, li, wang):
    act = corrected(
        PARTIES, party, li, wang, name="示例市人民医院", roles="customer、supplier", country=""
    )
    party.refresh_from_db()
    assert (party.name, party.name_sort) == ("示例市人民医院", "shi li shi ren min yi yuan")
    assert party.name_key
    assert party.roles == ["customer", "supplier"]
    assert verified(act, wang).status == "verified"


def test_a_record_changed_since_the_plan_is_not_overwritten(device, li, wang):
    act = decided(proposed(DEVICES, device, li, lot_no="A7"), wang)
    with recorded(actor="import", command="test"):
        Device.objects.filter(pk=device.pk).update(lot_no="B2", version=2)
    with pytest.raises(StaleVersion) as caught:
        executed(act, li)
    assert caught.value.facts["changed"] == {"lot_no": {"planned_from": "A1", "now": "B2"}}
    device.refresh_from_db()
    assert device.lot_no == "B2"


def test_what_was_changed_behind_the_act_is_found_by_the_verifier(device, li, wang):
    act = corrected(DEVICES, device, li, wang, lot_no="A7")
    with recorded(actor="x", command="test"):
        Device.objects.filter(pk=device.pk).update(lot_no="C3")
    with pytest.raises(KintsugiError) as caught:
        verified(act, wang)
    assert caught.value.facts["findings"] == ["correction.lot_no"]


def test_an_undone_correction_brings_the_old_values_back(device, li, wang):
    act = corrected(DEVICES, device, li, wang, lot_no="A7", expiry_date="2031-06")
    with recorded(actor=li, command="test"):
        undo = control.undo_act(
            act_id=act.pk, reason="误改", account=li, at=timezone.now(), key="1"
        )
        undo = control.submit_act(act_id=undo.pk, account=li, at=timezone.now())
    executed(decided(undo, wang), li)
    device.refresh_from_db()
    assert (device.lot_no, device.expiry_date) == ("A1", dt.date(2030, 5, 31))
    assert device.partial_dates == ["mfg_date"]


@pytest.mark.django_db(transaction=True)
def test_the_record_leads_from_the_value_to_the_act_and_its_people(device, li, wang):
    act = corrected(DEVICES, device, li, wang, lot_no="A7")
    change = history(row_id=device.pk)[0]
    assert change.transaction.command == "device.correct"
    assert change.transaction.reason == f"{act.number}: 按铭牌"
    evidence = evidence_of(gid=device.pk, entity="device")
    mended = evidence.mended["lot_no"]
    assert (mended.act, mended.author, mended.approver) == (act.number, "李明", "王芳")
    assert mended.url == f"/acts/{act.pk}/"
    assert evidence.entries[0].act == mended
    assert set(evidence.mended) >= {"lot_no"}
    assert "serial_no" not in evidence.mended


def test_acts_on_records_outside_the_scope_are_neither_listed_nor_shown(device, party, li, wang):
    act = decided(proposed(DEVICES, device, li, lot_no="A7"), wang)
    with bound(Scope(customers=frozenset({party.pk}))):
        assert not acts().exists()
        assert not waiting_for(li.person).exists()
        assert not signatures().exists()
        with pytest.raises(Device.DoesNotExist):
            act_view(act, account=li)
    with recorded(actor="t", command="t"):
        Device.objects.filter(pk=device.pk).update(customer=party)
    with bound(Scope(customers=frozenset({party.pk}))):
        assert list(acts()) == [act]
        assert act_view(act, account=li).subject_url == f"/devices/{device.pk}/"
        assert signatures().count() == 1
