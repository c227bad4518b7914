"""The states of an act and its one list of permitted steps."""

from kintsugi.core.states import StateMachine
from kintsugi.engine.text import Text

ACT = StateMachine(
    name="identity.act",
    table="identity_act",
    column="status",
    states={
        "draft": Text("草稿", "draft"),
        "submitted": Text("待批准", "waits for approval"),
        "approved": Text("已批准", "approved"),
        "refused": Text("已拒绝", "refused"),
        "executing": Text("执行中", "being executed"),
        "executed": Text("待验证", "waits for verification"),
        "verified": Text("已验证", "verified"),
        "failed": Text("失败", "failed"),
        "compensated": Text("已撤销", "undone"),
        "cancelled": Text("已取消", "cancelled"),
    },
    steps=frozenset(
        {
            ("draft", "submitted"),
            ("draft", "cancelled"),
            ("submitted", "draft"),
            ("submitted", "approved"),
            ("submitted", "refused"),
            ("refused", "draft"),
            ("refused", "cancelled"),
            ("approved", "draft"),
            ("approved", "executing"),
            ("executing", "executed"),
            ("executing", "failed"),
            ("executed", "verified"),
            ("executed", "failed"),
            ("executed", "compensated"),
            ("verified", "compensated"),
            ("failed", "compensated"),
        }
    ),
)
TONES = {
    "submitted": "warn",
    "approved": "live",
    "refused": "bad",
    "executing": "live",
    "executed": "warn",
    "verified": "good",
    "failed": "bad",
}
