"""Signatures and acts on pages: names of meanings, times with their zone, the story of an act."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.safestring import SafeString

from kintsugi.core.templatetags.kintsugi import language, pill
from kintsugi.engine.text import Text
from kintsugi.identity.control.kinds import Difference
from kintsugi.identity.control.selectors import ActView
from kintsugi.identity.signing.models import MEANINGS, METHODS
from kintsugi.identity.signing.screens import MEANING_TONES, zoned

register = template.Library()


@register.simple_tag
def meaning_pill(meaning: str) -> SafeString:
    """What a signature means, as a pill."""
    return pill(MEANINGS[meaning], MEANING_TONES.get(meaning, "live"))


@register.filter
def method_name(method: str) -> str:
    """How a person proved who he was."""
    return METHODS[method].get(language())


register.filter("zoned", zoned)


@register.filter
def zoned_iso(value: datetime) -> str:
    """The same for machines."""
    return timezone.localtime(value).isoformat()


@register.filter
def both(words: Mapping[str, str]) -> str:
    """A stored ``{"zh", "en"}`` in the language of the page."""
    return Text(words.get("zh", ""), words.get("en", "")).get(language())


@register.filter
def difference_rows(lines: Iterable[Difference]) -> list[tuple[Text, Any, Any]]:
    """Differences as the ``diff`` tag takes them."""
    return [(line.label, line.before, line.after) for line in lines]


@register.filter
def act_timeline(view: ActView) -> list[dict[str, Any]]:
    """What happened to an act, newest first, as the ``timeline`` tag takes it."""
    entries: list[dict[str, Any]] = [
        {
            "at": one.written_at,
            "title": Text(f"第 {one.revision} 版方案", f"Revision {one.revision} written"),
            "who": one.author.name,
            "why": str(one.signed["reason"]),
        }
        for one in view.revisions
    ]
    for decision in view.approvals:
        entries.append(
            {
                "at": decision.decided_at,
                "title": Text(
                    f"第 {decision.revision} 版:{MEANINGS[decision.decision].zh}",
                    f"Revision {decision.revision} {MEANINGS[decision.decision].en}",
                ),
                "who": decision.approver.name,
                "why": decision.signature.reason,
                "tone": "good" if decision.decision == "approved" else "bad",
            }
        )
    run, check = view.execution, view.verification
    if run:
        done = run.outcome == "executed"
        entries.append(
            {
                "at": run.started_at,
                "title": Text("已执行", "Executed")
                if done
                else Text("执行失败", "Execution failed"),
                "who": run.executor.name,
                "tone": "gold" if done else "bad",
            }
        )
    if check:
        passed = check.outcome == "passed"
        entries.append(
            {
                "at": check.verified_at,
                "title": Text("验证通过", "Verified")
                if passed
                else Text("验证未通过", "Not as planned"),
                "who": check.verifier.name,
                "tone": "good" if passed else "bad",
            }
        )
    return sorted(entries, key=lambda entry: entry["at"], reverse=True)
