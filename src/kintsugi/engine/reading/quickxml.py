"""XML of many like units, in blocks: regular units are taken out, expat reads all the rest.

A sheet is a hundred thousand ``<row>…</row>``, a table of shared strings as many ``<si>…</si>``.
A `Taker` tells for a whole block which units are regular, and reads those at once. What is left,
head and tail included, goes through one expat parser in its order, so whatever is odd is read
as ever: a unit is only taken out where expat stands right between two units, and a well-formed
text stays one without it.
"""

import re
from typing import IO, Any, Final, Protocol, TypeVar
from xml.parsers import expat

import numpy as np
import pyarrow as pa

from kintsugi.engine.reading import errors

BLOCK: Final = 1 << 20
_LONGEST: Final = 1 << 22
_SMALL: Final = 1 << 18
#: Zero bytes behind a block, so that looking a few bytes ahead stays inside.
PADDING: Final = 32


class Handlers(Protocol):
    """What expat calls. ``mark`` is the byte where the tag began that last ended a unit, or
    opened the element that holds them, -1 before; ``where`` gives the present byte."""

    mark: int
    where: Any

    def start(self, name: str, attributes: dict[str, str]) -> None: ...
    def end(self, name: str) -> None: ...
    def text(self, data: str) -> None: ...


class Found(Protocol):
    """A block as a taker sees it: where units start and stop, and which of them are regular (a
    mask that may still lose some)."""

    @property
    def starts(self) -> Any: ...
    @property
    def stops(self) -> Any: ...
    @property
    def regular(self) -> Any: ...


F = TypeVar("F", bound=Found)


class Taker(Protocol[F]):
    """Reads regular units. ``opening`` matches the tag that holds the units, ``end`` ends one."""

    opening: re.Pattern[bytes]
    end: bytes

    def look(self, block: "Block") -> F | None:
        """The units of a block; None when all of it is for expat."""

    def before(self, found: F, at: int) -> None:
        """Expat is about to read the unit ``at`` and maybe some after it."""

    def take(self, found: F) -> None:
        """Puts the units still regular in order with those that expat read since ``look``."""


class Muddle(Exception):
    """A block is not what it seemed: expat must read it."""


class _Entities(Exception):
    """A document type declaration was met."""


class Expat:
    """An expat parser whose failures are typed: ``reading.xml-entities``, ``reading.damaged``."""

    def __init__(self, handlers: Handlers, *, file: str, part: str) -> None:
        self.handlers, self.file, self.part = handlers, file, part
        self.fed = 0
        self.utf8 = True
        parser = self._parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.ordered_attributes = False
        parser.XmlDeclHandler = self._declared
        parser.StartDoctypeDeclHandler = _refuse
        parser.EntityDeclHandler = _refuse
        parser.StartElementHandler = handlers.start
        parser.EndElementHandler = handlers.end
        parser.CharacterDataHandler = handlers.text
        handlers.where = lambda: parser.CurrentByteIndex

    def feed(self, data: bytes, *, final: bool = False) -> None:
        self.fed += len(data)
        try:
            self._parser.Parse(data, final)
        except _Entities:
            raise errors.entities(self.file, self.part) from None
        except expat.ExpatError as error:
            raise errors.damaged(self.file, str(error), part=self.part) from error

    def stands(self, tag: int) -> bool:
        """Whether the last ``tag`` bytes were the tag that ended a unit or opened their element."""
        return self.handlers.mark == self.fed - tag

    def _declared(self, _version: str, encoding: str | None, _standalone: int) -> None:
        self.utf8 = encoding is None or encoding.lower() == "utf-8"


def _refuse(*_: object) -> None:
    raise _Entities


class Block:
    """Whole units as bytes: ``codes`` their numbers, zeros behind, ``buffer`` the same to Arrow."""

    def __init__(self, data: bytes) -> None:
        self.data = data + bytes(PADDING)
        self.size = len(data)
        self.codes = np.frombuffer(self.data, np.uint8)
        self.buffer = pa.py_buffer(self.data)

    def cut(self, starts: Any, stops: Any, kind: Any = None) -> Any:
        """Strings of the ranges at even places, what lies between them at odd ones."""
        return cut(self.buffer, starts, stops, kind)

    def sound(self) -> bool:
        """Whether all is UTF-8."""
        offsets = pa.py_buffer(np.array([0, self.size], np.int32))
        whole = pa.StringArray.from_buffers(1, offsets, self.buffer)
        try:
            whole.validate(full=True)
        except pa.ArrowInvalid:
            return False
        return True

    def odd(self) -> Any:
        """Places of bytes that a regular unit does not hold: control characters, U+FFFE and
        U+FFFF, references other than the five to signs."""
        codes = self.codes[: self.size]
        found = []
        if codes.size and codes.min() < 32:
            found.append(np.flatnonzero((codes < 32) & (codes != 10) & (codes != 9)))
        if b"\xef\xbf" in self.data:
            found.append(_places(rb"\xef\xbf[\xbe\xbf]", self.data))
        if b"&" in self.data:
            found.append(_places(rb"&(?!(?:amp|lt|gt|quot|apos);)", self.data))
        return np.concatenate(found) if found else np.zeros(0, np.int64)

    def places(self, pattern: bytes) -> Any:
        """Where a pattern occurs; its first byte is looked for first."""
        return _places(pattern, self.data) if pattern[:1] in self.data else np.zeros(0, np.int64)


def _places(pattern: bytes, data: bytes) -> Any:
    return np.array([m.start() for m in re.finditer(pattern, data)], np.int64)


def cut(buffer: Any, starts: Any, stops: Any, kind: Any = None) -> Any:
    """Strings over a buffer: ranges at even places, what lies between them at odd ones. Raises
    Muddle for ranges that are not in order."""
    offsets = np.empty(2 * starts.size, np.int32)
    offsets[0::2] = starts
    offsets[1::2] = stops
    if (offsets[1:] < offsets[:-1]).any():
        # Arrow would believe it, and read where nothing is.
        raise Muddle
    count = max(offsets.size - 1, 0)
    if not count:
        offsets = np.zeros(1, np.int32)
    buffers = [None, pa.py_buffer(offsets), buffer]
    return pa.Array.from_buffers(kind or pa.string(), count, buffers)


def evens(count: int) -> Any:
    """The places of ``count`` ranges in what `cut` gives."""
    return pa.array(np.arange(0, 2 * count, 2, dtype=np.int32))


def texts_between(block: Block, starts: Any) -> tuple[Any, Any, Any]:
    """(starts, stops, bad units): the runs of text between tags, none of them empty. Units in
    which ``<`` and ``>`` do not alternate are bad and none of their runs is given. ``starts``:
    of the units."""
    codes = block.codes[: block.size]
    low, high = codes == 60, codes == 62
    opens = np.flatnonzero(high[:-1] & ~low[1:]) + 1
    closes = np.flatnonzero(low[1:] & ~high[:-1]) + 1
    bad = np.zeros(starts.size, bool)
    even = opens.size == closes.size
    if not even or not (opens < closes).all() or not (closes[:-1] < opens[1:]).all():
        places = np.concatenate((opens, closes))
        closing = np.zeros(places.size, bool)
        closing[opens.size :] = True
        order = np.argsort(places, kind="stable")
        places, closing = places[order], closing[order]
        twice = closing == np.concatenate(([True], closing[:-1]))
        units = unit_of(starts, places)
        bad[units[twice]] = True
        # The partner of what came twice may be in the unit before.
        bad[units[np.maximum(np.flatnonzero(twice) - 1, 0)]] = True
        keep = ~bad[units]
        opens, closes = places[keep & ~closing], places[keep & closing]
    return opens, closes, bad


def unit_of(starts: Any, places: Any) -> Any:
    """In which unit each place lies. Places must lie behind the first start."""
    return np.searchsorted(starts, places, side="right") - 1


def careful_xml(stream: IO[bytes], handlers: Handlers, *, file: str, part: str) -> None:
    """Feeds a stream to ``handlers.start/end/text``. Raises ``reading.xml-entities`` or
    ``reading.damaged``."""
    parser = Expat(handlers, file=file, part=part)
    while block := stream.read(_SMALL):
        parser.feed(block)
    parser.feed(b"", final=True)


def quick_xml(
    stream: IO[bytes], handlers: Handlers, taker: Taker[F], *, file: str, part: str
) -> None:
    """As `careful_xml`, but regular units go to the taker. The same errors by code; where they
    are told to stand may be wrong, as expat has not seen all."""
    parser = Expat(handlers, file=file, part=part)
    data = stream.read(BLOCK)
    opening = taker.opening.search(data)
    if opening is not None:
        parser.feed(data[: opening.end()])
        data = data[opening.end() :]
        if parser.utf8:
            data = _blocks(stream, parser, taker, data, parser.stands(len(opening[0])))
    while data:
        parser.feed(data)
        data = stream.read(_SMALL)
    parser.feed(b"", final=True)


def _blocks(stream: IO[bytes], parser: Expat, taker: Taker[F], rest: bytes, between: bool) -> bytes:
    """Reads blocks of whole units to the end of the stream; gives back what stands after the last.
    ``between``: expat stands between two units."""
    while True:
        more = stream.read(BLOCK)
        data = rest + more
        at = data.rfind(taker.end)
        if at >= 0:
            at += len(taker.end)
            between = _block(data[:at], parser, taker, between)
            rest = data[at:]
        elif more and len(data) < _LONGEST:
            rest = data
        elif more:
            parser.feed(data)
            between, rest = False, b""
        if not more:
            return rest if at >= 0 else data


def _block(data: bytes, parser: Expat, taker: Taker[F], between: bool) -> bool:
    tag = len(taker.end)
    try:
        found = taker.look(Block(data))
    except Muddle:
        found = None
    if found is None:
        parser.feed(data)
        return parser.stands(tag)
    regular, starts, stops = found.regular, found.starts.tolist(), found.stops.tolist()
    if not between:
        regular[0] = False
    at = 0
    for first in np.flatnonzero(~regular).tolist():
        if first < at:
            continue
        at = first + 1
        while at < len(starts) and not regular[at]:
            at += 1
        taker.before(found, first)
        parser.feed(data[starts[first] : stops[at - 1]])
        while not parser.stands(tag) and at < len(starts):
            # In a comment, say, that goes on: no unit is what it seems.
            regular[at] = False
            parser.feed(data[starts[at] : stops[at]])
            at += 1
    taker.take(found)
    return bool(regular[-1]) or parser.stands(tag)
