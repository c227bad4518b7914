"""The only writer of contingency plans, their contacts and drills."""

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from kintsugi.audit.services import recorded
from kintsugi.core.errors import KintsugiError, Text
from kintsugi.projects.models import Contact, Contingency, Drill
from kintsugi.projects.services.writing import alive, change, once

STEPS_MAX = 60


def add_contingency(
    *, actor: Any, project: UUID, title_zh: str, title_en: str, limit_min: int,
    steps: Sequence[Sequence[str]], key: str, **more: Any,
) -> Contingency:  # fmt: skip
    """A plan behind those there are; ``more``: who decides, the way back, the run it goes back to.
    Raises ``contingency.no-steps``."""
    sound = _steps(steps)

    def work() -> Contingency:
        found = alive(project)
        return Contingency.objects.create(
            project=found, position=found.contingencies.count() + 1, title_zh=title_zh,
            title_en=title_en, limit_min=limit_min, steps=sound, **more,
        )  # fmt: skip

    payload = {"project": project, "zh": title_zh, "limit": limit_min, "steps": sound}
    return once(
        Contingency, actor=actor, command="contingency.add", key=key, payload=payload, work=work
    )


def edit_contingency(
    *, actor: Any, contingency: UUID, version: int | None, **values: Any
) -> Contingency:
    """Change the scenario, who decides, the way back, the limit or the steps."""
    with recorded(actor=actor, command="contingency.edit"):
        found = Contingency.objects.get(pk=contingency)
        alive(found.project_id)
        if "steps" in values:
            values["steps"] = _steps(values["steps"])
        return change(found, version=version, **values)


def add_contact(
    *, actor: Any, contingency: UUID, name: str, role: str, phone: str, key: str
) -> Contact:
    """Somebody to call, behind those there are."""

    def work() -> Contact:
        found = Contingency.objects.get(pk=contingency)
        alive(found.project_id)
        return Contact.objects.create(
            contingency=found, position=found.contacts.count() + 1, name=name, role=role,
            phone=phone,
        )  # fmt: skip

    payload = {"contingency": contingency, "name": name, "role": role, "phone": phone}
    return once(
        Contact, actor=actor, command="contingency.contact", key=key, payload=payload, work=work
    )


def remove_contact(*, actor: Any, contact: UUID, reason: str) -> Contact:
    """Somebody is no longer to be called."""
    with recorded(actor=actor, command="contingency.remove-contact", reason=reason[:400]):
        found = Contact.objects.select_related("contingency").get(pk=contact)
        alive(found.contingency.project_id)
        return change(found, version=None, is_void=True, void_reason=reason[:400])


def record_drill(
    *, actor: Any, contingency: UUID, held_on: dt.date, minutes: int, steps_done: int,
    findings: str, key: str, at: dt.datetime,
) -> Drill:  # fmt: skip
    """The plan was tried. Whether it passed follows from time and steps, nobody types it. Raises
    ``drill.future``, ``drill.steps``."""

    def work() -> Drill:
        found = Contingency.objects.get(pk=contingency)
        alive(found.project_id)
        if held_on > at.date():
            raise KintsugiError(
                "drill.future",
                Text("演练日期在将来。", "That day has not come."),
                Text("填写实际演练的日期。", "Give the day it was held."),
                field="held_on",
            )
        if not 0 <= steps_done <= len(found.steps):
            raise KintsugiError(
                "drill.steps",
                Text(f"预案共 {len(found.steps)} 步。", f"The plan has {len(found.steps)} steps."),
                Text("填写实际完成的步数。", "Give the number of steps that were done."),
                field="steps_done",
            )
        return Drill.objects.create(
            contingency=found, held_on=held_on, minutes=minutes, limit_min=found.limit_min,
            steps_done=steps_done, steps_all=len(found.steps), findings=findings,
            by_name=str(actor)[:200],
        )  # fmt: skip

    payload = {"contingency": contingency, "held_on": held_on, "minutes": minutes,
               "steps": steps_done, "findings": findings}  # fmt: skip
    return once(
        Drill, actor=actor, command="contingency.drill", key=key, payload=payload, work=work
    )


def _steps(steps: Sequence[Sequence[str]]) -> list[list[str]]:
    sound = [[zh[:400], en[:400]] for zh, en in steps][:STEPS_MAX]
    if not sound:
        raise KintsugiError(
            "contingency.no-steps",
            Text("预案没有任何步骤。", "The plan has no step."),
            Text("每行写一步。", "Write one step a line."),
            field="steps",
        )
    return sound
