"""The lineage of a run over HTTP, as OpenLineage events."""

from django.http import HttpRequest, HttpResponse
from ninja import Router

from kintsugi.core.access import requires
from kintsugi.core.api.schemas import READ, Number
from kintsugi.onboarding.api.runs import RunNumber, found_run
from kintsugi.onboarding.lineage import lineage_lines

router = Router(tags=["Sources and runs"])


@router.get(
    "/runs/{number}/lineage",
    response=READ,
    summary="Lineage as OpenLineage events",
    openapi_extra={
        "responses": {
            200: {
                "description": "one JSON event a line",
                "content": {"application/x-ndjson": {"schema": {"type": "string"}}},
            }
        }
    },
)
@requires("run.read")
def run_lineage(request: HttpRequest, number: Number = RunNumber) -> HttpResponse:
    """One JSON event a line (`application/x-ndjson`), oldest first, after OpenLineage 2-0-2.

    The run's events name the snapshot's tables and, per column of each business table, the source
    columns that fed it. No value of a cell is in them.
    """
    found = found_run(number)
    return HttpResponse(
        "".join(lineage_lines(found)),
        content_type="application/x-ndjson",
        headers={"Content-Disposition": f'attachment; filename="{found.number}-lineage.ndjson"'},
    )
