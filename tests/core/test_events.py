"""The outbox: an event exists if and only if its transaction committed, and arrives in order."""

import datetime as dt
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction

from kintsugi.core import events
from kintsugi.core.commands import run_once
from kintsugi.core.events import HANDLERS, MAX_ATTEMPTS, emit, on
from kintsugi.core.models import Event

pytestmark = pytest.mark.usefixtures("committed")
AT = dt.datetime(2026, 11, 22, 8, 0, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def clean() -> Iterator[None]:
    """An empty outbox, and the handlers of the apps back afterwards."""
    Event.objects.all().delete()
    before = {name: list(handlers) for name, handlers in HANDLERS.items()}
    yield
    HANDLERS.clear()
    HANDLERS.update(before)


@pytest.fixture
def seen() -> list[str]:
    subjects: list[str] = []
    on("test.seen")(lambda event: subjects.append(event.subject))
    return subjects


def deliver(*, at: dt.datetime, limit: int = 100) -> int:
    """``events.deliver`` once no older transaction runs any more. The horizon is the server's:
    a transaction of another worker's database holds it back, too."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(
                "select coalesce(max(xid), 0) < pg_snapshot_xmin(pg_current_snapshot())::text"
                "::bigint from core_event"
            )
            if cursor.fetchone() == (True,):
                break
        time.sleep(0.02)
    return events.deliver(at=at, limit=limit)


def say(subject: str, event_type: str = "test.seen") -> None:
    with transaction.atomic():
        emit(event_type, subject=subject, at=AT, facts={"n": 1})


def test_an_event_of_a_rolled_back_transaction_does_not_exist(seen: list[str]) -> None:
    with transaction.atomic():
        emit("test.seen", subject="lost", at=AT)
        transaction.set_rollback(True)
    say("kept")
    assert deliver(at=AT) == 1
    assert seen == ["kept"]


def test_an_event_outside_a_transaction_is_refused() -> None:
    with pytest.raises(AssertionError):
        emit("test.seen", subject="loose", at=AT)


def test_events_are_handed_out_once_and_in_order(seen: list[str]) -> None:
    for n in range(5):
        say(str(n))
    with transaction.atomic():
        emit("test.seen", subject="5", at=AT)
        emit("test.seen", subject="6", at=AT)
    assert deliver(at=AT) == 7
    assert seen == ["0", "1", "2", "3", "4", "5", "6"]
    assert deliver(at=AT) == 0
    assert seen == ["0", "1", "2", "3", "4", "5", "6"]


def test_an_event_waits_for_transactions_that_began_before_it(seen: list[str]) -> None:
    """B commits first, but A wrote first: whoever reads must never see B and later A."""
    wrote, commit = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            emit("test.seen", subject="A", at=AT)
            wrote.set()
            commit.wait(timeout=30)
        connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    assert wrote.wait(timeout=30)
    say("B")
    assert events.deliver(at=AT) == 0, "B's transaction is not older than all running ones"
    commit.set()
    thread.join()
    assert deliver(at=AT) == 2
    assert seen == ["A", "B"]


def test_a_failing_handler_does_not_block_the_events_behind_it(seen: list[str]) -> None:
    on("test.fails")(lambda event: 1 / 0)
    say("first")
    say("bad", "test.fails")
    say("last")
    assert deliver(at=AT) == 2
    assert seen == ["first", "last"]
    bad = Event.objects.get(subject="bad")
    assert bad.handled_at is None
    assert bad.attempts == 1
    assert bad.last_error == "ZeroDivisionError: division by zero"
    assert bad.retry_at == AT + dt.timedelta(seconds=2)


def test_a_failed_event_is_tried_again_after_growing_pauses_and_then_left_visible() -> None:
    calls: list[dt.datetime] = []
    on("test.fails")(lambda event: calls.append(event.at) or 1 / 0)
    say("bad", "test.fails")
    now, pauses = AT, []
    for _ in range(MAX_ATTEMPTS):
        before = len(calls)
        deliver(at=now)
        assert len(calls) == before + 1
        event = Event.objects.get(subject="bad")
        pauses.append((event.retry_at - now).total_seconds())
        if event.attempts < MAX_ATTEMPTS:
            deliver(at=event.retry_at - dt.timedelta(seconds=1))
            assert len(calls) == before + 1, "too early"
        now = event.retry_at
    assert pauses == [2, 4, 8, 16, 32, 64, 128, 256]
    deliver(at=now + dt.timedelta(days=30))
    assert len(calls) == MAX_ATTEMPTS
    assert Event.objects.get(subject="bad").last_error.startswith("ZeroDivisionError")


def test_an_event_that_failed_once_is_handled_later_and_its_error_is_gone(seen: list[str]) -> None:
    answers = iter([RuntimeError("away"), None])

    def handler(event: Event) -> None:
        answer = next(answers)
        if answer:
            raise answer

    on("test.flaky")(handler)
    say("flaky", "test.flaky")
    assert deliver(at=AT) == 0
    later = AT + dt.timedelta(minutes=1)
    assert deliver(at=later) == 1
    event = Event.objects.get(subject="flaky")
    assert (event.handled_at, event.last_error, event.attempts) == (later, "", 1)


def test_what_a_failing_handler_wrote_is_rolled_back_even_of_its_neighbours() -> None:
    on("test.two")(lambda event: emit("test.effect", subject="neighbour", at=AT) and None)
    on("test.two")(lambda event: 1 / 0)
    say("both", "test.two")
    deliver(at=AT)
    assert not Event.objects.filter(type="test.effect").exists()


def test_a_handler_that_breaks_the_transaction_in_the_database_blocks_nobody(
    seen: list[str],
) -> None:
    def broken(event: Event) -> None:
        with connection.cursor() as cursor:
            cursor.execute("select * from no_such_table")

    on("test.broken")(broken)
    say("broken", "test.broken")
    say("behind")
    assert deliver(at=AT) == 1
    assert seen == ["behind"]
    assert "no_such_table" in Event.objects.get(subject="broken").last_error


def test_delivered_twice_an_effect_under_run_once_happens_once() -> None:
    """A process that dies after the effect and before the mark delivers again."""
    effects: list[str] = []

    def handler(event: Event) -> None:
        def work() -> dict[str, Any]:
            effects.append(event.subject)
            return {}

        run_once(scope="test.effect", key=str(event.pk), payload=event.facts, work=work)

    on("test.effectful")(handler)
    say("once", "test.effectful")
    deliver(at=AT)
    Event.objects.filter(subject="once").update(handled_at=None)
    assert deliver(at=AT) == 1
    assert effects == ["once"]


def test_an_event_nobody_listens_to_is_done() -> None:
    say("nobody", "test.nobody")
    assert deliver(at=AT) == 1
    assert Event.objects.get(subject="nobody").handled_at == AT


def test_at_most_the_limit_is_handed_out(seen: list[str]) -> None:
    for n in range(4):
        say(str(n))
    assert deliver(at=AT, limit=3) == 3
    assert seen == ["0", "1", "2"]


def test_two_deliverers_at_once_hand_out_each_event_once(seen: list[str]) -> None:
    for n in range(30):
        say(str(n))
    counts: list[int] = []

    def work() -> None:
        counts.append(deliver(at=AT))
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    deliver(at=AT)
    assert sorted(seen, key=int) == [str(n) for n in range(30)]
