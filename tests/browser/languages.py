"""In which languages a long journey is made: one in `make test`, both in `make journeys`."""

import os
from typing import Any

BOTH = bool(os.environ.get("KINTSUGI_JOURNEYS"))


def journeys(first: Any, *others: Any) -> list[Any]:
    """All of them where asked for, else the first."""
    return [first, *others] if BOTH else [first]
