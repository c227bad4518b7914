"""Asking another person to let a run go: the act under two persons about it, once."""

import datetime as dt
from collections.abc import Callable
from typing import Any
from uuid import UUID

from kintsugi.core.errors import KintsugiError
from kintsugi.core.models import Command
from kintsugi.identity.selectors import acts_about
from kintsugi.identity.services import draft_act, submit_act

#: An act in one of these states is not decided, or not carried out yet.
UNDER_WAY = ("draft", "submitted", "approved", "executing")


def act_under_way(kind: str, subject_id: UUID) -> Any:
    """The newest act of this kind about a subject that is not carried out yet; None without one."""
    newest_first = reversed(acts_about([subject_id], limit=100))
    about = (act for act in newest_first if act.kind == kind)
    return next((act for act in about if act.status in UNDER_WAY), None)


def propose(
    *,
    kind: str,
    subject_id: UUID,
    plan: dict[str, Any],
    reason: str,
    account: Any,
    at: dt.datetime,
    key: str,
    refusal: Callable[[Any], KintsugiError],
) -> Any:
    """Draft and submit the act; the same key gives the same act. Must run inside ``recorded``, with
    the subject locked. ``refusal`` of the act that is under way already is raised."""
    for act in acts_about([subject_id], limit=100):
        if act.status in UNDER_WAY:
            if Command.objects.filter(key=key, result__act=str(act.pk)).exists():
                continue
            raise refusal(act)
    act = draft_act(
        kind=kind,
        subject_id=subject_id,
        plan=plan,
        reason=reason,
        account=account,
        at=at,
        key=key,
    )
    return submit_act(act_id=act.pk, account=account, at=at)
