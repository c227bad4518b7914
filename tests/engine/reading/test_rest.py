"""REST addresses against a server of our own: every way of paging, what fails, what is not told."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from kintsugi.engine.reading import ReadHints, ReadLimits, read_source
from kintsugi.engine.reading.errors import ReadError
from kintsugi.engine.reading.rest import shown
from kintsugi.engine.snapshot import Snapshot, table_frame

RECORDS = [{"id": n, "name": f"泵{n}", "price": f"{n}.50"} for n in range(1, 8)]
Answer = tuple[int, dict[str, str], bytes]


class Served:
    """What the server answers, by path, and what it was asked."""

    def __init__(self) -> None:
        self.routes: dict[str, Callable[[dict[str, str]], Answer]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.url = ""

    def pages(self, path: str, make: Callable[[dict[str, str]], Any], **headers: str) -> str:
        """A path whose answer depends on its query."""
        self.routes[path] = lambda query: (200, headers, json.dumps(make(query)).encode())
        return f"{self.url}{path}"


@pytest.fixture
def served() -> Iterator[Served]:
    found = Served()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            found.asked.append((self.path, dict(self.headers)))
            query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            status, headers, body = found.routes[parts.path](query)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


def names(snapshot: Snapshot) -> list[str]:
    frame = table_frame(snapshot, 0).collect()
    at = next(c.key for c in snapshot.tables[0].columns if c.name == "name")
    return frame[at].to_list()


ALL = [one["name"] for one in RECORDS]


def part(at: int, size: int = 3) -> list[dict[str, Any]]:
    return RECORDS[at : at + size]


def test_one_page_stays_the_bytes_it_was(served: Served, tmp_path: Path) -> None:
    url = served.pages("/devices", lambda _: RECORDS)
    snapshot = read_source(url, into=tmp_path)
    assert names(snapshot) == ALL
    assert (snapshot.kind, snapshot.file_name, len(served.asked)) == ("json", "devices", 1)
    assert (snapshot.path / "raw.bin").read_bytes() == json.dumps(RECORDS).encode()


@pytest.mark.parametrize(
    "how", ["link", "address", "href", "relative", "cursor", "pages", "offset", "page-in-address"]
)
def test_every_way_of_paging_gives_every_record_once(
    served: Served, tmp_path: Path, how: str
) -> None:
    def page(query: dict[str, str]) -> Any:
        at = int(query.get("at") or query.get("cursor") or query.get("offset") or 0)
        if how in ("pages", "page-in-address"):
            at = 3 * (int(query.get("page", 1)) - 1)
        more = at + 3 < len(RECORDS)
        address = f"{served.url}/p?at={at + 3}" if more else None
        return {
            "link": part(at),
            "address": {"results": part(at), "next": address},
            "href": {"data": part(at), "links": {"next": {"href": address}} if more else {}},
            "relative": {"items": part(at), "meta": {"next": f"/p?at={at + 3}" if more else ""}},
            "cursor": {"data": part(at), "next_cursor": str(at + 3) if more else ""},
            "pages": {"data": part(at), "page": at // 3 + 1, "total_pages": 3},
            "offset": {"rows": part(at), "total": len(RECORDS)},
            "page-in-address": part(at),
        }[how]

    def answer(query: dict[str, str]) -> Answer:
        at = int(query.get("at", 0))
        link = {"Link": f'<{served.url}/p?at={at + 3}>; rel="next"'} if at + 3 < 7 else {}
        return 200, link if how == "link" else {}, json.dumps(page(query)).encode()

    served.routes["/p"] = answer
    start = {"offset": "/p?offset=0&limit=3", "page-in-address": "/p?page=1"}.get(how, "/p")
    snapshot = read_source(served.url + start, into=tmp_path)
    assert names(snapshot) == ALL
    assert [note.code for note in snapshot.notes] == ["rest.pages"]


def test_numbers_keep_their_digits_over_pages(served: Served, tmp_path: Path) -> None:
    served.routes["/n"] = lambda q: (
        200, {}, b'{"data":[{"a":1.50,"b":12345678901234567890}],"page":%d,"pages":2}'
        % int(q.get("page", 1)),
    )  # fmt: skip
    frame = table_frame(read_source(f"{served.url}/n", into=tmp_path), 0).collect()
    assert frame.select("c1", "c2").rows() == [("1.50", "12345678901234567890")] * 2


def test_what_is_no_json_is_read_for_what_it_is(served: Served, tmp_path: Path) -> None:
    served.routes["/export.csv"] = lambda _: (200, {}, "编号;名称\n1;泵\n2;刀\n".encode("gb18030"))
    snapshot = read_source(f"{served.url}/export.csv", into=tmp_path)
    assert (snapshot.kind, snapshot.encoding, snapshot.tables[0].rows) == ("text", "gb18030", 2)


def test_a_moments_refusal_is_asked_again_and_a_lasting_one_is_named(
    served: Served, tmp_path: Path
) -> None:
    answers = [(503, {"Retry-After": "0"}, b""), (429, {"Retry-After": "0"}, b"")]
    served.routes["/busy"] = lambda _: answers.pop(0) if answers else (
        200, {}, json.dumps(RECORDS).encode()
    )  # fmt: skip
    assert names(read_source(f"{served.url}/busy", into=tmp_path / "a")) == ALL
    assert len(served.asked) == 3
    served.routes["/no"] = lambda _: (403, {}, b"{}")
    with pytest.raises(ReadError) as refusal:
        read_source(f"{served.url}/no?api_key=abc", into=tmp_path / "b")
    assert (refusal.value.code, refusal.value.facts["status"]) == ("reading.rest-refused", 403)
    assert "abc" not in str(refusal.value)
    assert list((tmp_path / "b").iterdir()) == []


def test_the_log_in_is_sent_and_kept_nowhere(served: Served, tmp_path: Path) -> None:
    url = served.pages("/d", lambda _: RECORDS).replace("http://", "http://me:pa55@")
    hints = ReadHints(headers={"X-Api-Key": "geheim"})
    snapshot = read_source(f"{url}?token=t0p&site=1", into=tmp_path, hints=hints)
    _path, sent = served.asked[0]
    assert (sent["X-Api-Key"], sent["authorization"]) == ("geheim", "Basic bWU6cGE1NQ==")
    kept = (snapshot.path / "snapshot.json").read_text("utf-8")
    for secret in ("pa55", "t0p", "geheim"):
        assert secret not in kept
    assert snapshot.location.endswith("/d?token=***&site=1")
    assert shown("https://u:p@h.example/x?sig=1") == "https://h.example/x?sig=***"


def test_another_server_is_not_followed(served: Served, tmp_path: Path) -> None:
    url = served.pages("/d", lambda _: {"data": RECORDS, "next": "http://127.0.0.2:1/d?page=2"})
    with pytest.raises(ReadError) as refusal:
        read_source(url, into=tmp_path)
    assert refusal.value.code == "reading.rest-elsewhere"


def test_pages_that_go_round_are_refused(served: Served, tmp_path: Path) -> None:
    url = served.pages("/d", lambda _: {"data": RECORDS, "next": "/d?again=1"})
    with pytest.raises(ReadError) as refusal:
        read_source(url, into=tmp_path)
    assert refusal.value.code == "reading.rest-endless"
    assert list(tmp_path.iterdir()) == []


def test_too_much_and_nothing_are_refused(served: Served, tmp_path: Path) -> None:
    url = served.pages("/d", lambda _: RECORDS)
    with pytest.raises(ReadError) as refusal:
        read_source(url, into=tmp_path, limits=ReadLimits(max_bytes=50))
    assert refusal.value.code == "reading.too-large"
    served.routes["/empty"] = lambda _: (200, {}, b"")
    with pytest.raises(ReadError) as refusal:
        read_source(f"{served.url}/empty", into=tmp_path)
    assert refusal.value.code == "reading.empty"


@pytest.mark.parametrize("url", ["http://", "https:///x"])
def test_an_address_that_is_none_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(ReadError) as refusal:
        read_source(url, into=tmp_path)
    assert refusal.value.code == "reading.bad-url"
