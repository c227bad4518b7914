"""Certificates, first reviews and the licence radar on pages."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy, pgettext
from django.utils.translation import gettext_lazy as _

from kintsugi.core.panels import RecordPanel, Registered
from kintsugi.core.screens import (
    Action,
    Column,
    DetailScreen,
    Empty,
    Fields,
    Filter,
    ListScreen,
    NextSteps,
    Related,
    Step,
    Timeline,
    Value,
    Verdicts,
)
from kintsugi.core.screens.parts import Words, say
from kintsugi.core.verdicts import from_kept
from kintsugi.parties.selectors import LICENCE_KINDS, LICENCE_STATES, LICENCE_TONES
from kintsugi.products import selectors, selectors_trade
from kintsugi.products.kinds import (
    CERTIFICATE_KINDS,
    REVIEW,
    REVIEW_ROLES,
    REVIEW_TONES,
    STANDING_TONES,
    STANDINGS,
)
from kintsugi.products.models import Certificate, FirstReview
from kintsugi.products.screens import party_url, url_of
from kintsugi.products.views import today

NUMBER = gettext_lazy("Number")
LOCKS: dict[str, Words] = {
    "customer": _("sales to it"),
    "supplier": _("purchases from it"),
    "authorisation": _("purchases of the authorised products"),
}


def certificate_url(row: Certificate) -> str:
    """The certificate's page."""
    return reverse("products:certificate", args=[row.pk])


def review_url(row: FirstReview) -> str:
    """The review's page."""
    return reverse("products:review", args=[row.pk])


def licence_url(row: Any) -> str:
    """The page of a licence of a party."""
    return reverse("parties:licence", args=[row.pk])


# -- certificates ----------------------------------------------------------------------------------

CERTIFICATE_COLUMNS = (
    Column("number", label=_("Certificate number"), kind="code", link=certificate_url),
    Column("kind", label=_("Kind"), choices=CERTIFICATE_KINDS),
    Column("holder__name", label=_("Holder"), sort=("holder__name_sort",),
           link=lambda row: party_url(row.holder_id)),
    Column("valid_from", label=_("Valid from"), kind="date"),
    Column("valid_to", label=_("Valid through"), kind="date"),
    Column("status", label=_("Status"), kind="state", choices=LICENCE_STATES,
           tones=LICENCE_TONES, sort=("valid_to",)),
    Column("products", label=_("Products"), kind="number"),
)  # fmt: skip
NEW_CERTIFICATE = Action(
    _("Register a certificate"), lambda _r: reverse("products:add-certificate"), "plus", True
)
CERTIFICATES = ListScreen(
    name="certificates",
    title=_("Certificates"),
    subtitle=_("Registrations and filings. What was made while one was valid may be sold later."),
    rows=lambda _user: selectors_trade.certificates(on=today()),
    permission="licence.read",
    export_permission="licence.export",
    columns=CERTIFICATE_COLUMNS,
    search=("number", "holder__name"),
    search_hint=_("Number or holder"),
    filters=(
        Filter("kind", label=_("Kind"), choices=CERTIFICATE_KINDS),
        Filter("status", label=_("Status"), choices=LICENCE_STATES),
        Filter("valid_to", kind="days", label=_("Valid through")),
    ),
    order=("valid_to",),
    actions=(NEW_CERTIFICATE,),
    empty=Empty(
        _("No certificate is registered"),
        _("Without one, nothing of a product may be bought or sold."),
        icon="report-medical",
        action=_("Register a certificate"),
        url=lambda: reverse("products:add-certificate"),
    ),
)


def certificate_steps(record: Certificate) -> list[Step]:
    """Change it, or say that it was withdrawn."""
    done = [LICENCE_STATES["revoked"]] if record.revoked_on else []
    return [
        Step(
            _("Change by request"),
            reverse("products:change-certificate", args=[record.pk]),
            "pencil",
            why_not=done,
        ),
        Step(
            _("Declare it withdrawn"),
            reverse("products:withdraw-certificate", args=[record.pk]),
            "x",
            why_not=done,
        ),
    ]


CERTIFICATE = DetailScreen(
    find=lambda _user, pk: selectors_trade.certificate(pk, on=today()),
    permission="licence.read",
    title=lambda record: record.number,
    subtitle=lambda record: record.holder.name,
    pills=lambda record: [(LICENCE_STATES[record.status], LICENCE_TONES[record.status])],
    breadcrumbs=lambda _record: [(_("Certificates"), reverse("products:certificates"))],
    panels=(
        Fields(
            _("Certificate"),
            (
                Value("number", label=_("Certificate number"), kind="code"),
                Value("kind", label=_("Kind"), choices=CERTIFICATE_KINDS),
                Value("holder", label=_("Holder"), link=lambda r: party_url(r.holder_id)),
                Value("approved_on", label=_("Approved on"), kind="date"),
                Value("valid_from", label=_("Valid from"), kind="date"),
                Value("valid_to", label=_("Valid through"), kind="date",
                      help=_("What was made through this day may be sold until it expires.")),
                Value("file_name", label=_("Scanned paper"),
                      link=lambda r: reverse("products:certificate-file", args=[r.pk])),
                Value("note", label=_("Remark")),
            ),
        ),
        Fields(
            _("Withdrawal"),
            (
                Value("revoked_on", label=_("Withdrawn on"), kind="date"),
                Value("revoke_reason", label=_("Reason")),
                Value("revoked_by_name", label=_("Withdrawn by")),
            ),
            hide_empty=True,
        ),
        Related(
            _("Products"),
            lambda record: selectors_trade.covered_by(record.pk),
            (
                Column("product__product_code", label=_("Product code"), kind="code",
                       link=lambda row: url_of(row.product)),
                Column("product__name", label=_("Name")),
                Column("product__model", label=_("Model")),
            ),
        ),
        NextSteps(certificate_steps),
        Registered("certificate"),
    ),
)  # fmt: skip


# -- first reviews ---------------------------------------------------------------------------------


def subject_of(row: FirstReview) -> str:
    """What a review is about, in words."""
    return str(row.party or row.product)


def subject_url(row: FirstReview) -> str:
    """The page of what a review is about."""
    return party_url(row.party_id) if row.party_id else url_of(row.product)  # type: ignore[arg-type]


REVIEW_COLUMNS = (
    Column("number", label=NUMBER, kind="code", link=review_url),
    Column("role", label=_("Kind"), choices=REVIEW_ROLES),
    Column("status", label=_("Status"), kind="state", choices=REVIEW, tones=REVIEW_TONES),
    Column("requested_by_name", label=_("Requested by")),
    Column("requested_at", label=_("Requested"), kind="moment"),
    Column("approved_by_name", label=_("Approved by")),
    Column("effective_from", label=_("In force from"), kind="date"),
)
REVIEWS = ListScreen(
    name="first-reviews",
    title=_("First reviews"),
    subtitle=_("Before the first business with a supplier, a customer or a product."),
    rows=lambda _user: selectors_trade.reviews(),
    permission="licence.read",
    export_permission="licence.export",
    columns=(
        REVIEW_COLUMNS[0],
        Column("subject", label=_("About"), value=subject_of, link=subject_url),
        *REVIEW_COLUMNS[1:],
    ),
    search=("number", "party__name", "product__name", "product__product_code"),
    search_hint=_("Number, party or product"),
    filters=(
        Filter("role", label=_("Kind"), choices=REVIEW_ROLES),
        Filter("status", label=_("Status"), choices=REVIEW),
    ),
    order=("-requested_at",),
    empty=Empty(
        _("Nothing was reviewed yet"),
        _("Open a party or a product and ask for its first review."),
        icon="clipboard-check",
        action=_("Parties"),
        url=lambda: reverse("parties:list"),
    ),
)


def checklist(record: FirstReview) -> Any:
    """What it asks for: as found today while it is open or in force, else as it was kept."""
    if record.status in ("withdrawn", "replaced", "ended"):
        return from_kept(record.checklist)
    return selectors_trade.review_papers(record, on=today())


def review_steps(record: FirstReview) -> list[Step]:
    """What may be done from here."""
    missing: list[Words] = [one.title for one in checklist(record) if not one.passed]

    def step(label: Words, name: str, icon: str, **more: Any) -> Step:
        return Step(label, reverse(f"products:{name}-review", args=[record.pk]), icon, **more)

    reject = step(_("Reject"), "reject", "x")
    withdraw = step(_("Withdraw"), "withdraw", "arrow-back-up")
    return {
        "draft": [step(_("Submit to quality"), "submit", "send", primary=True), withdraw],
        "in_review": [
            step(_("Papers are in order"), "check", "check", primary=True, why_not=missing),
            reject, withdraw,
        ],
        "in_approval": [
            step(_("Approve"), "approve", "check", primary=True, why_not=missing),
            reject, withdraw,
        ],
        "rejected": [step(_("Submit again"), "submit", "send", primary=True), withdraw],
        "effective": [step(_("End"), "end", "x")],
    }.get(record.status, [])  # fmt: skip


def happened(record: FirstReview) -> list[dict[str, Any]]:
    """Who did what, the newest first."""
    found = [
        (record.closed_at, say(REVIEW.states[record.status]), record.closed_by_name,
         record.closing_reason),
        (record.approved_at, gettext("Approved"), record.approved_by_name, ""),
        (record.reviewed_at, gettext("Reviewed by quality"), record.reviewed_by_name,
         record.review_opinion),
        (record.requested_at, pgettext("event", "Asked for"), record.requested_by_name,
         record.reason),
    ]  # fmt: skip
    return [
        {"at": at, "title": title, "who": who, "why": why}
        for at, title, who, why in found
        if at is not None
    ]


REVIEW_PAGE = DetailScreen(
    find=lambda _user, pk: selectors_trade.review(pk),
    permission="licence.read",
    title=lambda record: record.number,
    subtitle=subject_of,
    pills=lambda record: [(REVIEW.states[record.status], REVIEW_TONES.get(record.status, ""))],
    breadcrumbs=lambda _record: [(_("First reviews"), reverse("products:reviews"))],
    panels=(
        Fields(
            _("First review"),
            (
                Value("role", label=_("Kind"), choices=REVIEW_ROLES),
                Value("subject", label=_("About"), value=subject_of, link=subject_url),
                Value("classes", label=_("Device classes"), value=lambda r: " ".join(r.classes)),
                Value("reason", label=_("Reason")),
                Value("effective_from", label=_("In force from"), kind="date"),
            ),
        ),
        Verdicts(_("What must be there"), checklist),
        Timeline(_("Steps"), happened),
        NextSteps(review_steps),
        Registered("first_review"),
    ),
)


# -- the radar -------------------------------------------------------------------------------------


def radar_tabs(_request: HttpRequest, within: str = "90") -> dict[str, Any]:
    """How soon."""
    names = {
        "90": gettext("Within 90 days"), "60": gettext("Within 60 days"),
        "30": gettext("Within 30 days"), "ended": gettext("Has ended"),
    }  # fmt: skip
    return {
        "tabs": [
            {
                "label": name,
                "url": reverse("products:radar-within", args=[code]),
                "active": code == within,
            }
            for code, name in names.items()
        ]
    }


def locks(row: Any) -> list[str] | None:
    """What the end of a licence locks, in words; nothing where it locks nothing."""
    return [say(LOCKS[one]) for one in row.locks] or None


RADAR = ListScreen(
    name="radar",
    title=_("Licence radar"),
    subtitle=_("What ends soon or ended, and what its end locks. A renewed licence unlocks."),
    rows=lambda _user, within="90": selectors_trade.ending(within, on=today()),
    permission="licence.read",
    export_permission="licence.export",
    columns=(
        Column("number", label=_("Licence number"), kind="code", link=licence_url),
        Column("party__name", label=_("Party"), sort=("party__name_sort",),
               link=lambda row: party_url(row.party_id)),
        Column("kind", label=_("Kind"), choices=LICENCE_KINDS),
        Column("valid_to", label=_("Valid through"), kind="date"),
        Column("status", label=_("Status"), kind="state", choices=LICENCE_STATES,
               tones=LICENCE_TONES, sort=("valid_to",)),
        Column("locks", label=_("Locks"), value=locks),
        Column("since", label=_("Locked since"), kind="date",
               value=selectors_trade.locked_since),
    ),
    search=("number", "party__name"),
    search_hint=_("Number or party"),
    filters=(Filter("kind", label=_("Kind"), choices=LICENCE_KINDS),),
    page=radar_tabs,
    order=("valid_to",),
    empty=Empty(
        _("Nothing ends soon"),
        _("Licences appear here 90 days before they end."),
        icon="shield-check",
    ),
)  # fmt: skip


# -- on the pages of parties and products ----------------------------------------------------------


def _standing_lines(record: Any, roles: tuple[str, ...]) -> list[dict[str, Any]]:
    lines = []
    for role in roles:
        found = selectors_trade.standings(role=role, subjects=[record.pk], on=today())[record.pk]
        lines.append({"role": role, "state": found.state, "ends_on": found.ends_on,
                      "review": found.review, "record": record})  # fmt: skip
    return lines


def _standing_of_party(record: Any) -> list[dict[str, Any]]:
    roles = tuple(role for role in ("supplier", "customer") if role in (record.roles or ()))
    return _standing_lines(record, roles)


def _line_url(row: dict[str, Any]) -> str:
    if row["review"]:
        return reverse("products:review", args=[row["review"]])
    return reverse("products:ask-review", args=[row["role"], row["record"].pk])


STANDING_COLUMNS = (
    Column("role", label=_("Kind"), choices=REVIEW_ROLES, link=_line_url),
    Column("state", label=_("Today"), kind="state", choices=STANDINGS, tones=STANDING_TONES),
    Column("ends_on", label=_("Ends on"), kind="date"),
)
PANELS = (
    RecordPanel(
        "standing-of-party",
        "party",
        Related(_("First review"), _standing_of_party, STANDING_COLUMNS, side=True,
                empty=_("It is neither supplier nor customer.")),
        permission="licence.read",
        order=5,
    ),
    RecordPanel(
        "standing-of-product",
        "product",
        Related(_("First review"), lambda record: _standing_lines(record, ("product",)),
                STANDING_COLUMNS, side=True),
        permission="licence.read",
        order=5,
    ),
    RecordPanel(
        "certificates-of-product",
        "product",
        Related(
            _("Certificates"),
            lambda record: selectors_trade.certificates_of(record.pk, on=today()),
            CERTIFICATE_COLUMNS[:6],
            empty=_("No certificate is registered: nothing of it may be bought or sold."),
        ),
        permission="licence.read",
        order=10,
    ),
    RecordPanel(
        "products-of-authorisation",
        "licence",
        Related(
            _("Authorised products"),
            lambda record: selectors_trade.authorised_by(record.pk),
            (
                Column("product__product_code", label=_("Product code"), kind="code",
                       link=lambda row: url_of(row.product)),
                Column("product__name", label=_("Name")),
            ),
            empty=_("No product is named. Only an authorisation names products."),
        ),
        permission="licence.read",
        order=10,
    ),
)  # fmt: skip


def reviewed(pk: UUID, role: str) -> Any:
    """The party or product a review is asked for. Raises its model's DoesNotExist."""
    return selectors.product(pk) if role == "product" else selectors_trade.party_of(pk)
