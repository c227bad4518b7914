"""One row of every table of connectors and assessments, by hand; a part of ``rows``."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from kintsugi.core.ids import uuid7

MOMENT = "2026-11-22T08:00:00Z"


def _rows() -> Any:
    """The other makers; they load this file."""
    from tests.audit import rows

    return rows


def connector() -> UUID:
    return _rows().insert(
        "onboarding_connector", source_id=_rows().source(), name=uuid7().hex, kind="folder",
        settings="{}", state="{}", time_zone="Asia/Shanghai",
    )  # fmt: skip


def fetch(**values: Any) -> UUID:
    given = {"status": "arrived", **values}
    return _rows().insert(
        "onboarding_fetch", connector_id=connector(), item="a.csv", mark=uuid7().hex,
        started_at=MOMENT, facts="{}", **given,
    )  # fmt: skip


def assessment() -> UUID:
    return _rows().insert(
        "onboarding_assessment", source_id=_rows().source(), standard=1, items="{}",
        sha256="0" * 64, assessed_at=MOMENT, assessed_by="x",
    )  # fmt: skip


def acceptance() -> UUID:
    return _rows().insert(
        "onboarding_acceptance", run_id=_rows().run(), compared_at=MOMENT, compared_by="x",
        results="{}", sha256="0" * 64, passes=True,
    )  # fmt: skip


ROWS: dict[str, Callable[..., UUID]] = {
    "onboarding_acceptance": acceptance,
    "onboarding_assessment": assessment,
    "onboarding_connector": connector,
    "onboarding_fetch": fetch,
}
