"""Acts through the services: one act's way, refusals in words, once however often, two at once."""

import threading

import pytest
from django.db import connection
from django.utils import timezone

from kintsugi.audit.models import Change
from kintsugi.audit.services import recorded
from kintsugi.core.errors import Conflict, IllegalTransition, KintsugiError, StaleVersion
from kintsugi.core.ids import uuid7
from kintsugi.identity.control import services as control
from kintsugi.identity.control.models import Act, Approval, Execution, Verification
from kintsugi.identity.control.selectors import act_view, waiting_for
from kintsugi.identity.signing.models import Signature
from kintsugi.identity.signing.selectors import verify_signature
from tests.identity.control.people import (
    account,
    decided,
    draft,
    edited,
    executed,
    proof,
    revisions,
    submitted,
    verified,
)

pytestmark = pytest.mark.django_db


def refused(code: str, attempt, *args, **kwargs) -> KintsugiError:
    with pytest.raises(KintsugiError) as caught:
        attempt(*args, **kwargs)
    assert caught.value.code == code
    return caught.value


def test_an_act_goes_from_draft_to_verified_with_three_signatures(note, li, wang):
    act = verified(executed(decided(submitted(li, note), wang), li), wang)
    assert (act.status, note.text) == ("verified", "new")
    signed = Signature.objects.filter(object_id=act.pk).order_by("signed_at")
    assert [(s.printed_name, s.meaning) for s in signed] == [
        ("王芳", "approved"), ("李明", "executed"), ("王芳", "verified"),
    ]  # fmt: skip
    assert {s.content_sha256 for s in signed} == {act.plan_sha256}
    assert {verify_signature(s).state for s in signed} == {"holds"}
    assert Execution.objects.get(act=act).result == {"text": "new"}
    assert Verification.objects.get(act=act).findings == []


def test_the_rule_that_refuses_is_named(note, li, wang):
    act = submitted(li, note)
    refused("control.self-approval", decided, act, li)
    refused("signing.stale-authentication", decided, act, wang, proof=proof(wang, age_s=121))
    act = decided(act, wang)
    refused("control.checker-executes", executed, act, wang)
    act = executed(act, li)
    refused("control.executor-verifies", verified, act, li)
    assert (note.text, Verification.objects.count()) == ("new", 0)


def test_a_refused_step_leaves_nothing_behind(note, li):
    act = submitted(li, note)
    refused("control.self-approval", decided, act, li)
    act.refresh_from_db()
    assert act.status == "submitted"
    assert not Signature.objects.exists()
    assert not Approval.objects.exists()


def test_what_nobody_approved_is_not_executed(note, li):
    refused("control.unapproved", executed, submitted(li, note), li)
    assert note.text == "old"


def test_a_refusal_states_its_reason_and_the_author_may_try_again(note, li, wang):
    act = submitted(li, note)
    refused("signing.reason-missing", decided, act, wang, "refused", reason=" ")
    act = decided(act, wang, "refused", reason="序列号看不清")
    assert act.status == "refused"
    again = edited(act, li, note)
    assert (again.status, again.revision, len(revisions(act))) == ("draft", 2, 2)


def test_an_edited_plan_needs_a_new_approval(note, li, wang):
    act = decided(submitted(li, note), wang)
    old = Signature.objects.get(meaning="approved")
    act = edited(act, li, note)
    refused("control.unapproved", executed, act, li)
    assert verify_signature(old).state == "content-changed"
    with recorded(actor=li, command="test"):
        act = control.submit_act(act_id=act.pk, account=li, at=timezone.now())
    act = executed(decided(act, wang), li)
    assert (act.status, note.text) == ("executed", "other")


def test_another_plan_than_the_one_on_the_screen_is_not_approved(note, li, wang):
    act = submitted(li, note)
    seen = act.plan_sha256
    act = edited(act, li, note)
    with recorded(actor=li, command="test"):
        act = control.submit_act(act_id=act.pk, account=li, at=timezone.now())
    refused("signing.content-changed", decided, act, wang, expected_sha256=seen)


def test_a_plan_whose_record_moved_on_is_refused_and_nothing_is_recorded(note, li, wang):
    act = decided(submitted(li, note), wang)
    note.text = "changed by another"
    with pytest.raises(StaleVersion):
        executed(act, li)
    act.refresh_from_db()
    assert (act.status, Execution.objects.count()) == ("approved", 0)


def test_another_refusal_of_the_app_is_a_failed_execution_on_record(note, li, wang):
    act = decided(submitted(li, note), wang)
    note.fails = "note.locked"
    act = executed(act, li)
    run = Execution.objects.get(act=act)
    assert (act.status, run.outcome, note.text) == ("failed", "failed", "old")
    assert run.result["error"]["code"] == "note.locked"


def test_what_differs_from_the_plan_is_not_verified_but_may_be_failed(note, li, wang):
    act = executed(decided(submitted(li, note), wang), li)
    note.text = "something else"
    error = refused("control.findings-remain", verified, act, wang)
    assert error.facts["findings"] == ["note.differs"]
    act = verified(act, wang, "failed")
    found = Verification.objects.get(act=act)
    assert (act.status, found.meaning, found.findings[0]["code"]) == (
        "failed", "refused", "note.differs",
    )  # fmt: skip


def test_an_act_is_undone_by_another_act_under_two_persons(note, li, wang):
    act = executed(decided(submitted(li, note), wang), li)
    with recorded(actor=li, command="test"):
        undo = control.undo_act(
            act_id=act.pk, reason="改错了", account=li, at=timezone.now(), key="u"
        )
        control.submit_act(act_id=undo.pk, account=li, at=timezone.now())
    undo.refresh_from_db()
    executed(decided(undo, wang), li)
    act.refresh_from_db()
    assert (act.status, note.text) == ("compensated", "old")


def test_only_the_author_changes_or_submits(note, li, wang):
    act = draft(li, note)
    refused("control.not-author", edited, act, wang, note)
    with recorded(actor=wang, command="test"):
        refused("control.not-author", control.submit_act, act_id=act.pk, account=wang,
                at=timezone.now())  # fmt: skip


def test_no_step_is_skipped(note, li, wang):
    act = draft(li, note)
    refused("control.wrong-state", decided, act, wang)
    with recorded(actor=li, command="test"), pytest.raises(IllegalTransition):
        control.withdraw_act(act_id=executed(decided(submitted(li, note), wang), li).pk, account=li)


# -- once, however often ---------------------------------------------------------------------------


def test_the_same_key_twice_gives_the_same_answer(note, li, wang):
    act = submitted(li, note)
    key = uuid7().hex
    first = decided(act, wang, key=key)
    again = decided(act, wang, key=key)
    assert (first.pk, first.version) == (again.pk, again.version)
    assert Approval.objects.count() == Signature.objects.count() == 1
    with pytest.raises(Conflict):
        decided(act, wang, "refused", key=key)


def test_a_draft_is_written_once_for_a_key(note, li):
    given = {"kind": "test.note", "subject_id": note.pk, "plan": {"from": "old", "to": "b"},
             "reason": "r", "account": li, "at": timezone.now(), "key": "same"}  # fmt: skip
    with recorded(actor=li, command="test"):
        assert control.draft_act(**given) == control.draft_act(**given)
    assert Act.objects.count() == 1


def test_an_execution_happens_once(note, li, wang, zhao):
    act = executed(decided(submitted(li, note), wang), li)
    refused("control.wrong-state", executed, act, zhao)
    assert note.done == [act.number]


@pytest.mark.django_db(transaction=True)
def test_of_two_approvers_at_once_one_decides(note, li, wang, zhao):
    act = submitted(li, note)
    start, outcomes = threading.Barrier(2), []

    def decide(person, decision) -> None:
        try:
            start.wait(10)
            decided(act, person, decision)
            outcomes.append(decision)
        except KintsugiError as error:
            outcomes.append(error.code)
        finally:
            connection.close()

    both = [threading.Thread(target=decide, args=pair)
            for pair in ((wang, "approved"), (zhao, "refused"))]  # fmt: skip
    for one in both:
        one.start()
    for one in both:
        one.join(20)
    act.refresh_from_db()
    decision = Approval.objects.get(act=act).decision
    assert sorted(outcomes) == sorted([decision, "control.wrong-state"])
    assert act.status == decision
    assert Signature.objects.count() == 1


# -- what people see -------------------------------------------------------------------------------


def test_the_inbox_holds_what_a_person_may_sign(note, li, wang):
    act = submitted(li, note)
    assert list(waiting_for(li.person)) == []
    assert list(waiting_for(wang.person)) == [act]
    act = decided(act, wang)
    assert list(waiting_for(wang.person)) == []
    assert list(waiting_for(li.person)) == [act]
    act = executed(act, li)
    assert list(waiting_for(li.person)) == []
    assert list(waiting_for(wang.person)) == [act]


def test_the_inbox_counts_persons_not_accounts(note, li):
    act = submitted(li, note)
    twin = account("李明", person=li.person)
    assert list(waiting_for(twin.person)) == []
    view = act_view(act, account=twin)
    assert {s.name: s.permitted for s in view.steps} == {
        "approve": False, "refuse": False, "withdraw": True,
    }  # fmt: skip
    assert view.closed_steps[0].why_not.en == "You wrote the plan."


@pytest.mark.django_db(transaction=True)
def test_the_change_log_names_the_act_as_the_cause(note, li, wang):
    act = decided(submitted(li, note), wang)
    with recorded(actor=li, command="POST /acts"):
        executed(act, li)
    change = Change.objects.get(row_id=Execution.objects.get(act=act).pk, op="I")
    cause = change.transaction
    assert (cause.command, cause.reason) == ("test.note", f"{act.number}: 按铭牌更正")
    assert cause.facts["approved_by"] == "王芳"
    assert cause.actor == "李明"
