"""Sources and issues over HTTP."""

import datetime as dt
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema
from ninja.params.functions import Path
from pydantic import Field

from kintsugi.core.access import requires
from kintsugi.core.api.lists import add_list
from kintsugi.core.api.schemas import READ, Bilingual, Words
from kintsugi.core.errors import NotFound
from kintsugi.engine.mapping import Mapping
from kintsugi.engine.text import Text
from kintsugi.engine.values.rules import RULES
from kintsugi.onboarding import screens
from kintsugi.onboarding.models import Issue, MappingVersion, Source
from kintsugi.onboarding.readable import mapping_lines
from kintsugi.onboarding.selectors import rule_title
from kintsugi.onboarding.services.sources import current_mapping

router = Router(tags=["Sources and runs"])

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
    status: str = Field(description="proposed, live or retired")
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


add_list(router, "/sources", screens.SOURCES, SourceOut, name="sources", summary="Sources")
add_list(
    router,
    "/issues",
    screens.OPEN_ISSUES,
    IssueOut,
    name="issues",
    summary="Open issues of all sources",
)


@router.get("/sources/{path:code}", response={200: SourceDetail, **READ}, summary="One source")
@requires("source.read")
def source(request: HttpRequest, code: str = Code) -> dict[str, Any]:
    """A source with its current mapping, as data and in words."""
    found = screens.SOURCES.rows(request.user).filter(code=code).first()
    if found is None:
        raise NotFound(Text("来源", "source"), code)
    head = SourceOut.from_orm(found).model_dump()
    mapping = current_mapping(found)
    return {
        **head,
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
