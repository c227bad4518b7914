"""How long the record of a device is kept."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import Case, CharField, QuerySet, Value, When

from kintsugi.audit.selectors import Clause, RetentionRule, YearsAfter, register_retention
from kintsugi.core.errors import Text
from kintsugi.devices.models import Device
from kintsugi.devices.screens import url_of

YEARS_AFTER_EXPIRY = 2
YEARS_WITHOUT_EXPIRY = 5
CLAUSES = (
    Clause(
        "implant",
        Text("植入类:永久保存。", "Implant: kept for ever."),
        Text("产品为植入器械。", "Its product is an implant."),
    ),
    Clause(
        "implant_unknown",
        Text("是否植入未知:暂按永久保存。", "Implant or not is unknown: kept until it is known."),
        Text(
            "在产品资料中写明后重新计算。",
            "Say so in the product's record and it is computed again.",
        ),
    ),
    Clause(
        "expiry",
        Text("有效期届满后 2 年。", "Two years after expiry."),
        Text("设备有有效期。", "The device has an expiry date."),
    ),
    Clause(
        "no_expiry",
        Text("至少 5 年。", "At least five years."),
        Text(
            "无有效期:自最近一次更改起算。",
            "There is no expiry date: counted from the last change of the record.",
        ),
    ),
)


def rows() -> QuerySet[Device]:
    """Devices with ``keep_clause`` and ``keep_until``; a null date means for ever."""
    implant = When(product__is_implant=True, then=Value("implant"))
    unknown = When(product__is_implant__isnull=True, then=Value("implant_unknown"))
    expires = When(expiry_date__isnull=False, then=Value("expiry"))
    return Device.objects.select_related("product").annotate(
        keep_clause=Case(
            implant, unknown, expires, default=Value("no_expiry"), output_field=CharField()
        ),
        keep_until=Case(
            When(product__is_implant=True, then=None),
            When(product__is_implant__isnull=True, then=None),
            When(expiry_date__isnull=False, then=YearsAfter("expiry_date", YEARS_AFTER_EXPIRY)),
            default=YearsAfter("updated_at", YEARS_WITHOUT_EXPIRY),
        ),
    )


def subjects(device: Any) -> Sequence[tuple[str, UUID | None, str]]:
    """What a legal hold may cover a device by."""
    return (
        ("device", device.pk, ""),
        ("product", device.product_id, ""),
        ("lot", device.product_id, device.lot_no or ""),
        ("party", device.customer_id, ""),
        ("party", device.supplier_id, ""),
    )


def register() -> None:
    """Add the rule."""
    register_retention(
        RetentionRule("device", Text("设备", "Devices"), CLAUSES, rows, url_of, subjects, 10)
    )
