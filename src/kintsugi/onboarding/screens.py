"""Lists of onboarding: runs, sources, issues."""

from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kintsugi.audit.selectors import cell_url, gid_of_key
from kintsugi.core.access import may_open
from kintsugi.core.masks import mask
from kintsugi.core.panels import RecordPanel
from kintsugi.core.screens import Action, Column, Custom, Empty, Filter, ListScreen
from kintsugi.core.screens.parts import language, say
from kintsugi.core.templatetags.kintsugi import duration
from kintsugi.engine.contract import load_contracts
from kintsugi.engine.text import Text
from kintsugi.engine.values.rules import RULES
from kintsugi.onboarding import live, views
from kintsugi.onboarding.cells import record_url
from kintsugi.onboarding.models import Issue, Run, RunIssueCount, Source
from kintsugi.onboarding.selectors import rule_title
from kintsugi.onboarding.states import ISSUE, RUN
from kintsugi.onboarding.titles import entity_title, field_title

UPLOAD = Action(
    _("Upload files"), lambda _record: reverse("onboarding:upload"), icon="upload", primary=True
)
NO_FILES = Empty(
    _("Nothing has been onboarded yet"),
    _("Upload registers, exports and lists as they are: CSV, Excel, SQLite. Raw bytes are kept."),
    icon="database-import",
    action=_("Upload files"),
    url=lambda: reverse("onboarding:upload"),
)
ISSUE_TONES = {"open": "warn", "waived": "", "gone": "good"}


def tabs(active: str) -> list[dict[str, Any]]:
    """The lists of onboarding."""
    names = (
        ("list", gettext("Runs")),
        ("sources", gettext("Sources")),
        ("arrivals", gettext("Arrivals")),
        ("issues", gettext("Open issues")),
    )
    return [
        {"label": label, "url": reverse(f"onboarding:{name}"), "active": name == active}
        for name, label in names
        if may_open(reverse(f"onboarding:{name}"))
    ]


def run_url(run: Run) -> str:
    """The run's page; that of the rollback where it is one."""
    if run.reverts_id is not None:
        return reverse("onboarding:rollback", args=[run.number])
    return reverse("onboarding:run", args=[run.number])


def source_name(source: Source) -> str:
    """The source's name in the page's language."""
    return Text(source.name_zh, source.name_en).get(language())


def source_url(source: Source) -> str:
    """The source's page."""
    return reverse("onboarding:source", args=[source.code])


def source_crumbs() -> list[tuple[Any, str]]:
    """The way back of a page below the list of sources."""
    return [
        (gettext("Sources and runs"), reverse("onboarding:list")),
        (gettext("Sources"), reverse("onboarding:sources")),
    ]


def _count(name: str) -> Column:
    return Column(
        name,
        label=live.OUTCOMES.get(name, Text("读入", "read")),
        kind="number",
        value=lambda run: (run.counts or {}).get(name),
    )


def _seconds(run: Run) -> str | None:
    if not (run.started_at and run.ended_at):
        return None
    return duration((run.ended_at - run.started_at).total_seconds())


RUNS = ListScreen(
    name="runs",
    title=_("Sources and runs"),
    subtitle=_("Each run takes one file from its bytes to the tables; its arithmetic closes."),
    rows=lambda user: Run.objects.filter(is_void=False).select_related("source"),
    permission="run.read",
    export_permission="run.export",
    columns=(
        Column("number", label=_("Run"), kind="code", link=run_url),
        Column("file_name", label=_("File")),
        Column(
            "source",
            label=_("Source"),
            value=lambda run: source_name(run.source),
            link=lambda run: source_url(run.source),
            sort=("source__code",),
        ),
        Column("status", label=_("Status"), kind="state", choices=RUN, tones=live.TONES),
        _count("read"),
        _count("created"),
        _count("updated"),
        _count("merged"),
        _count("unchanged"),
        _count("excluded"),
        _count("quarantined"),
        Column("started_at", label=_("Started"), kind="moment", sort=("created_at",)),
        Column("seconds", label=_("Took"), value=_seconds),
        Column("started_by", label=_("By")),
    ),
    search=("number", "file_name", "source__code", "source__name_zh", "source__name_en"),
    search_hint=_("Run number, file, source"),
    filters=(
        Filter("status", label=_("Status"), choices=RUN),
        Filter("source", label=_("Source"), lookup="source__code", kind="exact"),
        Filter("created_at", label=_("Started"), kind="days", lookup="created_at__date"),
    ),
    order=("-created_at",),
    empty=NO_FILES,
    actions=(UPLOAD,),
    page=lambda request: {"tabs": tabs("list")},
)


# -- issues --------------------------------------------------------------------------------------


def issue_place(issue: Issue) -> str:
    """``sheet!C12`` as people write it."""
    letter = column_letter(issue.column) if issue.column else ""
    at = f"{letter}{issue.row}" if issue.row else "–"
    return f"{issue.table_name}!{at}" if issue.table_name else at


def column_letter(ordinal: int) -> str:
    """The letters of the n-th column: 1 → A, 27 → AA."""
    letters = ""
    while ordinal > 0:
        ordinal, rest = divmod(ordinal - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def issue_cell(issue: Issue) -> str:
    """The address of the source cell; empty where the issue has no row."""
    if issue.row is None or issue.run.snapshot is None:
        return ""
    return cell_url(
        issue.run.snapshot.folder,
        issue.table_no,
        issue.row,
        issue.column or 0,
        issue=issue.pk,
        gid=issue.gid or getattr(issue, "record", None),
        field=issue.field,
    )


def issue_value(issue: Issue) -> str:
    """The value in the source, as whoever is at work may see it."""
    return str(mask(issue.entity, issue.field, issue.value))


def issue_proposal(issue: Issue) -> str | None:
    """The proposal, likewise."""
    found: str | None = mask(issue.entity, issue.field, issue.proposal)
    return found


def issue_title(issue: Issue) -> str:
    """What is wrong, with the value."""
    known = RULES.get(issue.rule)
    text = known.describe(issue_value(issue)[:120]) if known else rule_title(issue.rule)
    return say(text)


def issue_remedy(issue: Issue) -> str:
    """What to do."""
    known = RULES.get(issue.rule)
    return say(known.remedy) if known else ""


def issue_record(issue: Issue) -> str:
    """The page of the record the issue is about; empty where none was made."""
    return record_url(issue.entity, issue.gid or getattr(issue, "record", None))


def field_name(issue: Issue) -> str:
    """The field's name in the page's language."""
    return say(field_title(issue.entity, issue.field))


def column_and_field(issue: Issue) -> str:
    """The column in the words of the source, and the field it feeds in ours."""
    return " → ".join(part for part in (issue.header, field_name(issue)) if part)


def with_record(rows: QuerySet[Issue]) -> QuerySet[Issue]:
    """Issues with what their row shows, and the record behind their source key."""
    return rows.select_related("run__snapshot", "source").annotate(
        record=gid_of_key(entity="entity", source="source__code", table="table_name", key="place")
    )


def _rules_of(number: str) -> list[tuple[str, str]]:
    found = RunIssueCount.objects.values_list("rule", flat=True).distinct()
    rules = found.filter(run__number=number) if number else found
    return [(rule, say(rule_title(rule))) for rule in sorted(rules[:300])]


COLUMNS = (
    Column("severity", label=_("Severity"), kind="state", choices=live.SEVERITIES,
           tones=live.SEVERITY_TONES),
    Column("rule", label=_("What is wrong"), value=issue_title, sort=("rule", "row")),
    Column("place", label=_("Where"), kind="code", value=issue_place, gold=issue_cell,
           sort=("table_no", "row")),
    Column("field", label=_("Column → field"), value=column_and_field, sort=("field",)),
    Column("value", label=_("Value in the source"), value=issue_value, sort=("value",)),
    Column("proposal", label=_("Proposal"), value=issue_proposal, sort=("proposal",)),
    Column("remedy", label=_("What to do"), value=issue_remedy),
    Column("record_link", label=_("Record"), link=issue_record,
           value=lambda i: say(entity_title(i.entity)) if issue_record(i) else None),
    Column("status", label=_("Status"), kind="state", choices=ISSUE, tones=ISSUE_TONES),
)  # fmt: skip

_FILTERS = (
    Filter("rule", label=_("Rule"), choices_of=lambda user: _rules_of("")),
    Filter("severity", label=_("Severity"), choices=live.SEVERITIES),
    Filter("status", label=_("Status"), choices=ISSUE),
    Filter("entity", label=_("About"), choices_of=lambda user: entity_choices()),
)


def entity_choices() -> list[tuple[str, str]]:
    """What issues can be about."""
    return [(name, say(entity_title(name))) for name in load_contracts()]


def _issues_of_run(user: Any, number: str) -> QuerySet[Issue]:
    return with_record(Issue.objects.filter(run=views.found_run(number)))


def _run_issue_page(request: HttpRequest, number: str) -> dict[str, Any]:
    run = views.found_run(number)
    page = views.below_run(run, gettext("Issues"))
    rule = RULES.get(request.GET.get("rule", ""))
    return {**page, "rule": rule, "top": "onboarding/parts/rule.html" if rule else ""}


RUN_ISSUES = ListScreen(
    name="issues",
    title=_("Issues"),
    rows=_issues_of_run,
    permission="issue.read",
    export_permission="issue.export",
    columns=COLUMNS,
    search=("value", "place", "header"),
    search_hint=_("Value, key, column"),
    filters=_FILTERS,
    order=("rule", "row"),
    empty=Empty(_("No issue was found"), icon="circle-check"),
    page=_run_issue_page,
    template="onboarding/list.html",
)

OPEN_ISSUES = ListScreen(
    name="open-issues",
    title=_("Open issues"),
    subtitle=_("What the sources leave unanswered, until somebody or the source mends it."),
    rows=lambda user: with_record(Issue.objects.filter(status="open")),
    permission="issue.read",
    export_permission="issue.export",
    columns=(
        *COLUMNS[:2],
        Column(
            "source",
            label=_("Source"),
            value=lambda issue: source_name(issue.source),
            link=lambda issue: source_url(issue.source),
            sort=("source__code",),
        ),
        *COLUMNS[2:-1],
    ),
    search=("value", "place", "header"),
    search_hint=_("Value, key, column"),
    filters=(
        _FILTERS[0],
        _FILTERS[1],
        _FILTERS[3],
        Filter("source", label=_("Source"), lookup="source__code", kind="exact"),
    ),
    order=("severity", "rule"),
    empty=Empty(_("No open issue"), icon="circle-check"),
    page=lambda request: {"tabs": tabs("issues")},
    template="onboarding/list.html",
)


# -- on other pages ------------------------------------------------------------------------------

PANEL_ISSUES = 20


def issues_of_record(record: Any) -> dict[str, Any] | None:
    """Open issues about one record: those that name it, and those at its source keys."""
    keys: dict[str, list[str]] = {}
    for one in record.evidence.records:
        keys.setdefault(one.source, []).append(one.source_key)
    entity = record.evidence.contract.entity
    about = Q(gid=record.pk)
    for source, places in keys.items():
        about |= Q(entity=entity, source__code=source, place__in=places)
    found = list(
        Issue.objects.filter(about, status="open")
        .select_related("run__snapshot", "source")
        .order_by("severity", "rule")[: PANEL_ISSUES + 1]
    )
    if not found:
        return None
    return {
        "issues": [
            {
                "title": issue_title(issue),
                "remedy": issue_remedy(issue),
                "severity": live.SEVERITIES.get(issue.severity, issue.severity),
                "tone": live.SEVERITY_TONES.get(issue.severity, ""),
                "field": field_name(issue),
                "place": issue_place(issue),
                "source": source_name(issue.source),
                "cell": issue_cell(issue),
                "proposal": issue_proposal(issue),
            }
            for issue in found[:PANEL_ISSUES]
        ],
        "more": len(found) > PANEL_ISSUES,
    }


def panels() -> list[RecordPanel]:
    """Open issues, on the page of every kind of record that can be onboarded."""
    return [
        RecordPanel(
            f"issues-of-{entity}",
            entity,
            Custom("onboarding/parts/record_issues.html", issues_of_record, side=True),
            permission="issue.read",
            order=10,
        )
        for entity in ("device", "product", "party")
    ]


def issues_link(**query: str) -> str:
    """The list of open issues, narrowed."""
    base = reverse("onboarding:issues")
    return f"{base}?{urlencode(query)}" if query else base
