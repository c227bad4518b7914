"""The list of products and one product's page."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from kintsugi.audit.selectors import evidence_of, golden_cells
from kintsugi.core.panels import RecordPanel, Registered, Together
from kintsugi.core.screens import (
    Action,
    Column,
    Custom,
    DetailScreen,
    Empty,
    Fields,
    Filter,
    ListScreen,
    Related,
    Value,
)
from kintsugi.core.screens.parts import contract_choices, contract_field
from kintsugi.parties.selectors import party_names
from kintsugi.products import selectors
from kintsugi.products.models import Product

COLUMNS = {"manufacturer": "manufacturer_id", "mah": "mah_id"}
STATUS_TONES = {"in_distribution": "good", "not_in_distribution": "warn"}


def url_of(row: Product) -> str:
    """The product's page."""
    return reverse("products:detail", args=[row.pk])


def party_url(party_id: UUID | None) -> str:
    """The page of a party that a product points to."""
    return reverse("parties:detail", args=[party_id]) if party_id else ""


PRODUCTS = ListScreen(
    name="products",
    title=_("Products"),
    subtitle=_("The catalogue at the level of specification and model, with its UDI-DI."),
    rows=lambda user: selectors.products(),
    permission="product.read",
    export_permission="product.export",
    entity="product",
    columns=(
        Column("product_code", kind="code", link=url_of),
        Column("name", sort=("name_sort",)),
        Column("model", sort=("model",)),
        Column("catalog_number", kind="code"),
        Column(
            "manufacturer__name",
            field="manufacturer",
            sort=("manufacturer__name_sort",),
            link=lambda row: party_url(row.manufacturer_id),
        ),
        Column("tracking"),
        Column("distribution_status", kind="state", tones=STATUS_TONES),
    ),
    find=selectors.searched,
    search_hint=_("Name, model, code, UDI-DI of any package"),
    filters=(
        Filter(
            "manufacturer", lookup="manufacturer_id", choices_of=lambda user: selectors.makers()
        ),
        Filter("distribution_status"),
        Filter("tracking"),
        Filter("issuing_agency"),
        Filter("is_implant", kind="flag"),
    ),
    order=("name_sort",),
    empty=Empty(
        _("No products yet"),
        _("Start with the maker's catalogue or an extract of a UDI database."),
        icon="package",
        action=_("Upload files"),
        url=lambda: reverse("onboarding:upload"),
    ),
)


def names(column: str, ids: Sequence[str]) -> dict[str, str]:
    """Names of the parties that a product's columns point to."""
    return party_names(ids)


def find(user: Any, pk: UUID) -> Product:
    """The product with its evidence."""
    record = selectors.product(pk)
    record.evidence = evidence_of(  # type: ignore[attr-defined]
        gid=pk, entity="product", columns=COLUMNS, names=names
    )
    return record


def gold(record: Any) -> dict[str, str]:
    """The source cell of each value."""
    return dict(record.evidence.gold)


def evidence(record: Any) -> dict[str, Any]:
    """For the panels about evidence."""
    return {"evidence": record.evidence}


def packages(record: Product) -> dict[str, Any]:
    """The package levels as a tree, each identifier with its source cell."""
    roots = selectors.packages(record.pk)
    every = list(_walk(roots))
    cells = golden_cells(
        gids=[one.identifier.pk for one in every],
        entity="udi_identifier",
        field_name="device_identifier",
    )
    for one in every:
        one.gold = cells.get(one.identifier.pk, "")
    words = {
        name: dict(contract_choices(contract_field("udi_identifier", name)))
        for name in ("kind", "pack_level", "package_status")
    }
    return {"roots": roots, "count": len(every), "words": words}


def _walk(nodes: list[selectors.Package]) -> list[selectors.Package]:
    return [one for node in nodes for one in (node, *_walk(node.held_in))]


def _party(name: str) -> Value:
    return Value(
        name,
        link=lambda record: party_url(getattr(record, f"{name}_id")),
        value=lambda record: getattr(record, name),
    )


#: Every field of the contract stands in exactly one group; a test holds this.
GROUPS = (
    Fields(
        _("Identity"),
        ("product_code", "name", "name_en", "spec", "model", "catalog_number", "description"),
        entity="product",
        gold=gold,
    ),
    Fields(
        _("Responsible parties and registration"),
        (
            _party("manufacturer"), _party("mah"), "registration_no", Value("device_class"),
            "category_code",
        ),
        entity="product",
        gold=gold,
    ),
    Fields(
        _("UDI and tracking"),
        (
            "primary_di", Value("issuing_agency"), Value("tracking"), "lot_in_udi", "serial_in_udi",
            "mfg_date_in_udi", "expiry_in_udi", "identifier_count", "units_per_package",
        ),
        entity="product",
        gold=gold,
    ),
    Fields(
        _("Use, safety and storage"),
        (
            "is_implant", "is_ivd", "sterile", Value("mri_safety"), "prescription_use",
            "over_the_counter", Value("storage_condition"), Value("base_uom"),
        ),
        entity="product",
        gold=gold,
    ),
    Fields(
        _("Trade and warranty"),
        (
            Value("distribution_status", kind="state", tones=STATUS_TONES),
            "published_on",
            "distribution_end_on",
            Value("item_kind"),
            "needs_install",
            "warranty_months",
            Value("warranty_start_rule"),
            "near_expiry_days",
            "min_ship_remaining_days",
            "tax_rate",
            "tax_code",
        ),
        entity="product",
        gold=gold,
    ),
    Fields(
        _("Classifications"),
        ("gmdn_terms", "fda_product_codes", "premarket_submissions"),
        entity="product",
        gold=gold,
    ),
)  # fmt: skip


def _status(record: Product) -> list[tuple[str, str]]:
    words = dict(contract_choices(contract_field("product", "distribution_status")))
    status = record.distribution_status
    return [(words.get(status, status), STATUS_TONES.get(status, ""))] if status else []


def _actions(record: Product) -> list[Action]:
    if record.merged_into_id:
        there = reverse("products:detail", args=[record.merged_into_id])
        return [Action(_("The product it was merged into"), there, icon="git-merge", primary=True)]
    named = urlencode({"products": record.product_code})
    return [
        Action(
            _("Register a certificate"),
            f"{reverse('products:add-certificate')}?{named}",
            icon="report-medical",
        ),
        Action(
            _("Certificate by request"),
            reverse("products:request-certificate", args=[record.pk]),
            icon="checklist",
        ),
        Action(
            _("Merge a duplicate"), reverse("products:merge", args=[record.pk]), icon="git-merge"
        ),
    ]


PRODUCT = DetailScreen(
    find=find,
    permission="product.read",
    title=lambda record: record.name,
    subtitle=lambda record: " · ".join(
        part for part in (record.model, record.catalog_number) if part
    ),
    pills=lambda record: [*([(_("void"), "bad")] if record.is_void else []), *_status(record)],
    breadcrumbs=lambda record: [(_("Products"), reverse("products:list"))],
    actions=_actions,
    panels=(
        Together(GROUPS),
        Custom("products/packages.html", packages),
        Registered("product", side=False),
        Custom("audit/matrix.html", evidence, permission="evidence.read"),
        Registered("product"),
        Custom("audit/sources.html", evidence, side=True, permission="evidence.read"),
        Custom("audit/timeline.html", evidence, side=True, permission="history.read"),
    ),
    template="products/product.html",
)


def _made(record: Any) -> Any:
    return selectors.made_by(record.pk)


MADE_BY_PARTY = RecordPanel(
    "products-of-maker",
    "party",
    Related(
        _("Products made"),
        _made,
        (
            Column("product_code", kind="code", link=url_of),
            Column("name"),
            Column("model"),
            Column("distribution_status", kind="state", tones=STATUS_TONES),
        ),
        entity="product",
        empty=_("No product names this party as its maker."),
        more=lambda record: f"{reverse('products:list')}?manufacturer={record.pk}",
    ),
    permission="product.read",
    order=20,
)
