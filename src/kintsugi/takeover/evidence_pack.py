"""The auditor's desk: the names of takeover's commands, and how a takeover is found."""

from kintsugi.audit.selectors import name_commands, record_kind
from kintsugi.core.errors import Text
from kintsugi.takeover.models import Takeover

COMMANDS = {
    "takeover.propose": Text("申请接管库存", "Ask for a takeover of stock"),
    "takeover.approve": Text("批准接管库存", "Approve a takeover of stock"),
    "takeover.withdraw": Text("撤回接管库存", "Withdraw a takeover of stock"),
}


def register() -> None:
    """Name the commands; a takeover is found by its number."""
    name_commands(COMMANDS)
    record_kind(
        "takeover_takeover",
        page="takeover:takeover",
        find=lambda text: Takeover.objects.filter(number=text.strip().upper()).values_list(
            "pk", flat=True
        )[:20],
    )
