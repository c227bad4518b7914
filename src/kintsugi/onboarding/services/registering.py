"""Registering sources and their connectors."""

import datetime as dt
from collections.abc import Mapping as Map
from typing import Any
from uuid import UUID

from django.db.models import F
from django.db.models.functions import Now

from kintsugi.audit.services import recorded
from kintsugi.core.errors import KintsugiError, NotFound, StaleVersion, Text
from kintsugi.core.ids import uuid7
from kintsugi.onboarding.models import Connector, Source
from kintsugi.onboarding.services import connectors
from kintsugi.onboarding.services.connectors.schedule import check_schedule, next_due
from kintsugi.onboarding.services.connectors.secrets import check_reference

DELIVERIES: dict[str, Text] = {
    "full": Text("每次全部", "everything each time"),
    "increment": Text("只有新增与变化", "what is new or changed"),
}
PERSONAL: dict[str, Text] = {
    "none": Text("不含", "none"),
    "coded": Text("已编码", "coded"),
    "plain": Text("含个人信息", "personal data"),
}
#: What a person says of a source; everything else follows from what was read.
SAID = (
    "name_zh", "name_en", "system", "owner", "steward", "contact", "refresh_days", "delivery",
    "shrink_max", "personal_data", "high_risk", "authority", "is_governed",
)  # fmt: skip


def propose_source(*, actor: Any, code: str, kind: str, at: dt.datetime, **said: Any) -> Source:
    """Register a source before any of its data come in: ``proposed``.

    Raises KintsugiError ``source.known`` and ``source.setting``.
    """
    values = _said(said)
    with recorded(actor=actor, command="onboarding.propose-source", reason=code[:400]):
        code = code.strip()[:120]
        if not code or Source.objects.filter(code=code).exists():
            raise KintsugiError(
                "source.known",
                Text(f"来源代码“{code}”为空或已使用。", f"“{code}” is empty or in use."),
                Text("请换一个代码。", "Choose another code."),
                field="code",
            )
        values["name_zh"] = values.get("name_zh") or values.get("name_en") or code
        values["name_en"] = values.get("name_en") or values["name_zh"]
        return Source.objects.create(
            code=code, kind=kind[:20], status="proposed", origin="proposed", **values
        )


def describe_source(
    *, actor: Any, source_id: UUID, version: int | None = None, **said: Any
) -> Source:
    """Say what is known of a source. ``version``: the one that was read; StaleVersion is raised
    where somebody was quicker. Raises KintsugiError ``source.setting`` and
    ``source.stays-governed``."""
    values = _said(said)
    with recorded(actor=actor, command="onboarding.describe-source"):
        source = Source.objects.select_for_update().filter(pk=source_id).first()
        if source is None:
            raise NotFound(Text("来源", "source"), str(source_id))
        if version is not None and source.version != version:
            raise StaleVersion(source.code, read=version, now=source.version)
        if source.is_governed and values.get("is_governed") is False:
            raise KintsugiError(
                "source.stays-governed",
                Text(
                    "该来源的导入须两人放行,此项不能取消。",
                    "The runs of this source are let go by two persons; that is not taken back.",
                ),
                Text(
                    "请保留此项;如有需要,登记一个新的来源并重新评估。",
                    "Leave it as it is; where it must end, register another source and assess it.",
                ),
                field="is_governed",
            )
        changes = {k: v for k, v in values.items() if v != getattr(source, k)}
        if changes:
            Source.objects.filter(pk=source.pk).update(
                **changes, version=F("version") + 1, updated_at=Now()
            )
            source.refresh_from_db()
        return source


def _said(said: Map[str, Any]) -> dict[str, Any]:
    values = {k: v for k, v in said.items() if k in SAID}
    checks = {
        "delivery": values.get("delivery", "") in ("", *DELIVERIES),
        "personal_data": values.get("personal_data", "") in ("", *PERSONAL),
        "refresh_days": values.get("refresh_days") is None or 1 <= values["refresh_days"] <= 3660,
        "shrink_max": 0 <= values.get("shrink_max", 50) <= 100,
        "authority": 0 <= values.get("authority", 50) <= 1000,
    }
    for name, right in checks.items():
        if not right:
            raise KintsugiError(
                "source.setting",
                Text("该值不在允许范围内。", "The value is out of its range."),
                Text("请改正后再保存。", "Correct it and save again."),
                field=name,
                value=str(values[name])[:100],
            )
    return values


def save_connector(
    *,
    actor: Any,
    source: Source,
    at: dt.datetime,
    connector_id: UUID | None = None,
    version: int | None = None,
    name: str,
    kind: str,
    given: Map[str, Any],
    secret: str = "",
    cron: str = "",
    time_zone: str,
    allow_private: bool = False,
    is_active: bool = True,
) -> Connector:
    """Make a connector of a source, or change it.

    ``secret`` is a reference (``env:…``, ``file:…``); a password that stands in an address is
    moved into a file of its own in the home, and the reference to it is kept. A change of the
    settings begins anew: watermark, tags and files seen once are forgotten (what was dealt with is
    not). Raises KintsugiError ``connector.…`` and StaleVersion.
    """
    made = prepared(
        name=name, kind=kind, given=given, secret=secret, cron=cron, time_zone=time_zone
    )
    facts: dict[str, Any] = {
        "name": made.name,
        "kind": kind,
        "settings": made.settings,
        "cron": cron.strip(),
        "time_zone": time_zone,
        "allow_private": allow_private,
        "is_active": is_active,
        "next_at": next_due(cron.strip(), time_zone, at) if is_active else None,
    }
    with recorded(actor=actor, command="onboarding.save-connector", reason=made.name):
        if (
            Connector.objects.filter(source=source, name=made.name)
            .exclude(pk=connector_id or uuid7())
            .exists()
        ):
            raise KintsugiError(
                "connector.known",
                Text(
                    f"该来源已有名为“{made.name}”的连接器。",
                    f"The source has a connector “{made.name}” already.",
                ),
                Text("请换一个名称。", "Choose another name."),
                field="name",
            )
        if connector_id is None:
            one = Connector(pk=uuid7(), source=source, **facts)
            one.secret = _reference(one.pk, made, secret)
            one.save(force_insert=True)
            return one
        known = Connector.objects.select_for_update().filter(pk=connector_id, source=source).first()
        if known is None:
            raise NotFound(Text("连接器", "connector"), str(connector_id))
        if version is not None and known.version != version:
            raise StaleVersion(known.name, read=version, now=known.version)
        if (known.kind, known.settings) != (kind, made.settings):
            facts["state"] = {}
        facts["secret"] = _reference(known.pk, made, secret)
        Connector.objects.filter(pk=known.pk).update(
            **facts, failures=0, version=F("version") + 1, updated_at=Now()
        )
        known.refresh_from_db()
        return known


def prepared(
    *,
    name: str,
    kind: str,
    given: Map[str, Any],
    secret: str = "",
    cron: str = "",
    time_zone: str,
    allow_private: bool = False,
) -> Connector:
    """A connector as it would be saved, not saved: for a try. Raises KintsugiError."""
    name = name.strip()[:120]
    if not name:
        raise connectors.kinds.wrong("name", Text("必须填写。", "It is needed."))
    kept, password = connectors.clean_settings(kind, given)
    check_schedule(cron.strip(), time_zone)
    if secret:
        check_reference(secret)
    one = Connector(
        name=name, kind=kind, settings=kept, secret=secret, cron=cron.strip(),
        time_zone=time_zone, allow_private=allow_private,
    )  # fmt: skip
    # Only in memory: it goes into a file when the connector is saved.
    one._password = password  # type: ignore[attr-defined]
    return one


def _reference(connector_id: UUID, made: Connector, secret: str) -> str:
    password = getattr(made, "_password", "")
    return connectors.keep_secret(f"connector-{connector_id}", password) if password else secret


def void_connector(*, actor: Any, connector_id: UUID, reason: str) -> Connector:
    """Give a connector up; what it fetched stays."""
    with recorded(actor=actor, command="onboarding.void-connector", reason=reason[:400]):
        known = Connector.objects.select_for_update().filter(pk=connector_id).first()
        if known is None:
            raise NotFound(Text("连接器", "connector"), str(connector_id))
        Connector.objects.filter(pk=known.pk).update(
            is_void=True, void_reason=reason[:400], is_active=False, next_at=None,
            version=F("version") + 1, updated_at=Now(),
        )  # fmt: skip
        known.refresh_from_db()
        return known
