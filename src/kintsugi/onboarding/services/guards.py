"""What stops a delivery before anything is written: a source nobody approved, a full delivery that
shrank."""

import datetime as dt

from django.conf import settings

from kintsugi.core.errors import KintsugiError, Text
from kintsugi.engine.snapshot import Snapshot as EngineSnapshot
from kintsugi.onboarding.models import Run, Snapshot, Source

#: Sources whose files are imported where the installation asks for approval.
ADMITTED = ("approved", "live")


def refuse_unapproved(source: Source | None, *, file: str, at: dt.datetime) -> None:
    """Raise KintsugiError ``source.not-approved``, naming what is missing, where the installation
    lets only approved sources in; and ``source.retired`` for one that was given up."""
    if source is not None and source.status == "retired":
        raise KintsugiError(
            "source.retired",
            Text(f"来源“{source.code}”已停用。", f"The source “{source.code}” is retired."),
            Text("请改用其他来源,或恢复使用。", "Choose another source, or take it up again."),
            source=source.code,
        )
    if not settings.REQUIRE_SOURCE_APPROVAL:
        return
    if source is not None and source.status in ADMITTED and was_approved(source):
        return
    missing: list[str] = []
    code = ""
    if source is not None:
        from kintsugi.onboarding.services.standard import missing_items

        code, missing = source.code, missing_items(source, at)
    zh = f"尚缺:{'、'.join(missing)}。" if missing else "请先登记该来源并由另一人批准。"
    en = (
        f"Missing: {', '.join(missing)}."
        if missing
        else "Register the source and have another person approve it."
    )
    raise KintsugiError(
        "source.not-approved",
        Text(
            f"{file} 所属的来源尚未批准,不能导入。",
            f"The source of {file} is not approved; it is not imported.",
        ),
        Text(zh, en),
        file=file,
        source=code,
        missing=missing,
    )


def was_approved(source: Source) -> bool:
    """Whether another person approved the source; one that came to life with a file was not."""
    return source.assessments.exclude(act="").exists()


def accepted(source: Source) -> Snapshot | None:
    """The snapshot of the source's last verified run; None before the first."""
    run = (
        Run.objects.filter(source=source, status="verified", reverts=None, snapshot__isnull=False)
        .select_related("snapshot")
        .order_by("-created_at")
        .first()
    )
    return run.snapshot if run else None


def refuse_shrunk(source: Source, snapshot: EngineSnapshot) -> None:
    """Raise KintsugiError ``source.shrunk`` where a full delivery has lost more of its rows, or
    the rows of one table, than the source allows, against what was accepted last."""
    if source.delivery != "full":
        return
    last = accepted(source)
    if last is None:
        return
    before = {str(t["name"]): int(t["rows"]) for t in last.tables if not t.get("hidden")}
    now = {t.name: t.rows for t in snapshot.tables if not t.hidden}
    pairs = [("", sum(before.values()), sum(now.values()))]
    if len(before) > 1:
        pairs += [(name, rows, now.get(name, 0)) for name, rows in before.items()]
    for table, was, is_ in pairs:
        lost = 100 * (was - is_) / was if was else 0.0
        if lost > source.shrink_max:
            of = f"({table})" if table else ""
            raise KintsugiError(
                "source.shrunk",
                Text(
                    f"{snapshot.file_name}{of} 只有 {is_} 行,上次为 {was} 行(少 {lost:.0f} %)。",
                    f"{snapshot.file_name}{of} has {is_} rows, the last one had {was} "
                    f"({lost:.0f} % fewer).",
                ),
                Text(
                    f"该来源每次交付全部数据,最多可少 {source.shrink_max} %。请核对;"
                    "确实如此时,注明理由后放行。",
                    f"This source delivers everything each time and may shrink by "
                    f"{source.shrink_max} %. Check it; if it is right, let it go with a reason.",
                ),
                file=snapshot.file_name,
                source=source.code,
                table=table,
                before=was,
                now=is_,
                lost_percent=round(lost, 1),
                last=last.folder,
            )
