"""Bounds and hints for reading: nothing a source holds may use more than these."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Final

MIB: Final = 1 << 20
GIB: Final = 1 << 30


@dataclass(frozen=True, kw_only=True)
class ReadLimits:
    """The most a source may hold. Sizes in bytes, lengths in characters, pictures in pixels a page
    (a page of a PDF as it is rendered, at 200 dpi).

    ``max_ratio`` (uncompressed ÷ compressed) counts only beyond ``ratio_free_bytes``, so small
    files that compress well are not taken for bombs.
    """

    max_bytes: int = 2 * GIB
    max_uncompressed_bytes: int = 8 * GIB
    max_ratio: int = 200
    ratio_free_bytes: int = 64 * MIB
    max_line_bytes: int = 16 * MIB
    max_columns: int = 16_384
    max_cell_chars: int = 32_767 * 4
    max_rows: int = 20_000_000
    max_tables: int = 200
    max_pages: int = 200
    max_pixels: int = 60_000_000


@dataclass(frozen=True, kw_only=True)
class ReadHints:
    """What a person knows better than the reader.

    ``tables``: for databases names of tables or ``SELECT`` statements, for workbooks names of
    sheets; empty means all. ``queries``: named ``SELECT`` statements. ``encoding`` and
    ``delimiter`` override detection. ``connect_timeout_s`` bounds waiting for a database.
    ``headers`` are sent with requests to a REST address; they are kept nowhere.
    """

    tables: tuple[str, ...] = ()
    queries: Mapping[str, str] = field(default_factory=dict)
    encoding: str | None = None
    delimiter: str | None = None
    connect_timeout_s: int = 10
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def digest(self) -> str:
        """Eight hex digits that differ when the hints would change what is read; '' for none."""
        facts = asdict(self)
        facts.pop("connect_timeout_s")
        facts.pop("headers")
        facts["queries"] = dict(self.queries)
        if not any(facts.values()):
            return ""
        text = json.dumps(facts, sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()[:8]
