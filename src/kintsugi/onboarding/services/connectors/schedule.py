"""When a connector is due: a cron line, in the days and hours of its time zone."""

import datetime as dt
import random
from zoneinfo import ZoneInfo

from croniter import croniter  # type: ignore[import-untyped]

from kintsugi.core.errors import KintsugiError, Text

BACKOFF_S = 60
BACKOFF_MAX_S = 6 * 3600


def check_schedule(cron: str, time_zone: str) -> None:
    """Raise KintsugiError ``connector.schedule`` or ``connector.time-zone``."""
    try:
        ZoneInfo(time_zone)
    except (ValueError, OSError, KeyError) as error:
        raise KintsugiError(
            "connector.time-zone",
            Text(f"没有“{time_zone[:60]}”时区。", f"There is no time zone “{time_zone[:60]}”."),
            Text("写成 Asia/Shanghai 这样的名称。", "Write a name such as Asia/Shanghai."),
            field="time_zone",
        ) from error
    if cron and (len(cron.split()) != 5 or not croniter.is_valid(cron)):
        raise KintsugiError(
            "connector.schedule",
            Text(f"“{cron[:60]}”不是时间表。", f"“{cron[:60]}” is no schedule."),
            Text(
                "写成五段 cron,如 0 6 * * *(每天 6 点)或 */15 * * * *(每 15 分钟)。",
                "Write five parts of cron: 0 6 * * * is daily at six, */15 * * * * every quarter "
                "of an hour.",
            ),
            field="cron",
        )


def next_due(cron: str, time_zone: str, after: dt.datetime) -> dt.datetime | None:
    """The first moment of the schedule behind ``after``; None without a schedule. An hour that a
    change of clocks leaves out is passed over, one that comes twice counts once."""
    if not cron:
        return None
    zone = ZoneInfo(time_zone)
    local = after.astimezone(zone).replace(tzinfo=None)
    times = croniter(cron, local)
    for _ in range(400):
        wall: dt.datetime = times.get_next(dt.datetime)
        due: dt.datetime = wall.replace(tzinfo=zone).astimezone(dt.UTC)
        there = due.astimezone(zone).replace(tzinfo=None) == wall
        if there and due > after:
            return due
    return None


def retry_at(failures: int, at: dt.datetime) -> dt.datetime:
    """When to try again after so many failures in a row: a minute, doubled each time, to six
    hours, and a little chance so that many connectors do not ask at once."""
    wait = min(BACKOFF_S * 2 ** min(failures - 1, 12), BACKOFF_MAX_S)
    return at + dt.timedelta(seconds=wait * (1 + random.random() / 10))
