"""An acceptance is signed with the password of who inspected; what the signature says."""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.urls import reverse

from kintsugi.audit.services import recorded
from kintsugi.engine.text import Text
from kintsugi.identity.selectors import signatures_of
from kintsugi.identity.services import Signable, authenticate_signer, register_signable, sign
from kintsugi.purchasing.models import Acceptance

KIND = "purchasing.acceptance"


def content(pk: UUID) -> tuple[str, Mapping[str, Any]]:
    """Title and signed content: receipt, inspector, and what was found of every line."""
    found = Acceptance.objects.select_related("receipt__order").get(pk=pk)
    lines = found.lines.select_related("receipt_line__product", "receipt_line__lot")
    return found.number, {
        "number": found.number,
        "receipt": found.receipt.number,
        "order": found.receipt.order.number,
        "inspector": found.inspector_name,
        "inspected_at": found.inspected_at.isoformat(),
        "note": found.note,
        "lines": [
            {
                "line": one.receipt_line.line,
                "product": one.receipt_line.product.product_code,
                "lot": one.receipt_line.lot.lot_no if one.receipt_line.lot else "",
                "arrived": str(one.arrived),
                "sample": str(one.sample_size),
                "checks": one.checks,
                "qualified": str(one.qualified),
                "rejected": str(one.rejected),
                "reason": one.reject_reason,
                "serials": list(one.rejected_serials),
                "note": one.note,
            }
            for one in lines.order_by("receipt_line__line")
        ],
    }


def signed(
    *, account: Any, secret: str, session_key: str | None, at: dt.datetime,
    work: Callable[[], Acceptance],
) -> Acceptance:  # fmt: skip
    """Prove who inspects,
    record the acceptance (``work``) and sign it; a repetition is signed once.
    Raises KintsugiError ``signing.*`` before anything is recorded, and what ``work`` raises."""
    with recorded(actor=account, command="purchasing.prove"):
        proof = authenticate_signer(
            account=account, method="password", secret=secret, session_key=session_key, at=at
        )
    made = work()
    if not signatures_of(kind=KIND, object_ids=[made.pk]):
        with recorded(actor=account, command="purchasing.sign-acceptance", reason=made.number):
            sign(proof=proof, meaning="checked", kind=KIND, object_id=made.pk, at=at)
    return made


def rows() -> "QuerySet[Any, Any]":
    """Acceptances within the scope of the person at work."""
    return Acceptance.objects.values_list("pk", flat=True)


def register() -> None:
    """Add acceptances to what people sign."""
    register_signable(
        Signable(
            KIND,
            Text("验收记录", "acceptance"),
            content,
            lambda pk: reverse("purchasing:acceptance", args=[pk]),
            rows,
        )
    )
