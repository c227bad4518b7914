"""Products over HTTP, with the identifiers of their packages."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field, create_model

from kintsugi.core.access import requires
from kintsugi.core.api.lists import add_list
from kintsugi.core.api.records import Record, links_of, record_schema
from kintsugi.core.api.schemas import READ, Links
from kintsugi.products import selectors
from kintsugi.products.models import Product, UdiIdentifier
from kintsugi.products.screens import PRODUCTS
from kintsugi.products.trade_api import router as trade

__all__ = ["router", "trade"]

router = Router(tags=["Products"])


class ProductBase(Record):
    """What a product has beyond its contract."""

    links: Links

    @staticmethod
    def resolve_links(product: Product) -> dict[str, str]:
        """Where to go from here."""
        return links_of("product", "products", product.pk)


class IdentifiersBase(Schema):
    """The UDI device identifiers of a product at all package levels."""

    is_more: bool = Field(
        description=f"whether there are more than {selectors.IDENTIFIERS_MAX}, which are not given"
    )


class Package(Schema):
    """An identifier, and the packages that hold it."""

    id: UUID
    device_identifier: str
    issuer: str
    kind: str | None
    pack_level: str | None
    package_status: str | None
    quantity: int | None = Field(description="how many of the inner one it holds")
    held_in: "list[Package]"


class Packages(Schema):
    """The package levels of a product as a tree, innermost first."""

    items: list[Package]


PRODUCT = record_schema("ProductOut", entity="product", base=ProductBase)
IDENTIFIER = record_schema("UdiIdentifierOut", entity="udi_identifier")
IDENTIFIERS = create_model(
    "Identifiers",
    __base__=IdentifiersBase,
    __module__=__name__,
    items=(list[IDENTIFIER], ...),  # type: ignore[valid-type]  # made from the contract
)

add_list(
    router,
    "",
    PRODUCTS,
    PRODUCT,
    name="products",
    summary="Products at the level of specification and model",
    related=("mah",),
)


@router.get("/{id}", response={200: PRODUCT, **READ}, summary="One product")
@requires("product.read")
def product(request: HttpRequest, id: UUID) -> Product:
    """The golden record. Where each value came from: `explain`."""
    return selectors.product(id)


@router.get(
    "/{id}/identifiers", response={200: IDENTIFIERS, **READ}, summary="A product's UDI identifiers"
)
@requires("product.read")
def identifiers(request: HttpRequest, id: UUID) -> dict[str, Any]:
    """All package levels in one list."""
    most = selectors.IDENTIFIERS_MAX
    found = list(
        UdiIdentifier.objects.filter(product=selectors.product(id), is_void=False)
        .select_related("product")
        .order_by("kind", "device_identifier")[: most + 1]
    )
    return {"items": found[:most], "is_more": len(found) > most}


@router.get(
    "/{id}/packages", response={200: Packages, **READ}, summary="A product's package levels"
)
@requires("product.read")
def packages(request: HttpRequest, id: UUID) -> dict[str, Any]:
    """What holds what: each identifier with the packages it is held in."""
    return {"items": [_package(root) for root in selectors.packages(selectors.product(id).pk)]}


def _package(one: selectors.Package) -> dict[str, Any]:
    names = [name for name in Package.model_fields if name != "held_in"]
    own = {name: getattr(one.identifier, name) for name in names}
    return {**own, "held_in": [_package(outer) for outer in one.held_in]}
