"""Key rings: made once, rotated, never shown, kept outside the database."""

import json
import os
from pathlib import Path

import pytest

from kintsugi.engine.errors import KintsugiError
from kintsugi.runtime.keys import RINGS, keys, rotate
from tests.runtime.test_cli import kintsugi

RING = list(RINGS)


@pytest.fixture(autouse=True)
def no_keys_from_outside(monkeypatch):
    for ring in RINGS.values():
        monkeypatch.delenv(ring.variable, raising=False)


@pytest.mark.parametrize("name", RING)
def test_a_key_is_made_once_and_readable_by_its_owner_only(tmp_path, name):
    (first,) = keys(tmp_path, name)
    assert keys(tmp_path, name) == [first]
    path = tmp_path / RINGS[name].file
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(first) >= 43


@pytest.mark.parametrize("name", RING)
def test_a_rotation_puts_a_new_key_in_front_and_keeps_two(tmp_path, name):
    made = [keys(tmp_path, name)[0]]
    for _ in range(3):
        made.insert(0, rotate(tmp_path, name)[0])
    assert len(set(made)) == 4
    assert keys(tmp_path, name) == made[:3]
    assert (tmp_path / RINGS[name].file).stat().st_mode & 0o777 == 0o600


def test_keys_from_the_environment_are_not_rotated_here(tmp_path, monkeypatch):
    monkeypatch.setenv("KINTSUGI_SECRET", "new, old")
    assert keys(tmp_path, "signing") == ["new", "old"]
    with pytest.raises(KintsugiError) as caught:
        rotate(tmp_path, "signing")
    assert caught.value.code == "secrets.from-outside"
    assert not list(tmp_path.iterdir())


def test_an_unknown_name_is_refused_with_the_known_ones(tmp_path):
    with pytest.raises(KintsugiError) as caught:
        rotate(tmp_path, "../etc")
    assert caught.value.code == "secrets.unknown"
    assert "second-factor" in caught.value.remedy.en


def test_the_command_rotates_and_shows_no_key(tmp_path: Path):
    before = kintsugi(tmp_path, "secrets", "list", "--json")
    assert [one["keys"] for one in json.loads(before.stdout)["secrets"]] == [1, 1]
    answer = kintsugi(tmp_path, "secrets", "rotate", "signing", "--json")
    assert json.loads(answer.stdout) == {"ok": True, "name": "signing", "keys": 2, "rewritten": 0}
    for key in keys(tmp_path, "signing"):
        assert key not in before.stdout + answer.stdout + answer.stderr


def test_what_was_signed_before_a_rotation_still_holds(tmp_path):
    code = (
        "import os; os.environ['DJANGO_SETTINGS_MODULE']='kintsugi.config.settings';"
        "import django; django.setup(); from django.core import signing; import sys;"
        "print(signing.dumps('seam') if len(sys.argv) < 2 else signing.loads(sys.argv[1]))"
    )
    made = kintsugi(tmp_path, code=code).stdout.strip()
    for expected in ("seam", "seam", ""):
        rotate(tmp_path, "signing")
        assert kintsugi(tmp_path, made, code=code).stdout.strip() == expected
    assert os.listdir(tmp_path)
