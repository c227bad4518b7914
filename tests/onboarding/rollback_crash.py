"""A rollback that is killed with SIGKILL at a named point; run as a program of its own.

``python rollback_crash.py POINT COUNT ID``: the point is reached COUNT times, then the process dies
as by a power cut.
"""

import os
import sys

from tests.scenarios.crash import Countdown


def arm(point: str, count: int) -> None:
    """Set the trap."""
    from kintsugi.onboarding.services import rollbacks, undoing

    if point == "rows written":
        undoing.write = Countdown(undoing.write, count, after=True)
    elif point == "before the ledger":
        undoing.keep_items = Countdown(undoing.keep_items, count, after=True)
    elif point == "between chunks":
        rollbacks.undo_chunk = Countdown(rollbacks.undo_chunk, count, after=True)
    elif point == "before the end":
        rollbacks.finish_rollback = Countdown(rollbacks.finish_rollback, count)
    else:
        raise SystemExit(f"no such point: {point}")


def main() -> None:
    """Carry the rollback out until the trap springs."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "kintsugi.config.settings"
    import django

    django.setup()
    from uuid import UUID

    from kintsugi.onboarding.services import apply_rollback

    point, count, rollback = sys.argv[1:]
    arm(point, int(count))
    apply_rollback(actor="tester", rollback_id=UUID(rollback))


if __name__ == "__main__":
    main()
