"""Who may trade what, for other apps: verdicts with their reasons, and where first reviews stand.

The rules are functions of the database (``sql/trade.sql``), which triggers ask too.
"""

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import connection
from django.db.models import Count, DateField, F, Func, Q, QuerySet, TextField, Value

from kintsugi.core.errors import NotFound, Text
from kintsugi.core.queries import query
from kintsugi.core.verdicts import Verdict
from kintsugi.parties.selectors import licence_status, licences, parties_seen
from kintsugi.parties.selectors import party as party_by_id
from kintsugi.products.models import (
    AuthorisedProduct,
    Certificate,
    CertificateProduct,
    FirstReview,
)
from kintsugi.products.trade import paper_verdict, verdict

Role = Literal["customer", "supplier"]


@dataclass(frozen=True)
class Made:
    """What was made: a product with production and expiry date, None where not known."""

    product: UUID
    mfg_date: dt.date | None
    expiry_date: dt.date | None


@dataclass(frozen=True)
class Standing:
    """Where a party in a role, or a product, stands on a day; ``state`` is one of ``STANDINGS``."""

    state: str = "none"
    review: UUID | None = None
    ends_on: dt.date | None = None


def trade_verdicts(
    *, party: UUID, products: Sequence[UUID], role: Role, on: dt.date, region: str | None = None
) -> dict[UUID, list[Verdict]]:
    """What the checks of a trade say of each product, on a day: each passed, or why not.

    ``region`` is where the goods are meant for (the receiving warehouse's code): an authorisation
    limited to regions must cover it, and without it only one for the whole country does. One
    statement, whatever the number of products. Raises NotFound for a party outside the scope.
    """
    if not parties_seen([party]):
        raise NotFound(Text("往来单位", "party"), str(party))
    found: dict[UUID, list[Verdict]] = {one: [] for one in products}
    with connection.cursor() as cursor:
        cursor.execute(
            query("products", "trade_findings"), [party, list(found), role, on, region or None]
        )
        for product, finding, passed, reason, facts in cursor.fetchall():
            found[product].append(verdict(finding, passed, reason, _facts(facts)))
    return found


def certificate_verdicts(lots: Sequence[Made], on: dt.date) -> list[list[Verdict]]:
    """For each of what was made, in order: whether its production date lies inside a certificate
    of its product, and whether it is in date on that day. One statement."""
    found: list[list[Verdict]] = [[] for _ in lots]
    columns = [[getattr(one, name) for one in lots] for name in
               ("product", "mfg_date", "expiry_date")]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(query("products", "certificate_findings"), [*columns, on])
        for line, finding, passed, reason, facts in cursor.fetchall():
            found[line - 1].append(verdict(finding, passed, reason, _facts(facts)))
    return found


def review_papers(review: FirstReview, *, on: dt.date) -> list[Verdict]:
    """The checklist of a first review on a day: what is there and what is missing."""
    return papers_for(
        role=review.role, party=review.party_id, product=review.product_id,
        classes=review.classes, on=on,
    )  # fmt: skip


def papers_for(
    *, role: str, party: UUID | None, product: UUID | None, classes: Sequence[str], on: dt.date
) -> list[Verdict]:
    """What a first review would ask for, before there is one."""
    given = {"party": party, "role": role, "classes": list(classes), "on": on, "product": product}
    with connection.cursor() as cursor:
        cursor.execute(query("products", "review_papers"), given)
        names = [column.name for column in cursor.description]
        return [paper_verdict(dict(zip(names, row, strict=True))) for row in cursor.fetchall()]


def standings(*, role: str, subjects: Iterable[UUID], on: dt.date) -> dict[UUID, Standing]:
    """Where these parties in a role (``supplier``, ``customer``), or products (``product``),
    stand on a day. One statement."""
    wanted = list(subjects)
    with connection.cursor() as cursor:
        cursor.execute(query("products", "review_standings"), [role, wanted, on])
        return {row[0]: Standing(row[2], row[1], row[3]) for row in cursor.fetchall()}


def base_units(di: Sequence[str]) -> dict[str, int | None]:
    """How many base units a package with this device identifier holds, through the whole nest;
    None where a quantity on the way is unknown or packages hold each other in a ring. Identifiers
    nobody knows are left out, and one that two issuers gave to different contents is None."""
    with connection.cursor() as cursor:
        cursor.execute(query("products", "base_units"), [list(di)])
        found: dict[str, set[Any]] = {}
        for identifier, _issuer, product, units in cursor.fetchall():
            found.setdefault(identifier, set()).add((product, units))
    made: dict[str, int | None] = {}
    for identifier, contents in found.items():
        [(_product, units)] = contents if len(contents) == 1 else [(None, None)]
        made[identifier] = None if units is None else int(units)
    return made


def _facts(value: Any) -> dict[str, Any]:
    return dict(json.loads(value)) if isinstance(value, str) else dict(value)


# -- for screens -----------------------------------------------------------------------------------

#: How far the radar looks: days to the end; ``ended`` is what ended already.
WITHIN: dict[str, tuple[str, ...]] = {
    "90": ("near_90", "near_60", "near_30", "expired"),
    "60": ("near_60", "near_30", "expired"),
    "30": ("near_30", "expired"),
    "ended": ("expired",),
}
#: What ended longer ago and locks nothing any more is history.
ENDED_SHOWN_DAYS = 90


def certificates(*, on: dt.date) -> QuerySet[Certificate]:
    """Certificates that stand, with ``status`` on a day, their holder, and for how many products
    they are (``products``)."""
    covered = Count("covered", filter=Q(covered__is_void=False))
    found = Certificate.objects.filter(is_void=False).select_related("holder")
    return found.annotate(status=licence_status(on), products=covered)


def certificate(pk: UUID, *, on: dt.date) -> Certificate:
    """One certificate with its ``status``. Raises ``Certificate.DoesNotExist``."""
    return certificates(on=on).get(pk=pk)


def covered_by(pk: UUID) -> QuerySet[CertificateProduct]:
    """The products a certificate is for."""
    found = CertificateProduct.objects.filter(certificate_id=pk, is_void=False)
    return found.select_related("product").order_by("product__product_code")


def certificates_of(product: UUID, *, on: dt.date) -> QuerySet[Certificate]:
    """The certificates of a product, the one that lasts longest first."""
    linked = CertificateProduct.objects.filter(product_id=product, is_void=False)
    found = certificates(on=on).filter(pk__in=linked.values("certificate_id"))
    return found.order_by(F("valid_to").desc(nulls_first=True), "number")


def authorised_by(licence: UUID) -> QuerySet[AuthorisedProduct]:
    """The products an authorisation is for."""
    found = AuthorisedProduct.objects.filter(qualification_id=licence, is_void=False)
    return found.select_related("product").order_by("product__product_code")


def reviews() -> QuerySet[FirstReview]:
    """First reviews with what they are about."""
    return FirstReview.objects.filter(is_void=False).select_related("party", "product")


def review(pk: UUID) -> FirstReview:
    """One first review. Raises ``FirstReview.DoesNotExist``."""
    return reviews().get(pk=pk)


def reviews_of(*, party: UUID | None = None, product: UUID | None = None) -> QuerySet[FirstReview]:
    """The first reviews of a party or a product, the newest first."""
    about = {"party_id": party} if party else {"product_id": product}
    return reviews().filter(**about).order_by("-requested_at")


def ending(within: str, *, on: dt.date) -> QuerySet[Any]:
    """Licences that end soon or ended, with ``status`` and ``locks``: the roles of the party, or
    ``authorisation``, that their end locks. Ended ones that lock nothing are left out after 90
    days: they were renewed by another."""
    locks = Func(
        F("pk"), Value(on, DateField()), function="licence_locks",
        output_field=ArrayField(TextField()),
    )  # fmt: skip
    lately = Q(valid_to__gte=on - dt.timedelta(days=ENDED_SHOWN_DAYS))
    found = licences(on=on).filter(status__in=WITHIN[within]).annotate(locks=locks)
    shown: QuerySet[Any] = found.filter(lately | ~Q(locks=[]))
    return shown


def party_of(pk: UUID) -> Any:
    """A party within the scope at work. Raises its model's DoesNotExist."""
    return party_by_id(pk)


def locked_since(row: Any) -> dt.date | None:
    """The first day of a lock by a licence that ended; None where it locks nothing or not yet."""
    if row.status != "expired" or not row.locks or row.valid_to is None:
        return None
    first: dt.date = row.valid_to + dt.timedelta(days=1)
    return first
