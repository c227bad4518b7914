"""Reads of acts: the inbox, one act with all that happened, and which steps are open to whom."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from kintsugi.core import scope
from kintsugi.engine.text import Text
from kintsugi.identity.control.kinds import KINDS, Difference, Finding, kind_of
from kintsugi.identity.control.models import Act, ActRevision, Approval, Execution, Verification
from kintsugi.identity.models import Person, User
from kintsugi.identity.signing.models import Signature
from kintsugi.identity.signing.selectors import signatures_of

OWN = Text("您编制了该方案。", "You wrote the plan.")
APPROVED = Text("您批准了该方案。", "You approved the plan.")
EXECUTED = Text("您执行了该方案。", "You executed the plan.")


def acts() -> QuerySet[Act]:
    """Acts on records within the scope of the person at work, newest first."""
    found = Act.objects.filter(kind__in=list(KINDS)).select_related("author")
    if not scope.current().everything:
        within = Q(pk__in=())
        for kind in KINDS.values():
            within |= Q(kind=kind.name, subject_id__in=kind.rows())
        found = found.filter(within)
    return found.order_by("-created_at", "-number")


def act(pk: UUID) -> Act:
    """One act. Raises ``Act.DoesNotExist``."""
    return acts().get(pk=pk)


def plan_of(found: Act) -> dict[str, Any]:
    """The plan of an act's present revision."""
    return ActRevision.objects.get(act=found, revision=found.revision).plan


def _by(person: Person, column: str) -> Q:
    """Rows of this person, then or (his accounts may have moved) now."""
    return Q(**{column: person}) | Q(account__person=person)


def _written_by(person: Person) -> Exists:
    return Exists(ActRevision.objects.filter(_by(person, "author"), act=OuterRef("pk")))


def waiting_for(person: Person) -> QuerySet[Act]:
    """Acts that this person may sign now: approve, execute or verify."""
    approved = Approval.objects.filter(
        _by(person, "approver"), act=OuterRef("pk"), revision=OuterRef("revision")
    )
    executed = Execution.objects.filter(_by(person, "executor"), act=OuterRef("pk"))
    written = _written_by(person)
    return acts().filter(
        Q(status="submitted") & ~Q(written)
        | Q(status="approved") & ~Q(Exists(approved))
        | Q(status="executed") & ~Q(written) & ~Q(Exists(executed))
    )


def written_by(person: Person) -> QuerySet[Act]:
    """Acts that this person planned."""
    return acts().filter(_written_by(person))


def acts_of(subject_id: UUID, *, limit: int = 50) -> list[Act]:
    """Acts on one record, newest first."""
    return list(acts().filter(subject_id=subject_id)[:limit])


def acts_about(subject_ids: Sequence[UUID], *, limit: int) -> list[Act]:
    """Acts on these records, oldest first; at most ``limit``."""
    found = acts().filter(subject_id__in=list(subject_ids))
    return list(found.order_by("created_at", "number")[:limit])


def act_title(found: Act) -> Text:
    """What people call this kind of act."""
    return KINDS[found.kind].title


@dataclass(frozen=True)
class Step:
    """A step of an act: whether this person may take it now, and why not."""

    name: str
    title: Text
    permitted: bool
    why_not: Text | None = None
    signs: bool = True
    reason_needed: bool = False


@dataclass
class ActView:
    """An act with its plan, the people in it, its signatures and the steps open to one person."""

    act: Act
    plan: dict[str, Any]
    differences: Sequence[Difference]
    revisions: Sequence[ActRevision]
    approvals: Sequence[Approval]
    execution: Execution | None
    verification: Verification | None
    signatures: Sequence[Signature]
    steps: Sequence[Step]
    findings: Sequence[Finding] = field(default_factory=tuple)
    subject_url: str = ""

    @property
    def kind_title(self) -> Text:
        """What people call this kind of act."""
        return KINDS[self.act.kind].title

    @property
    def open_steps(self) -> list[Step]:
        """Steps this person may take now."""
        return [step for step in self.steps if step.permitted]

    @property
    def closed_steps(self) -> list[Step]:
        """Steps of the act's state that this person may not take, with the reason."""
        return [step for step in self.steps if not step.permitted]


def act_view(found: Act, *, account: User) -> ActView:
    """All that the page and the API say of an act, for the person of this account."""
    revisions = list(found.revisions.select_related("author", "account").order_by("revision"))
    approvals = list(
        found.approvals.select_related("approver", "account", "signature").order_by("revision")
    )
    execution = Execution.objects.filter(act=found).select_related("executor", "account").first()
    verification = Verification.objects.filter(act=found).select_related("verifier").first()
    kind = kind_of(found.kind)
    plan = revisions[-1].plan
    _title, url = kind.subject(found.subject_id)
    steps = _steps(found, account.person_id, revisions, approvals, execution)
    findings = list(kind.verify(found, plan)) if found.status == "executed" else []
    return ActView(
        act=found,
        plan=dict(kind.shown(plan)),
        differences=list(kind.describe(found.subject_id, plan)),
        revisions=revisions,
        approvals=approvals,
        execution=execution,
        verification=verification,
        signatures=signatures_of(kind="act", object_ids=[found.pk]),
        steps=steps,
        findings=findings,
        subject_url=url,
    )


def _steps(
    found: Act,
    person: UUID,
    revisions: Sequence[ActRevision],
    approvals: Sequence[Approval],
    execution: Execution | None,
) -> list[Step]:
    """The steps of the act's state. The database decides; this only says it beforehand."""
    wrote = any(person in (r.author_id, r.account.person_id) for r in revisions)
    approved = any(
        a.revision == found.revision and person in (a.approver_id, a.account.person_id)
        for a in approvals
    )
    executed = execution is not None and person in (
        execution.executor_id,
        execution.account.person_id,
    )
    not_author = Text("只有编制人可以这样做。", "Only the author does this.")

    def step(name: str, zh: str, en: str, bar: Text | None, **more: Any) -> Step:
        return Step(name, Text(zh, en), bar is None, bar, **more)

    mine = None if wrote else not_author
    own = OWN if wrote else None
    offered: dict[str, list[Step]] = {
        "draft": [
            step("submit", "提交批准", "Submit for approval", mine, signs=False),
            step("revise", "修改方案", "Change the plan", mine, signs=False),
            step("cancel", "取消", "Cancel", mine, signs=False),
        ],
        "submitted": [
            step("approve", "批准", "Approve", own),
            step("refuse", "拒绝", "Refuse", own, reason_needed=True),
            step("withdraw", "撤回", "Take back", mine, signs=False),
        ],
        "refused": [
            step("revise", "修改方案", "Change the plan", mine, signs=False),
            step("cancel", "取消", "Cancel", mine, signs=False),
        ],
        "approved": [
            step("execute", "执行", "Execute", APPROVED if approved else None),
            step("revise", "修改方案", "Change the plan", mine, signs=False),
        ],
        "executed": [
            step("verify", "验证通过", "Verified", EXECUTED if executed else own),
            step(
                "fail",
                "未通过",
                "Not as planned",
                EXECUTED if executed else own,
                reason_needed=True,
            ),
            step("undo", "撤销", "Undo", None, signs=False),
        ],
        "verified": [step("undo", "撤销", "Undo", None, signs=False)],
        "failed": [step("undo", "撤销", "Undo", None, signs=False)]
        if execution is not None and execution.outcome == "executed"
        else [],
    }
    return offered.get(found.status, [])
