"""Onboarding over HTTP: sources, runs, their rows and issues, source cells, imports, evidence."""

from ninja import Router

from kintsugi.onboarding.api.acceptance import router as acceptance
from kintsugi.onboarding.api.cells import router as cells
from kintsugi.onboarding.api.connectors import router as connectors
from kintsugi.onboarding.api.imports import router as imports
from kintsugi.onboarding.api.lineage import router as lineage
from kintsugi.onboarding.api.loads import router as loads
from kintsugi.onboarding.api.records import router as records
from kintsugi.onboarding.api.rollbacks import router as rollbacks
from kintsugi.onboarding.api.runs import router as runs
from kintsugi.onboarding.api.sources import router as sources

ROUTERS: tuple[Router, ...] = (
    # A source's code may hold a slash: what follows it is asked for first.
    records, connectors, sources, runs, loads, acceptance, lineage, rollbacks, imports, cells,
)  # fmt: skip
