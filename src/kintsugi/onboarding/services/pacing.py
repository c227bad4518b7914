"""When a run loads and how fast: windows, a person's word, limits, and the point it began from."""

import datetime as dt
import time
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Sum

from kintsugi.audit.selectors import last_entry
from kintsugi.audit.services import recorded
from kintsugi.core.errors import KintsugiError, Text
from kintsugi.onboarding.models import Chunk, LoadWindow, RestorePoint, Run
from kintsugi.onboarding.services.running import get_run, kept_error, move_run, set_run
from kintsugi.onboarding.sums import checksums

#: How far ahead an opening is looked for.
AHEAD_DAYS = 60
#: A run that finds its window full asks again after this.
FULL_RETRY_S = 60
ASKS = ("pause", "stop")
#: A limit is judged once so many records, or a quarter of all, are loaded: the first say little.
JUDGED_FROM = 200
STOPPED = KintsugiError(
    "run.stop",
    Text("有人要求停止。", "A person asked to stop."),
    Text("可以继续或回退。", "It can go on or be rolled back."),
)
LIMITED = ("quarantined", "updated", "merged", "created")


class Halted(Exception):
    """A load stops between two chunks. ``resume_at`` is when it goes on by itself."""

    def __init__(
        self, code: str, text: Text, *, resume_at: dt.datetime | None = None, stop: bool = False
    ) -> None:
        super().__init__(code)
        self.code, self.text, self.resume_at, self.stop = code, text, resume_at, stop


class Pace:
    """Called before each chunk with the records written last; raises Halted when the run may not
    go on: a person asked, the window closed, another run fills it, or a limit is passed."""

    def __init__(self, run: Run, *, at: dt.datetime) -> None:
        self.run, self.window = run, run.window
        self._at, self._begun_s, self._last_s = at, time.monotonic(), time.monotonic()
        self._total = 0

    def begin(self, *, total: int) -> None:
        """Raise Halted where the run may not even begin. ``total``: records it may load."""
        self._total = total
        self._in_window()
        if self.window is None:
            return
        loading = Run.objects.filter(window=self.window, status="applying").exclude(pk=self.run.pk)
        if loading.count() >= self.window.at_once:
            raise Halted(
                "run.window-full",
                Text("同一时间窗内已有其他运行。", "Other runs fill this window."),
                resume_at=self._now() + dt.timedelta(seconds=FULL_RETRY_S),
            )

    def __call__(self, records: int) -> None:
        """See the class."""
        asked = Run.objects.values_list("asked", flat=True).get(pk=self.run.pk)
        if asked:
            raise Halted(
                f"run.{asked}",
                Text("有人要求暂停。", "A person asked for a pause.")
                if asked == "pause"
                else Text("有人要求停止。", "A person asked to stop."),
                stop=asked == "stop",
            )
        self._in_window()
        self._in_limits()
        if self.window is not None and self.window.rows_a_second and records:
            wanted = records / self.window.rows_a_second
            time.sleep(max(0.0, wanted - (time.monotonic() - self._last_s)))
        self._last_s = time.monotonic()

    def _now(self) -> dt.datetime:
        """The moment the load was begun with, and the time it has taken since."""
        return self._at + dt.timedelta(seconds=time.monotonic() - self._begun_s)

    def _in_window(self) -> None:
        if self.window is not None and not is_open(self.window, self._now()):
            raise Halted(
                "run.window-closed",
                Text("时间窗已关闭。", "Its window is closed."),
                resume_at=next_opening(self.window, self._now()),
            )

    def _in_limits(self) -> None:
        limits = self.window.limits if self.window is not None else {}
        if not limits:
            return
        sums = Chunk.objects.filter(run=self.run).aggregate(
            records=Sum("records", default=0),
            **{name: Sum(name, default=0) for name in LIMITED},
        )
        if sums["records"] < min(JUDGED_FROM, self._total // 4):
            return
        for name, share in limits.items():
            if sums["records"] and sums[name] / sums["records"] > float(share):
                raise Halted(
                    "run.limit",
                    Text(
                        f"{name} 占 {sums[name] / sums['records']:.1%},超过 {float(share):.1%}。",
                        f"{name} are {sums[name] / sums['records']:.1%}, above {float(share):.1%}.",
                    ),
                )


def halt(*, actor: Any, run: Run, halted: Halted) -> Run:
    """Leave the run where it stands: paused, stopped, or waiting with its approval."""
    run.refresh_from_db()
    remedy = (
        Text("到时自动继续。", "It goes on by itself then.")
        if halted.resume_at
        else Text(
            "核对后可继续、停止或回退。",
            "Look at it; then let it go on, stop it or roll it back.",
        )
    )
    error = KintsugiError(halted.code, halted.text, remedy)
    changes = {"error": kept_error(error), "asked": "", "resume_at": halted.resume_at}
    if run.status == "applying":
        move_run(actor, run, "failed" if halted.stop else "paused", **changes)
    else:
        with recorded(actor=actor, command="onboarding.run-waits", run_id=run.pk):
            set_run(run, **changes)
    run.refresh_from_db()
    return run


def ask(*, actor: Any, run_id: Any, what: str, at: dt.datetime) -> Run:
    """A person's word to a run: ``pause`` or ``stop`` between two chunks; ``go-on`` takes it back.

    A run that waits for its window is paused or stopped at once. Raises KintsugiError
    ``run.cannot-pause``.
    """
    with recorded(actor=actor, command=f"onboarding.ask-{what}", run_id=run_id):
        Run.objects.select_for_update(of=("self",)).get(pk=run_id)
        run = get_run(run_id)
        if what == "go-on":
            set_run(run, asked="", resume_at=at if run.status in ("paused", "approved") else None)
        elif what in ASKS and run.status == "applying":
            set_run(run, asked=what)
        elif what == "stop" and run.status == "paused":
            set_run(run, status="failed", error=kept_error(STOPPED), resume_at=None)
        elif what == "pause" and run.status in ("approved", "paused"):
            set_run(run, resume_at=None)
        else:
            raise KintsugiError(
                "run.cannot-pause",
                Text(f"{run.number} 现在不在写入。", f"{run.number} is not loading now."),
                Text("请查看它的状态。", "Look at its state."),
                run=run.number,
                status=run.status,
            )
    run.refresh_from_db()
    return run


def refuse_ungoverned(run: Run) -> None:
    """Raise KintsugiError where the run may not load: it waits for two persons, is loaded in
    waves, or was given up."""
    if run.status == "withdrawn":
        raise KintsugiError(
            "run.withdrawn",
            Text(f"{run.number} 已放弃。", f"{run.number} was given up."),
            Text("请重新导入文件。", "Import the file once more."),
            run=run.number,
        )
    if run.status == "waves" or run.waves.exclude(status="withdrawn").exists():
        raise KintsugiError(
            "run.in-waves",
            Text(f"{run.number} 分批写入。", f"{run.number} is loaded in waves."),
            Text("请写入它的各个批次。", "Load its waves."),
            run=run.number,
        )
    if run.is_governed and not run.act:
        raise KintsugiError(
            "run.needs-approval",
            Text(
                f"{run.number} 须先预演,并由另一人批准。",
                f"{run.number} is rehearsed first and approved by another person.",
            ),
            Text("请在运行页面预演并提交批准。", "Rehearse it and propose it on its page."),
            run=run.number,
            status=run.status,
        )


def keep_restore_point(*, actor: Any, run: Run, at: dt.datetime) -> None:
    """Write down where the tables stand before the first chunk of a governed run."""
    if not run.is_governed or run.chunks.exists() or hasattr(run, "restore_point"):
        return
    with recorded(actor=actor, command="onboarding.restore-point", run_id=run.pk):
        RestorePoint.objects.create(run=run, at=at, position=last_entry(), tables=checksums())


# -- hours -----------------------------------------------------------------------------------------


def is_open(window: LoadWindow, at: dt.datetime) -> bool:
    """Whether the window is open at this moment."""
    for one in window.blackouts:
        if dt.datetime.fromisoformat(one["from"]) <= at < dt.datetime.fromisoformat(one["to"]):
            return False
    if not window.hours:
        return True
    local = at.astimezone(ZoneInfo(window.time_zone))
    clock, yesterday = local.strftime("%H:%M"), (local.weekday() - 1) % 7
    for slot in window.hours:
        begins, ends, days = slot["from"], slot["to"], slot["days"]
        if begins < ends:
            if local.weekday() in days and begins <= clock < ends:
                return True
        elif (local.weekday() in days and clock >= begins) or (yesterday in days and clock < ends):
            return True
    return False


def next_opening(window: LoadWindow, after: dt.datetime) -> dt.datetime | None:
    """The first moment from ``after`` on at which the window is open, to the minute; None within
    the next 60 days."""
    if is_open(window, after):
        return after
    zone = ZoneInfo(window.time_zone)
    moments = [dt.datetime.fromisoformat(one["to"]) for one in window.blackouts]
    first = after.astimezone(zone).date()
    for days in range(AHEAD_DAYS + 1):
        day = first + dt.timedelta(days=days)
        for slot in window.hours:
            hour, minute = map(int, slot["from"].split(":"))
            moments.append(dt.datetime.combine(day, dt.time(hour, minute), tzinfo=zone))
    found = [m for m in moments if m > after and is_open(window, m)]
    return min(found).astimezone(dt.UTC) if found else None


def due(at: dt.datetime) -> list[Run]:
    """Runs that wait for their window and may go on now, oldest first, at most 20."""
    return list(
        Run.objects.filter(status__in=("approved", "paused"), resume_at__lte=at).order_by(
            "resume_at", "id"
        )[:20]
    )
