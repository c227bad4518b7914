"""The only writer of sources, snapshots, mappings, runs and issues."""

from kintsugi.onboarding.services import rules
from kintsugi.onboarding.services.acceptance import compare_run, propose_acceptance
from kintsugi.onboarding.services.fetching import (
    answer_paper,
    due_connectors,
    fetch,
    leave_out,
    let_go,
    tried,
)
from kintsugi.onboarding.services.importing import (
    Fragment,
    expand,
    import_fragments,
    load_or_rehearse,
)
from kintsugi.onboarding.services.letting_go import propose_run, withdraw_run
from kintsugi.onboarding.services.pacing import ask
from kintsugi.onboarding.services.registering import (
    describe_source,
    propose_source,
    save_connector,
    void_connector,
)
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
from kintsugi.onboarding.services.standard import assess_source, retire_source, take_live
from kintsugi.onboarding.services.waves import add_wave

__all__ = [
    "Fragment",
    "add_wave",
    "answer_paper",
    "apply_rollback",
    "apply_run",
    "ask",
    "assess_source",
    "compare_run",
    "describe_source",
    "due_connectors",
    "expand",
    "fetch",
    "import_fragments",
    "leave_out",
    "let_go",
    "load_or_rehearse",
    "plan_rollback",
    "prepare_run",
    "propose_acceptance",
    "propose_rollback",
    "propose_run",
    "propose_source",
    "register_source",
    "rehearse_run",
    "retire_source",
    "rules",
    "save_connector",
    "start_run",
    "take_live",
    "take_snapshot",
    "tried",
    "void_connector",
    "withdraw_rollback",
    "withdraw_run",
    "workdir",
]
