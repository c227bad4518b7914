"""Search over everything, and the numbers of the home page."""

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema
from ninja.params.functions import Query
from pydantic import Field

from kintsugi.core import home as home_page
from kintsugi.core import search as searching
from kintsugi.core.access import SIGNED_IN, requires
from kintsugi.core.api.schemas import READ, Word

router = Router(tags=["Search"])


WANTED = Query(..., min_length=1, description="serial number, UDI, name, pinyin, code or file")


class Hit(Schema):
    """One thing found."""

    title: str = Field(description="what people recognise it by")
    subtitle: str = Field(description="tells twins apart")
    url: str = Field(description="its page for people")
    code: bool = Field(description="whether the title is a number or code")


class Found(Schema):
    """The hits of one kind."""

    kind: str = Field(examples=["device"])
    title: str
    hits: list[Hit]
    more: str = Field(description="page with the full list; empty where these are all")


class SearchAnswer(Schema):
    """All that was found, by kind."""

    q: str
    found: list[Found]


class Tile(Schema):
    """A number of the home page."""

    label: str
    value: int | str
    note: str
    tone: str = Field(description="good, warn, bad, live or empty")
    url: str = Field(description="page with the rows behind the number")


class Home(Schema):
    """What the home page counts."""

    tiles: list[Tile]


@router.get("/search", response={200: SearchAnswer, **READ}, summary="Search over everything")
@requires("search.read")
def search(
    request: HttpRequest,
    q: Word = WANTED,
    limit: int = Query(searching.HITS_PER_KIND, ge=1, le=50, description="hits a kind"),
) -> dict[str, Any]:
    """Devices, products, parties, runs, sources and pages that match, best first within a kind."""
    return {"q": q, "found": searching.find(request, q, limit=limit)}


@router.get("/home", response={200: Home, **READ}, summary="Numbers of the home page")
@requires(SIGNED_IN)
def home(request: HttpRequest) -> dict[str, Any]:
    """Only what there is something of: an empty installation has no tiles."""
    return {"tiles": home_page.tiles(request)}
