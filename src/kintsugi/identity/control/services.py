"""Acts under two persons: plan, submit, decide, execute, verify, undo.

Services do not repeat who may do what: the database refuses (``sql/control.sql``) and
``signing.refusals`` says its refusal in words. What a step leaves behind is one row each, in one
transaction with its signature. Identity lies below audit: the caller opens the context.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from kintsugi.core.commands import run_once
from kintsugi.core.errors import KintsugiError, NotFound, StaleVersion
from kintsugi.core.numbering import next_number
from kintsugi.engine.text import Text
from kintsugi.identity.control.cause import name_cause
from kintsugi.identity.control.kinds import Plan, kind_of
from kintsugi.identity.control.models import Act, ActRevision, Approval, Execution, Verification
from kintsugi.identity.control.states import ACT
from kintsugi.identity.models import Person, User
from kintsugi.identity.signing.content import canonical, digest
from kintsugi.identity.signing.models import Signature
from kintsugi.identity.signing.refusals import RULES, explained
from kintsugi.identity.signing.services import Proof, sign


def act_by_id(act_id: UUID) -> Act:
    """The act, locked until the transaction ends. Raises NotFound."""
    found = Act.objects.select_for_update(of=("self",)).filter(pk=act_id).first()
    if found is None:
        raise NotFound(Text("操作", "act"), str(act_id))
    return found


def revision_of(act: Act) -> ActRevision:
    """The present revision of an act."""
    return ActRevision.objects.get(act=act, revision=act.revision)


# -- planning --------------------------------------------------------------------------------------


def draft_act(
    *,
    kind: str,
    subject_id: UUID,
    plan: Plan,
    reason: str,
    account: User,
    at: dt.datetime,
    key: str,
    compensates: Act | None = None,
) -> Act:
    """Write a plan down; nobody but its author has to do with it yet.

    The same ``key`` with the same content gives the same act. Raises what the kind's ``check``
    raises, ``control.reason-missing``, or ``core.not-found`` for an unknown kind or record.
    """

    def work() -> dict[str, Any]:
        known = kind_of(kind)
        known.check(subject_id, plan)
        title, _url = known.subject(subject_id)
        person = _person(account)
        act = Act(
            number=next_number(prefix="ACT", on=timezone.localtime(at).date()),
            kind=kind,
            subject_kind=known.subject_kind,
            subject_id=subject_id,
            subject_title=title[:300],
            status="draft",
            revision=1,
            author=person,
            reason=_reason(reason),
            compensates=compensates,
        )
        with explained(act=act.number):
            _write_revision(act, plan, person, account, at)
        return {"act": str(act.pk)}

    payload = {"kind": kind, "subject": str(subject_id), "plan": dict(plan), "reason": reason}
    done = run_once(scope=f"act.draft:{account.pk}", key=key, payload=payload, work=work)
    return Act.objects.get(pk=done["act"])


def draft_typed(
    *,
    kind: str,
    subject_id: UUID,
    typed: Mapping[str, str | None],
    reason: str,
    account: User,
    at: dt.datetime,
    key: str,
) -> Act:
    """What a form was filled with, as the draft of an act; raises what the kind's ``plan`` does."""
    plan = kind_of(kind).plan(subject_id, typed)
    return draft_act(
        kind=kind, subject_id=subject_id, plan=plan, reason=reason, account=account, at=at, key=key
    )


def revise_act(*, act_id: UUID, plan: Plan, reason: str, account: User, at: dt.datetime) -> Act:
    """Change the plan of an act that is not being executed: a new revision and a draft again, so
    that an approval given before no longer fits. Raises ``control.not-author`` for others."""
    act = act_by_id(act_id)
    person = _author_only(act, account)
    kind_of(act.kind).check(act.subject_id, plan)
    if act.status not in ("draft", "submitted", "refused", "approved"):
        ACT.check(act.status, "draft")
    name_cause(command="act.revise", reason=f"{act.number}: {reason}", act=act.number)
    act.revision += 1
    act.status = "draft"
    act.author = person
    act.reason = _reason(reason)
    act.submitted_at = None
    with explained(act=act.number):
        _write_revision(act, plan, person, account, at)
    return act


def _write_revision(act: Act, plan: Plan, person: Person, account: User, at: dt.datetime) -> None:
    """The act with its present revision; the database compares the two when the block ends."""
    text = canonical(
        {
            "act": act.number,
            "revision": act.revision,
            "kind": act.kind,
            "subject": {"kind": act.subject_kind, "id": act.subject_id, "title": act.subject_title},
            "plan": dict(plan),
            "reason": act.reason,
            "author": {"id": person.pk, "name": person.name},
        }
    )
    act.plan_sha256 = digest(text)
    if act.revision == 1:
        act.save(force_insert=True)
    ActRevision.objects.create(
        act=act,
        revision=act.revision,
        content=text,
        plan_sha256=act.plan_sha256,
        author=person,
        account=account,
        written_at=at,
    )
    if act.revision > 1:
        _move(
            act,
            act.status,
            revision=act.revision,
            plan_sha256=act.plan_sha256,
            author=person,
            reason=act.reason,
            submitted_at=None,
        )


def submit_act(*, act_id: UUID, account: User, at: dt.datetime) -> Act:
    """Ask for approval. Safe to repeat. Raises ``control.not-author``, or what the kind's
    ``check`` raises."""
    act = act_by_id(act_id)
    _author_only(act, account)
    if act.status == "submitted":
        return act
    ACT.check(act.status, "submitted")
    kind_of(act.kind).check(act.subject_id, revision_of(act).plan)
    name_cause(command="act.submit", reason=f"{act.number}: {act.reason}", act=act.number)
    with explained(act=act.number):
        return _move(act, "submitted", submitted_at=at)


def withdraw_act(*, act_id: UUID, account: User) -> Act:
    """Take a submitted act back to change it."""
    act = act_by_id(act_id)
    _author_only(act, account)
    if act.status != "submitted":
        raise _wrong_state(act, "draft")
    with explained(act=act.number):
        return _move(act, "draft", submitted_at=None)


def cancel_act(*, act_id: UUID, account: User) -> Act:
    """Give up a draft or a refused act; it stays on record."""
    act = act_by_id(act_id)
    _author_only(act, account)
    if act.status == "cancelled":
        return act
    ACT.check(act.status, "cancelled")
    with explained(act=act.number):
        return _move(act, "cancelled")


# -- deciding, executing, verifying ----------------------------------------------------------------


def decide_act(
    *,
    act_id: UUID,
    decision: str,
    proof: Proof,
    reason: str,
    at: dt.datetime,
    expected_sha256: str,
    key: str,
) -> Act:
    """Approve or refuse the revision whose hash the person saw, with a signature of that meaning.

    Raises KintsugiError: ``control.self-approval``, ``control.wrong-state``,
    ``signing.content-changed``, ``signing.stale-authentication``, ``signing.reason-missing`` …
    """

    def work() -> dict[str, Any]:
        act = act_by_id(act_id)
        revision = revision_of(act)
        if decision == "approved" and act.status == "submitted":
            kind_of(act.kind).check(act.subject_id, revision.plan)
        name_cause(
            command=f"act.{'approve' if decision == 'approved' else 'refuse'}",
            reason=f"{act.number}: {reason or act.reason}",
            act=act.number,
        )
        signature = _sign(act, decision, proof, reason, at, expected_sha256)
        with explained(act=act.number):
            Approval.objects.create(
                **_of(revision),
                approver=signature.person,
                account=proof.account,
                decision=decision,
                meaning=decision,
                signature=signature,
                decided_at=at,
            )
            _move(act, decision)
        return {"act": str(act.pk)}

    return _once("decide", act_id, proof, key, work, decision=decision, plan=expected_sha256)


def execute_act(
    *, act_id: UUID, proof: Proof, at: dt.datetime, expected_sha256: str, key: str, reason: str = ""
) -> Act:
    """Carry the approved plan out, once, through the owning app's service.

    Raises StaleVersion where the record moved on since the plan was written: nothing is recorded
    then. Another refusal of the app is recorded and the act is ``failed``. Further KintsugiErrors:
    ``control.unapproved``, ``control.checker-executes``, ``control.plan-changed`` …
    """

    def work() -> dict[str, Any]:
        act = act_by_id(act_id)
        revision = revision_of(act)
        approval = Approval.objects.filter(
            act=act, revision=act.revision, decision="approved"
        ).first()
        if approval is None:
            raise _refused("execution_approval", act)
        name_cause(
            command=act.kind,
            reason=f"{act.number}: {act.reason}",
            act=act.number,
            act_id=str(act.pk),
            revision=act.revision,
            author=act.author.name,
            approved_by=approval.approver.name,
        )
        signature = _sign(act, "executed", proof, reason, at, expected_sha256)
        with explained(act=act.number):
            execution = Execution.objects.create(
                **_of(revision),
                approval=approval,
                approver_id=approval.approver_id,
                executor=signature.person,
                account=proof.account,
                signature=signature,
                started_at=at,
            )
            _move(act, "executing")
        outcome, result = _carry_out(act, revision.plan)
        Execution.objects.filter(pk=execution.pk).update(
            outcome=outcome, result=result, ended_at=at, version=2, updated_at=Now()
        )
        with explained(act=act.number):
            _move(act, outcome)
            if outcome == "executed" and act.compensates_id:
                _move(act_by_id(act.compensates_id), "compensated")
        return {"act": str(act.pk)}

    return _once("execute", act_id, proof, key, work, plan=expected_sha256)


def _carry_out(act: Act, plan: Plan) -> tuple[str, dict[str, Any]]:
    """What came of it; whatever a failed execution wrote is undone."""
    try:
        with transaction.atomic():
            return "executed", dict(kind_of(act.kind).execute(act, plan))
    except StaleVersion:
        raise
    except KintsugiError as error:
        both = {"zh": error.message.zh, "en": error.message.en}
        return "failed", {"error": {"code": error.code, **both}}


def verify_act(
    *,
    act_id: UUID,
    outcome: str,
    proof: Proof,
    reason: str,
    at: dt.datetime,
    expected_sha256: str,
    key: str,
) -> Act:
    """Say with a signature whether it came out as planned: ``passed`` or ``failed``.

    ``passed`` is refused (``control.findings-remain``) while the kind finds a difference; a
    failure needs a reason. Raises ``control.executor-verifies`` for author and executor.
    """

    def work() -> dict[str, Any]:
        act = act_by_id(act_id)
        revision = revision_of(act)
        execution = Execution.objects.filter(act=act).first()
        if execution is None:
            raise _refused("verification_of_execution", act)
        findings = list(kind_of(act.kind).verify(act, revision.plan))
        if outcome == "passed" and findings:
            raise KintsugiError(
                "control.findings-remain",
                Text("结果与方案不符,不能通过验证。", "The outcome differs from the plan."),
                Text(
                    "请查看差异;确认失败请选择“未通过”。",
                    "Look at the differences; if they stand, say that it failed.",
                ),
                act=act.number,
                findings=[one.code for one in findings],
            )
        name_cause(command="act.verify", reason=f"{act.number}: {reason or act.reason}",
                   act=act.number)  # fmt: skip
        meaning = "verified" if outcome == "passed" else "refused"
        signature = _sign(act, meaning, proof, reason, at, expected_sha256)
        with explained(act=act.number):
            Verification.objects.create(
                **_of(revision),
                execution=execution,
                executor_id=execution.executor_id,
                verifier=signature.person,
                account=proof.account,
                outcome=outcome,
                meaning=meaning,
                signature=signature,
                findings=[{"code": f.code, "zh": f.text.zh, "en": f.text.en} for f in findings],
                verified_at=at,
            )
            _move(act, "verified" if outcome == "passed" else "failed")
        return {"act": str(act.pk)}

    return _once("verify", act_id, proof, key, work, outcome=outcome, plan=expected_sha256)


def undo_act(*, act_id: UUID, reason: str, account: User, at: dt.datetime, key: str) -> Act:
    """A new act that undoes this one; it goes through the same hands as every other.

    Raises ``control.not-executed`` or ``control.no-inverse``.
    """
    act = act_by_id(act_id)
    execution = Execution.objects.filter(act=act).first()
    if execution is None or execution.outcome != "executed" or act.status == "compensated":
        raise _refused("verification_of_execution", act)
    plan = kind_of(act.kind).inverse(act, revision_of(act).plan)
    if plan is None:
        raise KintsugiError(
            "control.no-inverse",
            Text("这类操作不能撤销。", "An act of this kind cannot be undone."),
            Text("请另立一个更正操作。", "Make another act that corrects it."),
            act=act.number,
        )
    return draft_act(
        kind=act.kind,
        subject_id=act.subject_id,
        plan=plan,
        reason=reason,
        account=account,
        at=at,
        key=key,
        compensates=act,
    )


def unknown_step(step: str, known: list[str]) -> KintsugiError:
    """There is no such step."""
    return KintsugiError(
        "control.unknown-step",
        Text(f"没有“{step}”这一步。", f"There is no step “{step}”."),
        Text(f"可选:{'、'.join(known)}。", f"Choose one of {', '.join(known)}."),
        step=step,
    )


# -- what the steps share --------------------------------------------------------------------------


def _once(
    step: str,
    act_id: UUID,
    proof: Proof,
    key: str,
    work: Callable[[], dict[str, Any]],
    **payload: Any,
) -> Act:
    scope = f"act.{step}:{proof.account.pk}"
    done = run_once(scope=scope, key=key, payload={"act": str(act_id), **payload}, work=work)
    return Act.objects.get(pk=done["act"])


def _sign(
    act: Act, meaning: str, proof: Proof, reason: str, at: dt.datetime, expected_sha256: str
) -> Signature:
    return sign(
        proof=proof,
        meaning=meaning,
        kind="act",
        object_id=act.pk,
        at=at,
        reason=reason,
        expected_sha256=expected_sha256,
    )


def _of(revision: ActRevision) -> dict[str, Any]:
    """What approval, execution and verification repeat of the revision they are about."""
    return {
        "act_id": revision.act_id,
        "revision": revision.revision,
        "plan_sha256": revision.plan_sha256,
        "author_id": revision.author_id,
    }


def _move(act: Act, status: str, **values: Any) -> Act:
    Act.objects.filter(pk=act.pk).update(
        status=status, version=F("version") + 1, updated_at=Now(), **values
    )
    act.refresh_from_db()
    return act


def _person(account: User) -> Person:
    return User.objects.select_related("person").get(pk=account.pk).person


def _author_only(act: Act, account: User) -> Person:
    person = _person(account)
    written = ActRevision.objects.filter(act=act, account__person=person)
    if act.author_id != person.pk and not written.exists():
        raise KintsugiError(
            "control.not-author",
            Text("只有编制人可以修改或提交方案。", "Only its author changes or submits a plan."),
            Text(
                "请联系编制人;若需另一方案,请另立操作。",
                "Ask the author, or make an act of your own.",
            ),
            act=act.number,
            author=act.author.name,
        )
    return person


def _reason(reason: str) -> str:
    return " ".join(reason.split())[:400]


def _wrong_state(act: Act, target: str) -> KintsugiError:
    try:
        ACT.check(act.status, target)
    except KintsugiError as error:
        return error
    return _refused("approval_once", act)


def _refused(rule: str, act: Act, facts: Mapping[str, Any] | None = None) -> KintsugiError:
    code, message, remedy = RULES[rule]
    return KintsugiError(code, message, remedy, act=act.number, rule=rule, **(facts or {}))
