"""The lives of sources, runs, issues and what connectors fetch."""

from kintsugi.core.states import StateMachine
from kintsugi.engine.text import Text

SOURCE = StateMachine(
    name="onboarding.source",
    table="onboarding_source",
    column="status",
    states={
        "proposed": Text("已登记", "proposed"),
        "assessed": Text("已评估", "assessed"),
        "approved": Text("已批准", "approved"),
        "live": Text("使用中", "live"),
        "retired": Text("已停用", "retired"),
    },
    steps=frozenset(
        {
            ("proposed", "assessed"),
            # What was found wanting is assessed again.
            ("assessed", "proposed"),
            ("assessed", "approved"),
            # One that came to life with its first file goes through the gate afterwards.
            ("live", "assessed"),
            ("approved", "live"),
            ("approved", "retired"),
            ("live", "retired"),
            ("retired", "live"),
        }
    ),
)

FETCH = StateMachine(
    name="onboarding.fetch",
    table="onboarding_fetch",
    column="status",
    states={
        "arrived": Text("已到达", "arrived"),
        "imported": Text("已导入", "imported"),
        "same": Text("没有变化", "nothing new"),
        "waiting": Text("待人工确认", "waits for a person"),
        "held": Text("已拦下", "held"),
        "failed": Text("失败", "failed"),
        "left": Text("不予导入", "left out"),
    },
    steps=frozenset(
        {
            ("arrived", "imported"),
            ("arrived", "same"),
            ("arrived", "waiting"),
            ("arrived", "held"),
            ("arrived", "failed"),
            # A person let it go on, answered, or it is tried again.
            ("waiting", "arrived"),
            ("held", "arrived"),
            ("failed", "arrived"),
            ("waiting", "left"),
            ("held", "left"),
            ("failed", "left"),
        }
    ),
)

RUN = StateMachine(
    name="onboarding.run",
    table="onboarding_run",
    column="status",
    states={
        "created": Text("已建立", "created"),
        "reading": Text("读取中", "reading"),
        "staged": Text("已暂存", "staged"),
        "validated": Text("已校验", "validated"),
        # What would happen is worked out and shown; two persons let it go.
        "rehearsed": Text("已预演", "rehearsed"),
        "approved": Text("已批准", "approved"),
        "waves": Text("分批写入", "in waves"),
        "applying": Text("写入中", "applying"),
        "paused": Text("已暂停", "paused"),
        "applied": Text("已写入", "applied"),
        "verified": Text("已核对", "verified"),
        "failed": Text("已停止", "stopped"),
        # A rollback is a run of its own: planned by one person, approved by another.
        "planned": Text("回退已拟定", "rollback planned"),
        "withdrawn": Text("已放弃", "given up"),
        # What became of the run that was rolled back.
        "reverted": Text("已回退", "rolled back"),
        "partly-reverted": Text("部分回退", "partly rolled back"),
    },
    steps=frozenset(
        {
            ("created", "reading"),
            ("reading", "staged"),
            ("staged", "validated"),
            ("validated", "applying"),
            ("validated", "rehearsed"),
            ("rehearsed", "approved"),
            # Approved, and not yet begun: the plan no longer holds, or is given up.
            ("approved", "rehearsed"),
            ("rehearsed", "reading"),
            ("validated", "withdrawn"),
            ("rehearsed", "withdrawn"),
            ("approved", "withdrawn"),
            # A prepared run that is loaded in waves, each a run of its own.
            ("validated", "waves"),
            ("rehearsed", "waves"),
            ("waves", "validated"),
            ("waves", "verified"),
            ("verified", "waves"),
            ("waves", "withdrawn"),
            ("applying", "applied"),
            ("applying", "paused"),
            ("paused", "applying"),
            ("paused", "failed"),
            ("applied", "verified"),
            ("created", "failed"),
            ("reading", "failed"),
            ("staged", "failed"),
            ("validated", "failed"),
            ("applying", "failed"),
            # A stopped run goes on from its last complete step.
            ("failed", "reading"),
            ("failed", "applying"),
            ("failed", "rehearsed"),
            ("rehearsed", "failed"),
            # A killed process leaves these states; taking the run up again restarts the step.
            ("staged", "reading"),
            ("validated", "reading"),
            ("planned", "approved"),
            ("planned", "withdrawn"),
            ("approved", "applying"),
            ("verified", "reverted"),
            ("verified", "partly-reverted"),
            ("failed", "reverted"),
            ("failed", "partly-reverted"),
            ("partly-reverted", "reverted"),
            # A rollback was rolled back: the run stands again.
            ("reverted", "verified"),
            ("reverted", "partly-reverted"),
            ("partly-reverted", "verified"),
        }
    ),
)

ISSUE = StateMachine(
    name="onboarding.issue",
    table="onboarding_issue",
    column="status",
    states={
        "open": Text("待处理", "open"),
        "waived": Text("已豁免", "waived"),
        "gone": Text("源已更正", "fixed at source"),
    },
    steps=frozenset({("open", "waived"), ("waived", "open"), ("open", "gone"), ("gone", "open")}),
)
