"""What a superuser falsifies is found, by which verifier is known, and nothing else is found."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kintsugi.audit.verifying import fold
from tests.audit.verifying.attacks import ATTACKS, VERIFIERS, Attack
from tests.audit.verifying.scene import (
    Scene,
    change,
    found_by,
    remove_backup,
    set_the_scene,
    write,
)

# Each takes a database of its own and goes through a whole day of an installation.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def scene(
    transactional_db: None,
    settings: Any,
    tmp_path: Path,
    database_server: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Scene]:
    """An installation in which nothing has happened yet. ``settings`` gives the home back."""
    settings.HOME = settings.HOME
    # As in a large database, where the attack is not in the slice that is folded next.
    monkeypatch.setattr(fold, "SLICE_CHANGES", 1)
    made = set_the_scene(tmp_path / "home", database_server)
    yield made
    remove_backup(database_server)


@pytest.mark.parametrize("attack", ATTACKS, ids=[one.name for one in ATTACKS])
def test_an_attack_is_found_by_these_verifiers_and_no_others(
    attack: Attack, scene: Scene, record_property: Any
) -> None:
    attack.does(scene)
    write()  # the product goes on
    recent, full = found_by(scene.at), found_by()
    record_property("attack", (attack.name, sorted(full), sorted(recent)))
    assert set(full) == attack.full
    assert set(recent) == attack.recent
    findings = [finding for some in full.values() for finding in some]
    assert findings, "all verifiers together find everything"
    if attack.row:
        assert str(getattr(scene, attack.row)) in {finding.key for finding in findings}


def test_a_day_without_an_attack_is_clean(scene: Scene) -> None:
    change(scene.touched, warranty_end="2031-12-31")
    change(scene.fresh, lot_no="L-2")
    write()
    assert found_by(scene.at) == {}
    assert found_by() == {}


def test_they_are_sixteen_and_no_verifier_could_be_left_out() -> None:
    assert len(ATTACKS) == 16
    alone = {name for one in ATTACKS if len(one.full) == 1 for name in one.full}
    assert alone == set(VERIFIERS)
