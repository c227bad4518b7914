"""The sealer over a real database: order, growth, crash, and what verifiers say afterwards."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from kintsugi.audit.models import Change, Checkpoint, LeafRun
from kintsugi.audit.sealing import services
from kintsugi.audit.sealing.lines import LAST, Place, hashed, lines
from kintsugi.audit.sealing.tree import Growth
from kintsugi.audit.sealing.verifiers import GuardVerifier, TreeVerifier
from kintsugi.audit.verification import run

AT = dt.datetime(2026, 11, 25, 8, 0, tzinfo=dt.UTC)
Log = Callable[..., list[Any]]


def test_sealing_takes_every_finished_change_once_and_goes_on_where_it_stopped(log: Log) -> None:
    log(3)
    first = services.seal(at=AT)
    assert first.added == 3
    assert services.seal(at=AT).added == 0
    log(2)
    log(4)
    second = services.seal(at=AT)
    assert second.added == 6
    assert second.checkpoint.size == Change.objects.count() == 9
    whole = [line for some in lines(Place(0, 0, LAST, LAST)) for line in some]
    growth = Growth()
    growth.extend(hashed(whole))
    assert growth.root().hex() == second.checkpoint.root
    assert sum(LeafRun.objects.values_list("count", flat=True)) == 9
    assert Checkpoint.objects.count() == 2
    verdict = run(TreeVerifier())
    assert (verdict.state, verdict.checked) == ("clean", 9), verdict.findings
