"""The edge of the party pages: the time comes in here."""

from typing import Any
from uuid import UUID

from django.utils import timezone

from kintsugi.core.ids import uuid7
from kintsugi.identity.selectors import Act
from kintsugi.identity.services import correctable, present_values, save_correction
from kintsugi.parties.corrections import CORRECTION


def to_correct(_user: Any, pk: UUID, act: UUID | None = None) -> Any:
    """The party to correct, with the act whose plan is being changed."""
    return correctable(CORRECTION, pk, act)


def typed(record: Any) -> dict[str, str]:
    """What the correction form starts with."""
    return present_values(CORRECTION, record)


def propose(*, user: Any, record: Any, version: int | None, reason: str, **values: Any) -> Act:
    """The filled form as an act that waits for a second person."""
    return save_correction(
        CORRECTION,
        account=user,
        record=record,
        typed=values,
        reason=reason,
        at=timezone.now(),
        key=uuid7().hex,
    )
