"""The kind of act by which two persons let a rollback go."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.urls import reverse

from kintsugi.engine.text import Text
from kintsugi.identity.selectors import Act
from kintsugi.identity.services import ActKind, Difference, Finding
from kintsugi.onboarding.models import Run
from kintsugi.onboarding.services import rollbacks
from kintsugi.onboarding.titles import entity_title

Plan = Mapping[str, Any]
OUTCOMES: dict[str, Text] = {
    "restore": Text("还原", "put back"),
    "already": Text("已是原值", "as before already"),
    "take_back": Text("撤回新建", "new row taken back"),
    "change": Text("逐字段处理", "field by field"),
    "edited": Text("已被修改,保留", "edited, kept"),
    "changed": Text("已被修改,保留", "edited, kept"),
    "referenced": Text("已被引用,保留", "referred to, kept"),
    "later_run": Text("后来的导入已改写,保留", "written by a later run, kept"),
    "refused": Text("规则不允许,保留", "refused by a rule, kept"),
    "gone": Text("行已不在", "row is gone"),
}


def subject(pk: UUID) -> tuple[str, str]:
    """The rollback and its page. Raises Run.DoesNotExist."""
    run = Run.objects.select_related("reverts").get(pk=pk, reverts__isnull=False)
    return f"{run.number} ← {run.reverts}", reverse("onboarding:rollback", args=[run.number])


def planned(pk: UUID, _typed: Mapping[str, str | None]) -> Plan:
    """The plan that was worked out; nothing of it is typed."""
    return rollbacks.plan_of(Run.objects.select_related("rollback", "reverts").get(pk=pk))


def describe(_pk: UUID, plan: Plan) -> list[Difference]:
    """How many rows and fields of each kind, and how many stay as they are."""
    lines = [
        Difference(Text("回退的运行", "Run rolled back"), plan["run"], plan["file"]),
        Difference(Text("保持现状", "Left as it is"), plan["kept"], None),
    ]
    for entity, counts in plan["counts"].items():
        about = entity_title(entity)
        for name in ("rows", "fields"):
            what = Text("行", "rows") if name == "rows" else Text("字段", "fields")
            for outcome, count in sorted(counts[name].items()):
                title = OUTCOMES.get(outcome, Text(outcome, outcome))
                lines.append(
                    Difference(
                        Text(
                            f"{about.zh}:{title.zh}({what.zh})",
                            f"{about.en}: {title.en} ({what.en})",
                        ),
                        None,
                        count,
                    )
                )
    return lines


def verify(act: Act, _plan: Plan) -> list[Finding]:
    """Whether the rollback came to its end, and whether its proof holds."""
    run = Run.objects.select_related("rollback").get(pk=act.subject_id)
    if run.status not in ("verified", "reverted", "partly-reverted"):
        return [
            Finding(
                "rollback.not-finished",
                Text("回退尚未完成。", "The rollback is not finished."),
            )
        ]
    return [
        Finding(
            f"rollback.proof.{entity}",
            Text(f"{entity} 的校验和与导入前不同。", f"The checksum of {entity} differs."),
        )
        for entity, one in run.rollback.proof.items()
        if one["before"] != one["now"]
    ]


ROLLBACK = ActKind(
    name=rollbacks.KIND,
    title=Text("回退一次导入", "Roll an import back"),
    subject_kind="run",
    subject=subject,
    rows=lambda: Run.objects.filter(reverts__isnull=False).values("pk"),
    plan=planned,
    edit_url=lambda act: subject(act.subject_id)[1],
    check=rollbacks.check_plan,
    describe=describe,
    execute=lambda act, plan: rollbacks.release_rollback(
        rollback_id=act.subject_id, act=act.number, at=act.updated_at
    ),
    verify=verify,
    inverse=lambda act, plan: None,
)
