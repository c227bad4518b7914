"""A governed load that is killed with SIGKILL at a named point; run as a program of its own.

``python load_crash.py POINT COUNT ID``: the point is reached COUNT times, then the process dies as
by a power cut. ``rehearsing`` kills a rehearsal.
"""

import datetime as dt
import os
import sys
from uuid import UUID

from tests.scenarios.crash import Countdown, arm


def main() -> None:
    """Load, or rehearse, until the trap springs."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "kintsugi.config.settings"
    import django

    django.setup()
    from kintsugi.onboarding.services import apply_run, rehearsal, rehearse_run

    point, count, run = sys.argv[1:]
    at = dt.datetime(2026, 11, 23, 8, 0, tzinfo=dt.UTC)
    if point == "rehearsing":
        rehearsal.bring_in = Countdown(rehearsal.bring_in, int(count), after=True)
        rehearse_run(actor="tester", run_id=UUID(run), at=at)
        return
    arm(point, int(count))
    apply_run(actor="tester", run_id=UUID(run), at=at)


if __name__ == "__main__":
    main()
