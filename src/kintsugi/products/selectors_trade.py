"""Who may trade what, for other apps: verdicts with their reasons, and where first reviews stand.

The rules are functions of the database (``sql/trade.sql``), which triggers ask too.
"""

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from django.db import connection

from kintsugi.core.errors import NotFound, Text
from kintsugi.core.queries import query
from kintsugi.core.verdicts import Verdict
from kintsugi.parties.selectors import parties_seen
from kintsugi.products.models import FirstReview
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
