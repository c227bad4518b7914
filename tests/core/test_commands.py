"""Commands take effect once, whatever is sent again."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction

from kintsugi.audit.services import recorded
from kintsugi.core.commands import fingerprint, run_once
from kintsugi.core.errors import Conflict
from kintsugi.core.models import Command
from tests.audit.rows import insert

pytestmark = pytest.mark.usefixtures("committed")


def parties(mark: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from parties_party where name = %s", [mark])
        return int(cursor.fetchone()[0])


def make_party(key: str, mark: str, **payload: Any) -> dict[str, Any]:
    def work() -> dict[str, Any]:
        with recorded(actor="tester", command="test.once"):
            return {"id": str(insert("parties_party", party_key=f"{key}-{mark}", name=mark))}

    return run_once(scope="test", key=key, payload={"mark": mark, **payload}, work=work)


def test_the_same_command_again_gives_the_stored_answer_and_no_second_effect() -> None:
    first = make_party("again", "甲", tags=["x", {"y": 1.5}], note="第1行\n")
    second = make_party("again", "甲", note="第1行\n", tags=["x", {"y": 1.5}])
    assert first == second
    assert parties("甲") == 1


def test_the_same_key_with_other_content_is_a_conflict_and_changes_nothing() -> None:
    make_party("other", "乙", quantity=1)
    with pytest.raises(Conflict) as caught:
        make_party("other", "乙", quantity=2)
    assert caught.value.code == "core.key-reused"
    assert caught.value.facts == {"scope": "test", "key": "other"}
    assert parties("乙") == 1


def test_the_same_key_in_another_scope_is_another_command() -> None:
    answers = [
        run_once(scope=scope, key="shared", payload={}, work=lambda s=scope: {"scope": s})
        for scope in ("one", "two")
    ]
    assert answers == [{"scope": "one"}, {"scope": "two"}]


def test_failing_work_leaves_no_trace_so_that_the_key_may_be_used_again() -> None:
    def fail() -> dict[str, Any]:
        with recorded(actor="tester", command="test.once"):
            insert("parties_party", party_key="fails", name="丙")
        raise RuntimeError("half way")

    with pytest.raises(RuntimeError):
        run_once(scope="test", key="fails", payload={"n": 1}, work=fail)
    assert not Command.objects.filter(key="fails").exists()
    assert parties("丙") == 0
    assert run_once(scope="test", key="fails", payload={"n": 2}, work=lambda: {"ok": 1}) == {
        "ok": 1
    }


def test_work_that_the_caller_rolls_back_may_run_again() -> None:
    with transaction.atomic():
        make_party("rolled", "丁")
        transaction.set_rollback(True)
    assert parties("丁") == 0
    make_party("rolled", "丁")
    assert parties("丁") == 1


def test_eight_callers_at_once_have_one_effect_and_one_answer() -> None:
    ready = threading.Barrier(8)

    def call(_: int) -> dict[str, Any]:
        try:
            ready.wait(timeout=30)
            return make_party("race", "戊")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(call, range(8)))
    assert parties("戊") == 1
    assert all(answer == answers[0] for answer in answers)


def test_a_second_caller_waits_and_works_when_the_first_fails() -> None:
    inside, go = threading.Event(), threading.Event()
    failed: list[str] = []

    def first() -> None:
        def work() -> dict[str, Any]:
            inside.set()
            go.wait(timeout=30)
            raise RuntimeError("first fails")

        try:
            run_once(scope="test", key="waits", payload={}, work=work)
        except RuntimeError as error:
            failed.append(str(error))
        finally:
            connection.close()

    thread = threading.Thread(target=first)
    thread.start()
    assert inside.wait(timeout=30)
    threading.Timer(0.2, go.set).start()
    assert run_once(scope="test", key="waits", payload={}, work=lambda: {"by": 2}) == {"by": 2}
    thread.join()
    assert failed == ["first fails"]


def test_a_fingerprint_is_of_the_content_not_of_its_order() -> None:
    assert fingerprint({"a": 1, "b": [1, 2]}) == fingerprint({"b": [1, 2], "a": 1})
    assert fingerprint({"a": 1}) != fingerprint({"a": "1"})
    assert fingerprint({"a": [1, 2]}) != fingerprint({"a": [2, 1]})
