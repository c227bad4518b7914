"""Three people, a kind of act that writes down what it did, and raw SQL as the runtime role.

Time is the real one here: the database compares authentications and signatures with its clock.
"""

import contextlib
import datetime as dt
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone
from psycopg import sql

from kintsugi.audit.services import recorded
from kintsugi.core.errors import StaleVersion
from kintsugi.core.ids import uuid7
from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.text import Text
from kintsugi.identity.control import services as control
from kintsugi.identity.control.kinds import ActKind, Difference, Finding
from kintsugi.identity.control.models import Act, ActRevision, Approval, Execution
from kintsugi.identity.models import User
from kintsugi.identity.signing.models import Signature
from kintsugi.identity.signing.services import Proof, session_hash, sign
from tests.identity.people import create_user

PASSWORD = "gold-seam-2026"


def account(name: str, **given: Any) -> User:
    """A new account, of a person of its own unless ``person`` is given, who then has his duties
    already."""
    with recorded(actor="test", command="test"):
        return create_user(
            roles=() if "person" in given else ("steward", "quality"),
            username=f"u{uuid7().hex[-12:]}",
            password=PASSWORD,
            display_name=name,
            **given,
        )


def proof(user: User, *, age_s: float = 0) -> Proof:
    """A proof of this person made so many seconds ago."""
    at = timezone.now() - dt.timedelta(seconds=age_s)
    return Proof(user, "password", at, session_hash("s"))


class Note:
    """A record of a test: a text with a version, changed by acts."""

    def __init__(self) -> None:
        self.pk = uuid7()
        self.text = "old"
        self.fails = ""
        self.done: list[str] = []

    def check(self, _subject: UUID, plan: Any) -> None:
        if plan.get("from", "old") != self.text:
            raise StaleVersion("note", read=1, now=2)

    def execute(self, act: Act, plan: Any) -> dict[str, Any]:
        if self.fails:
            raise KintsugiError(self.fails, Text("不行", "no"), Text("改", "mend"))
        self.check(self.pk, plan)
        self.text = plan["to"]
        self.done.append(act.number)
        return {"text": self.text}

    def verify(self, _act: Act, plan: Any) -> list[Finding]:
        wrong = Finding("note.differs", Text("不同", "differs"))
        return [] if self.text == plan["to"] else [wrong]

    def kind(self) -> ActKind:
        return ActKind(
            name="test.note",
            title=Text("改便条", "Change a note"),
            subject_kind="note",
            subject=lambda _id: ("Note 1", "/"),
            rows=lambda: User.objects.none().values("pk"),
            plan=lambda _id, typed: {"from": self.text, "to": typed["text"]},
            edit_url=lambda act: f"/edit/{act.pk}",
            check=self.check,
            describe=lambda _id, plan: [Difference(Text("文", "Text"), plan["from"], plan["to"])],
            execute=self.execute,
            verify=self.verify,
            inverse=lambda _act, plan: {"from": plan["to"], "to": plan["from"]},
        )


def draft(author: User, note: Note, *, to: str = "new", **given: Any) -> Act:
    """A draft of changing the note."""
    with recorded(actor=author, command="test.draft"):
        return control.draft_act(
            kind="test.note",
            subject_id=note.pk,
            plan={"from": note.text, "to": to},
            reason="按铭牌更正",
            account=author,
            at=timezone.now(),
            key=uuid7().hex,
            **given,
        )


def submitted(author: User, note: Note, **given: Any) -> Act:
    """The same, submitted."""
    act = draft(author, note, **given)
    with recorded(actor=author, command="test.submit"):
        return control.submit_act(act_id=act.pk, account=author, at=timezone.now())


def decided(act: Act, approver: User, decision: str = "approved", **given: Any) -> Act:
    """Decided on by this person."""
    values = {
        "proof": proof(approver),
        "reason": "与铭牌一致",
        "at": timezone.now(),
        "expected_sha256": act.plan_sha256,
        "key": uuid7().hex,
        **given,
    }
    with recorded(actor=approver, command="test.decide"):
        return control.decide_act(act_id=act.pk, decision=decision, **values)


def executed(act: Act, executor: User, **given: Any) -> Act:
    """Executed by this person."""
    values = {
        "proof": proof(executor),
        "at": timezone.now(),
        "expected_sha256": act.plan_sha256,
        "key": uuid7().hex,
        **given,
    }
    with recorded(actor=executor, command="test.execute"):
        return control.execute_act(act_id=act.pk, **values)


def verified(act: Act, verifier: User, outcome: str = "passed", **given: Any) -> Act:
    """Verified by this person."""
    values = {
        "proof": proof(verifier),
        "reason": "已核对",
        "at": timezone.now(),
        "expected_sha256": act.plan_sha256,
        "key": uuid7().hex,
        **given,
    }
    with recorded(actor=verifier, command="test.verify"):
        return control.verify_act(act_id=act.pk, outcome=outcome, **values)


# -- raw SQL ---------------------------------------------------------------------------------------


@contextlib.contextmanager
def runtime() -> Iterator[None]:
    """Statements as the role the product runs under, with a context, as hand-written SQL would."""
    with recorded(actor="raw", command="test.raw"), connection.cursor() as cursor:
        cursor.execute("select current_user")
        (before,) = cursor.fetchone()
        cursor.execute("set local role kintsugi_runtime")
        yield
        cursor.execute(sql.SQL("set local role {}").format(sql.Identifier(before)))


def insert(table: str, **values: Any) -> UUID:
    """One row by plain SQL."""
    values = {"id": uuid7(), **values}
    statement = sql.SQL("insert into {} ({}) values ({})").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, values)),
        sql.SQL(", ").join(sql.Placeholder() * len(values)),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, list(values.values()))
    return values["id"]


def update_status(act: Act, status: str) -> None:
    """The act's state by plain SQL."""
    with connection.cursor() as cursor:
        cursor.execute("update identity_act set status = %s where id = %s", [status, act.pk])


def signature(user: User, act: Act, meaning: str) -> Signature:
    """A sound signature of this person under the act's present plan."""
    with recorded(actor=user, command="test.sign"):
        return sign(
            proof=proof(user),
            meaning=meaning,
            kind="act",
            object_id=act.pk,
            at=timezone.now(),
            reason="试验",
        )


def approval(act: Act, signed: Signature, **other: Any) -> UUID:
    """An approval by plain SQL, its parts taken from the act and the signature."""
    values = {
        "act_id": act.pk,
        "revision": act.revision,
        "plan_sha256": act.plan_sha256,
        "author_id": act.author_id,
        "approver_id": signed.person_id,
        "account_id": signed.account_id,
        "decision": "approved",
        "meaning": "approved",
        "signature_id": signed.pk,
        "decided_at": timezone.now(),
        **other,
    }
    return insert("identity_approval", **values)


def execution(act: Act, signed: Signature, approved: Approval | None, **other: Any) -> UUID:
    """An execution by plain SQL."""
    values = {
        "act_id": act.pk,
        "revision": act.revision,
        "plan_sha256": act.plan_sha256,
        "author_id": act.author_id,
        "approval_id": approved.pk if approved else uuid7(),
        "approver_id": approved.approver_id if approved else uuid7(),
        "executor_id": signed.person_id,
        "account_id": signed.account_id,
        "signature_id": signed.pk,
        "started_at": timezone.now(),
        **other,
    }
    return insert("identity_execution", **values)


def verification(act: Act, signed: Signature, run: Execution, **other: Any) -> UUID:
    """A verification by plain SQL."""
    values = {
        "act_id": act.pk,
        "revision": act.revision,
        "plan_sha256": act.plan_sha256,
        "author_id": act.author_id,
        "execution_id": run.pk,
        "executor_id": run.executor_id,
        "verifier_id": signed.person_id,
        "account_id": signed.account_id,
        "outcome": "passed",
        "meaning": "verified",
        "signature_id": signed.pk,
        "findings": "[]",
        "verified_at": timezone.now(),
        **other,
    }
    return insert("identity_verification", **values)


def edited(act: Act, author: User, note: Note, to: str = "other") -> Act:
    """The act's plan changed: a new revision."""
    with recorded(actor=author, command="test.revise"):
        return control.revise_act(
            act_id=act.pk,
            plan={"from": note.text, "to": to},
            reason="改用另一值",
            account=author,
            at=timezone.now(),
        )


def revisions(act: Act) -> list[ActRevision]:
    """All states of the plan."""
    return list(ActRevision.objects.filter(act=act).order_by("revision"))
