"""One pack: its page while it is made and after, and its file."""

from typing import Any

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from kintsugi.audit.packs import screens, selectors
from kintsugi.audit.packs.models import PACK, EvidencePack
from kintsugi.audit.packs.registry import sections
from kintsugi.audit.tasks import make_evidence_pack
from kintsugi.core.access import PERSONAL, may, requires
from kintsugi.engine.text import Text

ENDED = ("ready", "failed")


@requires("pack.read")
@require_safe
def pack_page(request: HttpRequest, number: str) -> HttpResponse:
    """The register's entry; while the pack is made, the progress is asked for every second."""
    pack = selectors.pack_by_number(number)
    context = _context(pack)
    if request.headers.get("HX-Request") == "true":
        return render(request, "audit/packs/state.html", context)
    context |= {
        "page_title": screens.pack_title(pack),
        "page_subtitle": pack.number,
        "breadcrumbs": [(_("Evidence packs"), reverse("audit:packs"))],
        "pills": [(PACK.states[pack.status], screens.TONES[pack.status])],
    }
    return render(request, "audit/packs/pack.html", context)


def _context(pack: EvidencePack) -> dict[str, Any]:
    told = selectors.progress_of(pack)
    return {
        "pack": pack,
        "kind": screens.kind_title(pack),
        "may_make": may("pack.create"),
        "may_download": pack.status == "ready" and (may(PERSONAL) or not pack.shows_personal),
        "is_ended": pack.status in ENDED,
        "status": PACK.states[pack.status],
        "phase": Text(told["zh"], told["en"]) if told else None,
        "done": told["done"] if told else 0,
        "total": told["total"] if told else 0,
        "tables": _by_section(pack),
        "error": pack.error and {
            "message": Text(pack.error["zh"], pack.error["en"]),
            "remedy": Text(pack.error["remedy_zh"], pack.error["remedy_en"]),
        },
    }  # fmt: skip


def _by_section(pack: EvidencePack) -> list[tuple[Text, int]]:
    """Rows of each part, in the order of the document. A part's tables are called by its name, or
    by it and a word: ``devices``, ``devices-party-values``."""
    parts = []
    for one in sections():
        own = [n for t, n in pack.tables.items() if t == one.name or t.startswith(f"{one.name}-")]
        if own:
            parts.append((one.title, sum(own)))
    return parts


@requires("pack.read")
@require_safe
def download(request: HttpRequest, number: str) -> FileResponse:
    """The file, if it still is the one in the register."""
    pack = selectors.pack_by_number(number)
    path = selectors.pack_file(pack)
    response = FileResponse(path.open("rb"), as_attachment=True, filename=f"{pack.number}.zip")
    response["Cache-Control"] = "no-store"
    response["Content-Type"] = "application/zip"
    response["X-Manifest-SHA256"] = pack.manifest_sha256
    return response


@requires("pack.create")
@require_POST
def again(request: HttpRequest, number: str) -> HttpResponse:
    """Make a pack that failed or was interrupted."""
    pack = selectors.pack_by_number(number)
    if pack.status != "ready":
        make_evidence_pack.defer(pack_id=str(pack.pk), actor=str(request.user))
    return HttpResponseRedirect(screens.pack_url(pack))
