"""The auditor's desk: names of the commands of projects, and how a project is found."""

from kintsugi.audit.selectors import name_commands, record_kind
from kintsugi.core.errors import Text
from kintsugi.projects.models import Project

COMMANDS = {
    "project.create": Text("新建迁移项目", "Create a migration project"),
    "project.edit": Text("修改迁移项目", "Change a migration project"),
    "project.running": Text("开始或恢复项目", "Start or take up a project"),
    "project.accepted": Text("验收项目", "Accept a project"),
    "project.closed": Text("结束项目", "Close a project"),
    "project.cancelled": Text("取消项目", "Cancel a project"),
    "project.add-member": Text("添加项目成员", "Add a project member"),
    "project.remove-member": Text("移除项目成员", "Remove a project member"),
    "project.set-sources": Text("设定项目来源", "Set the sources of a project"),
    "project.measure": Text("测量项目指标", "Measure the figures of a project"),
    "milestone.add": Text("添加里程碑", "Add a milestone"),
    "milestone.edit": Text("修改里程碑", "Change a milestone"),
    "milestone.judge": Text("检查里程碑", "Check a milestone"),
    "milestone.reached": Text("里程碑达成", "Note a milestone as reached"),
    "milestone.dropped": Text("撤销里程碑", "Drop a milestone"),
    "milestone.open": Text("恢复里程碑", "Take a milestone up again"),
    "criterion.add": Text("添加判定标准", "Add a criterion"),
    "criterion.remove": Text("移除判定标准", "Remove a criterion"),
    "criterion.sign": Text("签署判定标准", "Sign a criterion"),
    "kpi.add": Text("添加指标", "Add a key figure"),
    "kpi.edit": Text("修改指标", "Change a key figure"),
    "kpi.record": Text("录入指标值", "Enter a value of a key figure"),
    "kpi.withdraw": Text("撤回指标值", "Withdraw a value of a key figure"),
    "risk.add": Text("登记风险", "Enter a risk"),
    "risk.edit": Text("修改风险", "Change a risk"),
    "risk.assess": Text("评估风险", "Assess a risk"),
    "contingency.add": Text("添加应急预案", "Add a contingency plan"),
    "contingency.edit": Text("修改应急预案", "Change a contingency plan"),
    "contingency.contact": Text("添加应急联系人", "Add a contact to a contingency plan"),
    "contingency.remove-contact": Text("移除应急联系人", "Remove a contact"),
    "contingency.drill": Text("记录应急演练", "Record a contingency drill"),
    "money.add": Text("添加成本或收益", "Add a cost or benefit"),
    "money.remove": Text("移除成本或收益", "Remove a cost or benefit"),
    "money.actual": Text("录入实际金额", "Enter an actual amount"),
    "money.withdraw": Text("撤回实际金额", "Withdraw an actual amount"),
}


def register() -> None:
    """Name the commands; a project is found by its code; telephone numbers stay hidden."""
    name_commands(COMMANDS)
    record_kind("projects_contact", quoting=("name", "phone"))
    record_kind(
        "projects_project",
        find=lambda text: Project.objects.filter(code=text.strip()).values_list("pk", flat=True)[
            :20
        ],
    )
