"""The onboarding app."""

from django.apps import AppConfig


class OnboardingConfig(AppConfig):
    """Fragments come in: sources, snapshots, runs, issues, apply with a ledger."""

    name = "kintsugi.onboarding"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect the handlers of events; add search, home and panels."""
        from kintsugi.onboarding import evidence_pack, finding, handlers  # noqa: F401

        finding.register()
        evidence_pack.register()
