"""The only writer of sources, snapshots, mappings, runs and issues."""

from kintsugi.onboarding.services import rules
from kintsugi.onboarding.services.importing import (
    Fragment,
    expand,
    import_fragments,
    load_or_rehearse,
)
from kintsugi.onboarding.services.letting_go import propose_run, withdraw_run
from kintsugi.onboarding.services.pacing import ask
from kintsugi.onboarding.services.rehearsal import rehearse_run
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
)
from kintsugi.onboarding.services.selection import workdir
from kintsugi.onboarding.services.sources import register_source
from kintsugi.onboarding.services.waves import add_wave

__all__ = [
    "Fragment",
    "add_wave",
    "apply_rollback",
    "apply_run",
    "ask",
    "expand",
    "import_fragments",
    "load_or_rehearse",
    "plan_rollback",
    "prepare_run",
    "propose_rollback",
    "propose_run",
    "register_source",
    "rehearse_run",
    "rules",
    "start_run",
    "take_snapshot",
    "withdraw_rollback",
    "withdraw_run",
    "workdir",
]
