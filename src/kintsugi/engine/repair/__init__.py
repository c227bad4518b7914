"""Error detection and repair of any table, without labels or learning from a few answers."""

from kintsugi.engine.repair.choosing import choose
from kintsugi.engine.repair.dependencies import Dependency, mine
from kintsugi.engine.repair.detect import Studied, repaired, study
from kintsugi.engine.repair.fields import fields_of
from kintsugi.engine.repair.learning import Learned, learn
from kintsugi.engine.repair.model import (
    APPLY_AT,
    DETECT_AT,
    FINDING_SCHEMA,
    RULES,
    reason,
)

__all__ = [
    "APPLY_AT",
    "DETECT_AT",
    "FINDING_SCHEMA",
    "RULES",
    "Dependency",
    "Learned",
    "Studied",
    "choose",
    "fields_of",
    "learn",
    "mine",
    "reason",
    "repaired",
    "study",
]
