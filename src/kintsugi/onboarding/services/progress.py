"""What a run is doing right now, for the screens and the command line."""

import datetime as dt
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any
from uuid import UUID

from django.db import connection

from kintsugi.core.queries import query
from kintsugi.engine.text import Text
from kintsugi.onboarding.models import Progress

#: Seconds between two writes of the same phase.
EVERY_S = 0.4

Listener = Callable[[Text, int, int], None]


class Reporter:
    """Writes a run's progress, at most every ``EVERY_S`` seconds, and tells a listener.

    Progress is written outside the run's transactions, so that others see it at once.
    """

    def __init__(self, run_id: UUID, listener: Listener | None = None) -> None:
        self.run_id = run_id
        self.listener = listener
        self._phase: Text | None = None
        self._written_s = 0.0

    def __call__(self, phase: Text, done: int = 0, total: int = 0) -> None:
        """Say which phase the run is in and how far it got (rows or steps)."""
        if self.listener:
            self.listener(phase, done, total)
        new = phase != self._phase
        if not new and time.monotonic() - self._written_s < EVERY_S and done < total:
            return
        facts = {
            "phase_zh": phase.zh[:200],
            "phase_en": phase.en[:200],
            "done": done,
            "total": total,
            "at": dt.datetime.now(dt.UTC),
        }
        self._write(facts, new=new)
        self._phase, self._written_s = phase, time.monotonic()

    def _write(self, facts: dict[str, Any], *, new: bool) -> None:
        since = {"since": facts["at"]}
        Progress.objects.update_or_create(
            run_id=self.run_id,
            defaults=facts | since if new else facts,
            create_defaults=facts | since,
        )


class Elsewhere(Reporter):
    """A reporter for work inside a transaction that will be undone: it writes over a connection of
    its own, so that others see how far it is."""

    def __init__(self, run_id: UUID, listener: Listener | None = None) -> None:
        super().__init__(run_id, listener)
        self._other = connection.copy()

    def __enter__(self) -> "Elsewhere":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._other.close()

    def _write(self, facts: dict[str, Any], *, new: bool) -> None:
        with self._other.cursor() as cursor:
            cursor.execute(query("onboarding", "keep_progress"), {"run": self.run_id, **facts})
