"""Jobs: measure the figures of running projects each night."""

import datetime as dt

import structlog
from procrastinate.contrib.django import app

from kintsugi.core.errors import KintsugiError
from kintsugi.projects import selectors, services

log = structlog.get_logger(__name__)


@app.periodic(cron="30 3 * * *")
@app.task(queue="imports", queueing_lock="measure-projects", pass_context=False)
def measure_projects(timestamp: int) -> None:
    """Measure and check every running project; a project that refuses ends none of the others."""
    at = dt.datetime.fromtimestamp(timestamp, dt.UTC)
    for project in selectors.projects().filter(status="running"):
        try:
            services.measure_project(actor="system", project=project.pk, at=at)
        except KintsugiError as error:
            log.error("projects.not-measured", project=project.code, code=error.code)
