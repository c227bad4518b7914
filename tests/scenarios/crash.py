"""An import that is killed with SIGKILL at a named point; run as a program of its own.

``python crash.py POINT COUNT FILE…``: the point is reached COUNT times, then the process dies as by
a power cut: no handler, no ``finally``, no goodbye to the database.
"""

import datetime as dt
import os
import signal
import sys
from typing import Any


def die() -> None:
    """The end, without any clean-up."""
    os.kill(os.getpid(), signal.SIGKILL)


class Countdown:
    """Calls through to the real function and dies at the n-th passage, before or after it."""

    def __init__(self, real: Any, count: int, *, after: bool = False) -> None:
        self.real, self.left, self.after = real, count, after

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.left -= 1
        if self.left == 0 and not self.after:
            die()
        answer = self.real(*args, **kwargs)
        if self.left == 0:
            die()
        return answer


def arm(point: str, count: int) -> None:
    """Set the trap."""
    from kintsugi.engine.pipeline import store
    from kintsugi.onboarding.services import apply, loading, runs

    if point == "reading":
        runs.read_source = Countdown(runs.read_source, count, after=True)
    elif point == "pipeline":  # in the middle of a materialised step
        real = store.Store.file

        def step(self: Any, *args: Any, **kwargs: Any) -> Any:
            nonlocal count
            count -= 1
            if count == 0:
                die()
            return real(self, *args, **kwargs)

        store.Store.file = step  # type: ignore[method-assign]
    elif point == "planned":
        loading.plan_stream = Countdown(loading.plan_stream, count, after=True)
    elif point == "inside a chunk":  # rows and crosswalk are written, the ledger is not
        apply._remember = Countdown(apply._remember, count, after=True)
    elif point == "between chunks":  # committed, and nobody was told
        loading.apply_chunk = Countdown(loading.apply_chunk, count, after=True)
    elif point == "before the end":
        loading.closed_counts = Countdown(loading.closed_counts, count)
    else:
        raise SystemExit(f"no such point: {point}")


def main() -> None:
    """Import the files until the trap springs."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "kintsugi.config.settings"
    import django

    django.setup()
    from kintsugi.onboarding.services import Fragment, import_fragments

    point, count, *files = sys.argv[1:]
    arm(point, int(count))
    import_fragments(
        actor="tester",
        fragments=[Fragment(location=file) for file in files],
        at=dt.datetime(2026, 11, 22, 8, 0, tzinfo=dt.UTC),
    )


if __name__ == "__main__":
    main()
