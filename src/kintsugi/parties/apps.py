"""The parties app."""

from django.apps import AppConfig


class PartiesConfig(AppConfig):
    """Customers, suppliers, makers, carriers: who we deal with."""

    name = "kintsugi.parties"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Add parties to search and home."""
        from kintsugi.audit.selectors import name_commands
        from kintsugi.identity.services import register_act_kind
        from kintsugi.parties import corrections, evidence_pack, finding

        finding.register()
        evidence_pack.register()
        register_act_kind(corrections.CORRECTION.kind())
        name_commands({corrections.CORRECTION.name: corrections.CORRECTION.title})
