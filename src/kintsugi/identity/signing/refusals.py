"""The database's refusals of evidence, said to people: which rule, and what to do.

Services do not repeat the rules; they let the database refuse and pass its answer on.
"""

import contextlib
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.db import DatabaseError, transaction

from kintsugi.core.errors import KintsugiError
from kintsugi.engine.text import Text


class Rule(NamedTuple):
    """What people are told when a rule refuses: stable code, sentence, remedy."""

    code: str
    message: Text
    remedy: Text


AGAIN = Text("请重新验证身份后再签名。", "Prove who you are again, then sign.")
OTHER = Text(
    "请由另一位人员完成这一步;同一人的两个账号算作同一人。",
    "Let another person take this step; two accounts of one person count as one.",
)
LOOK = Text("请刷新页面,查看当前状态。", "Reload the page and look at the present state.")

#: Constraint of the database → code, sentence, remedy.
RULES: dict[str, Rule] = {
    "signature_authentication_fresh": Rule(
        "signing.stale-authentication",
        Text(
            "身份验证距签名已超过两分钟。",
            "The authentication is more than two minutes older than the signature.",
        ),
        AGAIN,
    ),
    "signature_authentication": Rule(
        "signing.foreign-authentication",
        Text(
            "签名所用的身份验证不属于签名人,或时间、方式不符。",
            "The authentication is not this person's, or of another time or method.",
        ),
        AGAIN,
    ),
    "signature_content_hash": Rule(
        "signing.wrong-hash",
        Text("哈希值与所签内容不符。", "The hash is not that of the content signed."),
        LOOK,
    ),
    "signature_meaning_known": Rule(
        "signing.unknown-meaning",
        Text("没有这种签名含义。", "A signature cannot mean this."),
        Text("请从列出的含义中选择。", "Choose one of the meanings listed."),
    ),
    "signature_refusal_has_reason": Rule(
        "signing.reason-missing",
        Text("拒绝须写明理由。", "A refusal states its reason."),
        Text("请填写理由。", "Write down why."),
    ),
    "reauthentication_once": Rule(
        "signing.authentication-used",
        Text("这次身份验证已用于另一签名。", "This authentication has served a signature."),
        AGAIN,
    ),
    "act_has_reason": Rule(
        "control.reason-missing",
        Text("须写明理由。", "State the reason."),
        Text("请填写理由。", "Write down why."),
    ),
    "approval_second_person": Rule(
        "control.self-approval",
        Text(
            "编制方案的人不能批准或拒绝该方案。",
            "Who wrote the plan neither approves nor refuses it.",
        ),
        OTHER,
    ),
    "execution_not_by_checker": Rule(
        "control.checker-executes",
        Text("批准方案的人不能执行该方案。", "Who approved the plan does not execute it."),
        OTHER,
    ),
    "verification_by_a_third_eye": Rule(
        "control.executor-verifies",
        Text(
            "编制或执行方案的人不能验证其结果。",
            "Who wrote or executed the plan does not verify its outcome.",
        ),
        OTHER,
    ),
    "approval_once": Rule(
        "control.already-decided",
        Text("该版本已有批准或拒绝的决定。", "This revision has been decided on."),
        LOOK,
    ),
    "execution_approval": Rule(
        "control.unapproved",
        Text(
            "执行须有对该方案当前版本的批准。",
            "An execution needs an approval of the present revision of its plan.",
        ),
        Text("请先提交并由另一人批准。", "Submit it and let another person approve it first."),
    ),
    "execution_of_present_plan": Rule(
        "control.plan-changed",
        Text(
            "方案在批准之后被修改,原批准不再适用。",
            "The plan was changed after its approval, which no longer fits.",
        ),
        Text("请对新版本重新批准。", "Have the new revision approved."),
    ),
    "verification_of_execution": Rule(
        "control.not-executed",
        Text("验证须针对该方案的执行。", "A verification belongs to an execution of this plan."),
        LOOK,
    ),
}
_UNFIT = Rule(
    "control.unfit-signature",
    Text(
        "签名不适用:须由同一人以规定的含义签署这一方案。",
        "The signature does not fit: the same person signs this very plan with the meaning "
        "this step asks for.",
    ),
    LOOK,
)
_FITTING = ("approval", "execution", "verification")
RULES |= {f"{step}_{part}": _UNFIT for step in _FITTING for part in ("signature", "meaning")}
RULES |= {
    "approval_of_this_plan": RULES["execution_of_present_plan"],
    "identity_execution_act_id_key": Rule(
        "control.already-executed",
        Text("该方案已执行过;一个方案只执行一次。", "The act was executed; it is executed once."),
        LOOK,
    ),
    "identity_verification_act_id_key": Rule(
        "control.already-verified",
        Text("执行结果已有验证结论。", "The outcome has been verified."),
        LOOK,
    ),
}

#: Code of a trigger → code, sentence, remedy.
STATES: dict[str, Rule] = {
    "KT004": Rule(
        "signing.only-grows",
        Text("签名与决定一经写下,不得修改或删除。", "Signatures and decisions never change."),
        Text("请另写一条更正的记录。", "Write another record that corrects it."),
    ),
    "KT030": Rule(
        "signing.clock",
        Text(
            "时间与数据库时钟不符。", "The time is not that of the database's clock."
        ),
        Text("请重新验证身份;若仍失败,请校准时钟。", "Prove who you are again; if it stays, "
             "set the clocks."),
    ),
    "KT031": Rule(
        "signing.foreign-account",
        Text(
            "账号、人员与签署姓名不一致,或账号已停用。",
            "Account, person and printed name do not belong together, or the account is off.",
        ),
        Text("请用本人的账号登录后再签名。", "Log in with an account of your own, then sign."),
    ),
    "KT032": Rule(
        "control.same-person", Text("这一步须由另一人完成。", "Another person is needed."), OTHER
    ),
    "KT033": Rule(
        "control.wrong-state",
        Text(
            "当前状态不允许这一步,可能已有他人处理。",
            "The act's state does not allow this step; somebody else may have acted.",
        ),
        LOOK,
    ),
    "KT034": Rule(
        "control.no-evidence",
        Text("缺少达到该状态所需的凭据。", "Nothing on record brings the act to this state."),
        LOOK,
    ),
    "KT035": Rule(
        "control.new-revision-needed",
        Text("修改方案须另立新版本。", "A changed plan is a new revision."),
        LOOK,
    ),
    "KT005": Rule(
        "control.wrong-state",
        Text("当前状态不允许这一步。", "The act's state does not allow this step."),
        LOOK,
    ),
}  # fmt: skip


@contextlib.contextmanager
def explained(**facts: Any) -> Iterator[None]:
    """A savepoint whose refusal by a rule of evidence is raised as a KintsugiError naming the rule.

    ``facts`` go along. Other database errors pass unchanged.
    """
    try:
        with transaction.atomic():
            yield
    except DatabaseError as error:
        found = refusal_of(error, **facts)
        if found is None:
            raise
        raise found from error


def refusal_of(error: DatabaseError, **facts: Any) -> KintsugiError | None:
    """The refusal in words; None when it is no rule of ours."""
    cause = error.__cause__
    rule = str(getattr(getattr(cause, "diag", None), "constraint_name", None) or "")
    state = str(getattr(cause, "sqlstate", None) or "")
    found = RULES.get(rule) or STATES.get(state)
    if found is None and rule.startswith("identity_signature_reauthentication_id"):
        found = RULES["reauthentication_once"]
    if found is None:
        return None
    code, message, remedy = found
    return KintsugiError(code, message, remedy, rule=rule or state, **facts)
