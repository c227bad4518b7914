"""Evidence packs, retention and legal holds of parties."""

from uuid import UUID

from kintsugi.audit.selectors import (
    Chapter,
    Clause,
    RecordValues,
    RetentionRule,
    Scope,
    ScopeKind,
    Section,
    Subject,
    record_kind,
    register_retention,
    register_scope,
    register_section,
    value_table,
)
from kintsugi.core.errors import KintsugiError, NotFound, Text
from kintsugi.parties import selectors
from kintsugi.parties.models import Party

PARTY = Text("单位", "Party")


def resolve_party(key: str) -> Scope:
    """A party by name, credit code or id.

    Raises NotFound or KintsugiError ``pack.several-parties`` (facts: parties).
    """
    try:
        found = list(Party.objects.filter(pk=UUID(key)))
    except ValueError:
        found = selectors.by_name(key)
    if not found:
        raise NotFound(PARTY, key)
    if len(found) > 1:
        raise KintsugiError(
            "pack.several-parties",
            Text(f"“{key}”指 {len(found)} 个单位。", f"“{key}” names {len(found)} parties."),
            Text(
                "请用统一社会信用代码,或从单位页面发起。",
                "Use the credit code, or start from the party's page.",
            ),
            field="key",
            key=key,
            parties=[{"id": str(one.pk), "name": one.name} for one in found],
        )
    [party] = found
    subject = Subject("party", party.pk, party.name)
    facts = [(Text("统一社会信用代码", "Credit code"), party.uscc)] if party.uscc else []
    title = Text(f"单位 {party.name}", f"Party {party.name}")
    return Scope("party", str(party.pk), title, [subject], facts=facts)


def collect_parties(scope: Scope, limit: int) -> Chapter | None:
    """The values of the parties a pack is about, with the cells they came from."""
    ids = [one.id for one in scope.subjects if one.entity == "party" and not one.related]
    if not ids:
        return None
    parties = Party.objects.filter(pk__in=ids).order_by("name", "pk")
    values = [RecordValues("party", one, {}, one.name) for one in parties]
    return Chapter([value_table("parties", PARTY, values)])


def register() -> None:
    """Add parties to packs, retention and the auditor's desk."""
    hint = Text("名称或统一社会信用代码", "Name or credit code")
    register_scope(ScopeKind("party", PARTY, hint, resolve_party, 40))
    register_section(Section("parties", PARTY, collect_parties, 15))
    register_retention(
        RetentionRule(
            "party",
            Text("往来单位", "Parties"),
            [
                Clause(
                    "always",
                    Text("永久保存。", "Kept for ever."),
                    Text(
                        "设备记录指向它,其中可能有植入类。",
                        "Records of devices point to it, and some of them may be implants.",
                    ),
                )
            ],
            subjects=lambda party: [("party", party.pk, "")],
            order=20,
        )
    )
    record_kind(
        "parties_party",
        page="parties:detail",
        entity="party",
        find=lambda text: [one.pk for one in selectors.by_name(text)],
    )
