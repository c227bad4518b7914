"""What may happen next with a document, and why not; and what its checks found."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from kintsugi.core.access import may_open
from kintsugi.core.screens.parts import Words, say
from kintsugi.core.verdicts import Verdict

NEXT = _("What may happen next")
OTHERS = _("Your roles do not allow this; somebody else does it.")


@dataclass(frozen=True)
class Step:
    """One thing that may be done with a document from its present state.

    ``why_not`` are the reasons why it cannot be done now; none means that it can. ``post`` sends
    it as a form from here; otherwise ``url`` is a page that asks for more.
    """

    label: Words
    url: str
    icon: str = ""
    primary: bool = False
    post: bool = False
    why_not: Sequence[Words] = ()


@dataclass(frozen=True)
class NextSteps:
    """Buttons for what can be done, and the reasons where it cannot; nothing where all is done."""

    steps: Callable[[Any], Sequence[Step]]
    title: Words = NEXT
    side: bool = True

    def draw(self, request: HttpRequest, record: Any) -> SafeString:
        """The panel."""
        lines = []
        for step in self.steps(record):
            opens = may_open(step.url, "POST" if step.post else "GET")
            reasons = [say(why) for why in step.why_not] or ([] if opens else [str(OTHERS)])
            lines.append(
                {
                    "label": say(step.label),
                    "url": step.url,
                    "icon": step.icon,
                    "primary": step.primary,
                    "post": step.post,
                    "reasons": reasons,
                }
            )
        if not lines:
            return SafeString()
        context = {"title": say(self.title), "steps": lines}
        return SafeString(render_to_string("core/parts/steps.html", context, request=request))


@dataclass(frozen=True)
class Verdicts:
    """What the checks of a document found: each passed, or why not and what to do."""

    title: Words
    verdicts: Callable[[Any], Sequence[Verdict]]
    side: bool = False

    def draw(self, request: HttpRequest, record: Any) -> SafeString:
        """The panel, or nothing before the first check."""
        lines = [
            {
                "title": say(one.title),
                "passed": one.passed,
                "why": say(one.why),
                "remedy": "" if one.passed else say(one.remedy),
            }
            for one in self.verdicts(record)
        ]
        if not lines:
            return SafeString()
        lines.sort(key=lambda line: bool(line["passed"]))
        context = {
            "title": say(self.title),
            "lines": lines,
            "failed": sum(not line["passed"] for line in lines),
        }
        return SafeString(render_to_string("core/parts/verdicts.html", context, request=request))
