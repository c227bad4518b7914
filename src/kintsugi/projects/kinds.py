"""The lives of projects, milestones and risks, and the names of everything that has a code."""

from kintsugi.core.states import StateMachine
from kintsugi.engine.text import Text

PROJECT = StateMachine(
    name="projects.project",
    table="projects_project",
    column="status",
    states={
        "draft": Text("草稿", "draft"),
        "running": Text("进行中", "running"),
        "accepted": Text("已验收", "accepted"),
        "closed": Text("已结束", "closed"),
        "cancelled": Text("已取消", "cancelled"),
    },
    steps=frozenset(
        {
            ("draft", "running"),
            ("running", "accepted"),
            # Accepted by mistake, or something came up: the work goes on.
            ("accepted", "running"),
            ("accepted", "closed"),
            ("draft", "cancelled"),
            ("running", "cancelled"),
        }
    ),
)
MILESTONE = StateMachine(
    name="projects.milestone",
    table="projects_milestone",
    column="status",
    states={
        "open": Text("未达成", "open"),
        "reached": Text("已达成", "reached"),
        "dropped": Text("已撤销", "dropped"),
    },
    steps=frozenset({("open", "reached"), ("open", "dropped"), ("dropped", "open")}),
)
RISK = StateMachine(
    name="projects.risk",
    table="projects_risk",
    column="status",
    states={
        "open": Text("未处置", "open"),
        "watched": Text("监视中", "watched"),
        "occurred": Text("已发生", "has occurred"),
        "closed": Text("已关闭", "closed"),
    },
    steps=frozenset(
        {
            ("open", "watched"), ("open", "occurred"), ("open", "closed"),
            ("watched", "open"), ("watched", "occurred"), ("watched", "closed"),
            ("occurred", "watched"), ("occurred", "closed"), ("closed", "open"),
        }
    ),
)  # fmt: skip

TONES = {
    "draft": "", "running": "live", "accepted": "good", "closed": "", "cancelled": "",
    "open": "", "reached": "good", "dropped": "", "watched": "warn", "occurred": "bad",
    "late": "bad", "due": "warn",
}  # fmt: skip

ROLES: dict[str, Text] = {
    "sponsor": Text("发起人", "sponsor"),
    "owner": Text("项目负责人", "project owner"),
    "steward": Text("数据管家", "data steward"),
    "implementer": Text("实施人员", "implementer"),
    "service": Text("售后业务代表", "service representative"),
    "warehouse": Text("仓储代表", "warehouse representative"),
    "quality": Text("质量代表", "quality representative"),
    "finance": Text("财务代表", "finance representative"),
    "it": Text("IT 运维", "IT operations"),
    "vendor": Text("外部供应商", "vendor"),
}
DIRECTIONS: dict[str, Text] = {
    "up": Text("越高越好", "higher is better"),
    "down": Text("越低越好", "lower is better"),
}
ORIGINS: dict[str, Text] = {
    "measured": Text("系统测得", "measured by the system"),
    "hand": Text("人工录入", "entered by hand"),
}
CATEGORIES: dict[str, Text] = {
    "data": Text("数据质量", "data quality"),
    "operations": Text("业务连续性", "continuity of service"),
    "compliance": Text("法规与追溯", "regulation and traceability"),
    "privacy": Text("个人信息", "personal data"),
    "technology": Text("技术与接口", "technology and interfaces"),
    "people": Text("人员与变更", "people and change"),
    "money": Text("费用与供应商", "money and vendors"),
}
RESPONSES: dict[str, Text] = {
    "avoid": Text("规避", "avoid"),
    "reduce": Text("降低", "reduce"),
    "transfer": Text("转移", "transfer"),
    "accept": Text("接受", "accept"),
}
#: How far a measured value may go before it raises a risk by itself.
LIMITS: dict[str, Text] = {
    "above": Text("高于", "above"),
    "below": Text("低于", "below"),
}
MONEY: dict[str, Text] = {
    "people": Text("人力", "people"),
    "licence": Text("软件许可", "licences"),
    "service": Text("外部服务", "outside services"),
    "hardware": Text("设备与场地", "equipment and rooms"),
    "training": Text("培训与切换", "training and changeover"),
    "time": Text("节省工时", "time saved"),
    "stock": Text("库存占用减少", "less stock held"),
    "revenue": Text("收入增加", "more revenue"),
    "loss": Text("避免损失", "losses avoided"),
    "other": Text("其他", "other"),
}
SIDES: dict[str, Text] = {
    "cost": Text("成本", "cost"),
    "benefit": Text("收益", "benefit"),
}
#: A person's scale, 1 to 5.
PROBABILITIES: dict[int, Text] = {
    1: Text("罕见", "rare"),
    2: Text("不大可能", "unlikely"),
    3: Text("可能", "possible"),
    4: Text("很可能", "likely"),
    5: Text("几乎必然", "almost certain"),
}
IMPACTS: dict[int, Text] = {
    1: Text("可忽略", "negligible"),
    2: Text("轻微", "minor"),
    3: Text("中等", "moderate"),
    4: Text("严重", "major"),
    5: Text("灾难性", "severe"),
}


def band(exposure: int) -> str:
    """``good`` below 6, ``warn`` below 12, else ``bad``: the three bands of the 5 × 5 matrix."""
    return "good" if exposure < 6 else "warn" if exposure < 12 else "bad"
