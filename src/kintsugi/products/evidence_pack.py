"""Evidence packs, retention and legal holds of products."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from kintsugi.audit.selectors import (
    Chapter,
    Clause,
    RecordValues,
    RetentionRule,
    Scope,
    ScopeKind,
    Section,
    Subject,
    record_kind,
    register_retention,
    register_scope,
    register_section,
    value_table,
)
from kintsugi.core.errors import KintsugiError, NotFound, Text
from kintsugi.products import selectors
from kintsugi.products.models import Product

PRODUCT = Text("产品", "Product")
COLUMNS = {"manufacturer": "manufacturer_id", "mah": "mah_id"}


def resolve_product(key: str) -> Scope:
    """A product by code, device identifier or id.

    Raises NotFound or KintsugiError ``pack.several-products`` (facts: products).
    """
    try:
        found = list(Product.objects.select_related("manufacturer", "mah").filter(pk=UUID(key)))
    except ValueError:
        found = selectors.by_code(key)
    if not found:
        raise NotFound(PRODUCT, key)
    if len(found) > 1:
        codes = [one.product_code for one in found]
        raise KintsugiError(
            "pack.several-products",
            Text(f"“{key}”指 {len(found)} 个产品。", f"“{key}” names {len(found)} products."),
            Text(
                f"请用产品编码:{'、'.join(codes)}。",
                f"Use one of their product codes: {', '.join(codes)}.",
            ),
            field="key",
            key=key,
            products=codes,
        )
    [product] = found
    makers = {one.pk: one for one in (product.manufacturer, product.mah) if one is not None}
    related = [Subject("party", pk, str(one), related=True) for pk, one in makers.items()]
    title = Text(f"产品 {product.product_code}", f"Product {product.product_code}")
    facts = [(Text("名称", "Name"), product.name)]
    subject = Subject("product", product.pk, product.product_code)
    return Scope("product", str(product.pk), title, [subject, *related], facts=facts)


def collect_products(scope: Scope, limit: int) -> Chapter | None:
    """The values of the products a pack is about, with the cells they came from."""
    ids = [one.id for one in scope.subjects if one.entity == "product" and not one.related]
    if not ids:
        return None
    found = Product.objects.select_related("manufacturer", "mah").filter(pk__in=ids)
    values = [
        RecordValues("product", one, COLUMNS, one.product_code)
        for one in found.order_by("product_code", "pk")
    ]
    return Chapter([value_table("products", PRODUCT, values)])


def subjects(product: Any) -> Sequence[tuple[str, UUID | None, str]]:
    """What a legal hold may cover a product by."""
    return (
        ("product", product.pk, ""),
        ("party", product.manufacturer_id, ""),
        ("party", product.mah_id, ""),
    )


def register() -> None:
    """Add products to packs, retention and the auditor's desk."""
    hint = Text("产品编码或 UDI-DI", "Product code or UDI-DI")
    register_scope(ScopeKind("product", PRODUCT, hint, resolve_product, 30))
    register_section(Section("products", PRODUCT, collect_products, 12))
    register_retention(
        RetentionRule(
            "product",
            Text("产品", "Products"),
            [
                Clause(
                    "always",
                    Text("永久保存。", "Kept for ever."),
                    Text(
                        "设备记录指向它,其中可能有植入类。",
                        "Records of devices point to it, and some of them may be implants.",
                    ),
                )
            ],
            subjects=subjects,
            order=15,
        )
    )
    record_kind(
        "products_product",
        page="products:detail",
        entity="product",
        find=lambda text: [one.pk for one in selectors.by_code(text)],
    )
