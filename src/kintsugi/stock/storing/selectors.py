"""Reads of storage: what is due, sensors and their logs, excursions."""

import datetime as dt
import math
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import OuterRef, QuerySet, Subquery

from kintsugi.core.queries import query
from kintsugi.stock.models import Excursion, Reading, Sensor, StorageCheck
from kintsugi.stock.storing.rules import RULES

DUE_MAX, POINTS = 500, 240
#: How far back a sensor's page shows its log, in days.
SHOWN_DAYS = 7


def due(today: dt.date) -> list[dict[str, Any]]:
    """Goods that are due to be looked at, the longest unseen first; at most 500."""
    return rows_of(
        "storage_due", today=today, limit=DUE_MAX, rules=[one.name for one in RULES],
        days=[one.days for one in RULES],
    )  # fmt: skip


def checks() -> QuerySet[StorageCheck]:
    """What was looked at."""
    return StorageCheck.objects.filter(is_void=False).select_related(
        "location__warehouse", "product", "lot", "block"
    )


def sensors() -> QuerySet[Sensor]:
    """Sensors with their last reading."""
    last = Reading.objects.filter(sensor=OuterRef("pk")).order_by("-at")
    return (
        Sensor.objects.filter(is_void=False)
        .select_related("location__warehouse")
        .annotate(
            last_at=Subquery(last.values("at")[:1]),
            last_value=Subquery(last.values("temperature")[:1]),
        )
    )


def sensor(pk: UUID) -> Sensor:
    """One sensor. Raises ``Sensor.DoesNotExist``."""
    return sensors().get(pk=pk)


def excursions() -> QuerySet[Excursion]:
    """All of them."""
    return Excursion.objects.filter(is_void=False).select_related("sensor__location__warehouse")


def excursion(pk: UUID) -> Excursion:
    """One excursion. Raises ``Excursion.DoesNotExist``."""
    return excursions().get(pk=pk)


def series(sensor: UUID, since: dt.datetime, until: dt.datetime) -> list[dict[str, Any]]:
    """A log in at most 240 equal pieces: at, low, mean, high, n."""
    step = max(1, math.ceil((until - since).total_seconds() / POINTS))
    return rows_of("temperature_series", sensor=sensor, since=since, until=until, step=step)


def days(sensor: UUID, since: dt.datetime, until: dt.datetime) -> list[dict[str, Any]]:
    """The same by pieces of 24 hours, for the table beside the chart."""
    return rows_of("temperature_series", sensor=sensor, since=since, until=until, step=86_400)


def kinetic_mean(sensor: UUID, since: dt.datetime, until: dt.datetime) -> dict[str, Any]:
    """n, low, high, mean and the mean kinetic temperature in °C; Source: Haynes 1971."""
    return rows_of("kinetic_mean", sensor=sensor, since=since, until=until)[0]


def rows_of(name: str, **params: Any) -> list[dict[str, Any]]:
    """The rows of a query of this app."""
    with connection.cursor() as cursor:
        cursor.execute(query("stock", name), params)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
