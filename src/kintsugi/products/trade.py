"""What the checks of trade found, in words. The checks themselves stand in ``sql/trade.sql``."""

from collections.abc import Callable, Mapping
from typing import Any

from kintsugi.core.verdicts import NOTHING, Verdict
from kintsugi.engine.contract import load_contract
from kintsugi.engine.text import Text
from kintsugi.parties.selectors import LICENCE_KINDS, LICENCE_STATES

Facts = Mapping[str, Any]
#: What happened and what to do, from the facts of a finding.
Words = Callable[[Facts], tuple[Text, Text]]

TITLES: dict[str, Text] = {
    "party": Text("往来单位", "Party"),
    "first-review": Text("首营审核(单位)", "First review of the party"),
    "product-review": Text("首营审核(产品)", "First review of the product"),
    "product-status": Text("产品状态", "Status of the product"),
    "data": Text("必填资料", "What must be known"),
    "licence": Text("证照", "Licence"),
    "scope": Text("经营范围", "Scope of the licence"),
    "authorisation": Text("授权", "Authorisation"),
    "certificate": Text("注册证", "Registration certificate"),
    "lot-certificate": Text("生产日期与注册证", "Production date and certificate"),
    "expiry": Text("有效期", "Expiry"),
}
#: The data dictionary's entity of a field that may be missing.
_FIELD_OF = {"customer_type": "party"}
_RENEW = Text("登记换发的证照。", "Register the renewed licence.")
_CORRECT = Text("更正资料后重试。", "Correct the data and try again.")


def licence_name(kind: str | None) -> Text:
    """A kind of licence in words."""
    return LICENCE_KINDS.get(kind or "", Text(kind or "", kind or ""))


def any_of(kinds: list[str] | None) -> Text:
    """Kinds of which one is enough."""
    names = [licence_name(kind) for kind in kinds or []]
    return Text("或".join(n.zh for n in names), " or ".join(n.en for n in names))


def field_name(name: str) -> Text:
    """A field of product or party as the data dictionary calls it."""
    known = load_contract(_FIELD_OF.get(name, "product")).field(name)
    return Text(known.zh, known.en)


def _say(zh: str, en: str, remedy: Text = NOTHING) -> Words:
    def words(f: Facts) -> tuple[Text, Text]:
        known = {"device_class": "", "category": "", "number": "", "valid_to": "", "valid_from": "",
                 "review": "", "product_code": "", "region": "", "mfg_date": "",
                 "expiry_date": "", **f}  # fmt: skip
        known["kind_zh"], known["kind_en"] = licence_name(f.get("kind"))
        known["kinds_zh"], known["kinds_en"] = any_of(f.get("kinds"))
        return Text(zh.format(**known), en.format(**known)), remedy.fill(**known)

    return words


def _missing(f: Facts) -> tuple[Text, Text]:
    names = [field_name(name) for name in f.get("fields", [])]
    return (
        Text(f"缺少:{'、'.join(n.zh for n in names)}。",
             f"Missing: {', '.join(n.en for n in names)}."),
        Text("补齐资料后重试。", "Fill it in and try again."),
    )  # fmt: skip


def _locked(f: Facts) -> tuple[Text, Text]:
    need, state = any_of(f.get("kinds")), LICENCE_STATES.get(str(f.get("status") or ""))
    number = f"{f['number']} " if f.get("number") else ""
    said = state or Text("缺失", "missing")
    ended = f" {f['valid_to']}" if f.get("valid_to") else ""
    return (
        Text(f"首营 {f.get('review', '')} 已锁定:{need.zh} {number}{said.zh}{ended}。",
             f"The first review {f.get('review', '')} is locked: "
             f"{need.en} {number}{said.en}{ended}."),
        Text("登记换发的证照;急需时申请临时解锁。",
             "Register the renewed licence; ask for an unlock where it cannot wait."),
    )  # fmt: skip


REASONS: dict[str, Words] = {
    "party-unknown": _say("单位不存在。", "There is no such party.", _CORRECT),
    "party-void": _say("单位已作废。", "The party is void.",
                       Text("改用合并后的单位。", "Use the party it was merged into.")),
    "party-stands": _say("单位有效。", "The party stands."),
    "review-missing": _say(
        "该单位没有生效的首营审核。", "The party has no first review in force.",
        Text("申请首营审核并由质量负责人批准。",
             "Ask for a first review; the quality manager approves it."),
    ),
    "review-locked": _locked,
    "review-class": _say(
        "首营 {review} 不包括 {device_class} 类。",
        "The first review {review} is not for class {device_class}.",
        Text("申请包括该类别的首营审核。", "Ask for a first review with that class."),
    ),
    "review-stands": _say("首营 {review} 有效。", "The first review {review} is in force."),
    "product-not-reviewed": _say(
        "产品 {product_code} 没有生效的首营审核。",
        "The product {product_code} has no first review in force.",
        Text("申请产品首营审核。", "Ask for a first review of the product."),
    ),
    "product-reviewed": _say("首营 {review} 有效。", "The first review {review} is in force."),
    "not-a-device": _say("不属于医疗器械。", "It is no medical device."),
    "product-unknown": _say("产品不存在。", "There is no such product.", _CORRECT),
    "product-void": _say("产品 {product_code} 已作废。", "The product {product_code} is void.",
                         Text("改用合并后的产品。", "Use the product it was merged into.")),
    "product-stopped": _say(
        "产品 {product_code} 已停售,不再采购。",
        "The product {product_code} is out of distribution and no longer bought.",
        Text("换一个产品;若有误,更正流通状态。",
             "Choose another; correct the distribution status if it is wrong."),
    ),
    "product-remains": _say("已停售,余货仍可在效期内销售。",
                            "Out of distribution; what is left may be sold while in date."),
    "product-traded": _say("可交易。", "It is traded."),
    "data-complete": _say("资料齐全。", "Everything needed is known."),
    "fields-missing": _missing,
    "licence-held": _say("{kind_zh} {number} 有效。", "{kind_en} {number} is valid."),
    "licence-unlocked": _say(
        "{kind_zh} {number} 于 {valid_to} 到期,临时解锁中。",
        "{kind_en} {number} ended on {valid_to}; an unlock stands in for it.",
    ),
    "licence-not-needed": _say("无需证照。", "No licence is needed."),
    "class-not-sold": _say(
        "不能向该类客户销售 {device_class} 类器械。",
        "Class {device_class} is not sold to this type of customer.",
        Text("核对客户类型。", "Look at the type of the customer."),
    ),
    "licence-missing": _say(
        "缺少{kinds_zh}。", "It has no {kinds_en}.",
        Text("登记{kinds_zh}。", "Register the {kinds_en}."),
    ),
    "licence-expired": _say(
        "{kind_zh} {number} 已于 {valid_to} 到期。", "{kind_en} {number} ended on {valid_to}.",
        Text("登记换发的证照;急需时申请临时解锁。",
             "Register the renewed licence; ask for an unlock where it cannot wait."),
    ),
    "licence-revoked": _say(
        "{kind_zh} {number} 已吊销。", "{kind_en} {number} was revoked.", _RENEW
    ),
    "licence-not_yet": _say(
        "{kind_zh} {number} 自 {valid_from} 起有效。",
        "{kind_en} {number} is valid from {valid_from} only.",
        Text("等到生效日,或登记现行证照。",
             "Wait for that day, or register the licence in force."),
    ),
    "scope-covers": _say("范围包括 {device_class} 类 {category}。",
                         "It is for class {device_class}, {category}."),
    "scope-lacks": _say(
        "{kind_zh} {number} 的范围不包括 {device_class} 类 {category}。",
        "The scope of {kind_en} {number} lacks class {device_class}, {category}.",
        Text("核对分类编码与经营范围;确已增项的,变更证照。",
             "Compare category and scope; change the licence if it was extended."),
    ),
    "own-product": _say("供货方即生产企业或注册人。", "The supplier is its maker or holder."),
    "authorisation-held": _say("授权书 {number} 有效。", "Authorisation {number} is valid."),
    "authorisation-missing": _say(
        "供货方没有 {product_code} 的授权书。",
        "The supplier has no authorisation for {product_code}.",
        Text("登记生产企业或注册人的授权书。",
             "Register the authorisation of its maker or holder."),
    ),
    "authorisation-ended": _say(
        "授权书 {number} 无效(至 {valid_to})。",
        "Authorisation {number} is not valid (through {valid_to}).", _RENEW,
    ),
    "authorisation-elsewhere": _say(
        "授权书 {number} 的区域不包括收货地“{region}”。",
        "Authorisation {number} is not for the region “{region}”.",
        Text("写明收货仓库的区域;仍不符的,换供货方或取得授权。",
             "Say the region of the receiving warehouse; else take another supplier."),
    ),
    "certificate-held": _say("{number} 有效。", "{number} is valid."),
    "certificate-ended": _say(
        "{number} 已于 {valid_to} 到期;此前生产的仍可销售。",
        "{number} ended on {valid_to}; what was made before may still be sold.",
    ),
    "certificate-missing": _say(
        "产品 {product_code} 没有登记注册证或备案凭证。",
        "No certificate or filing is registered for {product_code}.",
        Text("登记注册证并关联产品。", "Register the certificate for this product."),
    ),
    "certificate-revoked": _say("{number} 已注销。", "{number} was withdrawn.",
                                Text("停止销售,按质量要求处理。",
                                     "Do not sell it; ask quality what to do.")),
    "certificate-not_yet": _say("{number} 自 {valid_from} 起有效。",
                                "{number} is valid from {valid_from} only.", _CORRECT),
    "lot-inside": _say("生产日期 {mfg_date} 在 {number} 有效期内。",
                       "Made on {mfg_date}, within {number}."),
    "lot-outside": _say(
        "生产日期 {mfg_date} 不在 {number} 的有效期({valid_from} 至 {valid_to})内。",
        "Made on {mfg_date}, outside of {number} ({valid_from} to {valid_to}).",
        Text("核对生产日期;登记当时有效的注册证,否则不得销售。",
             "Look at the production date; register the certificate of that time, or do not sell."),
    ),
    "mfg-date-missing": _say(
        "不知道生产日期,无法核对 {number}。",
        "The production date is not known, so {number} cannot be compared.",
        Text("按标签补录生产日期。", "Take the production date from the label."),
    ),
    "in-date": _say("有效期至 {expiry_date}。", "In date through {expiry_date}."),
    "expired": _say("已于 {expiry_date} 过期。", "It expired on {expiry_date}.",
                    Text("报废或退供应商。", "Scrap it or return it to the supplier.")),
    "no-expiry": _say("没有失效日期。", "It has no expiry."),
    "expiry-missing": _say("不知道失效日期。", "Its expiry is not known.",
                           Text("按标签补录失效日期。", "Take it from the label.")),
}  # fmt: skip


def verdict(finding: str, passed: bool, reason: str, facts: Facts) -> Verdict:
    """One finding of the database as a verdict; its reason is kept among the facts."""
    why, remedy = REASONS[reason](facts)
    return Verdict(
        check=finding,
        passed=passed,
        title=TITLES[finding],
        why=why,
        remedy=NOTHING if passed else remedy,
        facts={"reason": reason, **facts},
    )


def paper_verdict(row: Mapping[str, Any]) -> Verdict:
    """One line of a first review's checklist as a verdict."""
    paper, kinds = str(row["paper"]), list(row["kinds"] or [])
    state = LICENCE_STATES.get(str(row["status"] or ""))
    if paper == "certificate":
        title = TITLES["certificate"]
    elif paper.startswith("class-"):
        need = any_of(kinds)
        title = Text(f"{paper[6:]} 类:{need.zh or '不可交易'}",
                     f"Class {paper[6:]}: {need.en or 'not traded'}")  # fmt: skip
    elif kinds:
        title = any_of(kinds)
    else:
        title = field_name(paper)
    if row["number"]:
        until = f",至 {row['valid_to']}" if row["valid_to"] else ",长期"
        until_en = f", through {row['valid_to']}" if row["valid_to"] else ", without end"
        said = state or Text("", "")
        why = Text(f"{row['number']}:{said.zh}{until}", f"{row['number']}: {said.en}{until_en}")
    elif kinds or paper == "certificate" or paper.startswith("class-"):
        why = Text("没有登记。", "Nothing is registered.")
    else:
        why = Text("已填写。", "Known.") if row["ok"] else Text("没有填写。", "Not known.")
    remedy = Text("登记后再提交。", "Register it, then go on.")
    facts = {name: row[name] for name in ("kinds", "kind", "number", "valid_to", "status")}
    return Verdict(paper, bool(row["ok"]), title, why, NOTHING if row["ok"] else remedy, facts)
