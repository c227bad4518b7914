"""The database's refusals of licences in words."""

from kintsugi.core.errors import Text
from kintsugi.core.refusals import Facts, Refusals, Words

_FIELDS = {
    "categories": Text("经营范围的分类编码", "category codes of the scope"),
    "classes": Text("管理类别", "device classes"),
    "territory": Text("授权区域", "territory"),
}


def _scope(f: Facts) -> tuple[str, Text, Text]:
    name = _FIELDS[str(f["field"])]
    if value := f.get("value"):
        return (
            "licence.scope-unknown",
            Text(f"{name.zh}“{value}”不是有效编码。", f"“{value}” is no code of the {name.en}."),
            Text(
                "分类目录写 02、02-01 或 02-01-03,旧目录写 6821;区域写行政区划代码,全国写 CN。",
                "Write 02, 02-01 or 02-01-03 of the catalogue, 6821 of the older one; a region "
                "by its division code, CN for the whole country.",
            ),
        )
    return (
        "licence.scope-missing",
        Text(f"没有填写{name.zh}。", f"The {name.en} are missing."),
        Text("按证照原件填写。", "Take them from the licence itself."),
    )


STATES: dict[str, Words] = {
    "KT110": _scope,
    "KT111": lambda f: (
        "licence.stays-revoked",
        Text(f"{f.get('number', '')} 已吊销,不能恢复。", f"{f.get('number', '')} stays revoked."),
        Text("登记新的证照。", "Register the new licence."),
    ),
    "KT112": lambda f: (
        "licence.unlock-decided",
        Text("临时解锁的申请已决定,或证照并未到期。",
             "The unlock was decided already, or the licence did not end."),
        Text("需要时另行申请。", "Ask anew if it is needed."),
    ),
    "KT115": lambda f: (
        "licence.needs-approval",
        Text("该单位或产品已通过首营,证照须由另一人批准后变更。",
             "This party or product is approved: its licences change under two persons only."),
        Text("写一份变更申请,由另一人批准。",
             "Write the change as a request; another person approves it."),
    ),
    "KT117": lambda f: (
        "merge.needs-approval",
        Text("合并须由另一人批准。", "A merge takes two persons."),
        Text("写一份合并申请。", "Write it as a request."),
    ),
    "KT116": lambda f: (
        "merge.kept",
        Text("合并记录不能更改。", "What a merge recorded does not change."),
        Text("如需拆分,请撤销合并。", "Undo the merge if it was wrong."),
    ),
}  # fmt: skip

CONSTRAINTS: dict[str, tuple[str, Text, Text, str]] = {
    "licence_once": (
        "licence.number-taken",
        Text("这一类证照已有此编号。", "A licence of this kind has this number already."),
        Text("若为换证,请变更原证照的有效期。",
             "If it was renewed, change the dates of the one that is there."),
        "number",
    ),
    "licence_has_end": (
        "licence.end-missing",
        Text("这类证照必须有截止日期。", "A licence of this kind has an end."),
        Text("按证照填写有效期止。", "Take the last day from the licence."),
        "valid_to",
    ),
    "licence_from_before_to": (
        "licence.dates",
        Text("截止日期早于起始日期。", "It ends before it begins."),
        Text("核对日期。", "Look at the dates again."),
        "valid_to",
    ),
    "unlock_decided_by_another": (
        "licence.same-person",
        Text("申请人不能自己批准。", "Who asks does not approve."),
        Text("请另一人批准。", "Ask another person to approve it."),
        "",
    ),
    "unlock_of_thirty_days": (
        "licence.unlock-too-long",
        Text("临时解锁最多 30 天。", "An unlock lasts 30 days at most."),
        Text("缩短期限。", "Choose an earlier last day."),
        "last_day",
    ),
    "unlock_after_the_end": (
        "licence.unlock-dates",
        Text("解锁从证照到期之后开始,且不早于开始日结束。",
             "An unlock begins after the licence ended, and does not end before it begins."),
        Text("核对日期。", "Look at the dates again."),
        "first_day",
    ),
    "unlock_once": (
        "licence.unlocked-once",
        Text("这次到期已经解锁过一次。", "This end was put up with once already."),
        Text("登记换发的证照。", "Register the renewed licence."),
        "",
    ),
}  # fmt: skip

REFUSALS = Refusals(STATES, CONSTRAINTS)
explained = REFUSALS.explained
