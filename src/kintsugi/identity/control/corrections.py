"""Corrections: one record's fields put right under two persons.

The owning app says which fields can be corrected, how one is read, and brings the service that
writes them; the contract says what a field may hold. A plan is
``{"version": 3, "changes": {"lot_no": {"from": "A1", "to": "A7"}}}``: canonical values as the
engine writes them (a date known to the month is ``2023-05``), a list of texts for lists, and
``{"id", "name"}`` for references.
"""

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from kintsugi.core.access import PERSONAL, require
from kintsugi.core.errors import KintsugiError, StaleVersion
from kintsugi.core.masks import mask, personal_fields, readable
from kintsugi.engine.contract import Field, load_contract
from kintsugi.engine.text import Text
from kintsugi.engine.values import RULES, norm
from kintsugi.identity.control.kinds import ActKind, Difference, Finding, Plan
from kintsugi.identity.control.models import Act
from kintsugi.identity.control.services import draft_act, revise_act
from kintsugi.identity.models import User

Value = str | list[str] | dict[str, str] | None
MEND = Text("请改正该值。", "Correct the value.")


class _DryRun(Exception):
    """Ends a trial write so that nothing of it stays."""


@dataclass(frozen=True)
class Correction:
    """How records of one entity are corrected.

    ``rows()``            the rows the person at work may see
    ``write(row, values)`` the app's service: plan values by field; counts the version up; raises
                          StaleVersion when the row is no longer at ``row.version``
    ``find(field, text)`` the record a typed name stands for, as ``{"id", "name"}``; raises
                          KintsugiError
    ``partial(row)``      date fields known to the month or year only
    """

    entity: str
    name: str
    title: Text
    rows: Callable[[], QuerySet[Any]]
    url: Callable[[UUID], str]
    edit_url: Callable[[Act], str]
    fields: Sequence[str]
    write: Callable[..., None]
    find: Callable[[str, str], dict[str, str]] | None = None
    partial: Callable[[Any], Sequence[str]] = lambda _row: ()

    # -- values --------------------------------------------------------------------------------

    def known(self, name: str) -> Field:
        """The contract's field. Raises KintsugiError ``correction.unknown-field``."""
        if name not in self.fields:
            raise KintsugiError(
                "correction.unknown-field",
                Text(f"字段 {name} 不能这样更正。", f"The field {name} is not corrected this way."),
                Text(f"可更正:{'、'.join(self.fields)}。", f"Choose of {', '.join(self.fields)}."),
                field=name,
            )
        return load_contract(self.entity).field(name)

    def read(self, row: Any, name: str) -> Value:
        """A field's value as plans write it."""
        known = self.known(name)
        value = getattr(row, name)
        if value is None or value == "" or value == []:
            return None
        if known.reference:
            return {"id": str(value.pk), "name": str(value)}
        if known.type == "list":
            return [str(item) for item in value]
        if isinstance(value, dt.date):
            text = value.isoformat()
            return text[:7] if name in (self.partial(row) or ()) else text
        if isinstance(value, Decimal):
            text = f"{value:f}"
            return text.rstrip("0").rstrip(".") if "." in text else text
        return str(value)

    def understood(self, name: str, typed: str | None) -> Value:
        """What was typed, as plans write it. Raises KintsugiError with the contract's rule;
        facts: field, value."""
        known = self.known(name)
        text = (typed or "").strip()
        if not text:
            if known.required:
                raise KintsugiError(
                    "correction.required",
                    Text(f"{known.zh}不能为空。", f"{known.en} cannot be empty."),
                    MEND,
                    field=name,
                )
            return None
        if known.reference and self.find:
            return self.find(name, text)
        found = norm(known.norm, text, **known.norm_args)
        if found.value is None or (found.issue and RULES[found.issue].severity != "warn"):
            rule = RULES.get(found.issue or "")
            raise KintsugiError(
                "correction.invalid",
                rule.describe(text)
                if rule
                else Text(f"“{text}”不成立。", f"“{text}” is no value."),
                rule.remedy if rule else MEND,
                field=name,
                value=text,
                rule=found.issue,
            )
        if known.type == "date" and len(found.value) < len("2031-05"):
            raise KintsugiError(
                "correction.invalid",
                Text(
                    "更正的日期至少要到月份。", "A corrected date is known to the month at least."
                ),
                MEND,
                field=name,
                value=text,
                rule="date.year-only",
            )
        if known.type == "list":
            made = json.loads(found.value) if found.value.startswith("[") else [found.value]
            return [str(item) for item in made]
        if known.type == "decimal":
            return f"{Decimal(found.value):f}".rstrip("0").rstrip(".") or "0"
        return found.value

    def typed(self, row: Any) -> dict[str, str]:
        """The present values as a form shows them."""
        return {name: as_text(self.read(row, name)) for name in readable(self.entity, self.fields)}

    # -- plans ---------------------------------------------------------------------------------

    def plan(self, row: Any, typed: Mapping[str, str | None]) -> dict[str, Any]:
        """What the typed values change. Raises KintsugiError for a value the contract refuses,
        or ``correction.nothing`` where nothing differs."""
        changes: dict[str, dict[str, Value]] = {}
        for name, text in typed.items():
            if name in personal_fields(self.entity):
                require(PERSONAL)
            before = self.read(row, name)
            if as_text(before) == (text or "").strip():
                continue
            after = self.understood(name, text)
            if after != before:
                changes[name] = {"from": before, "to": after}
        if not changes:
            raise KintsugiError(
                "correction.nothing",
                Text("没有任何值被更正。", "No value was corrected."),
                Text("请至少修改一个值。", "Change at least one value."),
            )
        return {"version": row.version, "changes": changes}

    def row(self, pk: UUID) -> Any:
        """The record. Raises its model's DoesNotExist, also for one outside the scope."""
        return self.rows().get(pk=pk)

    def check(self, pk: UUID, plan: Plan) -> None:
        """Raise StaleVersion where the record moved on, or the refusal a trial write meets."""
        row = self.row(pk)
        self._refuse_stale(row, plan)
        try:
            with transaction.atomic():
                self._write(row, plan)
                raise _DryRun
        except _DryRun:
            pass

    def describe(self, _pk: UUID, plan: Plan) -> list[Difference]:
        """Before and after of each field, in words."""
        contract = load_contract(self.entity)
        lines = []
        for name, change in self.shown(plan)["changes"].items():
            known = contract.field(name)
            lines.append(
                Difference(
                    Text(known.zh, known.en),
                    in_words(known, change["from"]),
                    in_words(known, change["to"]),
                )
            )
        return lines

    def execute(self, act: Act, plan: Plan) -> dict[str, Any]:
        """Write the values; the record must be at the version the plan was written for."""
        row = self.row(act.subject_id)
        self._refuse_stale(row, plan)
        self._write(row, plan)
        return {"version": self.row(act.subject_id).version, "fields": sorted(plan["changes"])}

    def verify(self, act: Act, plan: Plan) -> list[Finding]:
        """Fields that do not hold what was planned."""
        row = self.row(act.subject_id)
        contract = load_contract(self.entity)
        findings = []
        for name, change in plan["changes"].items():
            now = self.read(row, name)
            if _same(now) == _same(change["to"]):
                continue
            field = contract.field(name)
            is_, should = (as_text(mask(self.entity, name, v)) for v in (now, change["to"]))
            findings.append(
                Finding(
                    f"correction.{name}",
                    Text(
                        f"{field.zh}现为“{is_}”,应为“{should}”。",
                        f"{field.en} is “{is_}”, not “{should}”.",
                    ),
                )
            )
        return findings

    def shown(self, plan: Plan) -> dict[str, Any]:
        """The plan with personal values masked for whoever may not read them."""
        changes = {
            name: {side: mask(self.entity, name, value) for side, value in change.items()}
            for name, change in plan["changes"].items()
        }
        return {**plan, "changes": changes}

    def inverse(self, act: Act, plan: Plan) -> dict[str, Any]:
        """The old values again, at the record's present version."""
        row = self.row(act.subject_id)
        changes = {
            name: {"from": self.read(row, name), "to": change["from"]}
            for name, change in plan["changes"].items()
        }
        return {"version": row.version, "changes": changes}

    def kind(self) -> ActKind:
        """The kind of act."""
        return ActKind(
            name=self.name,
            title=self.title,
            subject_kind=self.entity,
            subject=lambda pk: (str(self.row(pk)), self.url(pk)),
            rows=lambda: self.rows().values("pk"),
            plan=lambda pk, typed: self.plan(self.row(pk), typed),
            edit_url=self.edit_url,
            check=self.check,
            describe=self.describe,
            execute=self.execute,
            verify=self.verify,
            inverse=self.inverse,
            shown=self.shown,
        )

    def _refuse_stale(self, row: Any, plan: Plan) -> None:
        if row.version != plan["version"]:
            changed = {
                name: {"planned_from": change["from"], "now": now}
                for name, change in plan["changes"].items()
                if (now := self.read(row, name)) != change["from"]
            }
            raise StaleVersion(str(row), read=plan["version"], now=row.version, changed=changed)

    def _write(self, row: Any, plan: Plan) -> None:
        try:
            with transaction.atomic():
                self.write(row, {name: change["to"] for name, change in plan["changes"].items()})
        except IntegrityError as error:
            rule = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
            raise KintsugiError(
                "correction.contradicts",
                Text(
                    "更正后的值与其他记录或字段矛盾。",
                    "The corrected values contradict another record or another field.",
                ),
                Text("请按规则核对后再更正。", "Compare them with the rule and correct again."),
                rule=rule,
            ) from error


def as_text(value: Value) -> str:
    """A plan's value as one types it."""
    if value is None:
        return ""
    if isinstance(value, dict):
        return value["name"]
    return "、".join(value) if isinstance(value, list) else value


def in_words(known: Field, value: Value) -> Any:
    """A plan's value as people read it: names of codes in both languages."""
    names = {allowed.code: Text(allowed.zh, allowed.en) for allowed in known.allowed}
    if isinstance(value, list):
        return [names.get(item, item) for item in value]
    if isinstance(value, dict):
        return value["name"]
    return names.get(value, value) if value else value


def _same(value: Value) -> Value | UUID:
    return UUID(value["id"]) if isinstance(value, dict) else value


def save_correction(
    correction: Correction,
    *,
    account: User,
    record: Any,
    typed: Mapping[str, str | None],
    reason: str,
    at: dt.datetime,
    key: str,
) -> Act:
    """What a correction form was filled with, as an act: a new draft or, where ``record.act`` is
    an act whose plan is being changed, its next revision. Raises KintsugiError."""
    plan = correction.plan(record, typed)
    changed: Act | None = getattr(record, "act", None)
    if changed is not None:
        return revise_act(act_id=changed.pk, plan=plan, reason=reason, account=account, at=at)
    return draft_act(
        kind=correction.name,
        subject_id=record.pk,
        plan=plan,
        reason=reason,
        account=account,
        at=at,
        key=key,
    )


def correctable(correction: Correction, pk: UUID, act_id: UUID | None) -> Any:
    """The record to correct; with ``act``, the act whose plan is to be changed. Raises
    DoesNotExist for unknown ones, and for an act about another record."""
    record = correction.row(pk)
    record.act = None
    if act_id is not None:
        record.act = Act.objects.get(pk=act_id, subject_id=pk, kind=correction.name)
    return record


def present_values(correction: Correction, record: Any) -> dict[str, str]:
    """What the form starts with: the record's values, under them those of the plan."""
    values = correction.typed(record)
    if record.act is not None:
        plan = json.loads(record.act.revisions.get(revision=record.act.revision).content)["plan"]
        values |= {name: as_text(one["to"]) for name, one in plan["changes"].items()}
        values["reason"] = record.act.reason
    return values
