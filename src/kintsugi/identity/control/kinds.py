"""Kinds of acts: the owning app says what an act of a kind means, and does it.

The mechanism knows people, hashes and states; it never writes another app's rows.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from kintsugi.core.errors import NotFound
from kintsugi.engine.text import Text

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from kintsugi.identity.control.models import Act

Plan = Mapping[str, Any]


@dataclass(frozen=True)
class Difference:
    """One line of a dry run: what it is called, what it is now, what it will be."""

    label: Text
    before: Any
    after: Any


@dataclass(frozen=True)
class Finding:
    """Something that did not come out as planned. ``code`` is stable."""

    code: str
    text: Text


@dataclass(frozen=True)
class ActKind:
    """One kind of act.

    ``subject(id)``          title and address of the record; Django's ObjectDoesNotExist if none
    ``rows()``               ids of the records the person at work may see
    ``plan(id, typed)``      the plan of what a person typed, by field; raises KintsugiError with
                             ``field`` among its facts
    ``edit_url(act)``        the page where its author changes the plan
    ``check(id, plan)``      raises KintsugiError where the plan cannot be carried out now
    ``describe(id, plan)``   the plan as differences, whatever became of the record since
    ``execute(act, plan)``   does it through the app's own service and returns plain facts. Raises
                             StaleVersion where the record moved on (nothing is recorded); another
                             KintsugiError is recorded as a failed execution
    ``verify(act, plan)``    compares what is with what was planned; no finding, all well
    ``inverse(act, plan)``   the plan that undoes it; None where it cannot be undone
    ``shown(plan)``          the plan as the person at work may read it; who may not read all of it
                             cannot sign it
    """

    name: str
    title: Text
    subject_kind: str
    subject: Callable[[UUID], tuple[str, str]]
    rows: Callable[[], "QuerySet[Any, Any]"]
    plan: Callable[[UUID, Mapping[str, str | None]], Plan]
    edit_url: Callable[["Act"], str]
    check: Callable[[UUID, Plan], None]
    describe: Callable[[UUID, Plan], Sequence[Difference]]
    execute: Callable[["Act", Plan], Mapping[str, Any]]
    verify: Callable[["Act", Plan], Sequence[Finding]]
    inverse: Callable[["Act", Plan], Plan | None]
    shown: Callable[[Plan], Plan] = lambda plan: plan


KINDS: dict[str, ActKind] = {}


def register_act_kind(kind: ActKind) -> None:
    """Add a kind; called from ``AppConfig.ready``. A name twice is a mistake of ours."""
    assert kind.name not in KINDS, f"kind of act {kind.name} registered twice"
    KINDS[kind.name] = kind


def kind_of(name: str) -> ActKind:
    """The kind of this name. Raises NotFound."""
    if name not in KINDS:
        raise NotFound(Text("操作类别", "kind of act"), name)
    return KINDS[name]


def kind_titles() -> dict[str, Text]:
    """Names of the kinds that are installed, for filters."""
    return {name: kind.title for name, kind in sorted(KINDS.items())}
