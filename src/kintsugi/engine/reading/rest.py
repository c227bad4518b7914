"""A REST address as one file: its pages followed, what fails for a moment asked again.

The next page is found where servers say it: the ``Link`` header, an address in the body (``next``,
``nextLink`` …), a cursor, or page numbers and offsets that the body or the address itself count.
Records of several pages become NDJSON; one page, or what is no JSON, stays the bytes it was.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit, urlunsplit

import urllib3

from kintsugi.engine.reading import errors
from kintsugi.engine.reading.limits import MIB, ReadLimits
from kintsugi.engine.reading.outside import OutsidePool

PAGES_MAX: Final = 10_000
_TIMEOUT_S: Final = 60.0
_TRIES: Final = 5
_BACKOFF_S: Final = 0.2
_BACKOFF_MAX_S: Final = 30
_AGAIN: Final = (429, 500, 502, 503, 504)
_SECRET: Final = re.compile(r"key|token|secret|password|pwd|sig|auth", re.I)
_NEXT: Final = ("next", "next_url", "next_page_url", "nextlink", "@odata.nextlink", "next_page")
_CURSORS: Final = {
    "next_cursor": "cursor", "nextcursor": "cursor", "nextpagetoken": "pageToken",
    "next_page_token": "page_token", "continuation_token": "continuation_token",
}  # fmt: skip
_PAGE: Final = ("page", "page_number", "pagenumber", "pageindex")
_PAGES: Final = ("total_pages", "totalpages", "pages", "page_count", "pagecount", "last_page")
_OFFSET: Final = ("offset", "skip", "$skip", "start")
_TOTAL: Final = ("total", "total_count", "totalcount", "count", "@odata.count")

Object = dict[str, Any]


@dataclass(frozen=True)
class Fetched:
    """What was fetched: how many pages, and the sha256 and number of bytes of the file made.

    ``tag`` and ``modified`` are what a server calls this state of a single page (ETag,
    Last-Modified); ``unchanged``: it said that nothing changed, and nothing was written.
    """

    pages: int
    sha256: str
    bytes: int
    tag: str = ""
    modified: str = ""
    unchanged: bool = False


def shown(location: str) -> str:
    """The address without a password and without what its query keeps secret."""
    parts = urlsplit(location)
    host = parts.netloc.rpartition("@")[2]
    query = [
        (name, "***" if _SECRET.search(name) else value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
    ]
    return urlunsplit((parts.scheme, host, parts.path, urlencode(query, safe="*"), ""))


def file_name(location: str) -> str:
    """The last part of the path, else the host."""
    parts = urlsplit(location)
    return parts.path.rstrip("/").rpartition("/")[2] or parts.hostname or "rest"


def fetch(
    location: str,
    target: Path,
    *,
    headers: Mapping[str, str],
    limits: ReadLimits,
    outside_only: bool = False,
) -> Fetched:
    """Fetch an address with all its pages into ``target``.

    ``outside_only``: no address of the house is asked, whatever an answer redirects to.

    A moment's refusal (429, 5xx, a broken connection) is asked again up to five times, as long
    apart as the server says. Raises ReadError ``reading.rest-…``.
    """
    bare, own = _login(location)
    sent = {"Accept": "application/json, */*;q=0.5", **own, **headers}
    retries = urllib3.Retry(
        total=_TRIES, backoff_factor=_BACKOFF_S, backoff_max=_BACKOFF_MAX_S,
        status_forcelist=_AGAIN, respect_retry_after_header=True,
        retry_after_max=_BACKOFF_MAX_S, raise_on_status=False, redirect=3,
        # A key in a header of its own is told to no other server either.
        remove_headers_on_redirect=[n for n in sent if n != "Accept"],
    )  # fmt: skip
    manager = OutsidePool if outside_only else urllib3.PoolManager
    with manager(retries=retries, timeout=_TIMEOUT_S) as pool:
        pages = _Pages(pool, bare, sent, limits)
        first = pages.first()
        if first.status == 304:
            return Fetched(1, "", 0, unchanged=True)
        found = first.records
        more = None if found is None else pages.after(first)
        with target.open("wb") as out:
            if more is None:
                out.write(first.body)
            else:
                _write_records(out, found or [])
                for page in pages.rest(more):
                    _write_records(out, page.records or [])
                    if out.tell() > limits.max_bytes:
                        raise errors.too_large(shown(bare), out.tell(), limits.max_bytes)
    with target.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    single = pages.count == 1
    return Fetched(
        pages.count, digest, target.stat().st_size,
        tag=first.tag[:200] if single else "", modified=first.modified[:60] if single else "",
    )  # fmt: skip


def _login(location: str) -> tuple[str, dict[str, str]]:
    """The address without name and password, and the header that says them."""
    parts = urlsplit(location)
    who, at, host = parts.netloc.rpartition("@")
    if not parts.hostname:
        raise errors.bad_url(location.partition("://")[0] + "://…")
    bare = urlunsplit((parts.scheme, host, parts.path, parts.query, ""))
    return bare, urllib3.make_headers(basic_auth=who) if at else {}


def _write_records(out: BinaryIO, records: list[Any]) -> None:
    for record in records:
        line = json.dumps(record, ensure_ascii=False, separators=(",", ":"), default=str)
        out.write(line.encode() + b"\n")


@dataclass(frozen=True)
class _Page:
    """One answer. ``records`` is the list of objects in it, None where there is none."""

    url: str
    body: bytes
    document: Any
    records: list[Any] | None
    link: str | None
    status: int = 200
    tag: str = ""
    modified: str = ""


class _Pages:
    """Asks for one page after the other, of one server, never one twice."""

    def __init__(
        self, pool: urllib3.PoolManager, url: str, headers: Mapping[str, str], limits: ReadLimits
    ) -> None:
        self._pool, self._url, self._headers, self._limits = pool, url, headers, limits
        self._asked: set[str] = set()
        self.count = 0

    def first(self) -> _Page:
        """The page of the address itself."""
        return self._get(self._url)

    def rest(self, url: str | None) -> Iterator[_Page]:
        """The pages from this address on."""
        while url is not None:
            page = self._get(url)
            if not page.records:
                return
            yield page
            url = self.after(page)

    def _get(self, url: str) -> _Page:
        if _origin(url) != _origin(self._url):
            # The log-in is for one server; another one is not told it.
            raise errors.rest_elsewhere(shown(self._url), shown(url))
        if url in self._asked or self.count >= PAGES_MAX:
            raise errors.rest_endless(shown(url), self.count)
        self._asked.add(url)
        self.count += 1
        try:
            answer = self._pool.request(
                "GET", url, headers=dict(self._headers), preload_content=False
            )
            body = self._body(answer, url)
        except urllib3.exceptions.HTTPError as error:
            reason = getattr(error, "reason", None) or error
            raise errors.rest_unreachable(shown(url), type(reason).__name__) from error
        if answer.status >= 400:
            raise errors.rest_refused(shown(url), answer.status, retryable=answer.status in _AGAIN)
        document = _json(body)
        records = None if document is None else _records(document)
        said = answer.headers
        return _Page(
            url, body, document, records, _linked(said.get("Link")), answer.status,
            said.get("ETag") or "", said.get("Last-Modified") or "",
        )  # fmt: skip

    def _body(self, answer: urllib3.BaseHTTPResponse, url: str) -> bytes:
        parts: list[bytes] = []
        size = 0
        for block in answer.stream(MIB):
            parts.append(block)
            size += len(block)
            if size > self._limits.max_bytes:
                answer.close()
                raise errors.too_large(shown(url), size, self._limits.max_bytes)
        answer.release_conn()
        return b"".join(parts)

    def after(self, page: _Page) -> str | None:
        """The address of the page behind this one, None for the last."""
        if page.link is not None:
            return urljoin(page.url, page.link)
        if not isinstance(page.document, dict):
            return self._counted(page, {})
        said = {name.lower(): value for name, value in _flat(page.document)}
        for name in _NEXT:
            value = said.get(name)
            if isinstance(value, str) and value and re.match(r"https?://|[/?]", value):
                return urljoin(page.url, value)
        for name, parameter in _CURSORS.items():
            value = said.get(name)
            if value not in (None, "", False) and not isinstance(value, dict | list):
                return _with(page.url, parameter, str(value))
        return self._counted(page, said)

    def _counted(self, page: _Page, said: Object) -> str | None:
        """By number: what the body counts, else what the address itself does."""
        query = {name.lower(): (name, value) for name, value in parse_qsl(urlsplit(page.url).query)}
        got = len(page.records or [])
        pages = next((said[n] for n in _PAGES if isinstance(said.get(n), int)), None)
        number = next((said[n] for n in _PAGE if isinstance(said.get(n), int)), None)
        asked = next((query[n] for n in _PAGE if n in query and query[n][1].isdigit()), None)
        if pages is not None and (number is not None or asked is not None or self.count == 1):
            at = number if number is not None else int(asked[1]) if asked else 1
            parameter = asked[0] if asked else "page"
            return _with(page.url, parameter, str(at + 1)) if at < pages else None
        total = next((said[n] for n in _TOTAL if isinstance(said.get(n), int)), None)
        offset = next((query[n] for n in _OFFSET if n in query and query[n][1].isdigit()), None)
        if offset is not None and got:
            reached = int(offset[1]) + got
            if total is None or reached < total:
                return _with(page.url, offset[0], str(reached))
            return None
        if asked is not None and got:
            return _with(page.url, asked[0], str(int(asked[1]) + 1))
        return None


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, (parts.hostname or "").lower(), port


def _json(body: bytes) -> Any:
    try:
        return json.loads(body, parse_float=str)
    except (ValueError, RecursionError):
        return None


def _records(document: Any) -> list[Any] | None:
    """The objects of an answer: itself, or the longest list of objects in it."""
    if isinstance(document, list):
        return document if all(isinstance(one, dict) for one in document) else None
    if not isinstance(document, dict):
        return None
    inner = [value for value in document.values() if isinstance(value, dict)]
    lists = [
        value
        for member in (document, *inner)
        for value in member.values()
        if isinstance(value, list) and all(isinstance(one, dict) for one in value)
    ]
    return max(lists, key=len, default=None)


def _flat(document: Object) -> Iterator[tuple[str, Any]]:
    """Members of an answer and of the objects in it; ``links.next.href`` counts as ``next``."""
    for name, value in document.items():
        if isinstance(value, dict):
            for inner, what in value.items():
                if isinstance(what, dict) and isinstance(what.get("href"), str):
                    yield inner, what["href"]
                else:
                    yield inner, what
            if isinstance(value.get("href"), str):
                yield name, value["href"]
    # What stands outside wins.
    yield from ((n, v) for n, v in document.items() if not isinstance(v, dict | list))


def _linked(header: str | None) -> str | None:
    """The address that a ``Link`` header calls next (RFC 8288)."""
    for match in re.finditer(r"<([^>]*)>([^<]*)", header or ""):
        if re.search(r";\s*rel\s*=\s*\"?(?:[^\";]*\s)?next(?:\s[^\";]*)?\"?", match[2], re.I):
            return match[1]
    return None


def _with(url: str, name: str, value: str) -> str:
    """The address with a parameter of its query changed or added."""
    parts = urlsplit(url)
    query = [(n, v) for n, v in parse_qsl(parts.query, keep_blank_values=True) if n != name]
    return urlunsplit(
        parts._replace(query=urlencode([*query, (name, value)], quote_via=quote, safe="$,:"))
    )
