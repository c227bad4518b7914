"""Report pages: what is due and how late, and what was earned."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from kintsugi.billing.kinds import AGES, DUE_RULES, GROUPINGS
from kintsugi.billing.pages import BATCHES_CRUMB, INVOICES_CRUMB
from kintsugi.billing.screens import ABOUT, AMOUNT, CUSTOMER, DUE_RULE, INSTALMENT, NAME, OPEN
from kintsugi.billing.selectors import reports
from kintsugi.billing.views import today
from kintsugi.core.screens import Action, Column, DetailScreen, Related
from kintsugi.core.screens.parts import say

LATE = ("d30", "d60", "d90", "older")


@dataclass
class Report:
    """Rows of a report, and the day or the grouping they are of."""

    on: dt.date
    rows: list[dict[str, Any]]
    by: str = ""
    more: list[dict[str, Any]] = field(default_factory=list)


def _cell(name: str, label: Any, kind: Any = "text", **options: Any) -> Column:
    return Column(name, label=label, kind=kind, value=lambda row: row[name], **options)


def _customer(row: dict[str, Any]) -> str:
    return reverse("parties:detail", args=[row["customer_id"]])


AGEING_COLUMNS = (
    _cell("customer_name", CUSTOMER, link=_customer),
    _cell("total", OPEN, "number"),
    *(_cell(code, name, "number") for code, name in AGES.items()),
    _cell("currency", _("Currency")),
)
DUE_COLUMNS = (
    _cell("due_on", _("Due on"), "date"),
    Column("age", label=_("Age"), value=lambda row: say(AGES[row["age"]])),
    _cell("customer_name", CUSTOMER, link=_customer),
    _cell("number", _("Invoice"), "code",
          link=lambda row: reverse("billing:invoice", args=[row["invoice_id"]])),
    _cell("tax_number", _("Tax invoice"), "code"),
    _cell("name", INSTALMENT),
    Column("rule", label=DUE_RULE, value=lambda row: say(DUE_RULES[row["rule"]])),
    _cell("amount", AMOUNT, "number"),
    _cell("open_amount", OPEN, "number"),
    _cell("currency", _("Currency")),
)  # fmt: skip


def _late(record: Report) -> str:
    late = sum(1 for row in record.more if row["age"] in LATE)
    said = ngettext("%(n)s amount is late", "%(n)s amounts are late", late) % {"n": late}
    return f"{record.on.isoformat()} · {said}"


def find_due(_user: Any) -> Report:
    """What is due today."""
    on = today()
    return Report(on, reports.ageing(on=on), more=reports.due_list(on=on))


DUE = DetailScreen(
    permission="invoice.read",
    find=find_due,
    title=lambda _record: gettext("What is due"),
    subtitle=_late,
    breadcrumbs=lambda _record: [(INVOICES_CRUMB[0], reverse(INVOICES_CRUMB[1]))],
    panels=(
        Related(_("By customer and age"), lambda record: record.rows, AGEING_COLUMNS,
                empty=_("Nothing is open.")),
        Related(_("By day"), lambda record: record.more, DUE_COLUMNS,
                empty=_("Nothing is open.")),
    ),
)  # fmt: skip

MARGIN_COLUMNS = (
    _cell("name", NAME),
    _cell("about", ABOUT),
    _cell("qty", _("Quantity"), "number"),
    _cell("revenue", _("Revenue without tax"), "number"),
    _cell("cost", _("Cost"), "number"),
    _cell("margin", _("Margin"), "number"),
    Column("share", label=_("Margin %"), kind="number",
           value=lambda row: row["revenue"] and round(row["margin"] / row["revenue"] * 100, 1)),
    _cell("unknown", _("Lines without a cost"), "number"),
)  # fmt: skip


def find_margin(_user: Any, by: str) -> Report:
    """What was earned, by customer, order or product."""
    return Report(today(), reports.margin(by=by), by)


MARGIN = DetailScreen(
    permission="ledger.read",
    find=find_margin,
    title=lambda record: f"{gettext('Margin')} · {say(GROUPINGS[record.by])}",
    breadcrumbs=lambda _record: [(BATCHES_CRUMB[0], reverse(BATCHES_CRUMB[1]))],
    actions=lambda record: [
        Action(name, reverse("billing:margin", args=[code]), "report")
        for code, name in GROUPINGS.items()
        if code != record.by
    ],
    panels=(
        Related(_("Margin"), lambda record: record.rows, MARGIN_COLUMNS,
                empty=_("Nothing was invoiced.")),
    ),
)  # fmt: skip
