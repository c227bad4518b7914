"""From the columns of a source to the fields of the dictionary: propose, keep, check, compare."""

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
from kintsugi.engine.mapping.signature import column_signatures, fingerprint, signature
from kintsugi.engine.mapping.suggest import MissingKey, Reason, Suggestion, suggest_mapping
from kintsugi.engine.mapping.validate import missing_key_fields, validate_mapping

__all__ = [
    "Column",
    "Concat",
    "Const",
    "Drift",
    "EntityMapping",
    "Expression",
    "FirstOf",
    "Mapping",
    "MissingKey",
    "Reason",
    "Shift",
    "Split",
    "Suggestion",
    "TableDrift",
    "TableMapping",
    "Udi",
    "column_signatures",
    "complete_mapping",
    "drift",
    "find_table",
    "fingerprint",
    "headers_of",
    "missing_key_fields",
    "nearest",
    "refuse_drift",
    "signature",
    "suggest_mapping",
    "validate_mapping",
]
