"""The only writer of projects, members, their sources, milestones and criteria."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from kintsugi.audit.services import recorded
from kintsugi.core.errors import KintsugiError, Text
from kintsugi.onboarding.selectors import sources as known_sources
from kintsugi.projects.checks import CHECKS, check_params
from kintsugi.projects.kinds import MILESTONE, PROJECT, ROLES
from kintsugi.projects.models import Criterion, Member, Milestone, Project, ProjectSource
from kintsugi.projects.plans import plan as ready_plan
from kintsugi.projects.services.filling import fill
from kintsugi.projects.services.writing import alive, change, once, person_of

BOUNDARIES = ("inside", "outside", "never")
BOUNDARY_LINES = 40


def create_project(
    *,
    actor: Any,
    code: str,
    title_zh: str,
    title_en: str,
    planned_start: dt.date,
    key: str,
    planned_end: dt.date | None = None,
    template: str = "",
    sponsor_name: str = "",
) -> Project:
    """A draft whose owner is whoever makes it; a template fills goal, boundaries, milestones, key
    figures, risks and contingency plans.

    Raises KintsugiError ``project.code-taken``, ``.ends-before-start``; NotFound for a template.
    """
    plan = ready_plan(template) if template else None
    end = planned_end or planned_start + dt.timedelta(days=plan.days if plan else 90)
    _in_order(planned_start, end)

    def work() -> Project:
        if Project.objects.filter(code=code).exists():
            raise KintsugiError(
                "project.code-taken",
                Text(f"项目编号 {code} 已被使用。", f"The project code {code} is taken."),
                Text("换一个编号。", "Choose another code."),
                field="code",
                project=code,
            )
        made = Project.objects.create(
            code=code, title_zh=title_zh, title_en=title_en, template=template,
            sponsor_name=sponsor_name, owner_id=person_of(actor), owner_name=str(actor)[:200],
            planned_start=planned_start, planned_end=end,
        )  # fmt: skip
        if plan:
            fill(made, plan)
        return made

    payload = {"code": code, "title_zh": title_zh, "title_en": title_en, "template": template,
               "start": planned_start, "end": planned_end, "sponsor": sponsor_name}  # fmt: skip
    return once(Project, actor=actor, command="project.create", key=key, payload=payload, work=work)


def edit_project(*, actor: Any, project: UUID, version: int | None, **values: Any) -> Project:
    """Change name, goal, boundaries, dates, sponsor, owner's name, currency or discount rate.
    Raises ``project.ended``, ``.ends-before-start``, StaleVersion."""
    with recorded(actor=actor, command="project.edit"):
        found = alive(project)
        start = values.get("planned_start", found.planned_start)
        _in_order(start, values.get("planned_end", found.planned_end))
        if "boundaries" in values:
            values["boundaries"] = _boundaries(values["boundaries"])
        return change(found, version=version, **values)


def step_project(*, actor: Any, project: UUID, to: str, reason: str, at: dt.datetime) -> Project:
    """Start, accept, take up again, close or cancel it; a step that was taken is not taken again.

    Raises IllegalTransition; KintsugiError ``project.milestones-open`` with their names,
    ``project.nothing-reached``, ``project.same-person``.
    """
    with recorded(actor=actor, command=f"project.{to}", reason=reason[:400]):
        found = Project.objects.select_for_update().get(pk=project)
        PROJECT.step(found.status, to)
        values: dict[str, Any] = {"status": to, "step_reason": reason[:400]}
        if to == "running":
            values |= {"accepted_at": None, "accepted_by": None, "accepted_by_name": ""}
            values["started_at"] = found.started_at or at
        elif to == "accepted":
            _may_accept(found, person_of(actor))
            values |= {"accepted_at": at, "accepted_by_id": person_of(actor),
                       "accepted_by_name": str(actor)[:200]}  # fmt: skip
        else:
            values["ended_at"] = at
        return change(found, version=None, **values)


def _may_accept(project: Project, person: UUID | None) -> None:
    stones = project.milestones.filter(is_void=False)
    waiting = [str(one) for one in stones.filter(status="open")]
    if waiting:
        raise KintsugiError(
            "project.milestones-open",
            Text(f"还有 {len(waiting)} 个里程碑未达成。", f"{len(waiting)} milestones are open."),
            Text("先达成它们,或说明理由后撤销。", "Reach them first, or drop them with a reason."),
            project=project.code,
            milestones=waiting[:20],
        )
    if not stones.filter(status="reached").exists():
        raise KintsugiError(
            "project.nothing-reached",
            Text("没有任何已达成的里程碑。", "No milestone was reached."),
            Text("没有成果的项目请取消。", "Cancel a project that came to nothing."),
            project=project.code,
        )
    if person is not None and person == project.owner_id:
        raise KintsugiError(
            "project.same-person",
            Text("项目负责人不能验收自己的项目。", "Who owns the project does not accept it."),
            Text("请发起人或质量负责人验收。", "Ask the sponsor or the quality manager."),
            project=project.code,
        )


def add_member(
    *, actor: Any, project: UUID, name: str, role: str, key: str, person: UUID | None = None
) -> Member:
    """Somebody takes part. Raises ``project.ended``, ``project.member-twice``."""
    assert role in ROLES, f"unknown role {role}"

    def work() -> Member:
        found = alive(project)
        if found.members.filter(name=name, role=role, is_void=False).exists():
            raise KintsugiError(
                "project.member-twice",
                Text(f"{name} 已担任此角色。", f"{name} has this role already."),
                Text("选择另一个角色。", "Choose another role."),
                field="role",
                project=found.code,
            )
        return Member.objects.create(project=found, name=name, role=role, person_id=person)

    payload = {"project": project, "name": name, "role": role, "person": person}
    return once(
        Member, actor=actor, command="project.add-member", key=key, payload=payload, work=work
    )


def remove_member(*, actor: Any, member: UUID, reason: str) -> Member:
    """Somebody takes part no longer; the row stays on record."""
    with recorded(actor=actor, command="project.remove-member", reason=reason[:400]):
        found = Member.objects.get(pk=member)
        alive(found.project_id)
        return change(found, version=None, is_void=True, void_reason=reason[:400])


def set_sources(*, actor: Any, project: UUID, codes: Sequence[str]) -> Project:
    """The project is about these sources and no others. Raises ``project.unknown-source``."""
    with recorded(actor=actor, command="project.set-sources"):
        found = alive(project)
        wanted = {one.code: one.pk for one in known_sources().filter(code__in=list(codes))}
        missing = sorted(set(codes) - set(wanted))
        if missing:
            raise KintsugiError(
                "project.unknown-source",
                Text(f"没有来源“{missing[0][:120]}”。", f"No source “{missing[0][:120]}”."),
                Text("先导入它的第一个文件。", "Import its first file."),
                field="codes",
                source=missing[0][:120],
            )
        present = {one.source_id: one for one in found.sources.filter(is_void=False)}
        for source in set(present) - set(wanted.values()):
            change(present[source], version=None, is_void=True, void_reason="removed")
        for source in set(wanted.values()) - set(present):
            ProjectSource.objects.create(project=found, source_id=source)
        return found


def add_milestone(
    *, actor: Any, project: UUID, title_zh: str, title_en: str, due_on: dt.date, key: str,
    owner_name: str = "",
) -> Milestone:  # fmt: skip
    """A milestone behind those there are; what is agreed first is its plan for ever."""

    def work() -> Milestone:
        found = alive(project)
        return Milestone.objects.create(
            project=found, position=found.milestones.count() + 1, title_zh=title_zh,
            title_en=title_en, planned_on=due_on, due_on=due_on, owner_name=owner_name,
        )  # fmt: skip

    payload = {"project": project, "zh": title_zh, "en": title_en, "due": due_on}
    return once(
        Milestone, actor=actor, command="milestone.add", key=key, payload=payload, work=work
    )


def edit_milestone(
    *, actor: Any, milestone: UUID, version: int | None, reason: str, **values: Any
) -> Milestone:
    """Change name, owner or the day it is due; the day first planned stays. Raises
    ``milestone.reason-missing`` where the day moves without a reason."""
    with recorded(actor=actor, command="milestone.edit", reason=reason[:400]):
        found = Milestone.objects.get(pk=milestone)
        alive(found.project_id)
        _still_open(found)
        if values.get("due_on", found.due_on) != found.due_on and not reason.strip():
            raise KintsugiError(
                "milestone.reason-missing",
                Text("改期需要理由。", "Moving the day needs a reason."),
                Text("写明为什么改期。", "Say why it moves."),
                field="reason",
            )
        return change(found, version=version, **values)


def step_milestone(
    *, actor: Any, milestone: UUID, to: str, reason: str, at: dt.datetime
) -> Milestone:
    """Note it as reached, drop it, or take it up again. Raises IllegalTransition; KintsugiError
    ``milestone.not-running``, ``milestone.no-criteria``, ``milestone.criteria-fail`` with those
    that do not hold."""
    with recorded(actor=actor, command=f"milestone.{to}", reason=reason[:400]):
        found = Milestone.objects.select_for_update().get(pk=milestone)
        project = alive(found.project_id)
        MILESTONE.step(found.status, to)
        values: dict[str, Any] = {"status": to, "step_reason": reason[:400]}
        if to == "reached":
            _may_reach(project, found)
            values |= {"reached_at": at, "reached_by_name": str(actor)[:200]}
        return change(found, version=None, **values)


def _may_reach(project: Project, milestone: Milestone) -> None:
    if project.status != "running":
        raise KintsugiError(
            "milestone.not-running",
            Text("项目尚未开始,里程碑不能达成。", "The project is not running."),
            Text("先开始项目。", "Start the project first."),
            project=project.code,
        )
    criteria = list(milestone.criteria.filter(is_void=False).order_by("position"))
    if not criteria:
        raise KintsugiError(
            "milestone.no-criteria",
            Text("这个里程碑没有任何判定标准。", "The milestone has no criterion."),
            Text("至少添加一条标准。", "Add one at least."),
            milestone=str(milestone),
        )
    failing = [str(one) for one in criteria if one.passed is not True]
    if failing:
        raise KintsugiError(
            "milestone.criteria-fail",
            Text(f"{len(failing)} 条标准未满足:{failing[0]}",
                 f"{len(failing)} criteria do not hold, the first: {failing[0]}"),
            Text("逐条满足或签署后再达成。", "Meet or sign each of them first."),
            milestone=str(milestone),
            criteria=failing[:20],
        )  # fmt: skip


def add_criterion(
    *, actor: Any, milestone: UUID, title_zh: str, title_en: str, key: str, check_name: str = "",
    params: Mapping[str, Any] | None = None,
) -> Criterion:  # fmt: skip
    """A criterion that the system checks, or with no check one that a person signs. Raises
    ``check.unknown``, ``check.params`` for parameters that the check does not take."""
    sound = check_params(check_name, params or {}) if check_name else {}

    def work() -> Criterion:
        found = Milestone.objects.get(pk=milestone)
        alive(found.project_id)
        _still_open(found)
        return Criterion.objects.create(
            milestone=found, position=found.criteria.count() + 1, title_zh=title_zh,
            title_en=title_en, check_name=check_name, params=sound,
        )  # fmt: skip

    payload = {"milestone": milestone, "zh": title_zh, "check": check_name, "params": sound}
    return once(
        Criterion, actor=actor, command="criterion.add", key=key, payload=payload, work=work
    )


def remove_criterion(*, actor: Any, criterion: UUID, reason: str) -> Criterion:
    """A criterion is no longer asked for; it stays on record with the reason."""
    with recorded(actor=actor, command="criterion.remove", reason=reason[:400]):
        found = Criterion.objects.select_related("milestone").get(pk=criterion)
        alive(found.milestone.project_id)
        _still_open(found.milestone)
        return change(found, version=None, is_void=True, void_reason=reason[:400])


def sign_criterion(
    *, actor: Any, criterion: UUID, holds: bool, evidence: str, at: dt.datetime
) -> Criterion:
    """A person says whether it holds, and where that can be seen. Raises
    ``criterion.checked-by-system`` for one that is no person's to sign."""
    with recorded(actor=actor, command="criterion.sign", reason=evidence[:400]):
        found = Criterion.objects.select_related("milestone").get(pk=criterion)
        alive(found.milestone.project_id)
        _still_open(found.milestone)
        if found.check_name:
            raise KintsugiError(
                "criterion.checked-by-system",
                Text("这条标准由系统检查,不能签署。", "The system checks this criterion."),
                Text(f"满足条件后重新检查:{CHECKS[found.check_name].title.zh}。",
                     f"Meet it and check again: {CHECKS[found.check_name].title.en}."),
                criterion=str(found),
            )  # fmt: skip
        return change(
            found, version=None, passed=holds, judged_at=at, signed_by_id=person_of(actor),
            signed_by_name=str(actor)[:200], evidence=evidence[:400],
        )  # fmt: skip


def _still_open(milestone: Milestone) -> None:
    if milestone.status == "reached":
        raise KintsugiError(
            "milestone.settled",
            Text("已达成的里程碑不能再改。", "A milestone that was reached stays as it is."),
            Text("新的要求请新建里程碑。", "Add another milestone for what is new."),
            milestone=str(milestone),
        )


def _in_order(start: dt.date, end: dt.date) -> None:
    if end < start:
        raise KintsugiError(
            "project.ends-before-start",
            Text("结束早于开始。", "It ends before it starts."),
            Text("更正其中一个日期。", "Correct one of the two days."),
            field="planned_end",
        )


def _boundaries(given: Mapping[str, Sequence[Sequence[str]]]) -> dict[str, list[list[str]]]:
    return {
        name: [[zh[:400], en[:400]] for zh, en in given.get(name, [])][:BOUNDARY_LINES]
        for name in BOUNDARIES
    }
