"""import-linter holds the layers; shown by breaking a copy of the package."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools.house_rules import ROOT, python_breaches

PACKAGE = ROOT / "src" / "kintsugi"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The package's Python files and its import-linter configuration, in a folder of their own."""
    for path in PACKAGE.rglob("*.py"):
        if "vendor" in path.parts:
            continue
        target = tmp_path / "src" / "kintsugi" / path.relative_to(PACKAGE)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    (tmp_path / "pyproject.toml").write_text(text[text.index("[tool.importlinter]") :], "utf-8")
    return tmp_path


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    program = shutil.which("lint-imports", path=str(Path(sys.executable).parent))
    assert program, "lint-imports is not installed beside this Python"
    return subprocess.run(
        [program, "--no-cache"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder / "src"), "NO_COLOR": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_package_keeps_its_layers(copy):
    done = lint(copy)
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_import_upwards_fails(copy):
    (copy / "src/kintsugi/engine/upwards.py").write_text("import kintsugi.core.upwards\n")
    (copy / "src/kintsugi/core").mkdir(exist_ok=True)
    (copy / "src/kintsugi/core/__init__.py").touch()
    (copy / "src/kintsugi/core/upwards.py").write_text("")
    done = lint(copy)
    assert done.returncode == 1
    assert "kintsugi.engine is not allowed to import kintsugi.core" in done.stdout


def test_a_new_app_that_is_not_placed_fails(copy):
    (copy / "src/kintsugi/telepathy").mkdir()
    (copy / "src/kintsugi/telepathy/__init__.py").touch()
    done = lint(copy)
    assert done.returncode != 0
    assert "telepathy" in done.stdout + done.stderr


@pytest.mark.parametrize("side", ["engine", "contracts", "runtime"])
def test_django_in_the_pure_part_fails(copy, side):
    (copy / "src/kintsugi" / side).mkdir(exist_ok=True)
    (copy / "src/kintsugi" / side / "__init__.py").touch()
    (copy / "src/kintsugi" / side / "web.py").write_text("from django.db import models\n")
    done = lint(copy)
    assert done.returncode == 1
    assert f"kintsugi.{side}" in done.stdout
    assert "django" in done.stdout


def test_a_private_module_of_another_app_fails(copy):
    path = copy / "src/kintsugi/devices/shortcut.py"
    path.parent.mkdir(exist_ok=True)
    path.write_text("from kintsugi.parties.models import Party\n")
    name = path.relative_to(copy).as_posix()
    breaches = python_breaches([name], root=copy)
    assert [breach.rule for breach in breaches] == ["private-import"]
    assert "devices imports kintsugi.parties.models.Party" in breaches[0].what
