"""First reviews and certificates in both languages. The rules stand in ``sql/trade.sql``."""

from kintsugi.core.states import StateMachine
from kintsugi.engine.text import Text

CERTIFICATE_KINDS: dict[str, Text] = {
    "registration": Text("医疗器械注册证", "registration certificate"),
    "filing": Text("第一类医疗器械备案凭证", "filing (class I)"),
}

REVIEW_ROLES: dict[str, Text] = {
    "supplier": Text("首营供货单位", "first business with a supplier"),
    "customer": Text("首营购货单位", "first business with a customer"),
    "product": Text("首营产品", "first business with a product"),
}

REVIEW = StateMachine(
    name="products.first_review",
    table="products_firstreview",
    column="status",
    states={
        "draft": Text("草稿", "draft"),
        "in_review": Text("质量审核中", "in quality review"),
        "in_approval": Text("待质量负责人批准", "waits for the quality manager"),
        "effective": Text("生效", "in force"),
        "rejected": Text("驳回", "rejected"),
        "withdrawn": Text("已撤回", "withdrawn"),
        "replaced": Text("已更新", "replaced by a later one"),
        "ended": Text("已终止", "ended"),
    },
    steps=frozenset(
        {
            ("draft", "in_review"),
            ("draft", "withdrawn"),
            ("in_review", "in_approval"),
            ("in_review", "rejected"),
            ("in_review", "withdrawn"),
            ("in_approval", "effective"),
            ("in_approval", "rejected"),
            ("in_approval", "withdrawn"),
            ("rejected", "draft"),
            ("rejected", "withdrawn"),
            ("effective", "replaced"),
            ("effective", "ended"),
        }
    ),
)
REVIEW_TONES = {
    "in_review": "live", "in_approval": "warn", "effective": "good", "rejected": "bad",
    "ended": "bad",
}  # fmt: skip
#: While a review is in one of these, no other may begin about the same.
OPEN_REVIEWS = ("draft", "in_review", "in_approval", "rejected")

#: What a subject is on a day; derived, never typed.
STANDINGS: dict[str, Text] = {
    "none": Text("未首营", "not reviewed"),
    "pending": Text("首营审核中", "in review"),
    "approved": Text("首营通过", "approved"),
    "near_expiry": Text("近效期", "ends soon"),
    "expired": Text("过期锁定", "locked: a licence ended"),
    "rejected": Text("首营驳回", "rejected"),
    "stopped": Text("停用", "stopped"),
}
STANDING_TONES = {
    "pending": "live", "approved": "good", "near_expiry": "warn", "expired": "bad",
    "rejected": "bad", "stopped": "bad",
}  # fmt: skip
