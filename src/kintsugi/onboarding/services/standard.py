"""The standard for new sources: what is asked of one before its data may be trusted, and the gate.

What the system can see for itself it sees, in the source, its mapping and its profile; the rest a
person signs for by name. Another person approves the whole (an act under two persons).
"""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping as Map
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import get_language

from kintsugi.audit.services import recorded
from kintsugi.core.errors import KintsugiError, NotFound, Text
from kintsugi.engine.contract import load_contracts
from kintsugi.engine.mapping import Mapping, missing_key_fields
from kintsugi.identity.services import draft_act, submit_act
from kintsugi.onboarding.models import Assessment, Run, Source
from kintsugi.onboarding.services.profiles import scores_of
from kintsugi.onboarding.services.sources import current_mapping
from kintsugi.onboarding.states import SOURCE

KIND = "onboarding.approve-source"
VERSION = 1
#: The least a score may be; one that is unknown does not count, but completeness must be known.
LEAST = {"completeness": 60.0, "consistency": 80.0, "accuracy": 95.0}


@dataclass(frozen=True)
class Item:
    """One thing that is asked. ``signed``: a person answers for it; else it is seen."""

    name: str
    title: Text
    help: Text
    signed: bool = False


STANDARD: tuple[Item, ...] = (
    Item("owner", Text("有负责人", "An owner is named"),
         Text("在来源资料中填写。", "Fill it in at the source.")),
    Item("steward", Text("有数据管理员", "A data steward is named"),
         Text("在来源资料中填写。", "Fill it in at the source.")),
    Item("contact", Text("有联系方式", "There is somebody to call"),
         Text("在来源资料中填写。", "Fill it in at the source.")),
    Item("refresh", Text("约定了更新周期", "How fresh it has to be is agreed"),
         Text("填写“几天内须更新”。", "Fill in within how many days.")),
    Item("delivery", Text("说明了全量或增量", "Everything or what is new: it is declared"),
         Text("全量交付受缩减保护。", "A full delivery is guarded against shrinking.")),
    Item("personal", Text("判定了个人信息", "Personal data were judged"),
         Text("在来源资料中选择。", "Choose at the source.")),
    Item("keys", Text("标识字段已知", "The keys are known"),
         Text("映射须含每个实体的标识字段。", "The mapping feeds the key of each entity.")),
    Item("profile", Text("剖析得分达标", "The profile scores well enough"),
         Text("完整性不低于 60,一致性 80,准确性 95;未测得的完整性不算达标。",
              "Completeness 60, consistency 80, accuracy 95 at least; the first must be known.")),
    Item("sample", Text("看过样本", "A sample was looked at"),
         Text("由评估人签字。", "Whoever assesses signs for it."), signed=True),
    Item("mapping", Text("映射已核对", "The mapping was looked through"),
         Text("由评估人签字。", "Whoever assesses signs for it."), signed=True),
)  # fmt: skip


def evidence(source: Source, at: dt.datetime) -> dict[str, dict[str, Any]]:
    """For each item the system sees: ``ok`` and what it saw."""
    scores = scores_of(source, at)
    known = {name: value for name, value in scores.items() if value is not None}
    scored = "completeness" in known and all(
        known[name] >= least for name, least in LEAST.items() if name in known
    )
    keys = _keys(source)
    seen: dict[str, tuple[bool, Any]] = {
        "owner": (bool(source.owner), source.owner),
        "steward": (bool(source.steward), source.steward),
        "contact": (bool(source.contact), source.contact),
        "refresh": (source.refresh_days is not None, source.refresh_days),
        "delivery": (bool(source.delivery), source.delivery),
        "personal": (bool(source.personal_data), source.personal_data),
        "keys": (keys is not None and not any(keys.values()), keys),
        "profile": (scored, {name: scores[name] for name in LEAST}),
    }
    return {name: {"ok": ok, "seen": what} for name, (ok, what) in seen.items()}


def _keys(source: Source) -> dict[str, list[str]] | None:
    """Key fields that the mapping does not feed, by entity; None without a mapping."""
    version = current_mapping(source)
    if version is None:
        return None
    contracts = load_contracts()
    return {
        entity.entity: list(missing_key_fields(entity, contracts[entity.entity]))
        for table in Mapping.model_validate(version.content).tables
        for entity in table.entities
        if entity.primary and entity.entity in contracts
    } or None


def missing_items(source: Source, at: dt.datetime) -> list[str]:
    """What is missing until the source is approved, in the language of whoever is at work."""
    seen = evidence(source, at)
    language = "en" if (get_language() or "zh").startswith("en") else "zh-hans"
    titles = [i.title for i in STANDARD if not i.signed and not seen[i.name]["ok"]]
    waits = Text("由另一人批准", "the approval of another person")
    return [title.get(language) for title in (*titles, waits)]


def assess_source(
    *, account: Any, source_id: UUID, signed: Map[str, str], at: dt.datetime, reason: str, key: str
) -> Any:
    """Assess a source against the standard and ask another person to approve it: the act.

    ``signed``: item → note, for each item that a person answers for. Raises KintsugiError
    ``source.incomplete`` naming what is missing, and IllegalTransition.
    """
    with recorded(actor=account, command="onboarding.assess-source", reason=reason[:400]):
        source = _locked(source_id)
        seen = evidence(source, at)
        items: dict[str, Any] = {}
        missing: list[Item] = []
        for item in STANDARD:
            if item.signed:
                note = signed.get(item.name, "").strip()[:400]
                items[item.name] = {"ok": bool(note), "by": str(account), "note": note}
            else:
                items[item.name] = {"by": "", **seen[item.name]}
            if not items[item.name]["ok"]:
                missing.append(item)
        if missing:
            raise KintsugiError(
                "source.incomplete",
                Text(
                    f"来源“{source.code}”尚未达到标准:{'、'.join(i.title.zh for i in missing)}。",
                    f"The source “{source.code}” does not meet the standard yet: "
                    f"{'; '.join(i.title.en for i in missing)}.",
                ),
                Text("请补齐后再评估。", "Complete these and assess it again."),
                source=source.code,
                missing=[item.name for item in missing],
            )
        text = json.dumps([source.code, VERSION, items], sort_keys=True, ensure_ascii=False)
        made = Assessment.objects.create(
            source=source,
            standard=VERSION,
            items=items,
            sha256=hashlib.sha256(text.encode()).hexdigest(),
            assessed_at=at,
            assessed_by=str(account)[:200],
        )
        if source.status != "assessed":
            _move(source, "assessed")
        act = draft_act(
            kind=KIND,
            subject_id=source.pk,
            plan=plan_of(source, made),
            reason=reason,
            account=account,
            at=at,
            key=key,
        )
        return submit_act(act_id=act.pk, account=account, at=at)


def plan_of(source: Source, made: Assessment) -> dict[str, Any]:
    """What is signed: the assessment, item by item."""
    return {
        "source": source.code,
        "standard": made.standard,
        "assessed_by": made.assessed_by,
        "sha256": made.sha256,
        "items": made.items,
    }


def latest(source: Source) -> Assessment | None:
    """The source's newest assessment."""
    return source.assessments.order_by("-assessed_at", "-created_at").first()


def check_approval(source_id: UUID, plan: Map[str, Any]) -> None:
    """Raise KintsugiError ``source.not-assessed`` where this assessment is not what stands now."""
    source = Source.objects.filter(pk=source_id).first()
    made = latest(source) if source else None
    if (
        source is None
        or made is None
        or source.status != "assessed"
        or plan.get("sha256") != made.sha256
    ):
        raise KintsugiError(
            "source.not-assessed",
            Text("该评估已不是现行的。", "This assessment is no longer the one that stands."),
            Text("请重新评估该来源。", "Assess the source again."),
            source=str(plan.get("source", "")),
        )


def approve_source(*, source_id: UUID, act: str) -> dict[str, Any]:
    """Approve an assessed source, inside the execution of its act."""
    source = _locked(source_id)
    made = latest(source)
    assert made, "check_approval found one"
    _move(source, "approved")
    Assessment.objects.filter(pk=made.pk).update(
        act=act, version=F("version") + 1, updated_at=Now()
    )
    return {"source": source.code}


def pilot_of(source: Source) -> Run | None:
    """The first verified run since the source was approved."""
    made = source.assessments.exclude(act="").order_by("-updated_at").first()
    if made is None:
        return None
    runs = Run.objects.filter(source=source, status="verified", reverts=None)
    return runs.filter(created_at__gte=made.updated_at).order_by("created_at").first()


def take_live(*, actor: Any, source_id: UUID, note: str) -> Source:
    """Accept the pilot of an approved source: it is live. Raises KintsugiError
    ``source.no-pilot`` before a run of it was verified, and IllegalTransition."""
    with recorded(actor=actor, command="onboarding.take-source-live", reason=note[:400]):
        source = _locked(source_id)
        SOURCE.step(source.status, "live")
        if source.status == "approved" and pilot_of(source) is None:
            raise KintsugiError(
                "source.no-pilot",
                Text("还没有通过核对的试点导入。", "No pilot run was verified yet."),
                Text(
                    "请先导入一份数据,核对后再投入使用。",
                    "Import a file of the source, look at it, then take the source live.",
                ),
                source=source.code,
            )
        _move(source, "live")
        return source


def retire_source(*, actor: Any, source_id: UUID, reason: str) -> Source:
    """Give a source up: nothing of it is imported any more. Raises IllegalTransition."""
    with recorded(actor=actor, command="onboarding.retire-source", reason=reason[:400]):
        source = _locked(source_id)
        SOURCE.step(source.status, "retired")
        _move(source, "retired")
        return source


def _locked(source_id: UUID) -> Source:
    source = Source.objects.select_for_update().filter(pk=source_id).first()
    if source is None:
        raise NotFound(Text("来源", "source"), str(source_id))
    return source


def _move(source: Source, status: str) -> None:
    SOURCE.step(source.status, status)
    Source.objects.filter(pk=source.pk).update(
        status=status, version=F("version") + 1, updated_at=Now()
    )
    source.refresh_from_db()
