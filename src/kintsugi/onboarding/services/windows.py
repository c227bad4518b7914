"""Load windows: hours, black-outs and limits, as people type them."""

import datetime as dt
import re
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.db.models.functions import Now

from kintsugi.audit.services import recorded
from kintsugi.core.errors import KintsugiError, Text
from kintsugi.onboarding.models import LoadWindow
from kintsugi.onboarding.services.pacing import LIMITED

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAYS_ZH = "一二三四五六日"
HOURS = re.compile(r"^(?P<days>\S+)\s+(?P<from>\d{1,2}:\d{2})\s*[-–—~至]\s*(?P<to>\d{1,2}:\d{2})$")
BLACKOUT = re.compile(
    r"^(?P<from>\d{4}-\d\d-\d\d \d{1,2}:\d{2})\s*[-–—~至]\s*(?P<to>\d{4}-\d\d-\d\d \d{1,2}:\d{2})"
    r"(?:\s+(?P<why>.*))?$"
)
LIMIT = re.compile(r"^(?P<name>[a-z]+)\s*[>:=]?\s*(?P<share>\d+(?:\.\d+)?)\s*%$")
LINES_MAX = 100


def save_window(
    *,
    actor: Any,
    code: str,
    name_zh: str,
    name_en: str,
    time_zone: str,
    hours: str = "",
    blackouts: str = "",
    at_once: int = 1,
    rows_a_second: int = 0,
    limits: str = "",
) -> LoadWindow:
    """The window of this code, made or brought up to date.

    ``hours``: one slot a line, ``mon-fri 22:00-06:00`` or ``周一至周五 22:00-06:00``.
    ``blackouts``: ``2026-12-01 08:00 - 2026-12-01 18:00 why``. ``limits``: ``quarantined 5%``.
    Raises KintsugiError ``window.time-zone`` or ``window.line`` with the field, line and value.
    """
    if time_zone not in available_timezones():
        raise KintsugiError(
            "window.time-zone",
            Text(f"没有名为“{time_zone}”的时区。", f"There is no time zone “{time_zone}”."),
            Text("例如 Asia/Shanghai。", "For example Asia/Shanghai."),
            field="time_zone",
            value=time_zone[:60],
        )
    zone = ZoneInfo(time_zone)
    values = {
        "name_zh": name_zh,
        "name_en": name_en or name_zh,
        "time_zone": time_zone,
        "hours": [_slot(n, line) for n, line in _lines("hours", hours)],
        "blackouts": [_blackout(n, line, zone) for n, line in _lines("blackouts", blackouts)],
        "at_once": at_once,
        "rows_a_second": rows_a_second,
        "limits": dict(_limit(n, line) for n, line in _lines("limits", limits)),
    }
    with recorded(actor=actor, command="onboarding.save-window", reason=code):
        known = LoadWindow.objects.select_for_update().filter(code=code).first()
        if known is None:
            return LoadWindow.objects.create(code=code, **values)
        if any(getattr(known, name) != value for name, value in values.items()):
            LoadWindow.objects.filter(pk=known.pk).update(
                **values, version=known.version + 1, updated_at=Now()
            )
            known.refresh_from_db()
        return known


def _lines(field: str, text: str) -> list[tuple[int, str]]:
    lines = [(n, line.strip()) for n, line in enumerate(text.splitlines(), 1) if line.strip()]
    if len(lines) > LINES_MAX:
        raise _wrong(field, LINES_MAX + 1, lines[LINES_MAX][1])
    return lines


def _wrong(field: str, line: int, value: str) -> KintsugiError:
    examples = {
        "hours": "mon-fri 22:00-06:00",
        "blackouts": "2026-12-01 08:00 - 2026-12-01 18:00",
        "limits": "quarantined 5%",
    }
    return KintsugiError(
        "window.line",
        Text(f"第 {line} 行“{value}”看不懂。", f"Line {line}, “{value}”, is not understood."),
        Text(f"例如 {examples[field]}", f"For example {examples[field]}"),
        field=field,
        line=line,
        value=value[:200],
    )


def _slot(number: int, line: str) -> dict[str, Any]:
    found = HOURS.match(line.lower())
    days = _days(found["days"]) if found else None
    if not found or days is None or not (_clock(found["from"]) and _clock(found["to"])):
        raise _wrong("hours", number, line)
    begins, ends = _clock(found["from"]), _clock(found["to"])
    if begins == ends:
        raise _wrong("hours", number, line)
    return {"days": days, "from": begins, "to": ends}


def _days(text: str) -> list[int] | None:
    text = text.replace("周", "").replace("星期", "").replace("天", "日").replace("至", "-")
    if text in ("daily", "每日", "每"):
        return list(range(7))
    found: list[int] = []
    for part in re.split(r"[,,、]", text):
        ends = [_day(one) for one in part.split("-")]
        if None in ends or len(ends) > 2:
            return None
        first, last = ends[0], ends[-1]
        assert first is not None, "looked at above"
        assert last is not None, "looked at above"
        found += [(first + n) % 7 for n in range((last - first) % 7 + 1)]
    return sorted(set(found))


def _day(text: str) -> int | None:
    if text[:3] in DAYS and text.isascii():
        return DAYS.index(text[:3])
    return DAYS_ZH.index(text) if len(text) == 1 and text in DAYS_ZH else None


def _clock(text: str) -> str:
    hour, minute = map(int, text.split(":"))
    return f"{hour:02}:{minute:02}" if hour < 24 and minute < 60 else ""


def _blackout(number: int, line: str, zone: ZoneInfo) -> dict[str, str]:
    found = BLACKOUT.match(line)
    if not found:
        raise _wrong("blackouts", number, line)
    try:
        begins, ends = (
            dt.datetime.strptime(found[name], "%Y-%m-%d %H:%M").replace(tzinfo=zone)
            for name in ("from", "to")
        )
    except ValueError:
        raise _wrong("blackouts", number, line) from None
    if begins >= ends:
        raise _wrong("blackouts", number, line)
    return {"from": begins.isoformat(), "to": ends.isoformat(), "why": found["why"] or ""}


def _limit(number: int, line: str) -> tuple[str, float]:
    found = LIMIT.match(line.lower())
    if not found or found["name"] not in LIMITED or not 0 <= float(found["share"]) <= 100:
        raise _wrong("limits", number, line)
    return found["name"], float(found["share"]) / 100


def typed_hours(window: LoadWindow) -> str:
    """The hours as one types them."""
    return "\n".join(
        f"{','.join(DAYS[day] for day in slot['days'])} {slot['from']}-{slot['to']}"
        for slot in window.hours
    )


def typed_blackouts(window: LoadWindow) -> str:
    """The black-outs as one types them, in the window's own time."""
    zone = ZoneInfo(window.time_zone)
    lines = []
    for one in window.blackouts:
        begins, ends = (
            dt.datetime.fromisoformat(one[name]).astimezone(zone).strftime("%Y-%m-%d %H:%M")
            for name in ("from", "to")
        )
        lines.append(f"{begins} - {ends} {one['why']}".rstrip())
    return "\n".join(lines)


def typed_limits(window: LoadWindow) -> str:
    """The limits as one types them."""
    return "\n".join(f"{name} {share * 100:g}%" for name, share in window.limits.items())
