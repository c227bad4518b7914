"""Kinds of licences and their states in both languages. The rules stand in ``sql/licences.sql``."""

from kintsugi.core.states import StateMachine
from kintsugi.engine.text import Text

LICENCE_KINDS: dict[str, Text] = {
    "business_licence": Text("营业执照", "business licence"),
    "operating_permit": Text("医疗器械经营许可证", "operating permit (class III)"),
    "operating_filing": Text("第二类医疗器械经营备案凭证", "operating filing (class II)"),
    "production_permit": Text("医疗器械生产许可证", "production permit"),
    "production_filing": Text("第一类医疗器械生产备案凭证", "production filing (class I)"),
    "medical_institution_permit": Text("医疗机构执业许可证", "medical institution permit"),
    "authorisation": Text("授权书", "authorisation"),
    "sales_person_proxy": Text("销售人员授权委托书", "proxy of the sales person"),
    "quality_agreement": Text("质量保证协议", "quality agreement"),
    "cert_of_conformity": Text("合格证明文件", "certificate of conformity"),
}
#: May be issued without an end.
OPEN_ENDED = ("business_licence", "operating_filing", "production_filing")
#: Name the categories and classes of devices they are for.
SCOPED_KINDS = ("operating_permit", "operating_filing", "production_permit", "production_filing")
DEVICE_CLASSES = ("I", "II", "III")
#: The whole country, as a territory of an authorisation.
WHOLE_COUNTRY = "CN"

LICENCE_STATES: dict[str, Text] = {
    "valid": Text("有效", "valid"),
    "near_90": Text("90 天内到期", "ends within 90 days"),
    "near_60": Text("60 天内到期", "ends within 60 days"),
    "near_30": Text("30 天内到期", "ends within 30 days"),
    "expired": Text("已过期", "expired"),
    "revoked": Text("已吊销", "revoked"),
    "not_yet": Text("未生效", "not yet in force"),
}
LICENCE_TONES = {
    "valid": "good", "near_90": "live", "near_60": "warn", "near_30": "warn", "expired": "bad",
    "revoked": "bad", "not_yet": "",
}  # fmt: skip

UNLOCK = StateMachine(
    name="parties.unlock",
    table="parties_unlock",
    column="status",
    states={
        "requested": Text("待批准", "waits for approval"),
        "approved": Text("已批准", "approved"),
        "refused": Text("已拒绝", "refused"),
    },
    steps=frozenset({("requested", "approved"), ("requested", "refused")}),
)
UNLOCK_TONES = {"requested": "warn", "approved": "good", "refused": "bad"}
#: The longest a licence that ended is put up with until the renewed one is there.
UNLOCK_MAX_DAYS = 30
