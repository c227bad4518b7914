"""The kind of act by which two persons accept a load."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.urls import reverse

from kintsugi.engine.text import Text
from kintsugi.identity.selectors import Act
from kintsugi.identity.services import ActKind, Difference, Finding
from kintsugi.onboarding.models import Acceptance, Run
from kintsugi.onboarding.services import acceptance
from kintsugi.onboarding.services.running import get_run
from kintsugi.onboarding.titles import entity_title

Plan = Mapping[str, Any]

FOUND: dict[str, Text] = {
    "records": Text("记录", "records"),
    "absent": Text("找不到的记录", "records without a row"),
    "told": Text("源数据的单元格", "cells the source told"),
    "same": Text("一致", "the same"),
    "other-source": Text("以另一来源为准", "another source holds"),
    "corrected": Text("已由人更正", "corrected by people since"),
    "asked": Text("已有问题在问", "asked about by an issue"),
    "unexplained": Text("无法解释", "without a reason"),
}


def subject(pk: UUID) -> tuple[str, str]:
    """The run and its page of acceptance. Raises Run.DoesNotExist."""
    run = Run.objects.get(pk=pk, reverts__isnull=True)
    return f"{run.number} · {run.file_name}", reverse("onboarding:acceptance", args=[run.number])


def planned(pk: UUID, _typed: Mapping[str, str | None]) -> Plan:
    """The comparison that stands; nothing of it is typed."""
    return acceptance.plan_of(get_run(pk))


def describe(_pk: UUID, plan: Plan) -> list[Difference]:
    """What the comparison found, by kind of record."""
    lines = [Difference(Text("文件", "File"), plan["file"], plan["snapshot"][:16])]
    for name, one in plan["streams"].items():
        about = entity_title(one["entity"])
        for key, title in FOUND.items():
            if one[key] or key in ("records", "unexplained"):
                zh, en = f"{about.zh}:{title.zh}", f"{about.en}: {title.en}"
                lines.append(Difference(Text(zh, en), name, one[key]))
    return lines


def verify(act: Act, plan: Plan) -> list[Finding]:
    """Whether the comparison that was signed is the one that was accepted."""
    made = Acceptance.objects.filter(run_id=act.subject_id, act=act.number).first()
    if made is not None and made.sha256 == plan["sha256"]:
        return []
    return [Finding("acceptance.missing", Text("没有记录验收。", "It was not accepted."))]


ACCEPT = ActKind(
    name=acceptance.KIND,
    title=Text("验收一次导入", "Accept a load"),
    subject_kind="run",
    subject=subject,
    rows=lambda: Run.objects.filter(reverts__isnull=True).values("pk"),
    plan=planned,
    edit_url=lambda act: subject(act.subject_id)[1],
    check=acceptance.check_plan,
    describe=describe,
    execute=lambda act, plan: acceptance.accept_run(run_id=act.subject_id, act=act.number),
    verify=verify,
    inverse=lambda act, plan: None,
)
