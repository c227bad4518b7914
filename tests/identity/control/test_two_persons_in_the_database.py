"""Seven illegal acts in raw SQL as the runtime role, each refused; three legal ones pass.

The steps before the one that is tried go through the services, so that nothing else is wrong.
"""

import datetime as dt
import threading

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from kintsugi.identity.control.models import Approval, Execution
from kintsugi.identity.models import User
from kintsugi.identity.signing.refusals import refusal_of
from kintsugi.identity.signing.services import session_hash
from tests.identity.control.people import (
    account,
    approval,
    decided,
    draft,
    edited,
    executed,
    execution,
    insert,
    runtime,
    signature,
    submitted,
    update_status,
    verification,
)

pytestmark = pytest.mark.django_db


def refused(code: str, rule: str, attempt, *args, **kwargs) -> None:
    """The database refuses by this rule, and the rule has its words."""
    with pytest.raises(DatabaseError) as caught, runtime():
        attempt(*args, **kwargs)
    found = refusal_of(caught.value)
    assert found is not None, caught.value
    assert (found.code, found.facts["rule"]) == (code, rule)
    assert found.message.zh
    assert found.remedy.en


def approved_act(note, author: User, approver: User):
    act = decided(submitted(author, note), approver)
    return act, Approval.objects.get(act=act)


# -- the seven -------------------------------------------------------------------------------------


def test_1_an_author_does_not_approve_his_own_plan(note, li):
    act = submitted(li, note)
    refused(
        "control.self-approval", "approval_second_person",
        approval, act, signature(li, act, "approved"),
    )  # fmt: skip


def test_2_a_stale_authentication_signs_nothing(note, li, wang):
    act = submitted(li, note)
    stale = timezone.now() - dt.timedelta(seconds=119)
    with runtime():
        fresh = insert(
            "identity_reauthentication",
            account_id=wang.pk,
            person_id=wang.person_id,
            at=stale,
            method="password",
            session_hash=session_hash("s"),
        )
    values = {
        "person_id": wang.person_id,
        "account_id": wang.pk,
        "printed_name": "王芳",
        "meaning": "approved",
        "object_kind": "act",
        "object_id": act.pk,
        "object_title": act.number,
        "content": act.revisions.get().content,
        "content_sha256": act.plan_sha256,
        "authenticated_at": stale,
        "method": "password",
        "reauthentication_id": fresh,
    }
    late = {**values, "signed_at": stale + dt.timedelta(seconds=121)}
    refused(
        "signing.stale-authentication", "signature_authentication_fresh",
        insert, "identity_signature", **late,
    )  # fmt: skip
    # Neither does another time make it fresh, nor an authentication as old when it is written.
    now = timezone.now()
    forged = {**values, "signed_at": now, "authenticated_at": now}
    refused(
        "signing.foreign-authentication", "signature_authentication",
        insert, "identity_signature", **forged,
    )  # fmt: skip
    for days, code, rule in (
        (-1, "signing.stale-authentication", "signature_authentication_fresh"),
        (1, "signing.clock", "KT030"),
    ):
        refused(
            code, rule,
            insert, "identity_reauthentication", account_id=wang.pk, person_id=wang.person_id,
            at=now + dt.timedelta(days=days), method="password", session_hash="",
        )  # fmt: skip


@pytest.mark.parametrize("meaning", ["reviewed", "executed", "refused"])
def test_3_a_signature_of_another_meaning_approves_nothing(note, li, wang, meaning):
    act = submitted(li, note)
    signed = signature(wang, act, meaning)
    refused("control.unfit-signature", "approval_signature", approval, act, signed)
    refused("control.unfit-signature", "approval_meaning", approval, act, signed, meaning=meaning)


def test_4_what_nobody_approved_is_not_executed(note, li, wang):
    act = submitted(li, note)
    signed = signature(li, act, "executed")
    refused("control.unapproved", "execution_approval", execution, act, signed, None)
    # Nor does the approval of another act serve, nor a refusal.
    _other, approved = approved_act(note, li, wang)
    refused("control.unapproved", "execution_approval", execution, act, signed, approved)
    no = decided(submitted(li, note), wang, "refused")
    refusal = Approval.objects.get(act=no)
    refused(
        "control.unapproved", "execution_approval",
        execution, no, signature(li, no, "executed"), refusal,
    )  # fmt: skip


def test_5_a_plan_edited_after_its_approval_is_not_executed(note, li, wang):
    act, approved = approved_act(note, li, wang)
    old_hash, signed_before = act.plan_sha256, signature(li, act, "executed")
    now = edited(act, li, note)
    assert (now.status, now.revision) == ("draft", 2)
    refused(
        "control.plan-changed", "execution_of_present_plan",
        execution, now, signed_before, approved, revision=1, plan_sha256=old_hash,
    )  # fmt: skip
    signed = signature(li, now, "executed")
    refused("control.unapproved", "execution_approval", execution, now, signed, approved)
    # Nor is the plan changed under its approval.
    with pytest.raises(DatabaseError) as caught, runtime(), connection.cursor() as cursor:
        cursor.execute("update identity_actrevision set content = '{}' where act_id = %s", [act.pk])
    assert caught.value.__cause__.sqlstate == "KT004"


def test_6_who_approved_does_not_execute(note, li, wang):
    act, approved = approved_act(note, li, wang)
    refused(
        "control.checker-executes", "execution_not_by_checker",
        execution, act, signature(wang, act, "executed"), approved,
    )  # fmt: skip


def test_7_neither_executor_nor_author_verifies(note, li, wang, zhao):
    act = executed(approved_act(note, li, wang)[0], zhao)
    run = Execution.objects.get(act=act)
    for person in (zhao, li):
        refused(
            "control.executor-verifies", "verification_by_a_third_eye",
            verification, act, signature(person, act, "verified"), run,
        )  # fmt: skip


# -- the three that are legal ----------------------------------------------------------------------


def test_a_second_person_approves(note, li, wang):
    act = submitted(li, note)
    signed = signature(wang, act, "approved")
    with runtime():
        approval(act, signed)
        update_status(act, "approved")
    act.refresh_from_db()
    assert act.status == "approved"


def test_the_author_executes_what_a_second_person_approved(note, li, wang):
    act, approved = approved_act(note, li, wang)
    signed = signature(li, act, "executed")
    with runtime():
        execution(act, signed, approved)
        update_status(act, "executing")
    act.refresh_from_db()
    assert act.status == "executing"


def test_the_approver_verifies_what_the_author_executed(note, li, wang):
    act = executed(approved_act(note, li, wang)[0], li)
    signed = signature(wang, act, "verified")
    with runtime():
        verification(act, signed, Execution.objects.get(act=act))
        update_status(act, "verified")
    act.refresh_from_db()
    assert act.status == "verified"


# -- persons, not accounts -------------------------------------------------------------------------


def test_a_second_account_of_the_author_is_no_second_person(note, li):
    act = submitted(li, note)
    twin = account("李明", person=li.person)
    refused(
        "control.self-approval", "approval_second_person",
        approval, act, signature(twin, act, "approved"),
    )  # fmt: skip


def moved(user: User, person) -> None:
    """Two persons turn out to be one: the account is given to the other."""
    from kintsugi.audit.services import recorded

    with recorded(actor="test", command="test.merge"):
        User.objects.filter(pk=user.pk).update(person=person)


def test_an_author_merged_with_the_approver_before_the_approval_is_one_person(note, li, wang):
    act = submitted(li, note)
    moved(li, wang.person)
    refused(
        "control.self-approval", "approval_second_person",
        approval, act, signature(wang, act, "approved"),
    )  # fmt: skip


def test_an_author_merged_with_the_approver_after_it_makes_the_approval_void(note, li, wang, zhao):
    act, approved = approved_act(note, li, wang)
    moved(wang, li.person)
    refused(
        "control.self-approval", "approval_second_person",
        execution, act, signature(zhao, act, "executed"), approved,
    )  # fmt: skip


def test_an_executor_merged_with_the_verifier_is_one_person(note, li, wang, zhao):
    act = executed(approved_act(note, li, wang)[0], zhao)
    moved(zhao, wang.person)
    refused(
        "control.executor-verifies", "verification_by_a_third_eye",
        verification, act, signature(wang, act, "verified"), Execution.objects.get(act=act),
    )  # fmt: skip


# -- states and records ----------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["approved", "executing", "verified", "compensated"])
def test_a_state_is_not_reached_without_what_brings_it_about(note, li, status):
    act = submitted(li, note)
    refused_state(act, status)


def refused_state(act, status: str) -> None:
    with pytest.raises(DatabaseError) as caught, runtime():
        update_status(act, status)
    assert caught.value.__cause__.sqlstate == "KT034"


def test_an_act_does_not_change_what_it_is_about(note, li):
    act = draft(li, note)
    with pytest.raises(DatabaseError) as caught, runtime(), connection.cursor() as cursor:
        cursor.execute("update identity_act set subject_id = %s where id = %s", [li.pk, act.pk])
    assert caught.value.__cause__.sqlstate == "KT035"


@pytest.mark.parametrize(
    "table",
    ["identity_signature", "identity_reauthentication", "identity_approval", "identity_execution",
     "identity_actrevision", "identity_act"],
)  # fmt: skip
def test_the_record_of_an_act_is_not_deleted(note, li, wang, table):
    executed(approved_act(note, li, wang)[0], li)
    with pytest.raises(DatabaseError) as caught, runtime(), connection.cursor() as cursor:
        cursor.execute(f"delete from {table}")
    assert caught.value.__cause__.sqlstate == "KT004"


def test_an_ended_execution_is_not_rewritten(note, li, wang):
    executed(approved_act(note, li, wang)[0], li)
    with pytest.raises(DatabaseError) as caught, runtime(), connection.cursor() as cursor:
        cursor.execute("update identity_execution set outcome = 'failed'")
    assert caught.value.__cause__.sqlstate == "KT004"


def test_nobody_signs_under_another_name_or_for_another_person(note, li, wang):
    act = submitted(li, note)
    now = timezone.now()
    with runtime():
        fresh = insert(
            "identity_reauthentication",
            account_id=wang.pk,
            person_id=wang.person_id,
            at=now,
            method="password",
            session_hash="",
        )
    values = {
        "account_id": wang.pk,
        "meaning": "approved",
        "object_kind": "act",
        "object_id": act.pk,
        "object_title": act.number,
        "content": act.revisions.get().content,
        "content_sha256": act.plan_sha256,
        "authenticated_at": now,
        "signed_at": now,
        "method": "password",
        "reauthentication_id": fresh,
    }
    for person, name in ((wang.person_id, "李明"), (li.person_id, "李明")):
        refused(
            "signing.foreign-account", "KT031",
            insert, "identity_signature", **values, person_id=person, printed_name=name,
        )  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_while_one_decides_nobody_else_touches_the_act(note, li, wang):
    """Even in raw SQL: the act's row is locked from the approval on until its transaction ends."""
    act = submitted(li, note)
    signed = signature(wang, act, "approved")
    outcomes = []

    def touch() -> None:
        try:
            with connection.cursor() as cursor, transaction.atomic():
                cursor.execute(
                    "select 1 from identity_act where id = %s for update nowait", [act.pk]
                )
            outcomes.append("free")
        except DatabaseError as error:
            outcomes.append(error.__cause__.sqlstate)
        finally:
            connection.close()

    def at_the_same_time() -> None:
        other = threading.Thread(target=touch)
        other.start()
        other.join(20)

    with runtime():
        approval(act, signed)
        at_the_same_time()
    at_the_same_time()
    assert outcomes == ["55P03", "free"]
