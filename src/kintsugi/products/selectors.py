"""Reads of products shared with other apps."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

import polars as pl
from django.db import connection
from django.db.models import Q, QuerySet

from kintsugi.core.bulk import fetch_frame
from kintsugi.core.lookups import occurs, starts
from kintsugi.core.queries import query
from kintsugi.products.models import Product, UdiIdentifier
from kintsugi.products.selectors_trade import Made as Made
from kintsugi.products.selectors_trade import Standing as Standing
from kintsugi.products.selectors_trade import base_units as base_units
from kintsugi.products.selectors_trade import certificate_verdicts as certificate_verdicts
from kintsugi.products.selectors_trade import standings as standings
from kintsugi.products.selectors_trade import trade_verdicts as trade_verdicts


def find_by_reference(values: pl.Series) -> pl.DataFrame:
    """Products by what a source calls them: ``value, id, rule``, one row per distinct value.

    Tried in this order: product code, a UDI device identifier of any package level, catalogue
    number, model. The first kind that finds anything decides; if it finds several products the
    rule is ``reference.ambiguous`` and a person is asked, if nothing does ``reference.unknown``.
    """
    distinct = values.drop_nulls().unique().cast(pl.String)
    found = fetch_frame(query("products", "find_products"), [distinct.to_list()])
    if found.is_empty():
        return pl.DataFrame(schema={"value": pl.String, "id": pl.String, "rule": pl.String})
    return found


# -- for screens and search ------------------------------------------------------------------------

#: Identifiers of one product that a page shows.
IDENTIFIERS_MAX = 200
MAKERS_MAX = 500


def products() -> QuerySet[Product]:
    """All products that stand, with their makers."""
    return Product.objects.filter(is_void=False).select_related("manufacturer")


def product(pk: UUID) -> Product:
    """One product with its maker and registrant. Raises ``Product.DoesNotExist``."""
    return Product.objects.select_related("manufacturer", "mah").get(pk=pk)


def searched(rows: QuerySet[Product], text: str) -> QuerySet[Product]:
    """Products by a part of name or model, or the beginning of code, catalogue number or UDI-DI
    of any package level; every way is answered by an index."""
    code = text.upper()
    of_package = UdiIdentifier.objects.filter(starts("device_identifier", code))
    return rows.filter(
        occurs("name", text)
        | occurs("model", text)
        | starts("product_code", code)
        | starts("catalog_number", text)
        | Q(pk__in=of_package.values("product_id")[:IDENTIFIERS_MAX])
    )


def product_ids_by_di(di: str) -> list[UUID]:
    """Ids of products that carry this UDI-DI at any package level; at most 200."""
    of_package = UdiIdentifier.objects.filter(device_identifier=di, is_void=False)
    own = Product.objects.filter(primary_di=di, is_void=False)
    return [
        *own.values_list("pk", flat=True)[:IDENTIFIERS_MAX],
        *of_package.values_list("product_id", flat=True)[:IDENTIFIERS_MAX],
    ]


def makers() -> list[tuple[str, str]]:
    """(id, name) of parties that make a product, by name; at most 500."""
    found = (
        Product.objects.filter(manufacturer__isnull=False)
        .order_by("manufacturer__name_sort")
        .values_list("manufacturer_id", "manufacturer__name")
        .distinct()[:MAKERS_MAX]
    )
    return [(str(pk), name) for pk, name in found]


def made_by(party_id: UUID) -> QuerySet[Product]:
    """Products of a maker."""
    return products().filter(manufacturer_id=party_id).order_by("pk")


def product_names(ids: Sequence[str]) -> dict[str, str]:
    """Name and model by id."""
    return {str(one.pk): str(one) for one in Product.objects.filter(pk__in=list(ids))}


@dataclass
class Package:
    """An identifier and the packages that hold it."""

    identifier: UdiIdentifier
    held_in: list["Package"] = field(default_factory=list)
    gold: str = ""


def packages(product_id: UUID) -> list[Package]:
    """The identifiers of a product as a forest: the innermost ones, each with the packages that
    hold it. Bounded to 200 identifiers; a ring of packages (an error in the source) is cut."""
    found = list(
        UdiIdentifier.objects.filter(product_id=product_id, is_void=False).order_by(
            "kind", "device_identifier"
        )[:IDENTIFIERS_MAX]
    )
    known = {one.pk: one for one in found}
    nodes = {one.pk: Package(one) for one in found}
    roots = []
    for one in found:
        inner = nodes.get(one.contains_id) if one.contains_id else None
        if inner is None or _in_ring(one, known):
            roots.append(nodes[one.pk])
        else:
            inner.held_in.append(nodes[one.pk])
    return sorted(roots, key=lambda node: node.identifier.kind != "primary")


def _in_ring(one: UdiIdentifier, known: Mapping[UUID, UdiIdentifier]) -> bool:
    """Whether an identifier holds, through others, itself."""
    seen = {one.pk}
    inner = known.get(one.contains_id) if one.contains_id else None
    while inner is not None and inner.pk not in seen:
        seen.add(inner.pk)
        inner = known.get(inner.contains_id) if inner.contains_id else None
    return inner is not None and inner.pk == one.pk


def by_code(code: str, *, limit: int = 20) -> list[Product]:
    """Products with this product code or this device identifier of any package level."""
    wanted = code.strip()
    found = Product.objects.select_related("manufacturer", "mah").filter(
        Q(product_code=wanted)
        | Q(identifiers__device_identifier=wanted, identifiers__is_void=False),
        is_void=False,
    )
    return list(found.distinct().order_by("product_code")[:limit])


def by_codes(codes: Iterable[str]) -> dict[str, Product]:
    """Products by exactly these product codes; one query."""
    found = Product.objects.filter(product_code__in=set(codes), is_void=False)
    return {one.product_code: one for one in found}


@dataclass(frozen=True)
class Labelled:
    """What a device identifier stands on. ``base_units``: how many base units (primary packages)
    one of it holds; None where the nest of packages is not known, or where it is a part of a base
    unit (``is_part``)."""

    di: str
    identifier_id: UUID | None
    product_id: UUID
    base_units: Decimal | None
    is_part: bool


def labelled(dis: Iterable[str]) -> dict[str, list[Labelled]]:
    """Products by the device identifiers of any package level, with the package unfolded; several
    where several products carry the same one. One query."""
    with connection.cursor() as cursor:
        cursor.execute(query("products", "labelled"), {"dis": sorted(set(dis))})
        rows = [Labelled(*row) for row in cursor.fetchall()]
    found: dict[str, list[Labelled]] = {}
    for one in rows:
        found.setdefault(one.di, []).append(one)
    return found


def by_ids_or_codes(ids: Iterable[UUID], codes: Iterable[str]) -> list[Product]:
    """Products with these ids or exactly these codes; one query."""
    wanted = Q(pk__in=set(ids)) | Q(product_code__in=set(codes))
    return list(Product.objects.filter(wanted, is_void=False).select_related("manufacturer"))


def gtins_of(ids: Iterable[UUID]) -> dict[UUID, str]:
    """The GTIN that labels of these products carry: that of the primary package, else the product's
    own; products of other agencies are left out. Two queries."""
    wanted = list(set(ids))
    own = Product.objects.filter(pk__in=wanted, primary_di__regex=r"^[0-9]{14}$")
    found = {one.pk: str(one.primary_di) for one in own.only("pk", "primary_di")}
    primary = UdiIdentifier.objects.filter(
        product_id__in=wanted, issuer="GS1", kind="primary", is_void=False
    )
    rows = primary.order_by("-device_identifier").values_list("product_id", "device_identifier")
    return {**found, **dict(rows)}
