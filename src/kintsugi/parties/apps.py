"""The parties app."""

from django.apps import AppConfig


class PartiesConfig(AppConfig):
    """Customers, suppliers, makers, carriers: who we deal with."""

    name = "kintsugi.parties"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Add parties to search and home."""
        from kintsugi.audit.selectors import name_commands
        from kintsugi.core.errors import Text
        from kintsugi.identity.services import register_act_kind
        from kintsugi.parties import corrections, evidence_pack, finding, merging

        finding.register()
        evidence_pack.register()
        register_act_kind(corrections.CORRECTION.kind())
        register_act_kind(merging.PARTIES.kind())
        name_commands(
            {
                corrections.CORRECTION.name: corrections.CORRECTION.title,
                merging.PARTIES.name: merging.PARTIES.title,
                "licence.register": Text("登记证照", "Register a licence"),
                "licence.revoke": Text("吊销证照", "Revoke a licence"),
                "licence.request-unlock": Text("申请临时解锁", "Ask for an unlock"),
                "licence.unlock-approved": Text("批准临时解锁", "Approve an unlock"),
                "licence.unlock-refused": Text("拒绝临时解锁", "Refuse an unlock"),
            }
        )
