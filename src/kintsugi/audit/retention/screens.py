"""Pages of retention: the rules, the holds, what becomes due, and a panel on the record."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from kintsugi.audit.packs.registry import SCOPES
from kintsugi.audit.retention import selectors, services
from kintsugi.audit.retention.models import LegalHold
from kintsugi.audit.retention.rules import LAW, RULES, RetentionRule, rules
from kintsugi.audit.retention.services import KINDS
from kintsugi.audit.retention.views import now, today
from kintsugi.core.access import may, requires
from kintsugi.core.panels import RecordPanel
from kintsugi.core.screens import (
    Action,
    Column,
    Custom,
    DetailScreen,
    Empty,
    Fields,
    Filter,
    FormScreen,
    ListScreen,
    Value,
)
from kintsugi.core.screens.parts import say
from kintsugi.engine.text import Text

STATES = {"in_force": Text("生效中", "in force"), "released": Text("已解除", "released")}
TONES = {"in_force": "warn", "released": ""}


def hold_url(hold: LegalHold) -> str:
    """The hold's page."""
    return reverse("audit:hold", args=[hold.number])


def state_of(hold: LegalHold) -> str:
    """in_force or released."""
    return "in_force" if hold.released_at is None else "released"


def _top(_request: HttpRequest, **_arguments: Any) -> dict[str, Any]:
    return {
        "top": "audit/retention/rules.html",
        "law": LAW,
        "rules": [
            {
                "rule": rule,
                "due": selectors.due(entity=rule.entity, on=today())[:1000].count()
                if rule.rows
                else None,
                "url": reverse("audit:due", args=[rule.entity]) if rule.rows else "",
            }
            for rule in rules()
        ],
    }


HOLDS = ListScreen(
    name="holds",
    title=_("Retention and holds"),
    subtitle=_(
        "How long records are kept, and what must not be touched meanwhile. Nothing is ever "
        "deleted by itself, and the database refuses every deletion."
    ),
    permission="hold.read",
    rows=lambda _user: selectors.holds(),
    columns=(
        Column("number", label=_("Hold"), kind="code", link=hold_url),
        Column("kind", label=_("Kind"), choices=KINDS),
        Column("title", label=_("About")),
        Column("state", label=_("Status"), value=state_of, kind="state", choices=STATES,
               tones=TONES, sort=("released_at",)),
        Column("placed_by", label=_("Placed by")),
        Column("placed_at", label=_("Placed"), kind="moment"),
        Column("released_by", label=_("Released by")),
        Column("reason", label=_("Reason")),
    ),
    search=("number", "title", "reason", "placed_by", "released_by"),
    search_hint=_("Number, subject, person or reason"),
    filters=(
        Filter("kind", choices=KINDS, label=_("Kind")),
        Filter("placed_at", kind="days", lookup="placed_at__date", label=_("Placed")),
    ),
    order=("-placed_at",),
    empty=Empty(
        _("No legal hold"),
        _(
            "A hold orders that everything about a device, a product, a lot, a party or a period "
            "is kept."
        ),
        icon="lock",
        action=_("Place a hold"),
        url=lambda: reverse("audit:place-hold"),
    ),
    actions=(Action(_("Place a hold"), lambda _r: reverse("audit:place-hold"), "lock", True),),
    page=_top,
    export=False,  # by the report of its dataset
)  # fmt: skip


def place_form() -> type[forms.Form]:
    """Scope and reason in the language of the page."""
    hints = " · ".join(
        f"{say(SCOPES[kind].title)}: {say(SCOPES[kind].hint)}" for kind in KINDS if kind in SCOPES
    )
    made: dict[str, forms.Field] = {
        "kind": forms.ChoiceField(
            label=gettext("About a"),
            choices=[(code, say(name)) for code, name in KINDS.items()],
        ),
        "key": forms.CharField(label=gettext("Which one"), max_length=200, help_text=hints),
        "reason": forms.CharField(
            label=gettext("Reason"),
            max_length=services.REASON_CHARS,
            help_text=gettext("The matter or the order behind it."),
        ),
    }
    return type("PlaceForm", (forms.Form,), made)


def release_form() -> type[forms.Form]:
    """The reason of a release."""
    made = {
        "reason": forms.CharField(
            label=gettext("Reason of release"), max_length=services.REASON_CHARS
        )
    }
    return type("ReleaseForm", (forms.Form,), made)


def _place(*, user: Any, record: Any, version: int | None, **given: str) -> LegalHold:
    return services.place_hold(actor=user, at=now(), **given)


def _release(*, user: Any, record: Any, version: int | None, reason: str) -> LegalHold:
    return services.release_hold(actor=user, hold=record, reason=reason, at=now())


def _crumbs(_record: Any) -> list[tuple[Any, str]]:
    return [(_("Retention and holds"), reverse("audit:holds"))]


PLACE = FormScreen(
    permission="hold.create",
    title=lambda _record: gettext("Place a hold"),
    form=place_form,
    save=_place,
    done=hold_url,
    saved=_("The hold is in force."),
    submit=_("Place a hold"),
    cancel=lambda _record: reverse("audit:holds"),
    breadcrumbs=_crumbs,
)
RELEASE = FormScreen(
    permission="hold.approve",
    title=lambda hold: gettext("Release %(hold)s") % {"hold": hold.number},
    form=release_form,
    find=lambda _user, number: selectors.hold_by_number(number),
    values=lambda _record: {},
    save=_release,
    done=hold_url,
    saved=_("The hold is released."),
    submit=_("Release"),
    cancel=hold_url,
    breadcrumbs=_crumbs,
)
HOLD = DetailScreen(
    permission="hold.read",
    find=lambda _user, number: selectors.hold_by_number(number),
    title=lambda hold: hold.number,
    pills=lambda hold: [(STATES[state_of(hold)], TONES[state_of(hold)])],
    breadcrumbs=_crumbs,
    actions=lambda hold: (
        []
        if hold.released_at
        else [
            Action(_("Release"), lambda h: reverse("audit:release-hold", args=[h.number]), "lock"),
        ]
    ),
    panels=(
        Fields(
            _("Order"),
            (
                Value("kind", label=_("Kind"), choices=KINDS),
                Value("title", label=_("About")),
                Value("reason", label=_("Reason")),
                Value("placed_by", label=_("Placed by")),
                Value("placed_at", label=_("Placed"), kind="date"),
                Value("released_by", label=_("Released by")),
                Value("released_at", label=_("Released"), kind="date"),
                Value("release_reason", label=_("Reason of release")),
            ),
        ),
    ),
)


def _due_screen(rule: RetentionRule) -> ListScreen:
    choices = {one.code: one.rule for one in rule.clauses}
    return ListScreen(
        name=f"due-{rule.entity}",
        permission="hold.read",
        export=False,
        title=_("What becomes due"),
        subtitle=_("Their time is over. Nothing happens by itself; a hold goes before the date."),
        rows=lambda _user: selectors.due(entity=rule.entity, on=today()),
        columns=(
            Column("record", label=rule.title, value=str, link=rule.url, sort=()),
            Column("keep_until", label=_("Kept until"), kind="date"),
            Column("keep_clause", label=_("Rule"), choices=choices),
        ),
        order=("keep_until",),
        empty=Empty(_("Nothing is due"), _("All records are within their time."), icon="lock"),
        page=lambda _request, **_arguments: {"breadcrumbs": _crumbs(None)},
    )


@requires("hold.read")
@require_safe
def due_page(request: HttpRequest, entity: str) -> HttpResponseBase:
    """Records of one kind whose time is over today."""
    selectors.due(entity=entity, on=today())  # refuses a kind without a date
    return _due_screen(RULES[entity]).respond(request)


def keep_panel(entity: str) -> RecordPanel:
    """On a record's page: how long it is kept, why, and the holds on it."""

    def context(record: Any) -> dict[str, Any] | None:
        found = selectors.kept(entity=entity, record=record)
        if found is None:
            return None
        return {
            "kept": found,
            "holds": [(hold, hold_url(hold) if may("hold.read") else "") for hold in found.holds],
            "place_url": f"{reverse('audit:place-hold')}?kind={entity}&key={record.pk}"
            if may("hold.create")
            else "",
        }

    return RecordPanel(
        f"kept-{entity}",
        entity,
        Custom("audit/retention/panel.html", context, side=True),
        order=80,
        permission=f"{entity}.read",
    )
