"""Random sequences of all commands of stock and sales, with crashes: see ``trade_machine``.

``make machine`` does 2,000 runs and more; this is a small version of it.
"""

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

RUNS = int(os.environ.get("KINTSUGI_MACHINE_RUNS") or 12)
#: Parts of so many runs each, for as many processes.
PARTS = int(os.environ.get("KINTSUGI_MACHINE_PARTS") or 1)
STEPS = int(os.environ.get("KINTSUGI_MACHINE_STEPS") or 25)


@pytest.mark.slow
@pytest.mark.timeout(6 * 3600)
@pytest.mark.django_db
@pytest.mark.parametrize("part", range(PARTS))
def test_stock_and_sales_hold_their_invariants_whatever_happens(dispatch: Any, part: int) -> None:
    from tests.scenarios.trade_machine import TradeMachine

    TradeMachine.market, TradeMachine.commands_done = dispatch, 0
    run_state_machine_as_test(
        TradeMachine,
        settings=settings(
            max_examples=RUNS, stateful_step_count=STEPS, deadline=None, database=None,
            suppress_health_check=list(HealthCheck), phases=[Phase.generate, Phase.shrink],
        ),
    )  # fmt: skip
    done = TradeMachine.commands_done
    print(f"part {part}: {RUNS} runs of {STEPS} steps, {done} commands carried out")
    assert done > RUNS  # it was not refused everything
