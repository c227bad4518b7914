"""Sources and issues over HTTP."""

import datetime as dt
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema, Status
from ninja.params.functions import Path
from pydantic import Field

from kintsugi.core.access import requires
from kintsugi.core.api.lists import add_list
from kintsugi.core.api.schemas import READ, WRITE, Bilingual, Words
from kintsugi.core.errors import NotFound
from kintsugi.engine.mapping import Mapping
from kintsugi.engine.text import Text
from kintsugi.engine.values.rules import RULES
from kintsugi.onboarding import screens, source_screens
from kintsugi.onboarding.models import Issue, MappingVersion, Source
from kintsugi.onboarding.readable import mapping_lines
from kintsugi.onboarding.selectors import rule_title
from kintsugi.onboarding.services import describe_source, propose_source
from kintsugi.onboarding.services.sources import current_mapping

router = Router(tags=["Sources and runs"])

NULL_FREE = r"^[^\x00]*$"
DESCRIBED = (
    "version", "system", "contact", "refresh_days", "delivery", "shrink_max", "personal_data",
    "high_risk", "is_governed",
)  # fmt: skip
Code = Path(..., max_length=120, pattern=r"^[^\x00]+$", description="code of the source")


class SourceHead(Schema):
    """What every answer about a source tells."""

    id: UUID
    code: str = Field(examples=["华东装机台账"])
    name: Bilingual
    kind: str
    owner: str
    steward: str
    authority: int = Field(description="0 to 1000; the higher wins where sources disagree")
    status: str = Field(description="proposed, assessed, approved, live or retired")
    last_run: dt.datetime | None = None
    open_issues: int = 0


class SourceOut(SourceHead):
    """A place data comes from."""

    @staticmethod
    def resolve_name(source: Source) -> dict[str, str]:
        """Both names."""
        return {"zh": source.name_zh, "en": source.name_en}


class MappingLine(Schema):
    """From which columns to which field."""

    field: str
    field_name: Words
    source: Words = Field(description="where the value is taken from, in words")
    headers: list[str]
    is_key: bool
    required: bool


class MappingEntity(Schema):
    """One kind of record that a table speaks of."""

    entity: str
    name: Words
    primary: bool
    where: str
    lines: list[MappingLine]


class MappingTable(Schema):
    """One table of a mapping."""

    table: str
    entities: list[MappingEntity]


class MappingOut(Schema):
    """One version of how a source's columns become fields."""

    number: int
    origin: str = Field(description="given or suggested")
    sha256: str
    content: dict[str, Any] = Field(description="as `kintsugi import --mapping` takes it")
    tables: list[MappingTable]


class SourceDetail(SourceHead):
    """A source with its current mapping."""

    version: int
    system: str
    contact: str
    refresh_days: int | None
    delivery: str
    shrink_max: int
    personal_data: str
    high_risk: list[str]
    is_governed: bool
    mapping: MappingOut | None
    mapping_versions: int
    value_maps: dict[str, Any]


class IssueOut(Schema):
    """What is wrong with one value of one source record."""

    id: UUID
    source: str
    run: str
    entity: str
    rule: str
    severity: str = Field(description="block, ask or warn")
    status: str = Field(description="open, waived or gone")
    title: Words
    remedy: Words
    place: str = Field(description="key of the source record, or its row")
    table: int
    sheet: str
    row: int | None
    column: int | None
    header: str
    field: str
    value: str = Field(description="as it stands in the source")
    proposal: str | None
    record: UUID | None = Field(None, description="the record it is about")
    snapshot: str | None = Field(description="for `cells/{snapshot}/{table}/{row}/{column}`")

    @staticmethod
    def resolve_source(issue: Issue) -> str:
        """Code of the source."""
        return issue.source.code

    @staticmethod
    def resolve_run(issue: Issue) -> str:
        """Number of the run that found it last."""
        return issue.run.number

    @staticmethod
    def resolve_title(issue: Issue) -> Text:
        """What is wrong, with the value."""
        known = RULES.get(issue.rule)
        return known.describe(screens.issue_value(issue)[:120]) if known else rule_title(issue.rule)

    @staticmethod
    def resolve_value(issue: Issue) -> str:
        """As it stands in the source; personal data may be masked."""
        return screens.issue_value(issue)

    @staticmethod
    def resolve_proposal(issue: Issue) -> str | None:
        """Likewise."""
        return screens.issue_proposal(issue)

    @staticmethod
    def resolve_remedy(issue: Issue) -> Text:
        """What to do."""
        known = RULES.get(issue.rule)
        return known.remedy if known else Text("", "")

    @staticmethod
    def resolve_table(issue: Issue) -> int:
        """Index of the table in the snapshot."""
        return issue.table_no

    @staticmethod
    def resolve_sheet(issue: Issue) -> str:
        """Name of the table."""
        return issue.table_name

    @staticmethod
    def resolve_record(issue: Issue) -> UUID | None:
        """By the issue itself, else by its source key."""
        return issue.gid or getattr(issue, "record", None)

    @staticmethod
    def resolve_snapshot(issue: Issue) -> str | None:
        """Folder of the bytes it was found in."""
        return issue.run.snapshot.folder if issue.run.snapshot else None


add_list(router, "/sources", source_screens.SOURCES, SourceOut, name="sources", summary="Sources")
add_list(
    router,
    "/issues",
    screens.OPEN_ISSUES,
    IssueOut,
    name="issues",
    summary="Open issues of all sources",
)


class SourceSaid(Schema):
    """What a person says of a source; what is left out stays."""

    name_zh: Annotated[str, Field(max_length=200, pattern=NULL_FREE)] | None = None
    name_en: Annotated[str, Field(max_length=200, pattern=NULL_FREE)] | None = None
    system: Annotated[str, Field(max_length=120, pattern=NULL_FREE)] | None = None
    owner: Annotated[str, Field(max_length=200, pattern=NULL_FREE)] | None = None
    steward: Annotated[str, Field(max_length=200, pattern=NULL_FREE)] | None = None
    contact: Annotated[str, Field(max_length=200, pattern=NULL_FREE)] | None = None
    refresh_days: int | None = Field(default=None, ge=1, le=3660, description="late after so many")
    delivery: Literal["", "full", "increment"] | None = None
    shrink_max: int | None = Field(default=None, ge=0, le=100, description="percent")
    personal_data: Literal["", "none", "coded", "plain"] | None = None
    high_risk: Annotated[list[str], Field(max_length=100)] | None = None
    authority: int | None = Field(default=None, ge=0, le=1000)
    is_governed: bool | None = Field(default=None, description="two persons let each run go")


class SourceIn(SourceSaid):
    """A source that is registered before its data come."""

    code: str = Field(min_length=1, max_length=120, pattern=r"^[^\x00]+$")
    kind: str = Field(default="csv", max_length=20, pattern=NULL_FREE)


class SourcePatch(SourceSaid):
    """A change to what is said of a source, with the version that was read."""

    version: int = Field(ge=1)


@router.post("/sources", response={201: SourceDetail, **WRITE}, summary="Register a source")
@requires("source.edit")
def register(request: HttpRequest, body: SourceIn) -> Status[dict[str, Any]]:
    """409 where the code is in use: a request sent twice registers one."""
    said = body.dict(exclude_none=True)
    made = propose_source(actor=request.user, at=timezone.now(), **said)
    return Status(201, _detail(request, made.code))


@router.patch(
    "/sources/{path:code}", response={200: SourceDetail, **WRITE}, summary="Describe a source"
)
@requires("source.edit")
def describe(request: HttpRequest, body: SourcePatch, code: str = Code) -> dict[str, Any]:
    """409 where somebody changed it since `version` was read."""
    known = Source.objects.filter(code=code).first()
    if known is None:
        raise NotFound(Text("来源", "source"), code)
    said = body.dict(exclude_unset=True)
    describe_source(actor=request.user, source_id=known.pk, **said)
    return _detail(request, code)


@router.get("/sources/{path:code}", response={200: SourceDetail, **READ}, summary="One source")
@requires("source.read")
def source(request: HttpRequest, code: str = Code) -> dict[str, Any]:
    """A source with its current mapping, as data and in words."""
    return _detail(request, code)


def _detail(request: HttpRequest, code: str) -> dict[str, Any]:
    found = source_screens.SOURCES.rows(request.user).filter(code=code).first()
    if found is None:
        raise NotFound(Text("来源", "source"), code)
    head = SourceOut.from_orm(found).model_dump()
    mapping = current_mapping(found)
    return {
        **head,
        **{name: getattr(found, name) for name in DESCRIBED},
        "mapping": _mapping(mapping) if mapping else None,
        "mapping_versions": found.mappings.count(),
        "value_maps": found.value_maps or {},
    }


def _mapping(version: MappingVersion) -> dict[str, Any]:
    return {
        "number": version.number,
        "origin": version.origin,
        "sha256": version.sha256,
        "content": version.content,
        "tables": mapping_lines(Mapping.model_validate(version.content)),
    }
