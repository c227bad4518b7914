"""Pages of takeovers: the systems, one system with what is wrong in it, and one takeover."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import Count, Q, QuerySet
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kintsugi.core.ids import uuid7
from kintsugi.core.screens import (
    Column,
    DetailScreen,
    Empty,
    Fields,
    Filter,
    FormScreen,
    ListScreen,
    NextSteps,
    Related,
    Step,
    Value,
)
from kintsugi.core.screens.parts import Words, say
from kintsugi.engine.text import Text
from kintsugi.takeover import selectors, services
from kintsugi.takeover.kinds import DIFFERENCES, FAULTS, TAKEOVER, TONES
from kintsugi.takeover.models import StatedLevel, Takeover
from kintsugi.takeover.views import now

QUALITIES = {
    "pending": Text("待验", "to be inspected"),
    "qualified": Text("合格", "qualified"),
    "rejected": Text("不合格", "rejected"),
}
FAULT_NAMES = {code: name for code, (name, _remedy) in FAULTS.items()}
SYSTEM = Text("来源系统", "System")
REASON_CHARS = 400


def system_url(row: Any) -> str:
    """The page of a system, from its row or a takeover."""
    name = row["system"] if isinstance(row, dict) else row.system
    return reverse("takeover:system", args=[name])


def takeover_url(row: Takeover) -> str:
    """The page of a takeover."""
    return reverse("takeover:takeover", args=[row.number])


# -- the systems -----------------------------------------------------------------------------------


def system_rows(_user: Any) -> QuerySet[Any, Any]:
    """One row a system."""
    waiting = Q(takeover=None) & ~Q(quantity=0)
    return (
        StatedLevel.objects.filter(is_void=False)
        .values("system")
        .annotate(rows=Count("pk"), taken=Count("takeover"), waiting=Count("pk", filter=waiting))
    )


SYSTEMS = ListScreen(
    name="takeover-systems",
    title=_("Take over stock"),
    subtitle=_("What other systems state about stock; sound rows become an opening balance."),
    rows=system_rows,
    permission="takeover.read",
    export=False,
    columns=(
        Column("system", label=SYSTEM, kind="code", link=system_url),
        Column("rows", label=_("Rows"), kind="number"),
        Column("taken", label=_("Taken over"), kind="number"),
        Column("waiting", label=_("Waiting"), kind="number"),
    ),
    search=("system",),
    search_hint=SYSTEM,
    order=("system",),
    empty=Empty(
        _("No system states any stock"),
        _("Import its stock with the entity “stated stock level”."),
        icon="database-import",
        action=_("Import"),
        url=lambda: reverse("onboarding:list"),
    ),
)


# -- one system ------------------------------------------------------------------------------------


def find_system(_user: Any, name: str) -> dict[str, Any]:
    """The system with its faults and what waits; computed once for the page."""
    found = selectors.system(name)
    if found is None:
        raise Http404
    found["faults"] = selectors.faults(name)
    found["differences"] = selectors.differences(name)
    faulty = {one["id"] for one in found["faults"]}
    found["faulty"] = len(faulty)
    found["sound"] = max(0, found["levels"] - found["taken"] - found["empty"] - len(faulty))
    found["waits"] = selectors.takeovers().filter(system=name, status="proposed").first()
    return found


def system_steps(record: dict[str, Any]) -> list[Step]:
    """To ask for a takeover, or why not."""
    why: list[Words] = []
    if record["waits"]:
        number = record["waits"].number
        why.append(Text(f"{number} 已在待批准。", f"{number} waits for approval."))
    elif not record["sound"]:
        why.append(Text("没有可接管的行。", "No row can come over."))
    url = reverse("takeover:propose", args=[record["system"]])
    return [Step(_("Ask for the takeover"), url, "database-import", True, why_not=why)]


def _listed(found: Sequence[dict[str, Any]]) -> Any:
    return found


FAULT_COLUMNS = (
    Column("item_ref", label=_("Item"), kind="code"),
    Column("product_code", label=_("Product code"), kind="code"),
    Column("code", label=_("What is wrong"), choices=FAULT_NAMES),
    Column("value", label=_("Value")),
    Column("remedy", label=_("What to do"), value=lambda row: say(FAULTS[row["code"]][1])),
)
DIFFERENCE_COLUMNS = (
    Column("code", label=_("What differs"), choices=DIFFERENCES),
    Column("item_ref", label=_("Item"), kind="code"),
    Column("movement_ref", label=_("Movement"), kind="code"),
    Column("product_code", label=_("Product code"), kind="code"),
    Column("stated", label=_("Stated"), kind="number"),
    Column("other", label=_("By the movements"), kind="number"),
)
TAKEOVER_COLUMNS = (
    Column("number", label=_("Takeover"), kind="code", link=takeover_url),
    Column("status", label=_("State"), kind="state", choices=TAKEOVER, tones=TONES),
    Column("levels", label=_("Rows"), kind="number"),
    Column("requested_by_name", label=_("Asked for by")),
    Column("requested_at", label=_("Asked for"), kind="moment"),
    Column("decided_by_name", label=_("Decided by")),
)


def _crumbs(_record: Any) -> list[tuple[Words, str]]:
    return [(_("Take over stock"), reverse("takeover:list"))]


SYSTEM_PAGE = DetailScreen(
    permission="takeover.read",
    find=find_system,
    title=lambda record: str(record["system"]),
    breadcrumbs=_crumbs,
    panels=(
        NextSteps(system_steps),
        Fields(
            _("What it states"),
            (
                Value("levels", label=_("Rows"), kind="number",
                      link=lambda r: f"{reverse('takeover:levels', args=[r['system']])}"),
                Value("taken", label=_("Taken over"), kind="number"),
                Value("sound", label=_("Can come over"), kind="number"),
                Value("faulty", label=_("Something is wrong"), kind="number"),
                Value("empty", label=_("Quantity 0"), kind="number"),
                Value("movements", label=_("Movements"), kind="number"),
                Value("counted_on", label=_("As of"), kind="date"),
            ),
        ),
        Related(
            _("Rows that do not come over"),
            lambda record: _listed(record["faults"]),
            FAULT_COLUMNS,
            empty=_("Nothing is wrong with any row that waits."),
            more=lambda record: reverse("takeover:levels", args=[record["system"]]),
        ),
        Related(
            _("Differences within its own data"),
            lambda record: _listed(record["differences"]),
            DIFFERENCE_COLUMNS,
            empty=_("Its levels and movements agree, or it states no movements."),
        ),
        Related(
            _("Takeovers"),
            lambda record: selectors.takeovers()
            .filter(system=record["system"])
            .order_by("-number"),
            TAKEOVER_COLUMNS,
            empty=_("None yet."),
        ),
    ),
)  # fmt: skip

LEVELS = ListScreen(
    name="takeover-levels",
    title=_("Stated stock"),
    rows=lambda _user, name: selectors.levels(name),
    permission="takeover.read",
    export_permission="takeover.export",
    entity="stated_level",
    columns=(
        Column("item_ref", label=_("Item"), kind="code"),
        Column(
            "product", label=_("Product"), sort=("product__product_code",),
            value=lambda row: row.product and f"{row.product.product_code} {row.product.name}",
            link=lambda row: (row.product_id
            and reverse("products:detail", args=[row.product_id])) or "",
        ),
        Column("warehouse", kind="code"),
        Column("bin", kind="code"),
        Column("lot_no", kind="code"),
        Column("serial_no", kind="code"),
        Column("expiry_date", kind="date"),
        Column("quantity", kind="number"),
        Column("quality", choices=QUALITIES),
        Column(
            "takeover", label=_("Taken over"), kind="code", sort=("takeover__number",),
            value=lambda row: row.takeover and row.takeover.number,
            link=lambda row: takeover_url(row.takeover) if row.takeover else "",
        ),
    ),
    search=("item_ref", "product__product_code", "product__name", "lot_no", "serial_no", "bin"),
    search_hint=_("Item, product, lot or serial"),
    filters=(Filter("takeover__isnull", kind="flag", label=_("Waiting")),),
    order=("warehouse", "bin", "item_ref"),
    page=lambda _request, name: {
        "page_title": gettext("Stated stock of %(system)s") % {"system": name},
        "breadcrumbs": [
            *[(say(words), url) for words, url in _crumbs(None)],
            (name, reverse("takeover:system", args=[name])),
        ],
    },
)  # fmt: skip


# -- one takeover ----------------------------------------------------------------------------------


def find_takeover(_user: Any, number: str) -> Takeover:
    """The takeover."""
    found = selectors.takeover(number)
    if found is None:
        raise Http404
    return found


def takeover_steps(record: Takeover) -> list[Step]:
    """To approve or withdraw; nothing once it is decided."""
    if record.status != "proposed":
        return []
    return [
        Step(_("Approve and post"), reverse("takeover:approve", args=[record.number]),
             "check", True),
        Step(_("Withdraw"), reverse("takeover:withdraw", args=[record.number]), "x"),
    ]  # fmt: skip


TAKEOVER_PAGE = DetailScreen(
    permission="takeover.read",
    find=find_takeover,
    title=lambda record: record.number,
    subtitle=lambda record: record.system,
    pills=lambda record: [(TAKEOVER.states[record.status], TONES[record.status])],
    breadcrumbs=lambda record: [*_crumbs(record), (record.system, system_url(record))],
    panels=(
        NextSteps(takeover_steps),
        Fields(
            _("Takeover"),
            (
                Value("system", label=SYSTEM, kind="code", link=system_url),
                Value("levels", label=_("Rows"), kind="number"),
                Value("reason", label=_("Reason")),
                Value("requested_by_name", label=_("Asked for by")),
                Value("requested_at", label=_("Asked for"), kind="moment"),
                Value("decided_by_name", label=_("Decided by")),
                Value("decided_at", label=_("Decided"), kind="moment"),
            ),
        ),
        Related(
            _("Stated and posted differ"),
            lambda record: _listed(
                selectors.disagreements(record) if record.status == "posted" else []
            ),
            (
                Column("product_code", label=_("Product code"), kind="code"),
                Column("place", label=_("Location"), kind="code"),
                Column("lot_no", label=_("Lot"), kind="code"),
                Column("serial_no", label=_("Serial number"), kind="code"),
                Column("stated", label=_("Stated"), kind="number"),
                Column("posted", label=_("Posted"), kind="number"),
            ),
            empty=_("Every row was posted as it was stated, or nothing is posted yet."),
        ),
    ),
)


# -- forms -----------------------------------------------------------------------------------------


def reason_form() -> type[forms.Form]:
    """Why."""
    made: dict[str, forms.Field] = {
        "reason": forms.CharField(label=gettext("Reason"), max_length=REASON_CHARS),
        "key": forms.CharField(
            widget=forms.HiddenInput, max_length=80, initial=lambda: uuid7().hex
        ),
    }
    return type("ReasonForm", (forms.Form,), made)


def _propose(*, user: Any, record: dict[str, Any], version: Any, reason: str, key: str) -> Takeover:
    return services.propose(actor=user, system=record["system"], reason=reason, key=key, at=now())


def _approve(*, user: Any, record: Takeover, version: Any, reason: str, key: str) -> Takeover:
    return services.approve(actor=user, takeover=record.pk, reason=reason, at=now())


def _withdraw(*, user: Any, record: Takeover, version: Any, reason: str, key: str) -> Takeover:
    return services.withdraw(actor=user, takeover=record.pk, reason=reason, at=now())


def _new_key(_record: Any) -> dict[str, str]:
    return {"key": uuid7().hex}


PROPOSE = FormScreen(
    permission="takeover.create",
    find=find_system,
    title=lambda record: (
        gettext("Ask for the takeover of %(system)s") % {"system": record["system"]}
    ),
    form=reason_form,
    values=_new_key,
    save=_propose,
    done=takeover_url,
    saved=_("Asked for. Another person approves it."),
    submit=_("Ask"),
    cancel=system_url,
    breadcrumbs=lambda record: [*_crumbs(record), (record["system"], system_url(record))],
)
APPROVE = FormScreen(
    permission="takeover.approve",
    find=find_takeover,
    title=lambda record: gettext("Approve %(number)s") % {"number": record.number},
    form=reason_form,
    values=_new_key,
    save=_approve,
    done=takeover_url,
    saved=_("Posted."),
    submit=_("Approve and post"),
    cancel=takeover_url,
    breadcrumbs=lambda record: [*_crumbs(record), (record.number, takeover_url(record))],
)
WITHDRAW = FormScreen(
    permission="takeover.create",
    find=find_takeover,
    title=lambda record: gettext("Withdraw %(number)s") % {"number": record.number},
    form=reason_form,
    values=_new_key,
    save=_withdraw,
    done=takeover_url,
    saved=_("Withdrawn."),
    submit=_("Withdraw"),
    cancel=takeover_url,
    breadcrumbs=lambda record: [*_crumbs(record), (record.number, takeover_url(record))],
)
