"""The page of one contract: its version in force, what was called off, and what each version
changed."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kintsugi.core.panels import Registered
from kintsugi.core.screens import (
    Action,
    Column,
    Custom,
    DetailScreen,
    Fields,
    NextSteps,
    Related,
    Step,
    Timeline,
    Value,
    Verdicts,
)
from kintsugi.core.screens.parts import Words, say
from kintsugi.core.verdicts import Verdict, failed, from_kept
from kintsugi.engine.text import Text
from kintsugi.sales.kinds import (
    CONTRACT,
    CONTRACT_KINDS,
    CONTRACT_VERSION,
    COVERS,
    DUE_RULES,
    TONES,
    WARRANTY_STARTS,
)
from kintsugi.sales.models import Contract, ContractVersion
from kintsugi.sales.screens import (
    CUSTOMER,
    DUE,
    ORDER_COLUMNS,
    SIGNED,
    TOTAL,
    customer_url,
    product_url,
)
from kintsugi.sales.selectors import contracts, orders
from kintsugi.sales.views import today

LEFT = Text("剩余", "Left")
RETENTION = Text("质保金比例", "Retention")
CONTRACTS_CRUMB = (_("Sales contracts"), "sales:contracts")


def find_contract(_user: Any, pk: UUID) -> Contract:
    """The contract with its versions; ``shown`` is the one in force, else the newest."""
    record = contracts.contract(pk)
    record.wordings = contracts.versions(record)  # type: ignore[attr-defined]
    record.shown = contracts.shown_version(record)  # type: ignore[attr-defined]
    record.waiting = next(  # type: ignore[attr-defined]
        (one for one in record.wordings if one.status in ("draft", "submitted", "refused")),  # type: ignore[attr-defined]
        None,
    )
    return record


def verdicts(record: Any) -> list[Verdict]:
    """What the version that waits for approval lacks; else what the one in force was found as."""
    if record.waiting is not None:
        return contracts.judge_contract(record.waiting, on=today())
    return from_kept(record.shown.verdicts) if record.shown else []


def contract_steps(record: Any) -> list[Step]:
    """What may be done from its state, and why not."""

    def step(label: Words, name: str, icon: str, **more: Any) -> Step:
        return Step(label, reverse(f"sales:{name}", args=[record.pk]), icon, **more)

    waiting = record.waiting.status if record.waiting else ""
    found: list[Step] = []
    if waiting in ("draft", "refused"):
        found.append(step(_("Write"), "vary-contract", "edit"))
    if waiting == "draft":
        found.insert(0, step(_("Submit"), "submit-contract", "send", primary=True))
    if waiting == "submitted":
        reasons = [one.why for one in failed(verdicts(record))]
        found += [
            step(_("Approve"), "approve-contract", "check", primary=True, why_not=reasons),
            step(_("Refuse"), "refuse-contract", "x"),
        ]
    if record.status == "changing" and waiting in ("draft", "refused"):
        found.append(step(_("Give the change up"), "drop-variation", "arrow-back-up"))
    if record.status == "effective":
        found += [
            Step(_("Take an order"), f"{reverse('sales:take-order')}?contract={record.number}"
                 f"&customer={record.customer_name}", "plus", primary=True),
            step(_("Change the contract"), "vary-contract", "edit"),
            step(_("End"), "end-contract", "x"),
        ]  # fmt: skip
    return found


def _of(name: str) -> Any:
    return lambda record: getattr(record.shown, name, None)


def _share(record: Any) -> str:
    return f"{(record.shown.retention_share * 100).normalize():f} %" if record.shown else ""


def _covers(record: Any) -> list[str] | None:
    covers = record.shown.warranty_covers if record.shown else ()
    return [say(COVERS[one]) for one in covers] or None


def _yes(record: Any) -> str:
    if record.shown is None:
        return ""
    return gettext("yes") if record.shown.exchange_inherits else gettext("no")


def payments(record: Any) -> list[dict[str, Any]]:
    """The payment plan with its amounts."""
    if record.shown is None:
        return []
    return [
        {
            "name": node.name,
            "share": f"{(node.share * 100).normalize():f} %",
            "due": node.due_on.isoformat()
            if node.due_on
            else f"{say(DUE_RULES[node.due_rule])} +{node.due_days}",
            "amount": cents,
        }
        for node, cents in contracts.payments_of(record.shown)
    ]


def changes_context(record: Any) -> dict[str, Any] | None:
    """What each version changed against the one before it."""
    by_no = {one.no: one for one in record.wordings}
    pairs = [(by_no[one.no - 1], one) for one in record.wordings if one.no - 1 in by_no]
    if not pairs:
        return None
    return {
        "title": gettext("What the versions changed"),
        "changes": [
            {
                "title": f"{old.no} → {new.no} · {say(CONTRACT_VERSION.states[new.status])}",
                "why": new.reason,
                "rows": [(say(name), before, after)
                         for name, before, after in contracts.differences(old, new)],
            }
            for old, new in pairs[:20]
        ],
    }  # fmt: skip


def happened(record: Any) -> list[dict[str, Any]]:
    """Who wrote, submitted and approved which version, the newest first."""
    found = []
    for one in record.wordings:
        named = {"n": one.no}
        found += [
            {"at": at, "title": title % named, "who": who, "why": why}
            for at, title, who, why in (
                (one.approved_at, gettext("Version %(n)s in force"), one.approved_by_name,
                 one.decision_reason),
                (one.submitted_at, gettext("Version %(n)s submitted"), one.written_by_name, ""),
                (one.created_at, gettext("Version %(n)s written"), one.written_by_name,
                 one.reason),
            )
            if at is not None
        ]  # fmt: skip
    return sorted(found, key=lambda one: one["at"], reverse=True)


def pills(record: Any) -> list[tuple[Words, str]]:
    """State, kind, version in force."""
    found: list[tuple[Words, str]] = [
        (CONTRACT.states[record.status], TONES.get(record.status, "")),
        (CONTRACT_KINDS[record.kind], ""),
    ]
    ends = record.shown.expires_on if record.shown else None
    if record.status in ("effective", "changing") and ends and ends < today():
        found.append((_("past its term"), "bad"))
    return found


def percent(name: str) -> Callable[[Any], str]:
    """A share of a row as people read it."""
    return lambda row: f"{(getattr(row, name) * 100).normalize():f} %"


def left(row: Any) -> Any:
    """What of a line was not called off."""
    return row.qty - row.called_off


def lines(record: Any) -> Any:
    """The lines of the version shown."""
    return contracts.lines_of(record.shown) if record.shown else []


def version_url(row: ContractVersion) -> str:
    """The page of one version."""
    return reverse("sales:contract-version", args=[row.contract_id, row.no])


def find_version(_user: Any, pk: UUID, no: int) -> Contract:
    """The contract as one of its versions reads. Raises ``DoesNotExist``."""
    record = find_contract(_user, pk)
    record.shown = record.versions.get(no=no)  # type: ignore[attr-defined]
    return record


TERMS = Fields(
    _("Terms"),
    (
        Value("customer_name", label=CUSTOMER, link=customer_url),
        Value("title", label=_("Subject")),
        Value("no", label=_("Version"), kind="number", value=_of("no")),
        Value("signed_on", label=SIGNED, kind="date", value=_of("signed_on")),
        Value("effective_on", label=_("Effective from"), kind="date", value=_of("effective_on")),
        Value("expires_on", label=_("Expires"), kind="date", value=_of("expires_on")),
        Value("total", label=TOTAL, kind="number", value=_of("total")),
        Value("currency", label=_("Currency"), value=_of("currency")),
        Value("delivery_terms", label=_("Delivery terms"), value=_of("delivery_terms")),
        Value("acceptance_terms", label=_("Acceptance terms"), value=_of("acceptance_terms")),
        Value("warranty_start", label=_("Warranty begins"), value=_of("warranty_start"),
              choices=WARRANTY_STARTS),
        Value("warranty_months", label=_("Warranty, months"), kind="number",
              value=_of("warranty_months")),
        Value("warranty_covers", label=_("Covers"), value=_covers),
        Value("exchange_inherits", label=_("An exchanged unit inherits the rest of the warranty"),
              value=_yes),
        Value("retention_share", label=RETENTION, value=_share),
        Value("file_name", label=_("Signed file"), value=_of("file_name")),
        Value("file_sha256", label=_("Hash of the file"), kind="code", value=_of("file_sha256")),
        Value("seller_name", label=_("Seller")),
        Value("ended_on", label=_("Ended"), kind="date"),
        Value("end_reason", label=_("Reason")),
    ),
    hide_empty=True,
)  # fmt: skip
LINES = Related(
    _("Lines"),
    lines,
    (
        Column("line_no", label=_("Line"), kind="number"),
        Column("product__product_code", label=_("Product code"), kind="code", link=product_url),
        Column("product__name", label=_("Product")),
        Column("qty", label=_("Quantity"), kind="number"),
        Column("called_off", label=_("Called off"), kind="number"),
        Column("left", label=LEFT, kind="number", value=left),
        Column("price", label=_("Price with tax"), kind="number"),
        Column("discount", label=_("Discount"), kind="number", value=percent("discount")),
        Column("tax_rate", label=_("Tax"), kind="number", value=percent("tax_rate")),
        Column("amount", label=_("Amount"), kind="number"),
        Column("due_on", label=DUE, kind="date"),
    ),
    empty=_("It has no lines: terms alone."),
)
PLAN = Related(
    _("Payment plan"),
    payments,
    (
        Column("name", label=_("Payment")),
        Column("share", label=_("Share"), kind="number"),
        Column("due", label=DUE),
        Column("amount", label=_("Amount"), kind="number"),
    ),
    empty=_("No payments were agreed."),
)
VERSIONS = Related(
    _("Versions"),
    lambda record: record.wordings,
    (
        Column("no", label=_("Version"), kind="number", link=version_url),
        Column("status", label=_("State"), kind="state", choices=CONTRACT_VERSION, tones=TONES),
        Column("effective_on", label=_("Effective from"), kind="date"),
        Column("total", label=TOTAL, kind="number"),
        Column("written_by_name", label=_("Written by")),
        Column("approved_by_name", label=_("Approved by")),
    ),
)

CONTRACT_PAGE = DetailScreen(
    permission="contract.read",
    find=find_contract,
    title=lambda record: record.number,
    subtitle=lambda record: record.customer_name,
    pills=pills,
    breadcrumbs=lambda _record: [(CONTRACTS_CRUMB[0], reverse(CONTRACTS_CRUMB[1]))],
    panels=(
        LINES,
        TERMS,
        PLAN,
        VERSIONS,
        Custom("sales/differences.html", changes_context),
        Related(
            _("Orders that call it off"),
            lambda record: orders.of_contract(record.pk),
            tuple(one for one in ORDER_COLUMNS
                  if one.name in ("number", "status", "ordered_on", "wanted_on", "total")),
            empty=_("No order calls it off yet."),
        ),
        NextSteps(contract_steps),
        Verdicts(_("Checks"), verdicts, side=True),
        Registered("contract"),
        Timeline(_("Time line"), happened, side=True),
    ),
)  # fmt: skip
VERSION_PAGE = DetailScreen(
    permission="contract.read",
    find=find_version,
    title=lambda record: f"{record.number} · {gettext('version')} {record.shown.no}",
    subtitle=lambda record: record.customer_name,
    pills=lambda record: [
        (CONTRACT_VERSION.states[record.shown.status], TONES.get(record.shown.status, ""))
    ],
    breadcrumbs=lambda record: [
        (CONTRACTS_CRUMB[0], reverse(CONTRACTS_CRUMB[1])),
        (record.number, reverse("sales:contract", args=[record.pk])),
    ],
    actions=lambda record: [
        Action(_("The contract"), reverse("sales:contract", args=[record.pk]), "file-text")
    ],
    panels=(LINES, TERMS, PLAN),
)
