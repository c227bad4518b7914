"""The only writer of sources, snapshots, mappings, runs and issues."""

from kintsugi.onboarding.services import rules
from kintsugi.onboarding.services.importing import Fragment, expand, import_fragments
from kintsugi.onboarding.services.rollbacks import (
    apply_rollback,
    plan_rollback,
    propose_rollback,
    withdraw_rollback,
)
from kintsugi.onboarding.services.runs import (
    apply_run,
    prepare_run,
    start_run,
    take_snapshot,
    workdir,
)
from kintsugi.onboarding.services.sources import register_source

__all__ = [
    "Fragment",
    "apply_rollback",
    "apply_run",
    "expand",
    "import_fragments",
    "plan_rollback",
    "prepare_run",
    "propose_rollback",
    "register_source",
    "rules",
    "start_run",
    "take_snapshot",
    "withdraw_rollback",
    "workdir",
]
