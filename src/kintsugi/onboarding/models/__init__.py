"""Sources, snapshots, mappings, runs, their chunks, their issues and their rollbacks."""

from kintsugi.onboarding.models.issues import Issue, RunIssueCount
from kintsugi.onboarding.models.rollbacks import Rollback, RollbackItem
from kintsugi.onboarding.models.runs import Chunk, Progress, Run
from kintsugi.onboarding.models.sources import MappingVersion, Snapshot, Source
from kintsugi.onboarding.models.waves import LoadWindow, RestorePoint, Wave

__all__ = [
    "Chunk",
    "Issue",
    "LoadWindow",
    "MappingVersion",
    "Progress",
    "RestorePoint",
    "Rollback",
    "RollbackItem",
    "Run",
    "RunIssueCount",
    "Snapshot",
    "Source",
    "Wave",
]
