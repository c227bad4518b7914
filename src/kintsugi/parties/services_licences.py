"""The only writer of licences and their unlocks."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from kintsugi.audit.services import recorded
from kintsugi.core import files
from kintsugi.core.commands import run_once
from kintsugi.core.errors import KintsugiError, NotFound, StaleVersion, Text
from kintsugi.core.numbering import next_number
from kintsugi.parties.kinds import LICENCE_KINDS, UNLOCK
from kintsugi.parties.models import Party, Qualification, Unlock
from kintsugi.parties.refusals import explained

LICENCE = Text("证照", "licence")


@dataclass(frozen=True)
class Paper:
    """A scanned paper: its bytes and the name it came with."""

    name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class LicenceFacts:
    """What stands on a licence. ``valid_to`` None only for kinds without an end."""

    kind: str
    number: str
    valid_from: dt.date
    valid_to: dt.date | None = None
    issuer: str = ""
    categories: Sequence[str] = ()
    classes: Sequence[str] = ()
    territory: Sequence[str] = ()
    note: str = ""


def register_licence(
    *,
    actor: Any,
    party: UUID,
    facts: LicenceFacts,
    key: str,
    at: dt.datetime,
    paper: Paper | None = None,
) -> Qualification:
    """Register a licence of a party that has not been approved yet; for an approved one the act
    ``licence.record`` is the way. Raises KintsugiError ``licence.*`` with its field, ``file.*``.
    """
    cleaned = cleaned_facts(facts)
    sha256 = files.keep(paper.content) if paper else ""
    name = files.clean_name(paper.name) if paper else ""

    def work() -> dict[str, Any]:
        made = insert_licence(party=party, values={**asdict(cleaned), "file_sha256": sha256,
                                                   "file_name": name})  # fmt: skip
        return {"id": str(made.pk)}

    payload = {"party": party, "facts": asdict(cleaned), "file": sha256}
    with recorded(actor=actor, command="licence.register", reason=cleaned.number):
        done = run_once(scope="licence", key=own_key(actor, key), payload=payload, work=work)
    return Qualification.objects.get(pk=done["id"])


def insert_licence(*, party: UUID, values: Mapping[str, Any]) -> Qualification:
    """A new licence with these columns, inside a recorded transaction."""
    if not Party.objects.filter(pk=party, is_void=False).exists():
        raise NotFound(Text("往来单位", "party"), str(party))
    with explained(), transaction.atomic():
        return Qualification.objects.create(party_id=party, **values)


def change_licence(*, licence: Qualification, values: Mapping[str, Any]) -> None:
    """Other columns for a licence, counting its version up, inside a recorded transaction. Raises
    StaleVersion when it is no longer at the version it was read with."""
    with explained(), transaction.atomic():
        changed = Qualification.objects.filter(pk=licence.pk, version=licence.version).update(
            **values, version=F("version") + 1, updated_at=Now()
        )
    if not changed:
        raise StaleVersion(str(licence), read=licence.version, now=licence.version + 1)


def revoke_licence(
    *, actor: Any, licence: UUID, on: dt.date, reason: str, at: dt.datetime
) -> Qualification:
    """Say that a licence was revoked: it counts for nothing from that day on, for good. One person
    is enough, since it only locks. Raises KintsugiError ``licence.reason-missing``,
    ``licence.stays-revoked`` or NotFound."""
    said = needed_reason(reason, "licence")
    with recorded(actor=actor, command="licence.revoke", reason=said):
        found = _locked(licence)
        if found.revoked_on is not None:
            raise KintsugiError(
                "licence.stays-revoked",
                Text(f"{found.number} 已吊销。", f"{found.number} is revoked already."),
                Text("无需再操作。", "There is nothing left to do."),
            )
        change_licence(
            licence=found,
            values={
                "revoked_on": on, "revoke_reason": said, "revoked_by_id": person_of(actor),
                "revoked_by_name": str(actor), "revoked_at": at,
            },
        )  # fmt: skip
        found.refresh_from_db()
        return found


def request_unlock(
    *,
    actor: Any,
    licence: UUID,
    first_day: dt.date,
    last_day: dt.date,
    reason: str,
    key: str,
    at: dt.datetime,
) -> Unlock:
    """Ask that a licence that ended be put up with from one day through another, at most 30 days.

    Raises KintsugiError ``licence.not-ended``, ``licence.unlock-too-long``,
    ``licence.unlocked-once``, ``licence.reason-missing`` or ``licence.person-missing``.
    """
    said = needed_reason(reason, "licence")
    person = needed_person(actor)

    def work() -> dict[str, Any]:
        found = _locked(licence)
        today = timezone.localtime(at).date()
        if found.valid_to is None or found.valid_to >= today or found.revoked_on is not None:
            raise KintsugiError(
                "licence.not-ended",
                Text(f"{found.number} 未到期,或已吊销,不能临时解锁。",
                     f"{found.number} did not end, or was revoked: there is nothing to unlock."),
                Text("吊销的证照须换新证。", "A revoked licence is replaced by a new one."),
                licence=found.number,
            )  # fmt: skip
        if first_day < today:
            raise KintsugiError(
                "licence.unlock-dates",
                Text("解锁不能从过去开始。", "An unlock does not begin in the past."),
                Text("从今天或以后开始。", "Let it begin today or later."),
                field="first_day",
            )
        if Unlock.objects.filter(
            qualification=found, ended_on=found.valid_to, status="approved"
        ).exists():
            raise KintsugiError(
                "licence.unlocked-once",
                Text("这次到期已经解锁过一次。", "This end was put up with once already."),
                Text("登记换发的证照。", "Register the renewed licence."),
                licence=found.number,
            )
        with explained(), transaction.atomic():
            made = Unlock.objects.create(
                number=next_number(prefix="UL", on=today), qualification=found,
                ended_on=found.valid_to, reason=said, first_day=first_day, last_day=last_day,
                requested_by_id=person, requested_by_name=str(actor), requested_at=at,
            )  # fmt: skip
        return {"id": str(made.pk)}

    payload = {"licence": licence, "from": first_day, "to": last_day, "reason": said}
    with recorded(actor=actor, command="licence.request-unlock", reason=said):
        done = run_once(scope="unlock", key=own_key(actor, key), payload=payload, work=work)
    return Unlock.objects.get(pk=done["id"])


def decide_unlock(
    *, actor: Any, unlock: UUID, decision: str, reason: str, at: dt.datetime
) -> Unlock:
    """Approve or refuse an unlock, by somebody else than who asked. Raises KintsugiError
    ``licence.same-person``, ``licence.unlocked-once``, core.illegal-transition or NotFound."""
    said = needed_reason(reason, "licence")
    person = needed_person(actor)
    with recorded(actor=actor, command=f"licence.unlock-{decision}", reason=said):
        found = Unlock.objects.select_for_update(of=("self",)).filter(pk=unlock).first()
        if found is None:
            raise NotFound(Text("临时解锁", "unlock"), str(unlock))
        UNLOCK.check(found.status, decision)
        if found.status == decision:
            return found
        if person == found.requested_by_id:
            raise KintsugiError(
                "licence.same-person",
                Text("申请人不能自己批准。", "Who asks does not approve."),
                Text("请另一人批准。", "Ask another person to approve it."),
                unlock=found.number,
            )
        with explained(unlock=found.number), transaction.atomic():
            Unlock.objects.filter(pk=found.pk).update(
                status=decision, decided_by_id=person, decided_by_name=str(actor),
                decided_at=at, decision_reason=said, version=F("version") + 1, updated_at=Now(),
            )  # fmt: skip
        found.refresh_from_db()
        return found


# -- what the writers share ------------------------------------------------------------------------


def cleaned_facts(facts: LicenceFacts) -> LicenceFacts:
    """The facts as they are kept: codes without blanks, in capitals, each once. Raises
    KintsugiError ``licence.kind-unknown`` or ``licence.number-missing``."""
    if facts.kind not in LICENCE_KINDS:
        raise KintsugiError(
            "licence.kind-unknown",
            Text(f"没有证照类型“{facts.kind}”。", f"There is no kind of licence “{facts.kind}”."),
            Text("从列表中选择。", "Choose one of the list."),
            field="kind",
        )
    number = clean_number(facts.number)
    return LicenceFacts(
        kind=facts.kind,
        number=number,
        valid_from=facts.valid_from,
        valid_to=facts.valid_to,
        issuer=" ".join(facts.issuer.split()),
        categories=codes(facts.categories),
        classes=codes(facts.classes),
        territory=codes(facts.territory),
        note=facts.note.strip(),
    )


def clean_number(number: str) -> str:
    """A licence's number without blanks, in capitals. Raises ``licence.number-missing``."""
    cleaned = "".join(number.split()).upper()
    if not cleaned:
        raise KintsugiError(
            "licence.number-missing",
            Text("没有填写编号。", "The number is missing."),
            Text("按证照填写。", "Take it from the licence."),
            field="number",
        )
    return cleaned


def codes(typed: Sequence[str]) -> list[str]:
    """Codes without blanks, in capitals, each once, in order."""
    return list(dict.fromkeys("".join(one.split()).upper() for one in typed if one.strip()))


def needed_reason(reason: str, area: str) -> str:
    """The reason without needless blanks. Raises KintsugiError ``<area>.reason-missing``."""
    said = " ".join(reason.split())[:400]
    if not said:
        raise KintsugiError(
            f"{area}.reason-missing",
            Text("没有写明原因。", "No reason was given."),
            Text("写明依据。", "Say what it rests on."),
            field="reason",
        )
    return said


def needed_person(actor: Any) -> UUID:
    """The person who acts: where two persons are asked for, a job or a token of nobody does not
    count. Raises KintsugiError ``licence.person-missing``."""
    found = person_of(actor)
    if found is None:
        raise KintsugiError(
            "licence.person-missing",
            Text("此操作须由具名人员进行。", "A person does this, not a program."),
            Text("用本人账户登录。", "Log in with an account of your own."),
        )
    return found


def person_of(actor: Any) -> UUID | None:
    """The person behind an account; None for the system."""
    found: UUID | None = getattr(actor, "person_id", None)
    return found


def own_key(actor: Any, key: str) -> str:
    """An idempotency key is each person's own."""
    return f"{person_of(actor) or actor}:{key}"


def _locked(licence: UUID) -> Qualification:
    found = (
        Qualification.objects.select_for_update(of=("self",))
        .filter(pk=licence, is_void=False)
        .first()
    )
    if found is None:
        raise NotFound(LICENCE, str(licence))
    return found
