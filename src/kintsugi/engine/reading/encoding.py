"""Which encoding a text file is in, and decoding it strictly, line by line where it must be.

Evidence in this order: byte order mark; NUL bytes of UTF-16; strict UTF-8 over the whole file;
then GB18030, Big5 and CP1252 compete on the lines that are not ASCII. Both Chinese double-byte
codes put their everyday characters into one plane ("level 1"), so real text lies there in one
code and scattered in the other; that, with a list of the commonest characters, decides even two
or three characters. charset-normalizer is asked only where the margin is small.
"""

import codecs
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from kintsugi.engine.reading import errors
from kintsugi.engine.reading.limits import MIB, ReadLimits
from kintsugi.engine.text import Text

BLOCK: Final = 4 * MIB
#: One NUL in so many bytes is a flaw of a text, more are no text.
_NUL_SHARE: Final = 500
SAMPLE_BYTES: Final = 256 * 1024
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# The commonest characters of everyday and of equipment records; no frequency table is needed
# beyond "usual or not".
COMMON: Final = frozenset(
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说"
    "产种面而方后多定行学法所民得经十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点"
    "从业本去把性好应开它合还因由其些然前外天政四日那社义事平形相全表间样与关各重新线内数正心反你明看原"
    "又么利比或但质气第向道命此变条只没结解问意建月公无系军很情者最立代想已通并提直题党程展五果料象员"
    "医疗器械设备序列号型名称规格厂商供应采购期合同金额数量单位科室安装地址电话联系保修维护工停封存放射"
    "超声监护仪呼吸机注册证编码类别状态备注院址北京上海广州深圳杭州成都武汉南市省区县路楼层室有限公司集团"
    "完好待报废故障描述更换配件技师客户服务登记生产入库出库批次价格元万台件套个盒支年月日影像检验内外妇儿"
    "急诊手术麻醉心脏血管骨眼耳鼻喉口腔皮肤中医康复透析病房门诊住院东西"
    "醫療設備序號型號名稱規格廠商應採購日期合約金額數量單位科室裝電話聯絡維護狀態備註處無問題與個們這國會"
    "時來說對學發經動種過進長開關點體機業產還現實樣線內電總計價錢庫區臺灣北縣華東門車間員實驗請為證書類別"
    "項氣從後將見並兩頭達領術較圖書統條專將務轉運費買賣東類萬億張陳劉黃吳趙孫馬"
)
_CJK: Final = re.compile("[\u4e00-\u9fff\u3400-\u4dbf]")
_LATIN_LETTERS: Final = frozenset(
    "àáâãäåæçèéêëìíîïñòóôõöøùúûüýÿßœšžÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝŒŠŽ°±²³µ€£©®™½¼·×–—‘’“”…ºª§«»"
)


@dataclass
class Encoding:
    """A codec name for Python, how many bytes of mark to skip, confidence 0–1, and the evidence.

    ``others`` are tried on single lines which the codec cannot decode.
    """

    name: str
    bom_bytes: int = 0
    confidence: float = 1.0
    reason: str = ""
    alternative: str | None = None
    others: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        return {"cp1252": "windows-1252", "utf-8": "utf-8"}.get(self.name, self.name)


@dataclass
class Survey:
    """One pass over the bytes: size, line bounds, and the lines that are not ASCII."""

    size: int = 0
    ascii: bool = True
    utf8: bool = True
    nul: int = 0
    control: int = 0
    cr: int = 0
    crlf: int = 0
    lf: int = 0
    head_lf: int = 0
    utf8_multi: int = 0
    head: bytes = b""
    sample: bytearray = field(default_factory=bytearray)


def survey(path: Path, *, limits: ReadLimits, file: str) -> Survey:
    """Looks at every byte once, in bounded memory. Raises ``reading.line-too-long``."""
    seen = Survey()
    utf8 = codecs.getincrementaldecoder("utf-8")("strict")
    line, line_start = 1, 0
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            if not seen.size:
                seen.head = block[:65536]
                seen.crlf = seen.head.count(b"\r\n")
                seen.head_lf = seen.head.count(b"\n")
            start = seen.size
            seen.size += len(block)
            lf = block.count(b"\n")
            seen.lf += lf
            if not seen.lf:
                seen.cr += block.count(b"\r")
            seen.nul += block.count(0)
            first = _first_break(block)
            if (first if first >= 0 else len(block)) + start - line_start > limits.max_line_bytes:
                raise errors.long_line(
                    file, line=line, offset=line_start, limit=limits.max_line_bytes
                )
            line += lf or seen.cr
            last = max(block.rfind(b"\n"), block.rfind(b"\r"))
            if last >= 0:
                line_start = start + last + 1
            if not block.isascii():
                seen.ascii = False
                _collect(block, seen)
                if seen.utf8:
                    try:
                        utf8.decode(block)
                    except UnicodeDecodeError:
                        seen.utf8 = False
    if seen.utf8 and not seen.ascii:
        try:
            utf8.decode(b"", True)
        except UnicodeDecodeError:
            seen.utf8 = False
    seen.control = sum(seen.head.count(c) for c in (*range(1, 9), *range(14, 27), *range(28, 32)))
    return seen


def _first_break(block: bytes) -> int:
    found = [at for at in (block.find(b"\n"), block.find(b"\r")) if at >= 0]
    return min(found, default=-1)


def _collect(block: bytes, seen: Survey) -> None:
    """Keeps lines that are not ASCII, as far as there is room in the sample."""
    room = SAMPLE_BYTES - len(seen.sample)
    if room <= 0:
        return
    high = np.flatnonzero(np.frombuffer(block, np.uint8) > 127)
    at = 0
    while at < high.size and room > 0:
        place = int(high[at])
        start = max(block.rfind(b"\n", 0, place), block.rfind(b"\r", max(0, place - 4096), place))
        stops = (block.find(b"\n", place), block.find(b"\r", place, place + 4096))
        stop = min((s for s in stops if s >= 0), default=len(block))
        piece = block[max(start + 1, place - 2048) : min(stop, place + 2048)]
        seen.sample += piece + b"\n"
        room -= len(piece) + 1
        at = int(np.searchsorted(high, stop))


def detect(seen: Survey, *, hint: str | None, file: str) -> Encoding:
    """The encoding of a surveyed file. Raises ``reading.wrong-type`` for binary content."""
    for mark, name in _BOMS:
        if seen.head.startswith(mark):
            return Encoding(name, bom_bytes=len(mark), reason="byte order mark")
    if hint is not None:
        try:
            return Encoding(codecs.lookup(hint).name, reason="given by a person")
        except LookupError:
            raise errors.undecodable(file, hint) from None
    if seen.nul:
        wide = _utf16(seen.head)
        if wide is not None:
            return Encoding(wide, confidence=0.95, reason="NUL bytes of UTF-16")
    printable = max(1, len(seen.head))
    if seen.nul * _NUL_SHARE > seen.size or seen.control / printable > 0.01:
        raise errors.wrong_type(
            file, Text("二进制数据", "binary data"), nul_bytes=seen.nul, controls=seen.control
        )
    if seen.ascii:
        return Encoding("utf-8", reason="only ASCII")
    if seen.utf8 and not _by_chance(bytes(seen.sample)):
        return Encoding("utf-8", reason="valid UTF-8 throughout")
    return _compete(bytes(seen.sample))


def _utf16(head: bytes) -> str | None:
    """UTF-16 without a mark: NULs stand on one side of ASCII characters only."""
    sample = head[: len(head) // 2 * 2]
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if even == odd or min(even, odd) > max(even, odd) * 0.05:
        return None
    name = "utf-16-le" if odd > even else "utf-16-be"
    try:
        text = codecs.getincrementaldecoder(name)("strict").decode(sample)
    except UnicodeDecodeError:
        return None
    bad = sum(not c.isprintable() and c not in "\r\n\t" for c in text)
    return name if bad <= len(text) * 0.01 else None


def _by_chance(sample: bytes) -> bool:
    """Whether a few Chinese characters only happen to be valid UTF-8, as 探头 in GB18030 is.

    Such bytes give characters of rare blocks, side by side; Chinese in UTF-8 takes three bytes a
    character, and the letters of European languages lie in few blocks.
    """
    if len(sample) > 4096 or not re.search(rb"[\x80-\xff]{4}", sample):
        return False
    odd = [c for c in sample.decode("utf-8", "ignore") if c >= "\x80"]
    usual = sum(
        c >= "\u0800" or c <= "\u017f" or "\u0386" <= c <= "\u03ce" or "\u0400" <= c <= "\u045f"
        for c in odd
    )
    return usual * 2 < len(odd)


def _compete(sample: bytes) -> Encoding:
    lines = [line for line in sample.split(b"\n") if line]
    scores = {name: _score(name, lines) for name in ("gb18030", "big5", "cp1252", "utf-8")}
    ranked = sorted(scores, key=lambda n: scores[n], reverse=True)
    best, second = ranked[0], ranked[1]
    margin = scores[best] - max(0.0, scores[second])
    confidence = round(min(0.99, 0.5 + margin), 2)
    reason = f"score {scores[best]:.2f}, next {second} {scores[second]:.2f}"
    alternative = None
    if confidence < 0.75:
        other = _second_opinion(sample)
        if other == best:
            confidence, reason = 0.8, reason + ", charset-normalizer agrees"
        else:
            alternative = other if other in scores else second
    if best == "cp1252" and any(bytes([c]) in sample for c in (0x81, 0x8D, 0x8F, 0x90, 0x9D)):
        best = "latin-1"
    if best == "utf-8":
        strange = [line for line in lines if not _is_utf8(line)]
        scores = {name: _score(name, strange) for name in ("gb18030", "big5", "cp1252")}
        ranked = sorted(scores, key=lambda n: scores[n], reverse=True)
    others = tuple(n for n in ranked if n != best and scores[n] > 0.3)
    return Encoding(best, 0, confidence, reason, alternative, others)


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _second_opinion(sample: bytes) -> str | None:
    from charset_normalizer import from_bytes

    match = from_bytes(sample[:20_000]).best()
    if match is None:
        return None
    name = match.encoding.replace("_", "-")
    same = {"gb18030", "gb2312", "gbk", "cp936"}
    return "gb18030" if name in same else {"cp950": "big5", "big5hkscs": "big5"}.get(name, name)


def _score(name: str, lines: list[bytes]) -> float:
    """0–1: how much the lines look like text in this encoding."""
    good: list[str] = []
    failed = 0
    for line in lines:
        try:
            good.append(line.decode(name))
        except UnicodeDecodeError:
            failed += 1
    if not good:
        return 0.0
    decoded = len(good) / len(lines)
    if name == "utf-8":
        # Strict UTF-8 in most lines does not happen by chance: a few lines came from elsewhere.
        chance = 0.5 if _by_chance(b"\n".join(lines)) else 1.0
        return decoded * chance if decoded > 0.5 else 0.0
    if decoded < 0.5:
        return 0.0
    text = "".join(good)
    plausible = _latin_share(text) if name == "cp1252" else _chinese_share(text, name)
    return plausible * decoded**4


def _chinese_share(text: str, name: str) -> float:
    """Mean plausibility of the characters that are not ASCII."""
    marks = 0.0
    count = 0
    for c in text:
        if c < "\x80":
            continue
        count += 1
        if c in COMMON:
            marks += 1.0
        elif _CJK.match(c):
            marks += 0.75 if _level_one(c, name) else 0.1
        elif (
            c in "，。、；：？！（）《》“”‘’【】—…·％＋－／　〃℃㎡×±①②③④⑤"
            or "\uff01" <= c <= "\uff5e"
        ):
            marks += 0.8
        elif not c.isprintable() or "\ue000" <= c <= "\uf8ff":
            marks -= 1.0
    return max(0.0, marks / count) if count else 0.0


def _level_one(c: str, name: str) -> bool:
    try:
        code = c.encode("gb2312" if name == "gb18030" else "big5")
    except UnicodeEncodeError:
        return False
    if len(code) != 2:
        return False
    return 0xB0 <= code[0] <= 0xD7 if name == "gb18030" else 0xA4 <= code[0] <= 0xC6


def _latin_share(text: str) -> float:
    """Latin text has single accented letters among plain ones, not long runs of odd signs."""
    marks = 0.0
    count = 0
    for run in re.finditer("[^\x00-\x7f]+", text):
        piece = run.group()
        count += len(piece)
        letters = sum(c in _LATIN_LETTERS for c in piece)
        marks += letters * (1.0 if len(piece) == 1 else 0.6 if len(piece) == 2 else 0.1)
    return marks / count * 0.95 if count else 0.0
