"""Named, inspectable steps from a snapshot to clean, checked, merged records."""

from kintsugi.engine.pipeline.model import (
    ISSUE_SCHEMA,
    Counts,
    EntityResult,
    PipelineResult,
    Progressed,
    Step,
    TableIssue,
    raw_hash,
)
from kintsugi.engine.pipeline.run import run_pipeline, run_sha256
from kintsugi.engine.pipeline.show import open_result, show_step

__all__ = [
    "ISSUE_SCHEMA",
    "Counts",
    "EntityResult",
    "PipelineResult",
    "Progressed",
    "Step",
    "TableIssue",
    "open_result",
    "raw_hash",
    "run_pipeline",
    "run_sha256",
    "show_step",
]
