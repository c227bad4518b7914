"""A text file as blocks of whole UTF-8 lines: decoded strictly, line by line where needed."""

import codecs
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from kintsugi.engine.reading import errors
from kintsugi.engine.reading.encoding import BLOCK, Encoding
from kintsugi.engine.reading.limits import MIB, ReadLimits


@dataclass
class TextStream:
    """Gives a file in blocks of whole lines, as UTF-8. ``repaired`` lists lines another codec
    decoded, ``broken`` those where unknown bytes were replaced by U+FFFD (both capped at 100).
    ``valid_utf8`` promises that the whole file was seen to be UTF-8."""

    path: Path
    encoding: Encoding
    line_end: str
    limits: ReadLimits
    file: str
    valid_utf8: bool = False
    repaired: list[tuple[int, str]] = field(default_factory=list)
    broken: list[int] = field(default_factory=list)
    broken_count: int = 0
    repaired_count: int = 0

    def head(self, size: int = MIB) -> str:
        """The first whole lines, about ``size`` bytes of them."""
        for _, block in self.blocks(2 * BLOCK):
            return block[:size].decode("utf-8", "ignore")
        return ""

    def blocks(self, size: int = 2 * BLOCK) -> Iterator[tuple[int, bytes]]:
        """(first line number, whole lines). The last block may lack a line end."""
        if self.line_end == "MIXED" or self.encoding.name.startswith(("utf-16", "utf-32")):
            yield from self._decoded_blocks(size)
            return
        end = b"\r" if self.line_end == "CR" else b"\n"
        number, rest = 1, b""
        with self.path.open("rb") as stream:
            stream.seek(self.encoding.bom_bytes)
            while block := stream.read(size):
                cut = block.rfind(end) + 1
                whole, rest = (rest + block[:cut], block[cut:]) if cut else (b"", rest + block)
                self._bounded(number, len(rest), stream)
                if whole:
                    yield number, self._utf8(whole, number, end)
                    number += whole.count(end)
        if rest:
            yield number, self._utf8(rest, number, end)

    def _decoded_blocks(self, size: int) -> Iterator[tuple[int, bytes]]:
        """UTF-16 and UTF-32: bytes of a character may look like a line end, so decode first.
        Mixed line ends all become line feeds."""
        end = "\r" if self.line_end == "CR" else "\n"
        plain = codecs.getincrementaldecoder(self.encoding.name)("replace")
        mixed = self.line_end == "MIXED"
        decoder = io.IncrementalNewlineDecoder(plain, translate=True) if mixed else plain
        number, rest = 1, ""
        with self.path.open("rb") as stream:
            stream.seek(self.encoding.bom_bytes)
            while block := stream.read(size):
                rest += decoder.decode(block)
                cut = rest.rfind(end) + 1
                whole, rest = rest[:cut], rest[cut:]
                self._bounded(number, len(rest) * 2, stream)
                if whole:
                    yield number, whole.encode("utf-8", "replace")
                    number += whole.count(end)
        rest += decoder.decode(b"", True)
        if rest:
            yield number, rest.encode("utf-8", "replace")

    def _bounded(self, line: int, held: int, stream: BinaryIO) -> None:
        if held > self.limits.max_line_bytes + 2 * BLOCK:
            raise errors.long_line(
                self.file,
                line=line,
                offset=stream.tell() - held,
                limit=self.limits.max_line_bytes,
            )

    def _utf8(self, data: bytes, first_line: int, end: bytes) -> bytes:
        if self.valid_utf8 and self.encoding.name == "utf-8":
            return data
        try:
            return data.decode(self.encoding.name).encode()
        except UnicodeDecodeError:
            lines = [line + end for line in data.split(end)]
            last = lines.pop()[: -len(end)]
            texts = [
                self._decode_line(line, number)
                for number, line in enumerate([*lines, last], start=first_line)
            ]
            return "".join(texts).encode()

    def _decode_line(self, line: bytes, number: int) -> str:
        for name in (self.encoding.name, *self.encoding.others):
            try:
                text = line.decode(name)
            except UnicodeDecodeError:
                continue
            if name != self.encoding.name:
                self.repaired_count += 1
                if len(self.repaired) < 100:
                    self.repaired.append((number, name))
            return text
        self.broken_count += 1
        if len(self.broken) < 100:
            self.broken.append(number)
        return line.decode(self.encoding.name, "replace")
