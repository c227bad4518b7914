"""Fields whose present value a correction put there: the act under two persons that did it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.urls import reverse

from kintsugi.audit.models import Change, Transaction
from kintsugi.engine.text import Text


@dataclass(frozen=True)
class Mended:
    """The act behind a value: its number, who planned and who approved it, and its page."""

    act: str
    author: str
    approver: str
    url: str

    @property
    def text(self) -> Text:
        """In words, beside the value."""
        return Text(
            f"由 {self.act} 更正,{self.approver} 批准",
            f"corrected by {self.act}, approved by {self.approver}",
        )


def act_of(transaction: Transaction) -> Mended | None:
    """The act that caused a transaction, if one did."""
    facts = transaction.facts or {}
    if not facts.get("act_id") or not facts.get("approved_by"):
        return None
    return Mended(
        act=str(facts["act"]),
        author=str(facts.get("author", "")),
        approver=str(facts["approved_by"]),
        url=reverse("acts:detail", args=[facts["act_id"]]),
    )


def mended_fields(changes: Sequence[Change], fields: Mapping[str, str]) -> dict[str, Mended]:
    """By field: the act of its newest change, where an act made it. ``changes`` newest first;
    ``fields`` gives the field of a column where the names differ."""
    newest: dict[str, Mended | None] = {}
    for change in changes:
        for column in change.after or {}:
            newest.setdefault(fields.get(column, column), act_of(change.transaction))
    return {name: mended for name, mended in newest.items() if mended is not None}
