"""From the columns of a source to the fields of the dictionary: propose, keep, check, compare."""

from kintsugi.engine.mapping.columns import ColumnFacts, contract_columns, frame_columns
from kintsugi.engine.mapping.complete import complete_mapping
from kintsugi.engine.mapping.drift import (
    Drift,
    Shift,
    TableDrift,
    drift,
    find_table,
    refuse_drift,
)
from kintsugi.engine.mapping.headers import nearest
from kintsugi.engine.mapping.model import (
    Column,
    Concat,
    Const,
    EntityMapping,
    Expression,
    FirstOf,
    Mapping,
    Split,
    TableMapping,
    Udi,
    headers_of,
)
from kintsugi.engine.mapping.ranking import (
    Candidate,
    ColumnMatch,
    Matching,
    match_columns,
    score_columns,
)
from kintsugi.engine.mapping.shift import ShiftAlarm, column_fits, contract_fits, find_shifts
from kintsugi.engine.mapping.signature import column_signatures, fingerprint, signature
from kintsugi.engine.mapping.slipped import find_slipped, refuse_slipped
from kintsugi.engine.mapping.suggest import MissingKey, Reason, Suggestion, suggest_mapping
from kintsugi.engine.mapping.validate import missing_key_fields, validate_mapping

__all__ = [
    "Candidate",
    "Column",
    "ColumnFacts",
    "ColumnMatch",
    "Concat",
    "Const",
    "Drift",
    "EntityMapping",
    "Expression",
    "FirstOf",
    "Mapping",
    "Matching",
    "MissingKey",
    "Reason",
    "Shift",
    "ShiftAlarm",
    "Split",
    "Suggestion",
    "TableDrift",
    "TableMapping",
    "Udi",
    "column_fits",
    "column_signatures",
    "complete_mapping",
    "contract_columns",
    "contract_fits",
    "drift",
    "find_shifts",
    "find_slipped",
    "find_table",
    "fingerprint",
    "frame_columns",
    "headers_of",
    "match_columns",
    "missing_key_fields",
    "nearest",
    "refuse_drift",
    "refuse_slipped",
    "score_columns",
    "signature",
    "suggest_mapping",
    "validate_mapping",
]
