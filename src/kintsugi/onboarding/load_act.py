"""The kind of act by which two persons let a governed import go."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.urls import reverse

from kintsugi.engine.text import Text
from kintsugi.identity.selectors import Act
from kintsugi.identity.services import ActKind, Difference, Finding
from kintsugi.onboarding.live import OUTCOMES
from kintsugi.onboarding.models import Run
from kintsugi.onboarding.services import letting_go
from kintsugi.onboarding.services.running import get_run
from kintsugi.onboarding.titles import entity_title

Plan = Mapping[str, Any]
#: States from which an act's outcome can be told.
LOADED = ("verified", "reverted", "partly-reverted")


def subject(pk: UUID) -> tuple[str, str]:
    """The run and its page. Raises Run.DoesNotExist."""
    run = Run.objects.get(pk=pk, reverts__isnull=True)
    return f"{run.number} · {run.file_name}", reverse("onboarding:run", args=[run.number])


def planned(pk: UUID, _typed: Mapping[str, str | None]) -> Plan:
    """What was rehearsed; nothing of it is typed."""
    return letting_go.plan_of(get_run(pk))


def describe(_pk: UUID, plan: Plan) -> list[Difference]:
    """What would happen to the records of each kind."""
    lines = [Difference(Text("文件", "File"), plan["file"], plan["mapping"])]
    if plan["wave"]:
        lines.append(Difference(Text("批次", "Wave"), plan["wave"], None))
    for one in plan["entities"].values():
        about = entity_title(one["entity"])
        for name in ("created", "updated", "merged", "unchanged", "quarantined"):
            if one[name]:
                title = OUTCOMES[name]
                zh, en = f"{about.zh}:{title.zh}", f"{about.en}: {title.en}"
                lines.append(Difference(Text(zh, en), None, one[name]))
        if one["cells"]:
            zh, en = f"{about.zh}:改变的值", f"{about.en}: values changed"
            lines.append(Difference(Text(zh, en), None, one["cells"]))
    return lines


def verify(act: Act, plan: Plan) -> list[Finding]:
    """Whether the run was loaded, and whether it did what was rehearsed."""
    run = Run.objects.get(pk=act.subject_id)
    if run.status not in LOADED:
        return [Finding("run.not-finished", Text("导入尚未完成。", "The import is not finished."))]
    found = []
    done = (run.counts or {}).get("entities", {})
    for name, one in plan["entities"].items():
        table, _, entity = name.rpartition("/")
        loaded = done.get(entity + table, {})
        for outcome in ("created", "updated", "merged", "unchanged", "cells"):
            if loaded.get(outcome) != one[outcome]:
                found.append(
                    Finding(
                        f"run.{entity}.{outcome}",
                        Text(
                            f"{entity} {outcome}:预演 {one[outcome]},实际 {loaded.get(outcome)}。",
                            f"{entity} {outcome}: rehearsed {one[outcome]}, done "
                            f"{loaded.get(outcome)}.",
                        ),
                    )
                )
    return found


LOAD = ActKind(
    name=letting_go.KIND,
    title=Text("写入一次导入", "Load an import"),
    subject_kind="run",
    subject=subject,
    rows=lambda: Run.objects.filter(reverts__isnull=True).values("pk"),
    plan=planned,
    edit_url=lambda act: subject(act.subject_id)[1],
    check=letting_go.check_plan,
    describe=describe,
    execute=lambda act, plan: letting_go.release_run(
        run_id=act.subject_id, act=act.number, at=act.updated_at
    ),
    verify=verify,
    inverse=lambda act, plan: None,
)
