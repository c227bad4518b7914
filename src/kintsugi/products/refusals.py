"""The database's refusals of certificates and first reviews in words."""

from kintsugi.core.errors import Text
from kintsugi.core.refusals import Refusals, Words
from kintsugi.parties.services import LICENCE_STATES_REFUSED

STATES: dict[str, Words] = {
    **LICENCE_STATES_REFUSED,
    "KT113": lambda f: (
        "review.incomplete",
        Text(f"首营资料不齐:{f.get('paper') or '管理类别'}。",
             f"The first review lacks: {f.get('paper') or 'device classes'}."),
        Text("补齐清单所列后再批准。", "Complete the checklist, then approve."),
    ),
    "KT114": lambda f: (
        "review.fixed",
        Text("首营审核的对象不能更改。", "What a first review is about does not change."),
        Text("撤回后另行申请。", "Withdraw it and ask anew."),
    ),
}  # fmt: skip

CONSTRAINTS: dict[str, tuple[str, Text, Text, str]] = {
    "certificate_once": (
        "certificate.number-taken",
        Text("已有此证号。", "A certificate has this number already."),
        Text("在原证下增加产品或变更有效期。",
             "Add products or change the dates of the one that is there."),
        "number",
    ),
    "certificate_has_its_end": (
        "certificate.end",
        Text("注册证须有有效期止且不早于起始日;备案凭证没有截止日期。",
             "A registration ends on or after its first day; a filing has no end."),
        Text("核对证件类别与日期。", "Compare kind and dates with the paper."),
        "valid_to",
    ),
    "certificate_approved_before_valid": (
        "certificate.dates",
        Text("批准日期晚于有效期起。", "It was approved after it became valid."),
        Text("核对日期。", "Look at the dates again."),
        "approved_on",
    ),
    "first_review_open_once": (
        "review.open",
        Text("已有一份未结束的首营审核。", "A first review about this is open already."),
        Text("继续那一份,或先撤回。", "Go on with that one, or withdraw it."),
        "",
    ),
    "first_review_by_another": (
        "review.same-person",
        Text("申请人不能自己审核。", "Who asks does not review."),
        Text("请质量人员审核。", "Ask somebody of quality."),
        "",
    ),
    "first_review_approved_by_another": (
        "review.same-person",
        Text("申请人和审核人不能批准。", "Who asked or reviewed does not approve."),
        Text("请另一位质量负责人批准。", "Ask another quality manager."),
        "",
    ),
}  # fmt: skip

explained = Refusals(STATES, CONSTRAINTS).explained
