"""The onboarding app."""

from django.apps import AppConfig


class OnboardingConfig(AppConfig):
    """Fragments come in: sources, snapshots, runs, issues, apply with a ledger."""

    name = "kintsugi.onboarding"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect the handlers of events; add search, home and panels."""
        from kintsugi.audit.selectors import name_commands, record_kind
        from kintsugi.identity.services import register_act_kind
        from kintsugi.onboarding import evidence_pack, finding, handlers  # noqa: F401
        from kintsugi.onboarding.accept_act import ACCEPT
        from kintsugi.onboarding.load_act import LOAD
        from kintsugi.onboarding.rollback_act import ROLLBACK
        from kintsugi.onboarding.source_act import APPROVE

        for kind in (LOAD, ROLLBACK, APPROVE, ACCEPT):
            register_act_kind(kind)
            name_commands({kind.name: kind.title})
        record_kind("onboarding_rollbackitem", quoting=("before", "loaded", "current"))
        finding.register()
        evidence_pack.register()
