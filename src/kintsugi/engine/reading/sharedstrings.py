"""The table of shared strings of a workbook: regular entries a block at a time, others by expat.

An entry is regular when it is one plain ``<si><t>…</t></si>``; rich and phonetic text, comments
and the like are not.
"""

import re
from typing import IO, Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kintsugi.engine.reading.quicknumbers import offsets_of
from kintsugi.engine.reading.quickxml import (
    Block,
    careful_xml,
    evens,
    quick_xml,
    texts_between,
    unit_of,
)

_ENTRY: Final = re.compile(rb'<si><t(?: xml:space="[a-z]*")? ?(?:/>|>\x01?</t>)</si>')
_SIGNS: Final = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&"))
_MOST_BYTES: Final = 1 << 30
_KEYS: Final = 1 << 20


class SharedStrings:
    """Expat handlers of the table; phonetic runs are left out, struck-out entries remembered.

    Once `finish` was called, ``texts`` are all texts, ``array`` the same to Arrow (None when they
    are too large for one array) and ``struck`` the places of the struck-out ones.
    """

    def __init__(self) -> None:
        self.mark = -1
        self.where: Any = int
        self.struck: set[int] = set()
        self.array: Any = pa.array([], pa.string())
        self.pending: list[str] = []
        self._chunks: list[Any] = []
        self._count = 0
        self._texts: list[str] | None = None
        self._depth = 0
        self._parts: list[str] = []
        self._take = False
        self._phonetic = 0
        self._strike = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        self._depth += 1
        if name == "si":
            self._parts, self._strike = [], False
        elif name == "rPh":
            self._phonetic += 1
        elif name == "t":
            self._take = self._phonetic == 0
        elif name == "strike" and attributes.get("val", "1") not in ("0", "false"):
            self._strike = True
        elif name == "sst" and self._depth == 1:
            self.mark = self.where()

    def end(self, name: str) -> None:
        name = name.rpartition(":")[2]
        self._depth -= 1
        if name == "t":
            self._take = False
        elif name == "rPh":
            self._phonetic -= 1
        elif name == "si":
            if self._strike:
                self.struck.add(self._count + len(self.pending))
            self.pending.append(unescape("".join(self._parts)))
            if self._depth == 1:
                self.mark = self.where()
        elif name == "sst":
            self.mark = -1

    def text(self, data: str) -> None:
        if self._take:
            self._parts.append(data)

    def add(self, chunk: Any) -> None:
        """The next texts as an Arrow array."""
        self._chunks.append(chunk)
        self._count += len(chunk)

    def settle(self) -> None:
        """What expat read goes behind what is there."""
        texts, self.pending = self.pending, []
        self.add(pa.array(texts, pa.string()))

    def finish(self) -> None:
        self.settle()
        if sum(chunk.nbytes for chunk in self._chunks) > _MOST_BYTES:
            self.array = None
        else:
            self.array = pa.concat_arrays(self._chunks)

    @property
    def texts(self) -> list[str]:
        """All texts in order."""
        if self._texts is None:
            self._texts = [text for chunk in self._chunks for text in chunk.to_pylist()]
        return self._texts

    def strike_mask(self, places: Any) -> Any:
        """Which entries are struck out."""
        if not self.struck:
            return np.zeros(places.size, bool)
        return np.isin(places, np.fromiter(self.struck, np.int64))


def read_strings(stream: IO[bytes], *, file: str, part: str, careful_only: bool) -> SharedStrings:
    """The table of shared strings. Raises ``reading.xml-entities`` or ``reading.damaged``."""
    shared = SharedStrings()
    if careful_only:
        careful_xml(stream, shared, file=file, part=part)
    else:
        quick_xml(stream, shared, QuickStrings(shared), file=file, part=part)
    shared.finish()
    return shared


class _Entries(NamedTuple):
    starts: Any
    stops: Any
    regular: Any
    #: Texts of the entries, '' for those that are not regular.
    texts: Any


class QuickStrings:
    """Takes the regular entries of a block."""

    opening = re.compile(rb"<sst[^<>]*>")
    end = b"</si>"

    def __init__(self, shared: SharedStrings) -> None:
        self._shared = shared
        self._read: list[tuple[int, int]] = []
        self._forms: dict[bytes, bool] = {}

    def look(self, block: Block) -> _Entries | None:
        """Which entries are regular, and their texts."""
        self._shared.settle()
        self._read = []
        if not block.sound():
            return None
        stops = block.places(re.escape(self.end)) + len(self.end)
        starts = np.concatenate((np.zeros(1, np.int64), stops[:-1]))
        opens, closes, bad = texts_between(block, starts)
        odd = block.odd()
        if odd.size:
            bad[unit_of(starts, odd)] = True
        bad |= ~self._plain(block, starts, stops, opens, closes)
        owner = unit_of(starts, opens)
        keep = ~bad[owner]
        opens, closes, owner = opens[keep], closes[keep], owner[keep]
        pool, place = texts_of(block, opens, closes)
        pool, place = unescaped(block, pool, place, opens)
        at = np.full(starts.size, len(pool), np.int64)
        at[owner] = place
        texts = pa.concat_arrays([pool, pa.array([""], pa.string())]).take(pa.array(at))
        return _Entries(starts, stops, ~bad, texts)

    def before(self, found: _Entries, at: int) -> None:
        """Entries that expat reads next follow those before the place ``at``."""
        self._read.append((at, len(self._shared.pending)))

    def take(self, found: _Entries) -> None:
        """Adds the block's texts in order."""
        shared = self._shared
        if found.regular.all():
            shared.add(found.texts)
            return
        pending, shared.pending = shared.pending, []
        struck = sorted(at - shared._count for at in shared.struck if at >= shared._count)
        places = np.flatnonzero(found.regular)
        quick = found.texts.take(pa.array(places))
        keys = np.zeros(len(pending), np.int64)
        for at, count in self._read:
            keys[count:] = at
        both = pa.concat_arrays([quick, pa.array(pending, pa.string())])
        order = np.argsort(np.concatenate((places, keys)), kind="stable")
        if struck:
            now = np.argsort(order)[places.size + np.array(struck)]
            shared.struck = {at for at in shared.struck if at < shared._count}
            shared.struck |= set((now + shared._count).tolist())
        shared.add(both.take(pa.array(order)))

    def _plain(self, block: Block, starts: Any, stops: Any, opens: Any, closes: Any) -> Any:
        """Mask of the entries whose markup is regular and that hold one run of text at most."""
        first = np.searchsorted(opens, starts)
        runs = np.append(first[1:], opens.size) - first
        some = runs > 0
        head, tail = stops.copy(), stops.copy()
        head[some] = opens[first[some]]
        tail[some] = closes[first[some]]
        heads = block.cut(starts, head, pa.binary()).take(evens(starts.size)).dictionary_encode()
        tails = block.cut(tail, stops, pa.binary()).take(evens(starts.size)).dictionary_encode()
        wide = len(tails.dictionary)
        if len(heads.dictionary) * wide > _KEYS:
            return np.zeros(starts.size, bool)
        known, ends = heads.dictionary.to_pylist(), tails.dictionary.to_pylist()
        key = np.asarray(heads.indices).astype(np.int64) * wide + np.asarray(tails.indices)
        lookup = np.zeros(len(known) * wide, bool)
        for one in np.flatnonzero(np.bincount(key, minlength=lookup.size)).tolist():
            start, stop = known[one // wide], ends[one % wide]
            markup = start + b"\x01" + stop if stop else start
            lookup[one] = _ENTRY.fullmatch(markup) is not None
        return lookup[key] & (runs < 2)


def unescape(text: str) -> str:
    """Excel writes control characters as ``_x000D_``; line ends become one line feed."""
    if "_x000" in text:
        text = text.replace("_x000D_", "\r").replace("_x000A_", "\n").replace("_x0009_", "\t")
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def texts_of(block: Block, opens: Any, closes: Any) -> tuple[Any, Any]:
    """(strings, the place of each run among them): runs of text with their references resolved."""
    pool = block.cut(opens, closes)
    place = np.arange(0, 2 * opens.size, 2)
    signs = np.flatnonzero(block.codes == 38) if b"&" in block.data else place[:0]
    which = _runs_at(signs, opens, closes)
    if which.size:
        some = pool.take(pa.array(place[which]))
        for name, sign in _SIGNS:
            some = pc.replace_substring(some, name, sign)
        place[which] = len(pool) + np.arange(which.size)
        pool = pa.concat_arrays([pool, some])
    return pool, place


def unescaped(block: Block, pool: Any, place: Any, opens: Any) -> tuple[Any, Any]:
    """As `texts_of`, with `unescape` done to the runs that need it."""
    if b"_x000" not in block.data:
        return pool, place
    which = np.unique(np.searchsorted(opens, block.places(b"_x000"), side="right") - 1)
    which = which[which >= 0]
    texts = pool.take(pa.array(place[which])).to_pylist()
    place = place.copy()
    place[which] = len(pool) + np.arange(which.size)
    return pa.concat_arrays([pool, pa.array(map(unescape, texts), pa.string())]), place


def _runs_at(signs: Any, opens: Any, closes: Any) -> Any:
    """The runs of text that hold one of these places."""
    if not signs.size or not opens.size:
        return np.zeros(0, np.int64)
    which = np.searchsorted(opens, signs, side="right") - 1
    inside = (which >= 0) & (signs < closes[np.maximum(which, 0)])
    return np.unique(which[inside])


def longest(texts: Any) -> int:
    """Bytes of the longest string of an Arrow array."""
    return int(np.diff(offsets_of(texts)).max()) if len(texts) else 0
