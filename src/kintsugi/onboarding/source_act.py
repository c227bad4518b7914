"""The kind of act by which another person approves a source."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.urls import reverse

from kintsugi.engine.text import Text
from kintsugi.identity.selectors import Act
from kintsugi.identity.services import ActKind, Difference, Finding
from kintsugi.onboarding.models import Source
from kintsugi.onboarding.services import standard

Plan = Mapping[str, Any]


def subject(pk: UUID) -> tuple[str, str]:
    """The source and its page. Raises Source.DoesNotExist."""
    source = Source.objects.get(pk=pk)
    return source.code, reverse("onboarding:source", args=[source.code])


def planned(pk: UUID, _typed: Mapping[str, str | None]) -> Plan:
    """The assessment that stands; nothing of it is typed."""
    source = Source.objects.get(pk=pk)
    made = standard.latest(source)
    assert made, "an act is proposed with its assessment"
    return standard.plan_of(source, made)


def describe(_pk: UUID, plan: Plan) -> list[Difference]:
    """Each item of the standard: what was seen, or who signed with which note."""
    lines = [Difference(Text("标准版本", "Version of the standard"), None, plan["standard"])]
    for item in standard.STANDARD:
        found = plan["items"].get(item.name, {})
        if item.signed:
            said = f"{found.get('by', '')}: {found.get('note', '')}"
        else:
            seen = found.get("seen")
            if isinstance(seen, dict):
                shown = {name: "–" if v is None else v or "✓" for name, v in seen.items()}
                seen = ", ".join(f"{name} {value}" for name, value in shown.items())
            said = str(seen)
        lines.append(Difference(item.title, None, said[:400]))
    return lines


def verify(act: Act, _plan: Plan) -> list[Finding]:
    """Whether the source is approved."""
    if Source.objects.get(pk=act.subject_id).status in ("approved", "live"):
        return []
    return [Finding("source.not-approved", Text("来源尚未批准。", "The source is not approved."))]


APPROVE = ActKind(
    name=standard.KIND,
    title=Text("批准一个来源", "Approve a source"),
    subject_kind="source",
    subject=subject,
    rows=lambda: Source.objects.values("pk"),
    plan=planned,
    edit_url=lambda act: subject(act.subject_id)[1],
    check=standard.check_approval,
    describe=describe,
    execute=lambda act, plan: standard.approve_source(source_id=act.subject_id, act=act.number),
    verify=verify,
    inverse=lambda act, plan: None,
)
