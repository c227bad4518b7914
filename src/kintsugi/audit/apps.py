"""The audit app: after each migration every business table gets its change log."""

from typing import Any

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate, pre_migrate


def _cover(sender: AppConfig, using: str, **_: Any) -> None:
    from kintsugi.audit.retention.services import keep_tables
    from kintsugi.audit.services import cover_tables, limit_sealed_tables, publish_transitions
    from kintsugi.core.scope import guard_database

    cover_tables(using=using)
    publish_transitions(using=using)
    keep_tables(using=using)
    guard_database(using=using)
    limit_sealed_tables(using=using)


#: By database: whether a migrate that runs found everything as somebody had accepted it.
_found_sound: dict[str, bool] = {}


def _look_first(sender: AppConfig, using: str, **_: Any) -> None:
    """Before the first app's part of a migrate, while what is there is what it was."""
    from kintsugi.audit.services import is_guard_accepted

    # The signal goes to apps with models only.
    if sender is next(one for one in apps.get_app_configs() if one.models_module is not None):
        _found_sound[using] = is_guard_accepted(using=using)


def _stand_behind(sender: AppConfig, using: str, **_: Any) -> None:
    """After the last app's part of a migrate: what protects the record now came with a release,
    unless it was altered before; then a person has to stand behind it."""
    from kintsugi import __version__
    from kintsugi.audit.services import accept_guard, is_sealable

    if sender is list(apps.get_app_configs())[-1]:
        sound = _found_sound.pop(using, False)
        if sound and is_sealable(using=using):
            accept_guard(actor="system", reason=f"migrate {__version__}", using=using)


class AuditConfig(AppConfig):
    """Covers business tables with the change log, the database with state machines and roles."""

    name = "kintsugi.audit"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Attach after every migrate, so that a new table cannot be forgotten."""
        from kintsugi.audit import verification
        from kintsugi.audit.context import set_context
        from kintsugi.audit.packs import proof, sections
        from kintsugi.audit.packs.screens import scope_panel
        from kintsugi.audit.reports import desk, registers
        from kintsugi.audit.retention import rules
        from kintsugi.audit.retention.screens import keep_panel
        from kintsugi.audit.sealing.verifiers import GuardVerifier, TreeVerifier
        from kintsugi.audit.sealing.witness import WitnessVerifier
        from kintsugi.audit.verifying.contexts import ContextVerifier
        from kintsugi.audit.verifying.fold import FoldVerifier
        from kintsugi.audit.verifying.walverifier import DecodingVerifier, decoding_is_set_up
        from kintsugi.core import panels
        from kintsugi.core.datasets import register_dataset
        from kintsugi.identity.services import use_context

        post_migrate.connect(_cover, sender=self)
        pre_migrate.connect(_look_first)
        post_migrate.connect(_stand_behind)
        for verifier in (TreeVerifier, WitnessVerifier, GuardVerifier):
            verification.register(verifier.name, verifier)
        verification.register("fold", FoldVerifier)
        verification.register("decoding", DecodingVerifier, set_up=decoding_is_set_up)
        verification.register("token", ContextVerifier)
        use_context(set_context)
        sections.register()
        proof.register()
        rules.register()
        for dataset in (desk.DATASET, registers.REFUSALS, registers.PACKS, registers.HOLDS):
            register_dataset(dataset)
        for entity in ("device", "product", "party"):
            panels.register(scope_panel(entity, entity))
            panels.register(keep_panel(entity))
