"""The design system's components as template tags.

``{% load kintsugi %}``; each component has one template under ``core/parts/``.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import uuid4

from django import template
from django.contrib.staticfiles import finders
from django.forms import BoundField
from django.template.context import RequestContext
from django.templatetags.static import static
from django.utils import timezone, translation
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from kintsugi.core.errors import KintsugiError
from kintsugi.engine.contract import Field, load_contract
from kintsugi.engine.text import Text

register = template.Library()

SPRITE = "vendor/tabler/icons.svg"


def language() -> str:
    """The language of the page being drawn."""
    return translation.get_language() or "zh-hans"


@cache
def icon_names() -> frozenset[str]:
    """The icons in the sprite; a name outside of it is a mistake of ours."""
    path = finders.find(SPRITE)
    assert isinstance(path, str), f"{SPRITE} is missing"
    with open(path, encoding="utf-8") as file:
        return frozenset(part.split('"', 1)[0] for part in file.read().split('<symbol id="')[1:])


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """A Tabler icon of the sprite, decorative: the text beside it carries the meaning."""
    return format_html(
        '<svg class="k-icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>',
        css,
        static(SPRITE),
        name,
    )


@register.filter
def t(value: object) -> str:
    """A ``Text`` in the language of the page; anything else as it is."""
    return value.get(language()) if isinstance(value, Text) else str(value)


@register.filter
def number(value: object) -> str:
    """Digits in groups of three; never rounded. ``None`` gives a dash."""
    if value is None or value == "":
        return "–"
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        # In Chinese, too: Django groups by four there, which nobody does. 12.5000 shows as 12.5.
        text = f"{value:,f}" if isinstance(value, Decimal) else f"{value:,}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return str(value)


@register.filter
def percent(share: float | None) -> str:
    """A share from 0 to 1 in percent, one digit behind the point."""
    return "–" if share is None else f"{share:.1%}"


@register.filter
def duration(seconds: float | None) -> str:
    """Seconds in words of at most two units: ``1 h 20 min``, ``45 s``."""
    if seconds is None:
        return "–"
    whole = round(seconds)
    if whole < 60:
        return gettext("%(s)s s") % {"s": whole}
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return gettext("%(m)s min %(s)s s") % {"m": minutes, "s": rest}
    hours, minutes = divmod(minutes, 60)
    return gettext("%(h)s h %(m)s min") % {"h": hours, "m": minutes}


@register.filter
def size(count: int | None) -> str:
    """Bytes in powers of 1024: ``1.5 MiB``."""
    if count is None:
        return "–"
    amount = float(count)
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if amount < 1024 or unit == "TiB":
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    raise AssertionError("unreachable")


@register.filter
def moment(value: datetime | date | None) -> SafeString | str:
    """A date or time in ISO order (unambiguous in both languages), local time, as ``<time>``."""
    if value is None:
        return "–"
    if isinstance(value, datetime):
        local = timezone.localtime(value) if timezone.is_aware(value) else value
        return format_html(
            '<time class="k-nowrap" datetime="{}" title="{}">{}</time>',
            local.isoformat(),
            local.strftime("%Y-%m-%d %H:%M:%S %Z"),
            local.strftime("%Y-%m-%d %H:%M"),
        )
    return format_html('<time class="k-nowrap" datetime="{0}">{0}</time>', value.isoformat())


@register.filter
def shown(value: object) -> object:
    """A fact in a sentence: texts in the page's language, lists joined, mappings as JSON."""
    if isinstance(value, Text):
        return t(value)
    if isinstance(value, Decimal):
        return number(value)
    if isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, (list, tuple, set, frozenset)):
        return ("、" if language().startswith("zh") else ", ").join(str(t(item)) for item in value)
    return value


@register.simple_tag
def pill(label: object, tone: str = "") -> SafeString:
    """A status pill. Tones: good, warn, bad, live, gold, or none."""
    css = f"k-tone-{tone}" if tone else ""
    return format_html('<span class="k-pill {}">{}</span>', css, t(label))


@register.inclusion_tag("core/parts/gold.html")
def gold(href: str, label: object = "", text: bool = False) -> dict[str, Any]:
    """The gold mark: opens where a value came from (in the drawer; a plain link without script)."""
    return {"href": href, "label": t(label) or gettext("Where this value comes from"), "text": text}


@register.inclusion_tag("core/parts/empty.html")
def empty_state(
    icon: str, title: object, text: object = "", action: object = "", url: str = ""
) -> dict[str, Any]:
    """What belongs here, and the first step."""
    return {"icon": icon, "title": t(title), "text": t(text), "action": t(action), "url": url}


@register.inclusion_tag("core/parts/error_panel.html")
def error_panel(error: KintsugiError) -> dict[str, Any]:
    """A refusal: what is wrong, where, what to do."""
    return {"error": error}


@register.filter
def facts(error: KintsugiError) -> list[tuple[str, object]]:
    """The places of a refusal, named in the page's language where we know the name. Words that
    fill the message in one language stand in the message already."""
    return [
        (_fact_name(key), value)
        for key, value in error.facts.items()
        if value is not None and not key.endswith(("_zh", "_en"))
    ]


#: Facts of trade. As pairs: "Order" and "Open" mean other things on other pages.
TRADED: dict[str, Text] = {
    "product_code": Text("产品编码", "Product code"),
    "serial_no": Text("序列号", "Serial number"),
    "lot_no": Text("批号", "Lot"),
    "expiry": Text("有效期", "Expiry"),
    "location": Text("库位", "Location"),
    "warehouse": Text("仓库", "Warehouse"),
    "order": Text("订单", "Order"),
    "receipt": Text("收货单", "Receipt"),
    "status": Text("状态", "State"),
    "qty": Text("数量", "Quantity"),
    "open": Text("未完成", "Still open"),
    "arrived": Text("到货", "Arrived"),
    "qualified": Text("合格", "Qualified"),
    "rejected": Text("不合格", "Rejected"),
    "planned": Text("按方案", "By the plan"),
    "missing": Text("缺少", "Missing"),
}


def _fact_name(key: str) -> str:
    names = {
        "file": gettext("File"),
        "sheet": gettext("Sheet"),
        "table": gettext("Table"),
        "row": gettext("Row"),
        "column": gettext("Column"),
        "field": gettext("Field"),
        "value": gettext("Value"),
        "key": gettext("Key"),
        "line": gettext("Line"),
        "limit": gettext("Limit"),
        "size": gettext("Size"),
    }
    return names.get(key) or str(t(TRADED.get(key, key)))


@register.inclusion_tag("core/parts/progress.html")
def progress(
    done: int,
    total: int | None,
    rate: float | None = None,
    remaining_s: float | None = None,
    label: object = "",
) -> dict[str, Any]:
    """A bar with rate (rows a second) and remaining time; without ``total`` it only moves."""
    percent = min(100, int(100 * done / total)) if total else None
    return {
        "done": done,
        "total": total,
        "percent": percent,
        "rate": round(rate) if rate else None,
        "remaining_s": remaining_s,
        "label": t(label),
    }


@register.inclusion_tag("core/parts/tabs.html")
def tabs(items: Iterable[Mapping[str, Any]], label: object = "") -> dict[str, Any]:
    """Tabs with real addresses. Items: label, url, active, and an optional count."""
    return {"items": list(items), "label": t(label) or gettext("Sections")}


@register.inclusion_tag("core/parts/timeline.html")
def timeline(entries: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Entries newest first: at, title; optional who, why, tone, changes (see ``diff``), url."""
    return {"entries": list(entries)}


@register.inclusion_tag("core/parts/diff.html")
def diff(changes: Iterable[tuple[object, object, object]]) -> dict[str, Any]:
    """Before → after, one line a field: (label, before, after)."""
    return {"changes": [(t(label), before, after) for label, before, after in changes]}


@register.inclusion_tag("core/parts/key_values.html")
def key_values(pairs: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """A definition list. Pairs: label, value; optional help, url, gold (href), code."""
    return {"pairs": list(pairs)}


@register.inclusion_tag("core/parts/copyable.html")
def copyable(value: object) -> dict[str, Any]:
    """A code with a button that copies it."""
    return {"value": value}


@register.inclusion_tag("core/parts/tile.html")
def tile(
    label: object, value: object, url: str = "", note: object = "", tone: str = "", icon: str = ""
) -> dict[str, Any]:
    """A number that opens the rows behind it."""
    return {
        "label": t(label),
        "value": value,
        "url": url,
        "note": t(note),
        "tone": tone,
        "icon": icon,
    }


@register.inclusion_tag("core/parts/help.html")
def help_mark(text: object, label: object = "") -> dict[str, Any]:
    """A question mark that opens an explanation, by mouse, touch and keyboard."""
    return {"text": t(text), "label": t(label), "id": f"help-{uuid4().hex[:10]}"}


def contract_field(entity: str, name: str) -> Field | None:
    """The contract's field, or None for a column that no contract describes."""
    contract = load_contract(entity)
    return contract.field(name) if name in contract.names else None


@register.inclusion_tag("core/parts/field_label.html")
def field_label(entity: str, name: str) -> dict[str, Any]:
    """A field's name in the page's language with its meaning behind a question mark."""
    field = contract_field(entity, name)
    if field is None:
        return {"label": name, "help": ""}
    return {
        "label": field.zh if language().startswith("zh") else field.en,
        "help": field.description.get(language()),
        "id": f"help-{uuid4().hex[:10]}",
    }


@register.simple_tag
def row_count(count: int, more: bool = False) -> str:
    """``1,234 rows``; with ``more`` the count is a floor: ``100,000+ rows``."""
    shown_count = number(count) + ("+" if more else "")
    return ngettext("%(count)s row", "%(count)s rows", count) % {"count": shown_count}


@register.simple_tag(takes_context=True)
def next_url(context: RequestContext) -> str:
    """The address to come back to after a preference was changed."""
    request = context.get("request")
    return request.get_full_path() if request is not None and request.method == "GET" else "/"


@register.filter
def styled(field: BoundField) -> SafeString:
    """A form control with the design system's classes and its error and hint tied to it."""
    kind = getattr(field.field.widget, "input_type", "text")
    css = {"checkbox": "form-check-input", "select": "form-select"}.get(kind, "form-control")
    attrs: dict[str, str | bool] = {"class": f"{css} is-invalid" if field.errors else css}
    if str(field.field.widget.attrs.get("placeholder", "")) == str(field.label):
        attrs["placeholder"] = ""  # says nothing the label does not
    described = [f"{field.auto_id}_helptext"] if field.help_text else []
    if field.errors:
        attrs["aria-invalid"] = "true"
        described.append(f"{field.auto_id}_error")
    if described:
        attrs["aria-describedby"] = " ".join(described)
    return SafeString(field.as_widget(attrs=attrs))
