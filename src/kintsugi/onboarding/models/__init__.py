"""Sources with their connectors, snapshots, mappings, runs, chunks, issues and rollbacks."""

from kintsugi.onboarding.models.acceptance import Acceptance
from kintsugi.onboarding.models.connectors import Assessment, Connector, Fetch, Profile
from kintsugi.onboarding.models.issues import Issue, RunIssueCount
from kintsugi.onboarding.models.rollbacks import Rollback, RollbackItem
from kintsugi.onboarding.models.runs import Chunk, Progress, Run
from kintsugi.onboarding.models.sources import MappingVersion, Snapshot, Source
from kintsugi.onboarding.models.waves import LoadWindow, RestorePoint, Wave

__all__ = [
    "Acceptance",
    "Assessment",
    "Chunk",
    "Connector",
    "Fetch",
    "Issue",
    "LoadWindow",
    "MappingVersion",
    "Profile",
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
