"""Databases, web addresses and message queues as connectors: each over a real connection on this
machine."""

import json
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kintsugi.core.errors import KintsugiError
from kintsugi.devices.models import Device
from kintsugi.engine.reading.database import parse_url
from kintsugi.engine.reading.extract import from_watermark
from kintsugi.engine.reading.jetstream import JetStream
from kintsugi.engine.reading.outside import is_inside
from kintsugi.onboarding.models import Connector, Fetch, Run
from kintsugi.onboarding.services import tried
from kintsugi.onboarding.services.connectors import queues
from tests.onboarding.fetched import AT, MINUTE, connector, fetched, states
from tests.onboarding.places import Served, mariadb_database, mariadb_runs, web

__all__ = ["web"]
pytestmark = pytest.mark.django_db(transaction=True)
COLUMNS = ("序列号", "产品编码", "医院", "科室", "采购日期")


def record(n: int, ward: str = "ICU") -> dict[str, str]:
    values = (f"SN{n}", "P-1", "市一医院", ward, f"2023-05-{n:02d}")
    return dict(zip(COLUMNS, values, strict=True))


# -- databases -------------------------------------------------------------------------------------

TABLE = """create table devices (id integer primary key, changed text, "序列号" text,
    "产品编码" text, "医院" text, "科室" text, "采购日期" text)"""


def sqlite(path: Path, *rows: tuple[Any, ...]) -> None:
    with sqlite3.connect(path) as link:
        link.execute(TABLE.replace("create table", "create table if not exists"))
        link.executemany("insert or replace into devices values (?,?,?,?,?,?,?)", rows)


def row(n: int, changed: str, ward: str = "ICU") -> tuple[Any, ...]:
    return (n, changed, *record(n, ward).values())


def test_a_table_comes_from_its_watermark_on_and_the_same_rows_make_no_run(incoming: Path) -> None:
    path = incoming / "erp.db"
    sqlite(path, row(1, "2026-01-01 08:00"), row(2, "2026-01-02 08:00"))
    one = connector("database", url=f"sqlite:///{path}", table="devices", watermark="changed")
    assert fetched(one) == ["imported"]
    one.refresh_from_db()
    assert one.state["watermark"] == "2026-01-02 08:00"
    # The last row comes again alone: two may share a moment. Other bytes; it changes nothing.
    assert fetched(one, AT + MINUTE) == ["imported"]
    assert fetched(one, AT + 2 * MINUTE) == ["same"]
    sqlite(path, row(3, "2026-01-02 08:00"), row(1, "2026-01-03 08:00", "急诊"))
    assert fetched(one, AT + 3 * MINUTE) == ["imported"]
    last = Run.objects.order_by("-created_at").first()
    assert last is not None
    counts = {name: last.counts[name] for name in ("read", "created", "updated", "unchanged")}
    assert counts == {"read": 3, "created": 1, "updated": 1, "unchanged": 1}
    assert Device.objects.get(serial_no="SN1").department == "急诊"


@pytest.fixture
def mariadb() -> Iterator[dict[str, Any]]:
    """A database of its own in the MariaDB of this machine."""
    if not mariadb_runs():
        pytest.skip("no MariaDB on this machine")
    with mariadb_database("network") as (name, link, cursor):
        table = TABLE.replace('"', "`").replace("create table ", f"create table {name}.")
        cursor.execute(table.replace("changed text", "changed datetime(6)"))
        insert = f"insert into {name}.devices values (%s,%s,%s,%s,%s,%s,%s)"
        for n in (1, 2, 3):
            cursor.execute(insert, row(n, f"2026-01-0{n} 08:00:00.00000{n}"))
        link.commit()
        yield {"name": name, "cursor": cursor, "insert": insert, "commit": link.commit}


def test_a_mariadb_table_comes_with_its_password_kept_outside_the_database(
    incoming: Path, mariadb: dict[str, Any], settings: Any
) -> None:
    name = mariadb["name"]
    url = f"mariadb://{name}:gold-seam@127.0.0.1/{name}"
    with pytest.raises(KintsugiError) as refused, tried(_unsaved(url)):
        pass
    assert refused.value.code == "reading.inside"
    one = connector("database", url=url, table="devices", watermark="changed", allow_private=True)
    assert "gold-seam" not in json.dumps(one.settings)
    assert one.settings["url"] == f"mariadb://{name}@127.0.0.1/{name}"
    kept = settings.HOME / "secrets" / one.secret.removeprefix("file:")
    assert (kept.read_text(), kept.stat().st_mode & 0o777) == ("gold-seam", 0o600)
    assert fetched(one) == ["imported"]
    one.refresh_from_db()
    assert one.state["watermark"] == "2026-01-03 08:00:00.000003"
    mariadb["cursor"].execute(mariadb["insert"], row(4, "2026-01-04 08:00:00"))
    mariadb["commit"]()
    assert fetched(one, AT + MINUTE) == ["imported"]
    run = Run.objects.order_by("-created_at").first()
    assert run is not None
    assert (run.counts["read"], run.counts["created"]) == (2, 1)
    kept.write_text("wrong")
    assert fetched(one, AT + 2 * MINUTE) == ["failed"]
    error = Fetch.objects.order_by("-started_at").first()
    assert error is not None
    assert error.error["code"] == "reading.database-login"
    assert "wrong" not in json.dumps(error.error)


def _unsaved(url: str, **more: Any) -> Connector:
    from kintsugi.onboarding.services.registering import prepared

    given = {"url": url, "table": "devices"}
    return prepared(name="c", kind="database", given=given, time_zone="Asia/Shanghai", **more)


def test_a_try_shows_twenty_rows_and_keeps_nothing(incoming: Path) -> None:
    path = incoming / "erp.db"
    sqlite(path, *(row(n, "2026-01-01") for n in range(1, 29)))
    with tried(_unsaved(f"sqlite:///{path}")) as snapshot:
        assert snapshot.tables[0].rows == 20
        folder = snapshot.path
    assert not folder.exists()
    assert (Fetch.objects.count(), Connector.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"url": "ftp://x/y", "table": "t"}, "connector.setting"),
        ({"url": "mysql://h/d"}, "connector.setting"),
        ({"url": "mysql://h/d", "query": "delete from t"}, "connector.setting"),
        ({"url": "mysql://h/d", "query": "select 1; drop table t"}, "connector.setting"),
        ({"url": "mysql://h/d", "query": "select 1 into outfile '/x'"}, "connector.setting"),
        ({"url": "sqlite:////etc/passwd", "table": "t"}, "connector.folder"),
        ({"url": "sqlite:///file:x?mode=rwc&uri=true", "table": "t"}, "connector.folder"),
        ({"url": "mysql://h/d", "table": "t", "shell": "x"}, "connector.setting"),
    ],
)
def test_what_is_no_reading_of_a_database_is_refused(
    incoming: Path, given: dict[str, str], code: str
) -> None:
    with pytest.raises(KintsugiError) as refused:
        connector("database", **given)
    assert refused.value.code == code


def test_names_of_tables_and_watermarks_cannot_carry_sql(incoming: Path) -> None:
    path = incoming / "erp.db"
    sqlite(path, row(1, "2026-01-01"))
    one = connector("database", url=f"sqlite:///{path}", table='devices" where 1=1 --')
    assert fetched(one) == ["failed"]
    two = connector(
        "database", one.source, name="two", url=f"sqlite:///{path}", table="devices",
        watermark="changed",
    )  # fmt: skip
    two.state = {"watermark": "x' or '1'='1"}
    query = from_watermark(parse_url(two.settings["url"]), "devices", "changed", "x' or '1'='1")
    assert query == (
        "select * from \"devices\" where \"changed\" >= 'x'' or ''1''=''1' order by \"changed\""
    )


# -- web addresses ---------------------------------------------------------------------------------


def page(*numbers: int, **more: Any) -> bytes:
    return json.dumps({"items": [record(n) for n in numbers], **more}).encode()


def test_pages_come_with_the_secret_in_their_header_and_an_unchanged_answer_is_no_run(
    incoming: Path, web: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KINTSUGI_SOURCE_KEY", "s3cret")
    Served.answers = {
        "/d": [(503, {"Retry-After": "0"}, b""), (200, {}, page(1, 2, next="/d2"))],
        "/d2": [(200, {}, page(3))],
    }
    one = connector("rest", url=f"{web}/d", secret="env:KINTSUGI_SOURCE_KEY", allow_private=True)
    assert fetched(one) == ["imported"]
    assert Device.objects.count() == 3
    assert [path for path, _ in Served.asked] == ["/d", "/d", "/d2"]
    assert {headers["authorization"] for _, headers in Served.asked} == {"Bearer s3cret"}
    assert fetched(one, AT + MINUTE) == ["same"]
    assert Run.objects.filter(source=one.source).count() == 1


def test_the_tag_of_an_answer_is_sent_along_next_time(incoming: Path, web: str) -> None:
    Served.answers = {"/d": [(200, {"ETag": '"v1"'}, page(1, 2))]}
    one = connector("rest", url=f"{web}/d", allow_private=True)
    assert fetched(one) == ["imported"]
    assert fetched(one, AT + MINUTE) == []
    assert Served.asked[-1][1]["if-none-match"] == '"v1"'
    Served.answers = {"/d": [(200, {"ETag": '"v2"'}, page(1, 2, 3))]}
    assert fetched(one, AT + 2 * MINUTE) == ["imported"]


def test_addresses_of_the_house_are_refused_also_behind_a_redirect(
    incoming: Path, web: str
) -> None:
    Served.answers = {"/d": [(200, {}, page(1))]}
    one = connector("rest", url=f"{web}/d")
    assert fetched(one) == ["failed"]
    assert Served.asked == [], "not a byte was asked for"
    [stopped] = one.fetches.all()
    assert stopped.error["code"] == "reading.inside"


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        ("127.0.0.1", True), ("10.1.2.3", True), ("192.168.1.1", True), ("172.16.0.1", True),
        ("169.254.169.254", True), ("::1", True), ("fe80::1%eth0", True), ("0.0.0.0", True),
        ("::ffff:127.0.0.1", True), ("100.64.0.1", True), ("224.0.0.1", True), ("x", True),
        ("8.8.8.8", False), ("2606:4700::1111", False), ("::ffff:8.8.8.8", False),
    ],
)  # fmt: skip
def test_which_addresses_are_of_the_house(address: str, inside: bool) -> None:
    assert is_inside(address) is inside


def test_a_redirect_to_the_house_is_not_followed(
    incoming: Path, web: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first address counts as outside here; where it redirects to does not."""
    from kintsugi.engine.reading import outside

    port = int(web.rsplit(":", 1)[1])
    Served.answers = {
        "/d": [(302, {"Location": f"http://localhost:{port}/inside"}, b"")],
        "/inside": [(200, {}, page(1))],
    }
    real = outside.is_inside
    monkeypatch.setattr(outside, "is_inside", lambda a: a != "127.0.0.1" and real(a))
    one = connector("rest", url=f"http://127.0.0.1:{port}/d")
    hosts = {"127.0.0.1": "127.0.0.1", "localhost": "10.0.0.1"}

    def refuse(host: str, asked: int | None = None) -> None:
        if outside.is_inside(hosts[host]):
            raise outside.errors.inside(host)

    # Only the check is told that this name lies inside; the connection would be made.
    monkeypatch.setattr(outside, "refuse_inside", refuse)
    assert fetched(one) == ["failed"]
    assert [path for path, _ in Served.asked] == ["/d"]
    assert Fetch.objects.get().error["code"] == "reading.inside"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"url": "file:///etc/passwd"}, "connector.setting"),
        ({"url": "gopher://x"}, "connector.setting"),
        ({"url": "https://x/?api_key=1"}, "connector.setting"),
        ({"url": "https://u:p@x/"}, "connector.setting"),
        ({"url": "https://x/", "header": "A\r\nB"}, "connector.setting"),
        ({"url": "https://x/", "secret": "s3cret"}, "connector.secret"),
        ({"url": "https://x/", "secret": "env:DATABASE_URL"}, "connector.secret"),
        ({"url": "https://x/", "secret": "file:../secret_key"}, "connector.secret"),
        ({"url": "https://x/", "cron": "61 * * * *"}, "connector.schedule"),
        ({"url": "https://x/", "cron": "* * * * * *"}, "connector.schedule"),
    ],
)
def test_hostile_settings_of_an_address(incoming: Path, given: dict[str, str], code: str) -> None:
    with pytest.raises(KintsugiError) as refused:
        connector("rest", **given)
    assert refused.value.code == code


# -- queues ----------------------------------------------------------------------------------------


class Stream:
    """A JetStream of its own, by the protocol's own requests."""

    def __init__(self) -> None:
        try:
            self.link = JetStream("127.0.0.1", 4222, tls=False, user="", secret="", timeout_s=3)
        except KintsugiError:
            pytest.skip("no NATS on this machine")
        self.name = f"KT{os.getpid()}"
        stream = {"name": self.name, "subjects": [f"{self.name}.>"], "storage": "memory"}
        self.ask(f"STREAM.CREATE.{self.name}", stream)
        config = {"durable_name": "c", "ack_policy": "explicit", "ack_wait": 300_000_000}
        told = {"stream_name": self.name, "config": config}
        self.ask(f"CONSUMER.DURABLE.CREATE.{self.name}.c", told)

    def ask(self, what: str, content: Any) -> None:
        inbox = self.link._subscribe()
        self.link._publish(f"$JS.API.{what}", json.dumps(content).encode(), inbox)
        answer = self.link._next(10**9)
        assert answer is not None
        assert b'"error"' not in answer[3], answer

    def send(self, *messages: Any) -> None:
        for one in messages:
            data = one if isinstance(one, bytes) else json.dumps(one).encode()
            self.link._publish(f"{self.name}.d", data, "")
        self.link.flush()


@pytest.fixture
def stream() -> Iterator[Stream]:
    made = Stream()
    yield made
    made.ask(f"STREAM.DELETE.{made.name}", {})
    made.link.close()


def queue(stream: Stream) -> Connector:
    return connector(
        "queue", server="nats://127.0.0.1:4222", stream=stream.name, consumer="c",
        allow_private=True,
    )  # fmt: skip


def test_a_batch_of_messages_is_one_snapshot_and_what_is_no_record_is_kept_aside(
    incoming: Path, stream: Stream
) -> None:
    one = queue(stream)
    assert fetched(one) == []
    stream.send(record(1), b"{broken", record(2), b"\xff\xfe", [1], record(3))
    assert fetched(one, AT + MINUTE) == ["imported"]
    assert Device.objects.count() == 3
    [taken] = one.fetches.all()
    assert [(p["mark"], p["reason"]) for p in taken.facts["aside"]] == [
        ("2", "not-json"), ("4", "not-utf8"), ("5", "not-object"),
    ]  # fmt: skip
    assert fetched(one, AT + 2 * MINUTE) == []


def test_messages_are_acknowledged_when_they_are_kept_and_redelivery_is_no_harm(
    incoming: Path, stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = queue(stream)
    stream.send(record(1), record(2))

    class Killed(BaseException):
        pass

    def dies(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(JetStream, "acknowledge", dies)
        with pytest.raises(Killed):
            fetched(one)
    assert states(one)[0][1] == "arrived"
    stream.send(record(3))
    _wait_for_redelivery()
    assert fetched(one, AT + MINUTE) == ["imported", "imported"]
    counts = [run.counts["read"] for run in Run.objects.filter(source=one.source).order_by("id")]
    assert counts == [2, 1], "the two that came again are not read again"
    assert Device.objects.count() == 3


def test_what_was_not_kept_comes_again_and_is_kept(
    incoming: Path, stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kintsugi.onboarding.services import fetching

    one = queue(stream)
    stream.send(record(1))

    class Killed(BaseException):
        pass

    def dies(*_: Any, **__: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(fetching, "keep_snapshot", dies)
        with pytest.raises(Killed):
            fetched(one)
    stream.send(record(2))
    assert fetched(one, AT + MINUTE) == ["imported"]
    _wait_for_redelivery()
    fetched(one, AT + 2 * MINUTE)
    assert sorted(Device.objects.values_list("serial_no", flat=True)) == ["SN1", "SN2"]


def _wait_for_redelivery() -> None:
    import time

    time.sleep(0.5)


def test_ranges_of_numbers_join() -> None:
    assert queues.with_numbers([], [3, 1, 2, 7]) == [[1, 3], [7, 7]]
    assert queues.with_numbers([[1, 3], [7, 7]], [4, 5, 6]) == [[1, 7]]
    assert queues.with_numbers([[1, 3]], [2, 9]) == [[1, 3], [9, 9]]


def test_a_queue_that_is_away_is_tried_later(incoming: Path) -> None:
    one = connector(
        "queue", server="nats://127.0.0.1:9", stream="S", consumer="c", cron="*/5 * * * *",
        allow_private=True,
    )  # fmt: skip
    assert fetched(one) == ["failed"]
    one.refresh_from_db()
    assert one.failures == 1
    assert one.next_at is not None
    assert 60 <= (one.next_at - AT).total_seconds() <= 66
    assert fetched(one, AT + MINUTE) == ["failed"]
    [kept] = one.fetches.all()
    assert (kept.attempts, kept.error["code"]) == (2, "reading.queue-unreachable")
