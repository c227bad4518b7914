"""The only writer of sources, snapshots, mappings, runs and issues."""

from kintsugi.onboarding.services import rules
from kintsugi.onboarding.services.importing import Fragment, expand, import_fragments
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
    "apply_run",
    "expand",
    "import_fragments",
    "prepare_run",
    "register_source",
    "rules",
    "start_run",
    "take_snapshot",
    "workdir",
]
