"""The only writer of products and their identifiers."""

from dataclasses import dataclass

import polars as pl
from django.db import connection

from kintsugi.core.loading import TableLoader
from kintsugi.core.queries import query
from kintsugi.core.sorting import with_sort_key
from kintsugi.parties.selectors import find_by_name
from kintsugi.products.selectors import find_by_reference
from kintsugi.products.services_trade import CertificateFacts as CertificateFacts
from kintsugi.products.services_trade import approve_first_review as approve_first_review
from kintsugi.products.services_trade import ask_first_review as ask_first_review
from kintsugi.products.services_trade import authorise_products as authorise_products
from kintsugi.products.services_trade import close_first_review as close_first_review
from kintsugi.products.services_trade import register_certificate as register_certificate
from kintsugi.products.services_trade import review_first as review_first
from kintsugi.products.services_trade import submit_first_review as submit_first_review
from kintsugi.products.services_trade import withdraw_certificate as withdraw_certificate


@dataclass(frozen=True)
class ProductLoader(TableLoader):
    """Loads records of the contract ``product``."""

    def references(self, records: pl.DataFrame) -> dict[str, pl.DataFrame]:
        """Makers and registrants by name."""
        return {
            name: find_by_name(records[name])
            for name in ("manufacturer", "mah")
            if name in records.columns
        }

    def derive(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Add the sort key of the name."""
        return with_sort_key(frame)


@dataclass(frozen=True)
class IdentifierLoader(TableLoader):
    """Loads records of the contract ``udi_identifier`` and links package levels."""

    def references(self, records: pl.DataFrame) -> dict[str, pl.DataFrame]:
        """The product each identifier belongs to."""
        if "product" not in records.columns:
            return {}
        return {"product": find_by_reference(records["product"])}

    def after_load(self) -> int:
        """Point each package to the identifier it contains; returns the rows linked."""
        with connection.cursor() as cursor:
            cursor.execute(query("products", "link_packages"))
            return int(cursor.rowcount)


PRODUCTS = ProductLoader(
    entity="product",
    table="products_product",
    fields=(
        "product_code", "name", "name_en", "spec", "model", "catalog_number", "description",
        "manufacturer", "mah", "device_class", "category_code", "is_implant", "is_ivd",
        "storage_condition", "base_uom", "tracking", "lot_in_udi", "serial_in_udi",
        "mfg_date_in_udi", "expiry_in_udi", "prescription_use", "over_the_counter", "sterile",
        "mri_safety", "gmdn_terms", "fda_product_codes", "premarket_submissions",
        "units_per_package", "identifier_count", "primary_di", "issuing_agency",
        "distribution_status", "published_on", "distribution_end_on", "registration_no",
        "warranty_months", "item_kind", "near_expiry_days", "min_ship_remaining_days", "tax_rate",
        "tax_code", "needs_install", "warranty_start_rule",
    ),
    columns={"manufacturer": "manufacturer_id", "mah": "mah_id"},
    key=("product_code",),
    derived=("name_sort",),
    arrays=frozenset({"gmdn_terms", "fda_product_codes", "premarket_submissions"}),
    references_to={
        "manufacturer_id": ("parties_party", "party_key"),
        "mah_id": ("parties_party", "party_key"),
    },
    told_as={"manufacturer_id": "name", "mah_id": "name"},
)  # fmt: skip

IDENTIFIERS = IdentifierLoader(
    entity="udi_identifier",
    table="products_udiidentifier",
    fields=(
        "issuer", "device_identifier", "kind", "product", "contains_identifier", "quantity",
        "package_status", "pack_level",
    ),
    columns={"product": "product_id"},
    key=("issuer", "device_identifier"),
    references_to={
        "product_id": ("products_product", "product_code"),
        "contains_id": ("products_udiidentifier", "device_identifier"),
    },
)  # fmt: skip
