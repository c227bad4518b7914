"""The scan field: a wedge, a camera or the keyboard sends texts one by one to an address of the
page's own, and each is answered by a line.

The address takes ``raw`` as a POST, and from the script ``X-Requested-With: fetch`` with an
``Idempotency-Key`` made when the thing was scanned: after a lost network the same scan comes again
with the same key. It answers with ``ScanAnswer.response()``; without the script it draws its page.
"""

from dataclasses import dataclass
from typing import Any, Literal

from django.http import HttpRequest, JsonResponse
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from kintsugi.core.access import may_open
from kintsugi.core.errors import KintsugiError
from kintsugi.core.screens.parts import Words, language, say

#: The text of the largest symbol, several symbols of one label.
RAW_CHARS = 7_089
KEY_CHARS = 120

NOTHING = SafeString()
Tone = Literal["good", "warn", "bad"]


@dataclass(frozen=True)
class ScanAnswer:
    """What became of one scan. ``bad`` stops the page until somebody has seen it; ``what`` says
    what it is and ``remedy`` what to do. ``html`` is drawn below, by a template of the app's own.
    ``is_part``: the symbol is half of a label, the next one belongs to it."""

    tone: Tone
    what: str
    remedy: str = ""
    html: SafeString = NOTHING
    is_part: bool = False

    def response(self) -> JsonResponse:
        """For the script; a refusal is an answer, too."""
        return JsonResponse(
            {
                "tone": self.tone,
                "what": self.what,
                "remedy": self.remedy,
                "html": self.html,
                "part": self.is_part,
            }
        )

    @classmethod
    def of_error(cls, error: KintsugiError) -> "ScanAnswer":
        """A refusal in the language of the page."""
        return cls("bad", error.message.get(language()), error.remedy.get(language()))


def is_scripted(request: HttpRequest) -> bool:
    """Whether the scan field's script asks, and wants no page."""
    return request.headers.get("X-Requested-With") == "fetch"


def raw_of(request: HttpRequest) -> str:
    """The scanned text of a POST, as it came: the separator GS is data. No more of it than any
    symbol holds, and one character to show that there was more."""
    return str(request.POST.get("raw", ""))[: RAW_CHARS + 1]


def key_of(request: HttpRequest) -> str:
    """The key made at the time of the scan, for ``run_once``; that of the form without script."""
    given = request.headers.get("Idempotency-Key") or request.POST.get("key", "")
    return str(given)[:KEY_CHARS]


@dataclass(frozen=True)
class ScanField:
    """The field as a panel. ``url(record)`` takes the scans; ``label`` says what is wanted;
    ``button`` is what Enter does. Not drawn for whoever may not post there."""

    url: Any
    label: Words
    button: Words = ""
    hint: Words = ""
    side: bool = False

    def draw(self, request: HttpRequest, record: Any = None) -> SafeString:
        """The panel."""
        url = self.url(record) if callable(self.url) else self.url
        if not may_open(url, "POST"):
            return SafeString()
        context = {
            "url": url,
            "label": say(self.label),
            "button": say(self.button) or gettext("Look up"),
            "hint": say(self.hint),
        }
        return SafeString(render_to_string("core/parts/scan.html", context, request=request))
