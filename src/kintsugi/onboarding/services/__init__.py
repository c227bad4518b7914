"""The only writer of sources, snapshots, mappings, runs and issues."""

from kintsugi.onboarding.services import rules
from kintsugi.onboarding.services.fetching import (
    answer_paper,
    due_connectors,
    fetch,
    leave_out,
    let_go,
    tried,
)
from kintsugi.onboarding.services.importing import Fragment, expand, import_fragments
from kintsugi.onboarding.services.registering import (
    describe_source,
    propose_source,
    save_connector,
    void_connector,
)
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
from kintsugi.onboarding.services.standard import assess_source, retire_source, take_live

__all__ = [
    "Fragment",
    "answer_paper",
    "apply_rollback",
    "apply_run",
    "assess_source",
    "describe_source",
    "due_connectors",
    "expand",
    "fetch",
    "import_fragments",
    "leave_out",
    "let_go",
    "plan_rollback",
    "prepare_run",
    "propose_rollback",
    "propose_source",
    "register_source",
    "retire_source",
    "rules",
    "save_connector",
    "start_run",
    "take_live",
    "take_snapshot",
    "tried",
    "void_connector",
    "withdraw_rollback",
    "workdir",
]
