"""The only writer of certificates, authorised products and first reviews."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
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
from kintsugi.core.ids import uuid7
from kintsugi.core.numbering import next_number
from kintsugi.parties.selectors import party as party_by_id
from kintsugi.parties.services import (
    Paper,
    clean_number,
    needed_person,
    needed_reason,
    own_key,
    person_of,
)
from kintsugi.products.kinds import REVIEW, REVIEW_ROLES
from kintsugi.products.models import (
    AuthorisedProduct,
    Certificate,
    CertificateProduct,
    FirstReview,
    Product,
)
from kintsugi.products.refusals import explained
from kintsugi.products.selectors_trade import review_papers

# -- certificates and authorisations ---------------------------------------------------------------


@dataclass(frozen=True)
class CertificateFacts:
    """What stands on a certificate. ``valid_to`` None only for a filing."""

    number: str
    kind: str
    holder: UUID
    valid_from: dt.date
    valid_to: dt.date | None = None
    approved_on: dt.date | None = None
    note: str = ""


def register_certificate(
    *,
    actor: Any,
    facts: CertificateFacts,
    products: Sequence[UUID],
    key: str,
    at: dt.datetime,
    paper: Paper | None = None,
) -> Certificate:
    """Register a certificate for products that have not been approved yet; for approved ones the
    act ``certificate.record`` is the way. Raises KintsugiError ``certificate.*``, ``file.*``."""
    number = clean_number(facts.number)
    sha256 = files.keep(paper.content) if paper else ""

    def work() -> dict[str, Any]:
        values = {**asdict(facts), "number": number, "file_sha256": sha256,
                  "file_name": files.clean_name(paper.name) if paper else ""}  # fmt: skip
        values["holder_id"] = values.pop("holder")
        return {"id": str(insert_certificate(values=values, products=products).pk)}

    payload = {"facts": asdict(facts), "products": sorted(map(str, products)), "file": sha256}
    with recorded(actor=actor, command="certificate.register", reason=number):
        done = run_once(scope="certificate", key=own_key(actor, key), payload=payload, work=work)
    return Certificate.objects.get(pk=done["id"])


def insert_certificate(*, values: Mapping[str, Any], products: Sequence[UUID]) -> Certificate:
    """A certificate with these columns for these products, inside a recorded transaction. Raises
    KintsugiError ``certificate.*``."""
    if not products:
        raise KintsugiError(
            "certificate.no-product",
            Text("没有选择产品。", "No product was chosen."),
            Text("选择证书覆盖的产品。", "Choose the products it is for."),
            field="products",
        )
    with explained(), transaction.atomic():
        made = Certificate.objects.create(**values)
        cover_products(certificate=made, products=products)
    return made


def cover_products(*, certificate: Certificate, products: Sequence[UUID]) -> None:
    """Say that a certificate is for these products too, inside a recorded transaction."""
    known = set(
        CertificateProduct.objects.filter(certificate=certificate, is_void=False).values_list(
            "product_id", flat=True
        )
    )
    with explained(), transaction.atomic():
        CertificateProduct.objects.bulk_create(
            CertificateProduct(id=uuid7(), certificate=certificate, product_id=one)
            for one in dict.fromkeys(products)
            if one not in known
        )


def change_certificate(*, certificate: Certificate, values: Mapping[str, Any]) -> None:
    """Other columns for a certificate, counting its version up, inside a recorded transaction.
    Raises StaleVersion."""
    with explained(), transaction.atomic():
        changed = Certificate.objects.filter(pk=certificate.pk, version=certificate.version).update(
            **values, version=F("version") + 1, updated_at=Now()
        )
    if not changed:
        raise StaleVersion(str(certificate), read=certificate.version, now=certificate.version + 1)


def withdraw_certificate(
    *, actor: Any, certificate: UUID, on: dt.date, reason: str, at: dt.datetime
) -> Certificate:
    """Say that a certificate was withdrawn: nothing made under it is sold from that day on. Raises
    KintsugiError ``certificate.withdrawn``, ``certificate.reason-missing`` or NotFound."""
    said = needed_reason(reason, "certificate")
    with recorded(actor=actor, command="certificate.withdraw", reason=said):
        found = Certificate.objects.select_for_update(of=("self",)).filter(pk=certificate).first()
        if found is None:
            raise NotFound(Text("注册证", "certificate"), str(certificate))
        if found.revoked_on is not None:
            raise KintsugiError(
                "certificate.withdrawn",
                Text(f"{found.number} 已注销。", f"{found.number} was withdrawn already."),
                Text("无需再操作。", "There is nothing left to do."),
            )
        change_certificate(
            certificate=found,
            values={
                "revoked_on": on, "revoke_reason": said, "revoked_by_id": person_of(actor),
                "revoked_by_name": str(actor), "revoked_at": at,
            },
        )  # fmt: skip
        found.refresh_from_db()
        return found


def authorise_products(
    *, actor: Any, licence: UUID, products: Sequence[UUID], key: str, at: dt.datetime
) -> int:
    """Say which products an authorisation is for; those it has already stay. Returns how many were
    added. Raises KintsugiError ``licence.needs-approval`` for an approved supplier."""

    def work() -> dict[str, Any]:
        return {"added": add_authorised(licence=licence, products=products)}

    payload = {"licence": licence, "products": sorted(map(str, products))}
    with recorded(actor=actor, command="licence.authorise", reason=str(licence)):
        done = run_once(scope="authorise", key=own_key(actor, key), payload=payload, work=work)
    return int(done["added"])


def add_authorised(*, licence: UUID, products: Sequence[UUID]) -> int:
    """The same, inside a recorded transaction."""
    known = set(
        AuthorisedProduct.objects.filter(qualification_id=licence, is_void=False).values_list(
            "product_id", flat=True
        )
    )
    new = [one for one in dict.fromkeys(products) if one not in known]
    with explained(), transaction.atomic():
        AuthorisedProduct.objects.bulk_create(
            AuthorisedProduct(id=uuid7(), qualification_id=licence, product_id=one) for one in new
        )
    return len(new)


# -- first reviews ---------------------------------------------------------------------------------


def ask_first_review(
    *,
    actor: Any,
    role: str,
    subject: UUID,
    reason: str,
    key: str,
    at: dt.datetime,
    classes: Sequence[str] = (),
) -> FirstReview:
    """Ask for the first review of a supplier, a customer or a product; a draft until submitted.
    ``classes``: the device classes a party is to trade.

    Raises KintsugiError ``review.classes-missing``, ``review.open``, ``review.in-force``,
    ``review.reason-missing`` or NotFound.
    """
    assert role in REVIEW_ROLES, f"unknown kind of first review {role}"
    said = needed_reason(reason, "review")
    person = needed_person(actor)
    wanted = sorted(set(classes))
    if role != "product" and not wanted:
        raise KintsugiError(
            "review.classes-missing",
            Text("没有选择管理类别。", "No device class was chosen."),
            Text("选择将要交易的管理类别。", "Choose the classes that are to be traded."),
            field="classes",
        )

    def work() -> dict[str, Any]:
        if role == "product":
            if not Product.objects.filter(pk=subject, is_void=False).exists():
                raise NotFound(Text("产品", "product"), str(subject))
            about = {"product_id": subject}
        else:
            about = {"party_id": party_by_id(subject).pk}
        number = next_number(prefix="FR", on=timezone.localtime(at).date())
        with explained(), transaction.atomic():
            made = FirstReview.objects.create(
                number=number, role=role, classes=[] if role == "product" else wanted,
                reason=said, requested_by_id=person, requested_by_name=str(actor),
                requested_at=at, **about,
            )  # fmt: skip
        return {"id": str(made.pk)}

    payload = {"role": role, "subject": subject, "reason": said, "classes": wanted}
    with recorded(actor=actor, command="review.ask", reason=said):
        done = run_once(scope="review", key=own_key(actor, key), payload=payload, work=work)
    return FirstReview.objects.get(pk=done["id"])


def submit_first_review(*, actor: Any, review: UUID, at: dt.datetime) -> FirstReview:
    """Hand a draft, or a rejected one that was mended, over to quality. Only by who asked."""
    with recorded(actor=actor, command="review.submit", reason=""):
        found = locked_review(review)
        if found.requested_by_id != needed_person(actor):
            raise KintsugiError(
                "review.not-yours",
                Text("只有申请人可以提交。", "Only who asked for it submits it."),
                Text("请联系申请人。", "Ask that person."),
                review=found.number,
            )
        if found.status == "rejected":
            _move(found, "draft", reviewed_by_id=None, reviewed_by_name="", reviewed_at=None,
                  review_opinion="", closed_by_name="", closed_at=None,
                  closing_reason="")  # fmt: skip
        return found if found.status == "in_review" else _move(found, "in_review")


def review_first(*, actor: Any, review: UUID, opinion: str, at: dt.datetime) -> FirstReview:
    """The quality review: the papers were looked at and are in order. Not by who asked. Raises
    KintsugiError ``review.incomplete`` (facts: papers) or ``review.same-person``."""
    said = needed_reason(opinion, "review")
    person = needed_person(actor)
    with recorded(actor=actor, command="review.review", reason=said):
        found = locked_review(review)
        REVIEW.step(found.status, "in_approval")
        if person == found.requested_by_id:
            raise _same_person(found)
        _refuse_incomplete(found, timezone.localtime(at).date())
        return _move(found, "in_approval", reviewed_by_id=person, reviewed_by_name=str(actor),
                     reviewed_at=at, review_opinion=said)  # fmt: skip


def approve_first_review(*, actor: Any, review: UUID, reason: str, at: dt.datetime) -> FirstReview:
    """Put it in force from today, by a person who neither asked nor reviewed; the one before is
    replaced. The checklist as it was found is kept with it.

    Raises KintsugiError ``review.incomplete``, ``review.same-person`` or core.illegal-transition.
    """
    person = needed_person(actor)
    today = timezone.localtime(at).date()
    with recorded(actor=actor, command="review.approve", reason=" ".join(reason.split())[:400]):
        found = locked_review(review)
        REVIEW.check(found.status, "effective")
        if found.status == "effective":
            return found
        if person in (found.requested_by_id, found.reviewed_by_id):
            raise _same_person(found)
        papers = _refuse_incomplete(found, today)
        before = FirstReview.objects.filter(
            role=found.role, party=found.party_id, product=found.product_id, status="effective"
        ).first()
        if before is not None:
            _move(before, "replaced", closed_by_name=str(actor), closed_at=at,
                  closing_reason=found.number)  # fmt: skip
        return _move(found, "effective", approved_by_id=person, approved_by_name=str(actor),
                     approved_at=at, effective_from=today, checklist=papers)  # fmt: skip


def close_first_review(
    *, actor: Any, review: UUID, outcome: str, reason: str, at: dt.datetime
) -> FirstReview:
    """Reject, withdraw or end a first review, with a reason. Only who asked withdraws."""
    assert outcome in ("rejected", "withdrawn", "ended"), f"{outcome} is no end of a first review"
    said = needed_reason(reason, "review")
    person = needed_person(actor)
    with recorded(actor=actor, command=f"review.{outcome}", reason=said):
        found = locked_review(review)
        if outcome == "withdrawn" and person != found.requested_by_id:
            raise KintsugiError(
                "review.not-yours",
                Text("只有申请人可以撤回。", "Only who asked for it withdraws it."),
                Text("审核人可以驳回。", "A reviewer may reject it."),
                review=found.number,
            )
        if outcome == "rejected" and person == found.requested_by_id:
            raise _same_person(found)
        return _move(found, outcome, closed_by_name=str(actor), closed_at=at,
                     closing_reason=said)  # fmt: skip


def locked_review(review: UUID) -> FirstReview:
    """The review, locked until the transaction ends. Raises NotFound."""
    found = FirstReview.objects.select_for_update(of=("self",)).filter(pk=review).first()
    if found is None:
        raise NotFound(Text("首营审核", "first review"), str(review))
    return found


def _move(review: FirstReview, status: str, **values: Any) -> FirstReview:
    REVIEW.step(review.status, status)
    with explained(review=review.number), transaction.atomic():
        FirstReview.objects.filter(pk=review.pk).update(
            status=status, version=F("version") + 1, updated_at=Now(), **values
        )
    review.refresh_from_db()
    return review


def _refuse_incomplete(review: FirstReview, on: dt.date) -> list[dict[str, Any]]:
    papers = review_papers(review, on=on)
    missing = [one for one in papers if not one.passed]
    if missing:
        raise KintsugiError(
            "review.incomplete",
            Text(f"首营资料不齐:{'、'.join(one.title.zh for one in missing)}。",
                 f"The first review lacks: {', '.join(one.title.en for one in missing)}."),
            Text("补齐清单所列后再继续。", "Complete the checklist, then go on."),
            review=review.number,
            papers=[one.check for one in missing],
        )  # fmt: skip
    return [one.kept() for one in papers]


def _same_person(review: FirstReview) -> KintsugiError:
    return KintsugiError(
        "review.same-person",
        Text("申请、审核、批准须由不同的人进行。",
             "Asking, reviewing and approving are done by different persons."),
        Text("请另一位质量人员处理。", "Ask another person of quality."),
        review=review.number,
    )  # fmt: skip
