"""The kind of act by which duplicates are made one: written here once, for parties and products."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Model, QuerySet
from django.urls import reverse

from kintsugi.core.errors import KintsugiError, StaleVersion, Text
from kintsugi.identity.selectors import Act
from kintsugi.identity.services import ActKind, Difference, Finding
from kintsugi.parties import selectors, services_merging
from kintsugi.parties.models import Merge, Party

Plan = Mapping[str, Any]


@dataclass(frozen=True)
class Merging:
    """How records of one table are merged.

    ``find(text)`` the one record a typed name or code stands for; raises KintsugiError with field
    ``drop``. The plan: ``{"drop", "drop_title", "version", "rows": {"table.column": n}}``, or
    ``{"undo": merge, …}`` for taking it apart.
    """

    name: str
    title: Text
    subject_kind: str
    model: type[Model]
    rows: Callable[[], QuerySet[Any]]
    find: Callable[[str], Any]
    url: Callable[[UUID], str]

    @property
    def table(self) -> str:
        """The table of these records."""
        return str(self.model._meta.db_table)

    def row(self, pk: UUID) -> Any:
        """The record that stays. Raises its model's DoesNotExist."""
        return self.rows().get(pk=pk)

    def plan(self, pk: UUID, typed: Mapping[str, str | None]) -> dict[str, Any]:
        """What is merged into the record, and what that moves. Raises KintsugiError
        ``merge.same`` or what ``find`` raises."""
        found = self.find((typed.get("drop") or "").strip())
        if found.pk == pk:
            raise KintsugiError(
                "merge.same",
                Text("不能与自身合并。", "A record is not merged into itself."),
                Text("填写另一条记录。", "Name the other record."),
                field="drop",
            )
        return {
            "drop": str(found.pk),
            "drop_title": str(found),
            "version": found.version,
            "rows": services_merging.pointing_to(self.table, found.pk),
        }

    def check(self, pk: UUID, plan: Plan) -> None:
        """Raise where the records are no longer as the plan found them."""
        self.row(pk)
        if plan.get("undo"):
            return
        dropped = self.row(UUID(plan["drop"]))
        if dropped.version != plan["version"]:
            raise StaleVersion(str(dropped), read=plan["version"], now=dropped.version)

    def describe(self, _pk: UUID, plan: Plan) -> list[Difference]:
        """Which record goes, and the rows that move, column by column."""
        if plan.get("undo"):
            return [Difference(Text("撤销合并", "Undo the merge of"), plan["drop_title"], None)]
        lines = [Difference(Text("并入", "Merged away"), plan["drop_title"], None)]
        return lines + [
            Difference(Text(name, name), count, Text(f"改指 {count} 行", f"{count} rows move"))
            for name, count in sorted(plan["rows"].items())
        ]

    def execute(self, act: Act, plan: Plan) -> dict[str, Any]:
        """Merge, or take apart."""
        if plan.get("undo"):
            services_merging.unmerge_records(
                model=self.model, merge=UUID(plan["undo"]), act=act.number,
                actor=act.author.name, at=act.updated_at,
            )  # fmt: skip
            return {"undone": plan["undo"]}
        made = services_merging.merge_records(
            model=self.model, keep=act.subject_id, drop=UUID(plan["drop"]),
            version=plan["version"], reason=act.reason, act=act.number, actor=act.author.name,
            at=act.updated_at,
        )  # fmt: skip
        return {"merge": str(made.pk), "parts": made.parts.count()}

    def verify(self, act: Act, plan: Plan) -> list[Finding]:
        """Rows that still point to what was merged away."""
        if plan.get("undo"):
            merge = Merge.objects.get(pk=plan["undo"])
            undone = merge.undone_at is not None
            return [] if undone else [
                Finding("merge.not-undone", Text("合并未撤销。", "The merge is not undone."))
            ]  # fmt: skip
        left = services_merging.pointing_to(self.table, UUID(plan["drop"]))
        return [
            Finding("merge.left", Text(f"{name} 仍有 {n} 行。", f"{n} rows of {name} are left."))
            for name, n in left.items()
        ]

    def inverse(self, act: Act, plan: Plan) -> dict[str, Any] | None:
        """Taking apart what this act merged; None for an act that took apart."""
        merge = Merge.objects.filter(act=act.number, undone_at__isnull=True).first()
        if merge is None:
            return None
        return {"undo": str(merge.pk), "drop": plan["drop"], "drop_title": plan["drop_title"]}

    def kind(self) -> ActKind:
        """The kind of act."""
        return ActKind(
            name=self.name,
            title=self.title,
            subject_kind=self.subject_kind,
            subject=lambda pk: (str(self.row(pk)), self.url(pk)),
            rows=lambda: self.rows().values("pk"),
            plan=self.plan,
            edit_url=lambda act: self.url(act.subject_id),
            check=self.check,
            describe=self.describe,
            execute=self.execute,
            verify=self.verify,
            inverse=self.inverse,
        )


def party_named(text: str) -> Any:
    """The one party of this id, name or credit code that stands. Raises KintsugiError
    ``merge.unknown`` or ``merge.several``."""
    found = [one for one in by_id(selectors.parties(), text) or selectors.by_name(text)
             if not one.is_void]  # fmt: skip
    return the_one(found, text)


def the_one(found: list[Any], text: str) -> Any:
    """The only one of what was found. Raises KintsugiError ``merge.unknown``, ``merge.several``."""
    if len(found) == 1:
        return found[0]
    raise KintsugiError(
        "merge.several" if found else "merge.unknown",
        Text(f"“{text}”有 {len(found)} 条记录。", f"{len(found)} records are called “{text}”."),
        Text("用编号、信用代码或产品编码指明。", "Name it by id, credit code or product code."),
        field="drop",
        value=text,
    )


def by_id(rows: QuerySet[Any], text: str) -> list[Any]:
    """The row of this id, where the text is one."""
    try:
        return list(rows.filter(pk=UUID(text)))
    except ValueError:
        return []


PARTIES = Merging(
    name="party.merge",
    title=Text("合并往来单位", "Merge parties"),
    subject_kind="party",
    model=Party,
    rows=lambda: Party.objects.all(),
    find=party_named,
    url=lambda pk: reverse("parties:detail", args=[pk]),
)
