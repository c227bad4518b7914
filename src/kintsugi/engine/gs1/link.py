"""GS1 Digital Link URIs.

Source: GS1 Digital Link Standard: URI Syntax. The path holds a key and its qualifiers in order,
the query other data; anything before the key is the resolver's. Compressed links (a separate
standard) are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from kintsugi.engine.gs1.associations import distinct
from kintsugi.engine.gs1.dictionary import identifiers, predefined_lengths
from kintsugi.engine.gs1.elements import STRICT, Element, Options, element, entry
from kintsugi.engine.gs1.errors import RESCAN, GS1Error
from kintsugi.engine.text import Text

GS1_RESOLVER = "https://id.gs1.org"
SCHEMES = ("https://", "http://", "HTTPS://", "HTTP://")
GTIN = "01"
SHORT_GTINS = (8, 12, 13)

# Names of release 1.1 of the standard, deprecated since 1.2.
NAMES = {
    "gtin": "01", "itip": "8006", "cpid": "8010", "gln": "414", "party": "417", "payTo": "415",
    "gsrnp": "8017", "gsrn": "8018", "gcn": "255", "sscc": "00", "gdti": "253", "ginc": "401",
    "gsin": "402", "grai": "8003", "giai": "8004", "gmn": "8013", "cpv": "22", "lot": "10",
    "ser": "21", "glnx": "254", "refno": "8020", "srin": "8019", "cpsn": "8011", "exp": "17",
}  # fmt: skip

_URI = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]*")
_AUTHORITY = re.compile(
    r"(?:[A-Za-z0-9][A-Za-z0-9.\-]*|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?"
)
_COMPRESSED = re.compile(r"[A-Za-z0-9_-]{10,}")
_LINK = Text(
    "请核对链接；GS1 数字链接写作 https://域名/01/GTIN/10/批号/21/序列号?17=效期。",
    "Compare the link; a GS1 Digital Link reads https://domain/01/GTIN/10/lot/21/serial?17=expiry.",
)


def _refused(message: Text, **facts: object) -> GS1Error:
    return GS1Error("gs1.link", message, _LINK, **facts)


def _not_a_key() -> GS1Error:
    return GS1Error(
        "gs1.link-without-key",
        Text(
            "链接中没有 GS1 主标识，不是数字链接。",
            "The link holds no GS1 key: it is no Digital Link.",
        ),
        _LINK,
    )


def unescape_path(text: str) -> str:
    """A path segment without percent encoding; ``+`` is a plus sign."""
    return unquote(text, encoding="latin-1")


def unescape_query(text: str) -> str:
    """A query value without percent encoding; ``+`` is a blank."""
    return unquote_plus(text, encoding="latin-1")


def escape_path(text: str) -> str:
    """Percent encoding of all but letters, digits and ``-._~``."""
    return quote(text, safe="-._~", encoding="latin-1")


def escape_query(text: str) -> str:
    """As in the path, but a blank is ``+``."""
    return quote_plus(text, safe="-._~", encoding="latin-1")


def _parts(uri: str) -> tuple[list[str], str]:
    """Path segments and query. Refuses what is no http address."""
    scheme = next((s for s in SCHEMES if uri.startswith(s)), None)
    if scheme is None:
        raise _refused(
            Text("链接应以 https:// 开头。", "A link begins with https://."), text=uri[:20]
        )
    good = _URI.match(uri)
    end = good.end() if good else 0
    if end < len(uri):
        raise _refused(
            Text("链接中有不允许的字符。", "The link holds a character that no link may hold."),
            position=end + 1,
            character=uri[end],
        )
    rest, _, _fragment = uri[len(scheme) :].partition("#")
    address, _, query = rest.partition("?")
    authority, slash, path = address.partition("/")
    match = _AUTHORITY.fullmatch(authority)
    if match is None or int(match["port"] or 0) > 65535:
        raise _refused(
            Text("链接的域名不成立。", "The link's domain is malformed."), text=authority[:80]
        )
    if not slash:
        raise _not_a_key()
    return path.split("/"), query


def _code(text: str, options: Options) -> str:
    """The identifier a segment or query name stands for; the text itself when it is none."""
    return NAMES.get(text, text) if options.names else text


def _key_at(segments: Sequence[str], options: Options) -> int:
    """Where the key stands: pairs are counted from the end, so stems may hold anything."""
    known = identifiers()
    for at in range(len(segments) - 2, -1, -2):
        ai = known.get(_code(segments[at], options))
        if ai and ai.qualifiers is not None:
            return at
    if segments and _COMPRESSED.fullmatch(segments[-1]) and not segments[-1].isdigit():
        raise GS1Error(
            "gs1.link-compressed",
            Text(
                "链接中没有可读的 GS1 主标识，可能是压缩的数字链接，本系统不读取。",
                "The link shows no GS1 key. Perhaps it is a compressed Digital Link: those are "
                "not read.",
            ),
            Text(
                "请扫描标签上的其他条码，或请供应商使用未压缩的链接。",
                "Scan another barcode of the label, or ask the supplier for uncompressed links.",
            ),
        )
    raise _not_a_key()


def _value(code: str, text: str, options: Options) -> Element:
    if options.short_gtins and code == GTIN and len(text) in SHORT_GTINS:
        text = text.zfill(14)
    return element(code, text, options)


def _in_order(codes: Sequence[str], ways: Sequence[Sequence[str]]) -> bool:
    """Whether the codes are a subsequence of one of the ways; no codes always are."""
    for way in (*ways, ()):
        rest = iter(way)
        if all(code in rest for code in codes):
            return True
    return False


def _attributes(query: str, options: Options) -> Iterator[tuple[str, str]]:
    """Identifier and value of the query's GS1 data; other names are the resolver's."""
    for part in query.split("&"):
        name, equals, value = part.partition("=")
        code = _code(name, options)
        if equals and code.isascii() and code.isdigit():
            yield code, unescape_query(value)


def parse_link(uri: str, options: Options = STRICT) -> tuple[Element, ...]:
    """Elements of a Digital Link: key, qualifiers, then the query in its order. Raises GS1Error.

    An identifier stands once; a qualifier of the key belongs into the path.
    """
    segments, query = _parts(uri)
    at = _key_at(segments, options)
    codes = [_code(segment, options) for segment in segments[at::2]]
    values = [unescape_path(segment) for segment in segments[at + 1 :: 2]]
    ways = identifiers()[codes[0]].qualifiers or ()
    if not _in_order(codes[1:], ways):
        raise _refused(
            Text(
                "链接路径中的限定项不属于该主标识，或次序不对。",
                "The path's qualifiers are not those of the key, or not in their order.",
            ),
            key=codes[0],
            qualifiers=codes[1:],
        )
    elements = [_value(code, text, options) for code, text in zip(codes, values, strict=True)]
    present = set(codes)
    for code, text in _attributes(query, options):
        ai = entry(code, options)
        if code in present:
            raise _refused(
                Text("链接中同一项出现两次。", "One identifier stands twice in the link."), ai=code
            )
        # Whether the path with this one added, in any place, would be a good path.
        in_path = any(
            _in_order([*codes[1:n], code, *codes[n:]], ways) for n in range(1, len(codes) + 1)
        )
        if in_path or not ai.attribute:
            raise _refused(
                Text("此项不得放在链接的查询部分。", "This identifier may not stand in the query."),
                ai=code,
            )
        present.add(code)
        elements.append(_value(code, text, options))
    return tuple(elements)


def write_link(
    elements: Sequence[Element], *, stem: str | None = None, options: Options = STRICT
) -> str:
    """The Digital Link of the elements under ``stem``, GS1's own resolver by default.

    The first key becomes the path's key, with those of its qualifiers that are there; the rest is
    the query, predefined lengths first. Raises GS1Error when there is no key, or data that no
    query may hold.
    """
    rest = {e.ai: e for e in distinct(elements)}
    known = identifiers()
    key = next((e for e in rest.values() if _ways(e) is not None), None)
    if key is None:
        raise GS1Error(
            "gs1.no-key",
            Text(
                "没有可作数字链接主标识的应用标识符。",
                "No application identifier here can be the key of a Digital Link.",
            ),
            RESCAN,
        )
    del rest[key.ai]
    ways = _ways(key) or ()
    way = next((way for way in ways if any(code in rest for code in way)), ())
    path = [key, *(rest.pop(code) for code in way if code in rest)]
    for code in rest:
        ai = known.get(code)
        if not (ai.attribute if ai else options.unknown_ais):
            raise GS1Error(
                "gs1.not-for-links",
                Text(
                    "此项不能写入数字链接。", "This identifier cannot be put into a Digital Link."
                ),
                Text("请改用元素串条码。", "Use a barcode with an element string instead."),
                ai=code,
            )
    address = "".join(f"/{e.ai}/{escape_path(e.value)}" for e in path)
    # As in symbols, what has a predefined length comes first.
    ordered = sorted(rest.values(), key=lambda e: e.ai[:2] not in predefined_lengths())
    query = "&".join(f"{e.ai}={escape_query(e.value)}" for e in ordered)
    return (stem or GS1_RESOLVER).rstrip("/") + address + (f"?{query}" if query else "")


def _ways(element: Element) -> tuple[tuple[str, ...], ...] | None:
    ai = identifiers().get(element.ai)
    return ai.qualifiers if ai else None
