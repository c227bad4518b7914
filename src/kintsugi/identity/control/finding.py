"""How acts are signed, found by search, and shown on home."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from kintsugi.core import home, search
from kintsugi.core.api.errors import STATUS
from kintsugi.core.screens.parts import say
from kintsugi.engine.text import Text
from kintsugi.identity.control import selectors
from kintsugi.identity.control.kinds import KINDS
from kintsugi.identity.control.models import ActRevision
from kintsugi.identity.control.states import ACT
from kintsugi.identity.signing.content import Signable, register_signable


def url_of(act_id: UUID) -> str:
    """The act's page."""
    return reverse("acts:detail", args=[act_id])


def content(act_id: UUID) -> tuple[str, Mapping[str, Any]]:
    """What people sign of an act: its present revision."""
    act = selectors.act(act_id)
    revision = ActRevision.objects.get(act=act, revision=act.revision)
    return f"{act.number} · {act.subject_title}", revision.signed


def shown(signed: Mapping[str, Any]) -> Mapping[str, Any]:
    """The signed content with what its kind masks of the plan."""
    kind = KINDS.get(str(signed.get("kind")))
    return {**signed, "plan": kind.shown(signed["plan"])} if kind else signed


def find(query: str, _user: Any, limit: int) -> list[search.Hit]:
    """Acts by number or record."""
    named = Q(number__icontains=query) | Q(subject_title__icontains=query)
    return [
        search.Hit(
            act.number,
            " · ".join(
                (say(KINDS[act.kind].title), act.subject_title, say(ACT.states[act.status]))
            ),
            url_of(act.pk),
            code=True,
        )
        for act in selectors.acts().filter(named)[:limit]
    ]


def tile(user: Any) -> home.TileValue:
    """How many signatures this person is asked for."""
    if getattr(user, "person", None) is None:
        return home.TileValue(None)
    count = selectors.waiting_for(user.person).count()
    return home.TileValue(count or None, tone="warn")


#: HTTP statuses of the API where they are not 400: not this person; not in this state any more.
FORBIDDEN = (
    "signing.wrong-secret", "signing.locked", "signing.foreign-authentication",
    "signing.foreign-account", "control.self-approval", "control.checker-executes",
    "control.executor-verifies", "control.same-person", "control.not-author",
)  # fmt: skip
CONFLICTING = (
    "signing.stale-authentication", "signing.authentication-used", "signing.content-changed",
    "control.wrong-state", "control.already-decided", "control.already-executed",
    "control.already-verified", "control.unapproved", "control.plan-changed",
    "control.not-executed", "control.findings-remain", "control.no-inverse",
    "correction.contradicts",
)  # fmt: skip


def register() -> None:
    """Let acts be signed, searched for, and counted on home."""
    STATUS.update(dict.fromkeys(FORBIDDEN, 403) | dict.fromkeys(CONFLICTING, 409))
    register_signable(
        Signable(
            "act",
            Text("操作", "act"),
            content,
            url_of,
            lambda: selectors.acts().values("pk"),
            shown,
        )
    )
    provider = search.SearchProvider("act", "checklist", _("Acts"), find, permission="act.read")
    search.register(provider)
    home.register(
        home.Tile(
            "signatures",
            _("Signatures to give"),
            "pencil",
            lambda: reverse("acts:list"),
            tile,
            5,
            permission="act.read",
        )
    )
