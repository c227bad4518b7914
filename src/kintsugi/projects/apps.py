"""The projects app."""

from django.apps import AppConfig


class ProjectsConfig(AppConfig):
    """Migration projects: goals, milestones, risks, contingency, cost and benefit."""

    name = "kintsugi.projects"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Name its commands, add it to the auditor's desk, search and home."""
        from kintsugi.projects import evidence_pack, finding

        evidence_pack.register()
        finding.register()
