"""Types that all routes share."""

from typing import Annotated, Any
from uuid import UUID

from ninja import Schema
from pydantic import BeforeValidator, Field, StringConstraints

from kintsugi.engine.text import Text

#: PostgreSQL text holds no NUL; everything longer than this is no word somebody looks for.
WORD_CHARS = 200
Word = Annotated[str, StringConstraints(max_length=WORD_CHARS, pattern=r"^[^\x00]*$")]
#: A number such as RUN-20261122-0001, or an id.
Number = Annotated[str, StringConstraints(max_length=60, pattern=r"^[A-Za-z0-9-]+$")]


class Bilingual(Schema):
    """One meaning in Simplified Chinese and English."""

    zh: str = Field(description="Simplified Chinese 简体中文")
    en: str = Field(description="English 英文")


def _both(words: Any) -> Any:
    return words._asdict() if isinstance(words, Text) else words


#: A ``Text`` of the engine.
Words = Annotated[Bilingual, BeforeValidator(_both)]


class FieldProblem(Schema):
    """What is wrong with one part of a request."""

    place: str = Field(description="path, query, header, form or file", examples=["query"])
    field: str = Field(description="name of the parameter", examples=["limit"])
    rule: str = Field(description="what it breaks", examples=["less_than_equal"])
    message: str = Field(description="the same in words, in English")


class Problem(Schema):
    """Why a request was refused, and what to do about it."""

    code: str = Field(description="stable and machine readable", examples=["core.not-found"])
    message: str = Field(description="in the language of Accept-Language")
    remedy: str = Field(description="what to do, in the same language")
    facts: dict[str, Any] = Field(
        default_factory=dict,
        description="where: file, sheet, row, field, value; of a wrong parameter: `fields`",
    )
    retryable: bool = Field(default=False, description="whether the same request may succeed later")


class Refusal(Schema):
    """The answer to every request that was refused."""

    ok: bool = Field(default=False, description="always false")
    error: Problem


class Reference(Schema):
    """Another record that this one points to."""

    id: UUID
    name: str


class Links(Schema):
    """Where to go from a record."""

    api: str = Field(description="this record", examples=["/api/v1/devices/0190…"])
    page: str = Field(description="its page for people")
    explain: str = Field(description="where each value came from")
    history: str = Field(description="who changed it, when and why")


#: Refusals that any read may answer with, for OpenAPI.
READ: dict[int, Any] = {
    400: Refusal, 401: Refusal, 403: Refusal, 404: Refusal, 422: Refusal, 429: Refusal,
}  # fmt: skip
#: Refusals of what changes something.
WRITE: dict[int, Any] = {
    400: Refusal, 401: Refusal, 403: Refusal, 404: Refusal, 409: Refusal, 413: Refusal,
    422: Refusal, 429: Refusal,
}  # fmt: skip
