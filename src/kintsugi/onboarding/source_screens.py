"""The inventory of sources, and the forms that register or describe one."""

import datetime as dt
from typing import Any

from django import forms
from django.db.models import Count, F, OuterRef, QuerySet, Subquery
from django.db.models.fields import FloatField
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kintsugi.core.screens import Action, Column, Filter, FormScreen, ListScreen
from kintsugi.core.screens.fields import CodesField
from kintsugi.core.screens.parts import say
from kintsugi.onboarding import screens, views
from kintsugi.onboarding.models import Fetch, Issue, Profile, Run, Source
from kintsugi.onboarding.services import describe_source, propose_source
from kintsugi.onboarding.services.registering import DELIVERIES, PERSONAL, SAID
from kintsugi.onboarding.states import SOURCE

REGISTER = Action(
    _("Register a source"), lambda _record: reverse("onboarding:new-source"), icon="plus"
)
LATE: dict[str, Any] = {"yes": _("later than agreed"), "no": _("on time"), "": "–"}
LATE_TONES = {"yes": "bad", "no": "good"}
SCORED = ("completeness", "consistency", "accuracy")


def _sources(user: Any) -> QuerySet[Source]:
    """Sources with their open issues, newest run, and scores as last measured."""
    runs = Run.objects.filter(source=OuterRef("pk"), reverts=None, parent=None)
    verified = runs.filter(status="verified")
    same = Fetch.objects.filter(connector__source=OuterRef("pk"), status="same")
    newest = Profile.objects.filter(source=OuterRef("pk")).order_by("-at", "-pk")
    issues = Issue.objects.filter(source=OuterRef("pk"), status="open").order_by()
    counted = issues.values("source").annotate(n=Count("pk")).values("n")
    found = Source.objects.filter(is_void=False).annotate(
        open_issues=Coalesce(Subquery(counted), 0),
        last_run=Subquery(runs.order_by("-created_at").values("created_at")[:1]),
        last_seen=Subquery(verified.order_by(F("observed_at").desc()).values("observed_at")[:1]),
        last_same=Subquery(same.order_by(F("ended_at").desc()).values("ended_at")[:1]),
    )
    return found.annotate(
        **{
            name: Subquery(
                newest.annotate(value=Cast(KeyTextTransform(name, "overall"), FloatField())).values(
                    "value"
                )[:1]
            )
            for name in SCORED
        }
    )


def _late(source: Any) -> str:
    """As ``services.profiles.is_late`` says it, of what the list has read already."""
    if source.refresh_days is None or source.status == "retired":
        return ""
    said = [one for one in (source.last_seen, source.last_same) if one is not None]
    since = max(said, default=source.created_at)
    return "yes" if views.now() - since > dt.timedelta(days=source.refresh_days) else "no"


def _score(name: str, label: Any, help_: Any = "") -> Column:
    return Column(name, label=label, kind="number", help=help_)


SOURCES = ListScreen(
    name="sources",
    title=_("Sources"),
    subtitle=_("Where fragments come from. The higher authority wins where sources disagree."),
    rows=_sources,
    permission="source.read",
    export_permission="source.export",
    columns=(
        Column("code", label=_("Code"), kind="code", link=screens.source_url),
        Column("name", label=_("Name"), value=screens.source_name, sort=("name_zh",)),
        Column("kind", label=_("Kind")),
        Column(
            "authority",
            label=_("Authority"),
            kind="number",
            help=_("0 to 1000. Decides per field between sources that disagree."),
        ),
        Column("owner", label=_("Owner")),
        Column("steward", label=_("Data steward")),
        Column("status", label=_("Status"), kind="state", choices=SOURCE),
        _score("completeness", _("Completeness"), _("0 to 100, of what came last; empty: unknown")),
        _score("consistency", _("Consistency")),
        _score("accuracy", _("Accuracy")),
        Column("late", label=_("Freshness"), kind="state", choices=LATE, tones=LATE_TONES,
               value=_late, sort=()),
        Column("last_run", label=_("Last run"), kind="moment"),
        Column("open_issues", label=_("Open issues"), kind="number"),
    ),
    search=("code", "name_zh", "name_en", "owner", "steward", "system"),
    search_hint=_("Code, name, owner"),
    filters=(
        Filter("status", label=_("Status"), choices=SOURCE),
        Filter("personal_data", label=_("Personal data"), choices=PERSONAL),
    ),
    order=("code",),
    empty=screens.NO_FILES,
    actions=(REGISTER, screens.UPLOAD),
    page=lambda request: {"tabs": screens.tabs("sources")},
)  # fmt: skip


def _choices(names: Any) -> list[tuple[str, str]]:
    return [("", "–"), *((name, say(text)) for name, text in names.items())]


def source_form(*, is_new: bool) -> type[forms.Form]:
    """What a person says of a source."""
    line: dict[str, Any] = {"max_length": 200, "required": False}
    made: dict[str, forms.Field] = {}
    if is_new:
        made["code"] = forms.CharField(
            label=gettext("Code"),
            max_length=120,
            help_text=gettext("Names it for ever, such as the name of its register."),
        )
        made["kind"] = forms.CharField(
            label=gettext("Kind"),
            max_length=20,
            initial="csv",
            help_text=gettext("csv, xlsx, database, rest, queue, paper …"),
        )
    made |= {
        "name_zh": forms.CharField(label=gettext("Name in Chinese"), **line),
        "name_en": forms.CharField(label=gettext("Name in English"), **line),
        "system": forms.CharField(
            label=gettext("System"), max_length=120, required=False,
            help_text=gettext("The program or book it is kept in."),
        ),
        "owner": forms.CharField(
            label=gettext("Owner"), **line, help_text=gettext("Who answers for what it says.")
        ),
        "steward": forms.CharField(
            label=gettext("Data steward"), **line,
            help_text=gettext("Who looks after its quality here."),
        ),
        "contact": forms.CharField(
            label=gettext("Contact"), **line, help_text=gettext("Whom to call, and how.")
        ),
        "refresh_days": forms.IntegerField(
            label=gettext("Fresh within days"), min_value=1, max_value=3660, required=False,
            help_text=gettext("The agreement: it is late where nothing came within so many days."),
        ),
        "delivery": forms.ChoiceField(
            label=gettext("A delivery holds"), choices=_choices(DELIVERIES), required=False,
            help_text=gettext("Everything each time: one that shrinks too far is stopped."),
        ),
        "shrink_max": forms.IntegerField(
            label=gettext("May shrink by percent"), min_value=0, max_value=100, initial=50,
        ),
        "personal_data": forms.ChoiceField(
            label=gettext("Personal data"), choices=_choices(PERSONAL), required=False
        ),
        "high_risk": CodesField(
            label=gettext("High-risk fields"), max_length=2000, required=False,
            help_text=gettext("Names of the data dictionary: serial_no lot_no expiry …"),
        ),
        "authority": forms.IntegerField(
            label=gettext("Authority"), min_value=0, max_value=1000, initial=50,
            help_text=gettext("0 to 1000. Decides per field between sources that disagree."),
        ),
        "is_governed": forms.BooleanField(
            label=gettext("Two persons let each run go"), required=False,
            help_text=gettext("Each run is rehearsed first. Once set, this stays."),
        ),
    }  # fmt: skip
    return type("SourceForm", (forms.Form,), made)


def _register(*, user: Any, record: Any, version: Any, **given: Any) -> Source:
    return propose_source(actor=user, at=views.now(), **given)


def _describe(*, user: Any, record: Any, version: Any, **given: Any) -> Source:
    return describe_source(actor=user, source_id=record.pk, version=version, **given)


def _values(source: Any) -> dict[str, Any]:
    return {name: getattr(source, name) for name in SAID}


NEW_SOURCE = FormScreen(
    title=lambda _record: gettext("Register a source"),
    permission="source.edit",
    form=lambda: source_form(is_new=True),
    save=_register,
    done=lambda source: reverse("onboarding:source-arrivals", args=[source.code]),
    saved=_("Registered. Say next how its data come."),
    cancel=lambda _record: reverse("onboarding:sources"),
    breadcrumbs=lambda _record: screens.source_crumbs(),
)
EDIT_SOURCE = FormScreen(
    title=lambda source: (
        gettext("Describe the source %(name)s") % {"name": screens.source_name(source)}
    ),
    permission="source.edit",
    form=lambda: source_form(is_new=False),
    find=lambda user, code: Source.objects.get(code=code),
    values=_values,
    save=_describe,
    done=screens.source_url,
    cancel=screens.source_url,
    breadcrumbs=lambda _record: screens.source_crumbs(),
)
