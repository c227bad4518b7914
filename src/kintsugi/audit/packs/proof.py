"""The parts of a pack that prove it: who signed, and that the changes are sealed."""

import json
from collections.abc import Sequence
from importlib.resources import files as resources
from typing import Any

from kintsugi.audit.models import Change
from kintsugi.audit.packs.registry import (
    Chapter,
    PackColumn,
    PackFile,
    PackTable,
    Scope,
    Section,
    register_section,
    too_large,
)
from kintsugi.audit.packs.sections import changes_in, sides_shown
from kintsugi.audit.sealing.export import proof_of
from kintsugi.audit.sealing.status import seal_status
from kintsugi.core.errors import KintsugiError, Text
from kintsugi.identity.selectors import (
    ACT,
    MEANINGS,
    METHODS,
    Act,
    Signature,
    act_title,
    acts_about,
    signatures_under,
    verify_signature,
)

#: Signatures of one pack; each is compared with what it stands under.
SIGNATURES_MAX = 500
#: Changes whose inclusion in the sealed log is proven by a file of their own.
PROOFS_MAX = 100
SIGNATURES = Text("电子签名", "Electronic signatures")
SEAL = Text("封存的日志", "The sealed log")
ACT_COLUMNS = (
    PackColumn("number", Text("编号", "Number"), "code", 1.3),
    PackColumn("kind", Text("类型", "Kind"), width=1.2),
    PackColumn("record", Text("记录", "Record"), width=1.3),
    PackColumn("record_id", Text("记录 ID", "Record id"), "code", 0),
    PackColumn("status", Text("状态", "State"), width=0.8),
    PackColumn("author", Text("编制", "Author"), width=0.8),
    PackColumn("reason", Text("原因", "Reason"), width=1.6),
    PackColumn("written_at", Text("编制时间", "Written"), "moment", 1.2),
    PackColumn("plan_sha256", Text("方案 SHA-256", "SHA-256 of the plan"), "code", 0),
)
SIGNATURE_COLUMNS = (
    PackColumn("signed_at", Text("签名时间", "Signed"), "moment", 1.2),
    PackColumn("printed_name", Text("印刷体姓名", "Printed name"), width=0.9),
    PackColumn("meaning", Text("含义", "Meaning"), width=0.7),
    PackColumn("object", Text("签名对象", "Signed object"), width=1.5),
    PackColumn("object_id", Text("对象 ID", "Object id"), "code", 0),
    PackColumn("reason", Text("原因", "Reason"), width=1.2),
    PackColumn("method", Text("身份证明", "Proven by"), width=0),
    PackColumn("authenticated_at", Text("身份验证时间", "Authenticated"), "moment", 0),
    PackColumn("account", Text("账户", "Account"), "code", 0),
    PackColumn("content_sha256", Text("内容 SHA-256", "SHA-256 of the content"), "code", 1.7),
    PackColumn("verdict", Text("现状", "Verdict"), width=1.2),
)
SEAL_COLUMNS = (
    PackColumn("name", Text("项目", "Item"), width=1),
    PackColumn("value", Text("值", "Value"), "code", 3),
)


def collect_signatures(scope: Scope, limit: int) -> Chapter | None:
    """Acts on the records, and every signature under them, compared with what stands there now."""
    ids = [*scope.ids, *([scope.run_id] if scope.run_id else [])]
    acts = acts_about(ids, limit=limit + 1) if ids else []
    if len(acts) > limit:
        raise too_large("signatures", rows=len(acts), limit=limit)
    most = min(SIGNATURES_MAX, limit - len(acts))
    found = signatures_under(
        [*ids, *(one.pk for one in acts)], since=scope.since, until=scope.until, limit=most + 1
    )
    if len(found) > most:
        raise too_large("signatures", rows=len(found), limit=most)
    none = Text("没有签名。", "No signatures.")
    chapter = Chapter(
        [PackTable("signatures", SIGNATURES, SIGNATURE_COLUMNS, [_signed(s) for s in found], none)]
    )
    if acts:
        title = Text("双人操作", "Acts under two persons")
        chapter.tables.insert(0, PackTable("acts", title, ACT_COLUMNS, [_act(a) for a in acts]))
    return chapter


def _act(one: Act) -> tuple[Any, ...]:
    return (
        one.number,
        act_title(one),
        one.subject_title,
        str(one.subject_id),
        ACT.states[one.status],
        str(one.author),
        one.reason,
        one.created_at,
        one.plan_sha256,
    )


def _signed(one: Signature) -> tuple[Any, ...]:
    return (
        one.signed_at,
        one.printed_name,
        MEANINGS[one.meaning],
        one.object_title,
        str(one.object_id),
        one.reason or None,
        METHODS[one.method],
        one.authenticated_at,
        one.account.username,
        one.content_sha256,
        verify_signature(one).text,
    )


def collect_seal(scope: Scope, limit: int) -> Chapter | None:
    """Where the log was sealed last, and for the changes of the pack the proofs that they are in
    it. A proof quotes its change in full: without personal data shown, such changes have none."""
    changes = changes_in(scope)
    if changes is None:
        return None
    stands = seal_status()["checkpoint"]
    chapter = Chapter()
    if stands is None:
        chapter.notes.append(Text("日志尚未封存。", "The log is not sealed yet."))
        return chapter
    rows = [
        (Text("检查点", "Checkpoint"), str(stands["number"])),
        (Text("时间", "Time"), stands["at"]),
        (Text("已封存更改数", "Changes sealed"), f"{stands['size']:,}"),
        (Text("树根", "Root"), stands["root"]),
        (Text("封存密钥指纹", "Fingerprint of the key"), stands["key"]),
        (Text("检查点指纹", "Fingerprint of the checkpoint"), stands["fingerprint"]),
    ]
    chapter.tables.append(PackTable("checkpoint", SEAL, SEAL_COLUMNS, rows))
    found = list(changes[: PROOFS_MAX + 1])
    _add_proofs(chapter, found[:PROOFS_MAX])
    if len(found) > PROOFS_MAX:
        chapter.notes.append(
            Text(
                f"附前 {PROOFS_MAX} 条更改的证明;其余可用“导出日志”整体核验。",
                f"Proofs of the first {PROOFS_MAX} changes are enclosed; an export of the log "
                "verifies all of them.",
            )
        )
    return chapter


def _add_proofs(chapter: Chapter, changes: Sequence[Change]) -> None:
    unsealed = hidden = 0
    for change in changes:
        if sides_shown(change) != (change.before, change.after):
            hidden += 1
            continue
        try:
            proof = proof_of(change.pk)
        except KintsugiError as error:
            if error.code != "audit.not-sealed-yet":
                raise
            unsealed += 1
            continue
        raw = json.dumps(proof, ensure_ascii=False, indent=1, sort_keys=True).encode()
        title = Text(f"更改 {change.pk} 的封存证明", f"Proof that change {change.pk} is sealed")
        chapter.files.append(PackFile(f"seal/change-{change.pk}.json", title, raw))
    if chapter.files:
        verifier = resources("kintsugi.audit.sealing").joinpath("verify_export.py").read_bytes()
        title = Text("封存证明的校验程序", "Verifier of the proofs")
        chapter.files.append(PackFile("seal/verify_export.py", title, verifier))
    if unsealed:
        chapter.notes.append(
            Text(f"{unsealed} 条更改尚未封存。", f"{unsealed} changes are not sealed yet.")
        )
    if hidden:
        chapter.notes.append(
            Text(
                f"{hidden} 条更改含个人信息或凭据,证明未附。",
                f"{hidden} changes hold personal data or credentials; their proofs are not "
                "enclosed.",
            )
        )


def register() -> None:
    """Add both parts."""
    register_section(Section("signatures", SIGNATURES, collect_signatures, 40))
    register_section(Section("seal", SEAL, collect_seal, 60))
