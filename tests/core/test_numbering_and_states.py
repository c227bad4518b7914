"""Numbers without gaps, and state machines that the service and the database both guard."""

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import DatabaseError, connection, transaction
from psycopg import sql

from kintsugi.audit.services import publish_transitions, recorded
from kintsugi.core.errors import IllegalTransition
from kintsugi.core.models import Transition
from kintsugi.core.numbering import next_number
from kintsugi.core.states import MACHINES, StateMachine
from kintsugi.engine.text import Text
from kintsugi.onboarding.states import RUN
from tests.audit import rows, rows_billing, rows_projects, rows_purchasing, rows_trade

pytestmark = pytest.mark.usefixtures("committed")
DAY = dt.date(2026, 11, 22)


def number(prefix: str, on: dt.date = DAY, **more: int) -> str:
    with transaction.atomic():
        return next_number(prefix=prefix, on=on, **more)


def test_numbers_count_up_within_a_series_and_each_day_begins_anew() -> None:
    assert [number("RUN") for _ in range(3)] == [
        "RUN-20261122-0001", "RUN-20261122-0002", "RUN-20261122-0003",
    ]  # fmt: skip
    assert number("RUN", dt.date(2026, 11, 23)) == "RUN-20261123-0001"
    assert number("WO", width=6) == "WO-20261122-000001"


def test_a_number_beyond_its_width_is_longer_not_wrong() -> None:
    assert [number("W", width=1) for _ in range(11)][-2:] == ["W-20261122-10", "W-20261122-11"]


def test_a_number_that_was_rolled_back_is_given_again() -> None:
    assert number("GAP") == "GAP-20261122-0001"
    with transaction.atomic():
        assert next_number(prefix="GAP", on=DAY) == "GAP-20261122-0002"
        transaction.set_rollback(True)
    assert number("GAP") == "GAP-20261122-0002"


def test_numbers_have_neither_gaps_nor_doubles_under_concurrency_and_rollback() -> None:
    ready = threading.Barrier(6)

    def work(worker: int) -> list[str]:
        given = []
        ready.wait(timeout=30)
        try:
            for turn in range(10):
                with transaction.atomic():
                    one = next_number(prefix="RACE", on=DAY)
                    if (worker + turn) % 3 == 0:
                        transaction.set_rollback(True)
                    else:
                        given.append(one)
        finally:
            connection.close()
        return given

    with ThreadPoolExecutor(6) as pool:
        given = sorted(one for many in pool.map(work, range(6)) for one in many)
    assert given == [f"RACE-20261122-{n:04d}" for n in range(1, len(given) + 1)]
    assert len(given) == 40


# -- states ----------------------------------------------------------------------------------------

#: States that need evidence too, by triggers of their own (tests/identity/control and tests/sales
#: try them), and those that need a reason in the same row.
PROVEN = {
    "billing.invoice": ["check_invoice"],
    "identity.act": ["identity_check"],
    "onboarding.run": ["rollback_by_act"],
    "parties.unlock": ["unlock_check"],
    "products.first_review": ["first_review_check"],
    "purchasing.order": ["check_trade"],
    "sales.delivery": ["may_ship", "step_delivery"],
    "sales.order": ["check_order", "may_trade"],
}
REASONED = {
    "billing.invoice": ["invoice_issued_has_number"],
    "sales.order": ["order_hold_says_why"],
}
MAKE = {
    "billing.invoice": rows_billing.invoice,
    "identity.act": rows.act_in,
    "audit.pack": rows.pack,
    "takeover.takeover": rows_trade.takeover,
    "purchasing.request": rows_purchasing.purchase_request,
    "purchasing.order": rows_purchasing.purchase_order,
    "purchasing.notice": rows_purchasing.notice,
    "purchasing.receipt": rows_purchasing.goods_receipt,
    "purchasing.return": rows_purchasing.goods_return,
    "purchasing.invoice": rows_purchasing.supplier_invoice,
    "onboarding.source": rows.source,
    "onboarding.run": rows.run,
    "onboarding.issue": rows.issue,
    "parties.unlock": rows_trade.unlock,
    "products.first_review": rows_trade.first_review,
    "projects.milestone": rows_projects.milestone,
    "projects.project": rows_projects.project,
    "projects.risk": rows_projects.risk,
    "sales.contract": rows_trade.contract,
    "sales.contract-version": rows_trade.contract_version,
    "sales.delivery": rows.delivery,
    "sales.order": rows_trade.order,
    "sales.return": rows.return_,
    "stock.adjustment": rows_trade.adjustment,
    "stock.excursion": rows_trade.excursion,
    "stock.stocktake": rows_trade.stocktake,
}


def set_state(machine: StateMachine, row_id: object, state: str) -> None:
    statement = sql.SQL("update {} set {} = %s where id = %s").format(
        sql.Identifier(machine.table), sql.Identifier(machine.column)
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [state, row_id])


def database_takes(machine: StateMachine, row_id: object, state: str) -> bool:
    """Whether a hand-written UPDATE to this state is taken; it is undone either way."""
    code, point = None, transaction.savepoint()
    try:
        with transaction.atomic():
            set_state(machine, row_id, state)
    except DatabaseError as error:
        code = error.__cause__.sqlstate
    transaction.savepoint_rollback(point)
    if code not in (None, "KT005"):
        raise AssertionError(f"refused for another reason: {code}")
    return code is None


def test_every_state_machine_is_tried_here() -> None:
    assert set(MAKE) == set(MACHINES)


def without_evidence(machine: StateMachine) -> None:
    """From here to the rollback the list of steps alone decides; for the tables' owner."""
    steps = [("disable trigger", one) for one in PROVEN.get(machine.name, ())]
    steps += [("drop constraint", one) for one in REASONED.get(machine.name, ())]
    for what, name in steps:
        statement = sql.SQL("alter table {} " + what + " {}").format(
            sql.Identifier(machine.table), sql.Identifier(name)
        )
        with connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.mark.parametrize("name", sorted(MACHINES))
def test_the_database_takes_exactly_the_listed_steps(name: str, table_owner: None) -> None:
    machine = MACHINES[name]
    taken: set[tuple[str, str]] = set()
    with recorded(actor="tester", command="test.states"), transaction.atomic():
        without_evidence(machine)
        for source in machine.states:
            row_id = MAKE[name](**{machine.column: source})
            for target in machine.states:
                if database_takes(machine, row_id, target):
                    taken.add((source, target))
        transaction.set_rollback(True)
    staying = {(state, state) for state in machine.states}
    assert taken == machine.steps | staying
    with recorded(actor="tester", command="test.states"), transaction.atomic():
        without_evidence(machine)
        row_id = MAKE[name](**{machine.column: next(iter(machine.states))})
        assert not database_takes(machine, row_id, "nowhere")
        transaction.set_rollback(True)


@pytest.mark.parametrize("name", sorted(MACHINES))
def test_the_service_refuses_what_the_database_refuses(name: str) -> None:
    machine = MACHINES[name]
    for source in machine.states:
        for target in machine.states:
            if source == target or (source, target) in machine.steps:
                machine.check(source, target)
                continue
            with pytest.raises(IllegalTransition) as caught:
                machine.check(source, target)
            assert caught.value.facts == {"machine": name, "source": source, "target": target}


@pytest.mark.parametrize("name", sorted(MACHINES))
def test_the_model_s_choices_are_the_machine_s_states(name: str) -> None:
    from django.apps import apps

    machine = MACHINES[name]
    (model,) = [m for m in apps.get_models() if m._meta.db_table == machine.table]
    assert model._meta.get_field(machine.column).choices == machine.choices()


def test_a_refusal_names_what_is_possible_in_both_languages() -> None:
    with pytest.raises(IllegalTransition) as caught:
        RUN.check("withdrawn", "created")
    assert "none" in caught.value.remedy.en
    with pytest.raises(IllegalTransition) as caught:
        RUN.check("created", "verified")
    assert caught.value.remedy.en == "Possible next: reading, failed."
    assert "reading、failed" in caught.value.remedy.zh


def test_a_step_that_was_taken_out_of_the_list_is_refused_after_publishing_again(
    table_owner: None,
) -> None:
    machine = MACHINES["onboarding.source"]
    with transaction.atomic():
        Transition.objects.create(machine=machine.name, source="retired", target="proposed")
        publish_transitions()
        known = set(Transition.objects.filter(machine=machine.name).values_list("source", "target"))
        assert known == machine.steps
        transaction.set_rollback(True)


def test_a_machine_with_a_step_to_an_unknown_state_is_a_mistake() -> None:
    with pytest.raises(AssertionError):
        StateMachine(
            name="test.broken",
            table="t",
            column="c",
            states={"a": Text("甲", "a")},
            steps=frozenset({("a", "b")}),
        )
    assert "test.broken" not in MACHINES
