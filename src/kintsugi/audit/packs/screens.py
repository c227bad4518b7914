"""Pages of evidence packs: the register, the form that asks for one, and one pack."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kintsugi.audit.packs import selectors, services
from kintsugi.audit.packs.build import LANGUAGES
from kintsugi.audit.packs.models import PACK, EvidencePack
from kintsugi.audit.packs.registry import SCOPES, scope_kinds
from kintsugi.audit.retention.views import now
from kintsugi.audit.tasks import make_evidence_pack
from kintsugi.core.access import PERSONAL, may
from kintsugi.core.panels import RecordPanel
from kintsugi.core.screens import Action, Column, Custom, Empty, Filter, FormScreen, ListScreen
from kintsugi.core.screens.parts import language, say
from kintsugi.engine.text import Text

TONES = {"asked": "live", "making": "live", "ready": "good", "failed": "bad"}


def pack_url(pack: EvidencePack) -> str:
    """The pack's page."""
    return reverse("audit:pack", args=[pack.number])


def ask_url(kind: str, key: str) -> str:
    """The form that asks for a pack of this scope."""
    return f"{reverse('audit:ask-for-pack')}?{urlencode({'kind': kind, 'key': key})}"


def pack_title(pack: EvidencePack) -> str:
    """What the pack is about, in the page's language."""
    return Text(pack.title_zh, pack.title_en).get(language())


def kind_title(pack: EvidencePack) -> Any:
    """What kind of thing it is about."""
    known = SCOPES.get(pack.scope_kind)
    return known.title if known else pack.scope_kind


PACKS = ListScreen(
    name="packs",
    title=_("Evidence packs"),
    subtitle=_(
        "Every pack that was made: about what, for whom and why, and the hash that seals it."
    ),
    permission="pack.read",
    rows=lambda _user: selectors.packs(),
    columns=(
        Column("number", label=_("Number"), kind="code", link=pack_url),
        Column("title", label=_("About"), value=pack_title),
        Column("status", label=_("Status"), kind="state", choices=PACK, tones=TONES),
        Column("asked_by", label=_("Person")),
        Column("asked_at", label=_("Asked at"), kind="moment"),
        Column("reason", label=_("Reason")),
        Column("bytes", label=_("Size"), kind="size"),
        Column("manifest_sha256", label=_("Hash of the manifest"), kind="code"),
    ),
    search=("number", "title_zh", "title_en", "asked_by", "reason", "manifest_sha256"),
    search_hint=_("Number, device, person, reason or hash"),
    filters=(
        Filter("status", choices=PACK, label=_("Status")),
        Filter(
            "scope_kind",
            label=_("Kind"),
            choices_of=lambda _user: [(one.name, say(one.title)) for one in scope_kinds()],
        ),
        Filter("asked_at", kind="days", lookup="asked_at__date", label=_("Asked at")),
    ),
    order=("-asked_at",),
    empty=Empty(
        _("No evidence pack yet"),
        _("Made for a device, a lot, a run or a period, and verified without this product."),
        icon="package",
        action=_("Make an evidence pack"),
        url=lambda: reverse("audit:ask-for-pack"),
    ),
    actions=(
        Action(
            _("Make an evidence pack"),
            lambda _record: reverse("audit:ask-for-pack"),
            icon="package",
            primary=True,
        ),
    ),
    export=False,  # by the report of its dataset, which says who took it away and why
)


def ask_form() -> type[forms.Form]:
    """Scope, language and reason, in the language of the page."""
    kinds = scope_kinds()
    tongue = "zh" if language().startswith("zh") else "en"
    made: dict[str, forms.Field] = {
        "kind": forms.ChoiceField(
            label=gettext("About a"), choices=[(one.name, say(one.title)) for one in kinds]
        ),
        "key": forms.CharField(
            label=gettext("Which one"),
            max_length=200,
            help_text=" · ".join(f"{say(one.title)}: {say(one.hint)}" for one in kinds),
        ),
        "language": forms.ChoiceField(
            label=gettext("Language of the document"),
            choices=[(code, say(name)) for code, name in LANGUAGES.items()],
            initial=tongue,
        ),
        "reason": forms.CharField(
            label=gettext("Reason"),
            max_length=services.REASON_CHARS,
            help_text=gettext("For whom and why: it is printed on the first page and kept."),
        ),
    }
    if may(PERSONAL):
        made["masked"] = forms.BooleanField(
            label=gettext("Mask personal data"),
            required=False,
            help_text=gettext("Unmasked, only those who may read personal data can download it."),
        )
    return type("AskForm", (forms.Form,), made)


def ask(*, user: Any, record: Any, version: int | None, **given: Any) -> EvidencePack:
    """Register the pack and let it be made in the background."""
    pack = services.ask_for_pack(actor=user, at=now(), **given)
    make_evidence_pack.defer(pack_id=str(pack.pk), actor=str(user))
    return pack


ASK = FormScreen(
    permission="pack.create",
    title=lambda _record: gettext("Make an evidence pack"),
    form=ask_form,
    save=ask,
    done=pack_url,
    saved=_("The evidence pack is being made."),
    submit=_("Make it"),
    cancel=lambda _record: reverse("audit:packs"),
    breadcrumbs=lambda _record: [(_("Evidence packs"), reverse("audit:packs"))],
)


def scope_panel(entity: str, kind: str) -> RecordPanel:
    """A small panel on a record's page that offers its evidence pack and lists the ones made."""

    def context(record: Any) -> dict[str, Any]:
        made = selectors.packs().filter(scope_kind=kind, scope_key=str(record.pk))[:5]
        return {
            "packs": [(one, pack_url(one), PACK.states[one.status], TONES[one.status])
                      for one in made],
            "ask_url": ask_url(kind, str(record.pk)) if may("pack.create") else "",
        }  # fmt: skip

    return RecordPanel(
        f"packs-of-{entity}",
        entity,
        Custom("audit/packs/panel.html", context, side=True),
        order=90,
        permission="pack.read",
    )
