"""The lineage of an import as OpenLineage events.

The shapes below restate in this project's own words what version 2-0-2 of the specification and
its facets ask of a run event; they are closed where the specification is open, so that a
misspelt name is seen too.
"""

import copy
import datetime as dt
import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from django.test import Client
from typer.testing import CliRunner

from kintsugi.config.cli import make_app
from kintsugi.onboarding.lineage import NoLineage, lineage_events
from kintsugi.onboarding.models import Run
from tests.onboarding.test_screens import browser, imported
from tests.scenarios.world import DEVICES, PRODUCTS, World

__all__ = ["browser", "imported"]


def closed(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": required | (optional or {}),
        "required": sorted(required),
        "additionalProperties": False,
    }


def each(value: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": value}


TEXT: dict[str, Any] = {"type": "string", "minLength": 1}
URI, UUID = TEXT | {"format": "uri"}, TEXT | {"format": "uuid"}
COUNT = {"type": "integer", "minimum": 0}
BASE = {"_producer": URI, "_schemaURL": URI}
NAMED = {"namespace": TEXT, "name": TEXT}
PARENT = closed(BASE | {"run": closed({"runId": UUID}), "job": closed(NAMED)})
ERROR = closed(BASE | {"message": TEXT, "programmingLanguage": TEXT})
COLUMN = closed({"name": TEXT, "type": TEXT}, {"description": TEXT})
CHANGE = closed(
    {
        "type": {"enum": ["DIRECT", "INDIRECT"]},
        "subtype": {"enum": ["IDENTITY", "TRANSFORMATION", "JOIN"]},
        "description": {"type": "string"},
        "masking": {"type": "boolean"},
    }
)
SOURCE = closed(NAMED | {"field": TEXT, "transformations": {"type": "array", "items": CHANGE}})
FED = each(closed({"inputFields": {"type": "array", "items": SOURCE, "minItems": 1}}))
FACETS = closed(
    {},
    {
        "schema": closed(BASE | {"fields": {"type": "array", "items": COLUMN}}),
        "dataSource": closed(BASE | {"name": TEXT, "uri": URI}),
        "columnLineage": closed(BASE | {"fields": FED}),
    },
)
MEASURED = closed(
    BASE
    | {
        "rowCount": COUNT,
        "columnMetrics": each(closed({"nullCount": COUNT, "distinctCount": COUNT})),
    }
)
EVENT = closed(
    {
        "eventType": {"enum": ["START", "COMPLETE", "FAIL"]},
        "eventTime": TEXT | {"format": "date-time"},
        "producer": URI,
        "schemaURL": {
            "const": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
        },
        "run": closed(
            {"runId": UUID}, {"facets": closed({}, {"parent": PARENT, "errorMessage": ERROR})}
        ),
        "job": closed(
            NAMED | {"facets": closed({"documentation": closed(BASE | {"description": TEXT})})}
        ),
        "inputs": {
            "type": "array",
            "items": closed(
                NAMED,
                {"facets": FACETS, "inputFacets": closed({"dataQualityMetrics": MEASURED})},
            ),
        },
        "outputs": {
            "type": "array",
            "items": closed(
                NAMED | {"facets": FACETS},
                {"outputFacets": closed({"outputStatistics": closed(BASE | {"rowCount": COUNT})})},
            ),
        },
    }
)
VALID = jsonschema_rs.Draft202012Validator(EVENT, validate_formats=True)


def lineage_of(world: World, number: int = -1) -> tuple[Run, list[dict[str, Any]]]:
    reports = world.load(world.file("p.csv", PRODUCTS), world.file("d.csv", DEVICES))
    run = Run.objects.get(number=reports[number]["run"])
    return run, lineage_events(run)


@pytest.mark.usefixtures("committed")
class TestEvents:
    """The events of one import of two small files."""

    def test_every_event_has_the_shape_and_every_run_begins_and_ends_once(
        self, world: World
    ) -> None:
        run, events = lineage_of(world)
        for event in events:
            VALID.validate(json.loads(json.dumps(event)))
        ends: dict[str, list[str]] = {}
        for event in events:
            ends.setdefault(event["run"]["runId"], []).append(event["eventType"])
        assert len(ends) == 1 + len(run.steps) + 2  # the run, its steps; devices and hospitals
        assert all(sorted(kinds) == ["COMPLETE", "START"] for kinds in ends.values())
        assert [e["eventTime"] for e in events] == sorted(e["eventTime"] for e in events)
        parents = [
            e["run"]["facets"]["parent"]["run"]["runId"] for e in events if "facets" in e["run"]
        ]
        assert set(parents) == {str(run.pk)}

    def test_columns_of_the_device_table_name_the_columns_of_the_file(self, world: World) -> None:
        run, events = lineage_of(world)
        whole = next(
            e for e in events if e["run"]["runId"] == str(run.pk) and e["eventType"] == "COMPLETE"
        )
        (read,) = whole["inputs"]
        assert [f["name"] for f in read["facets"]["schema"]["fields"]] == DEVICES.split("\n")[
            0
        ].split(",")
        (devices,) = [o for o in whole["outputs"] if o["name"] == "devices_device"]
        fed = devices["facets"]["columnLineage"]["fields"]
        told = {name: [s["field"] for s in f["inputFields"]] for name, f in fed.items()}
        assert told["serial_no"] == ["序列号"]
        assert told["department"] == ["科室"]
        assert told["customer_id"] == ["医院"]
        changes = {name: f["inputFields"][0]["transformations"][0] for name, f in fed.items()}
        assert changes["customer_id"]["subtype"] == changes["product_id"]["subtype"] == "JOIN"
        assert changes["department"]["subtype"] == "IDENTITY"
        (source,) = fed["customer_id"]["inputFields"]
        assert (source["namespace"], source["name"]) == (read["namespace"], read["name"])

    def test_the_measures_of_a_source_are_those_counted_by_hand(self, world: World) -> None:
        text = "产品编码,产品名称,型号\nA-1,监护仪,\nA-2,监护仪,M2\nA-3,电刀, \n"
        (report,) = world.load(world.file("p.csv", text))
        events = lineage_events(Run.objects.get(number=report["run"]))
        measured = events[0]["inputs"][0]["inputFacets"]["dataQualityMetrics"]
        assert measured["rowCount"] == 3
        assert measured["columnMetrics"] == {
            "产品编码": {"nullCount": 0, "distinctCount": 3},
            "产品名称": {"nullCount": 0, "distinctCount": 2},
            "型号": {"nullCount": 2, "distinctCount": 1},
        }

    def test_a_column_that_was_cleaned_says_so(self, world: World) -> None:
        dirty = DEVICES.replace("2023-05-06", "2023年5月6日")
        reports = world.load(world.file("p.csv", PRODUCTS), world.file("d.csv", dirty))
        events = lineage_events(Run.objects.get(number=reports[-1]["run"]))
        (devices,) = [o for o in events[-1]["outputs"] if o["name"] == "devices_device"]
        fed = devices["facets"]["columnLineage"]["fields"]
        change = fed["purchase_date"]["inputFields"][0]["transformations"][0]
        assert (change["type"], change["subtype"]) == ("DIRECT", "TRANSFORMATION")

    def test_no_value_of_a_cell_is_told(self, world: World) -> None:
        _run, events = lineage_of(world)
        told = json.dumps(events, ensure_ascii=False)
        cells = {c for line in DEVICES.split("\n")[1:] for c in line.split(",") if len(c) > 3}
        assert cells
        assert not [cell for cell in cells if cell in told]

    def test_a_stopped_run_fails_with_its_reason_and_has_no_whole_output(
        self, world: World
    ) -> None:
        run, _ = lineage_of(world)
        # As a run is that stopped while it loaded; nothing is saved.
        run.status = "failed"
        run.error = {"code": "run.interrupted", "message": {"en": "invalid number: 13800000000"}}
        events = lineage_events(run)
        for event in events:
            VALID.validate(json.loads(json.dumps(event)))
        own = [e for e in events if e["run"]["runId"] == str(run.pk)]
        assert [e["eventType"] for e in own] == ["START", "FAIL"]
        assert own[-1]["run"]["facets"]["errorMessage"]["message"] == "run.interrupted"
        assert "13800000000" not in json.dumps(events)
        assert own[-1]["outputs"] == []

    def test_a_run_that_read_nothing_is_refused(self, world: World) -> None:
        run, _ = lineage_of(world)
        run.started_at = None
        with pytest.raises(NoLineage) as refused:
            lineage_events(run)
        assert refused.value.code == "lineage.nothing-read"

    def test_a_broken_event_is_seen(self, world: World) -> None:
        _run, events = lineage_of(world)
        for break_it in (
            lambda e: e.pop("eventTime"),
            lambda e: e.update(eventType="DONE"),
            lambda e: e.update(eventTime="yesterday"),
            lambda e: e["run"].update(runId="RUN-1"),
            lambda e: e["job"].pop("namespace"),
            lambda e: e["inputs"][0]["facets"]["schema"].pop("_schemaURL"),
        ):
            broken = copy.deepcopy(events[0])
            break_it(broken)
            assert not VALID.is_valid(json.loads(json.dumps(broken)))

    def test_the_command_line_writes_the_same_events(self, world: World, tmp_path: Path) -> None:
        run, events = lineage_of(world)
        target = tmp_path / "lineage.ndjson"
        done = CliRunner().invoke(make_app(), ["lineage", run.number, "--out", str(target)])
        assert done.exit_code == 0, done.output
        assert [json.loads(line) for line in target.read_text("utf-8").splitlines()] == events


@pytest.mark.django_db
def test_the_run_page_offers_the_download_and_the_api_gives_it(
    browser: Client, imported: list[Run]
) -> None:
    number = imported[1].number
    assert f"/runs/{number}/lineage" in browser.get(f"/onboarding/runs/{number}/").text
    answer = browser.get(f"/api/v1/runs/{number}/lineage")
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"] == "application/x-ndjson"
    events = [json.loads(line) for line in answer.content.decode().splitlines()]
    assert events[0]["eventType"] == "START"
    assert dt.datetime.fromisoformat(events[0]["eventTime"]).tzinfo is not None
    assert browser.get("/api/v1/runs/RUN-0/lineage").status_code == 404
