"""The vendored front end is what its manifest says, and every icon that is used exists."""

import hashlib
import json
import re
from pathlib import Path

import pytest

from kintsugi.core import home, navigation

SOURCE = Path(__file__).resolve().parents[3] / "src" / "kintsugi"
VENDOR = SOURCE / "core" / "static" / "vendor"
MANIFEST = json.loads((VENDOR / "manifest.json").read_text())
FREE_LICENCES = {"MIT", "0BSD", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0"}


def icons() -> set[str]:
    return set(re.findall(r'<symbol id="([^"]+)"', (VENDOR / "tabler/icons.svg").read_text()))


@pytest.mark.parametrize("part", MANIFEST, ids=lambda part: part["file"])
def test_a_vendored_file_has_the_hash_of_the_manifest(part):
    content = (VENDOR / part["file"]).read_bytes()
    assert hashlib.sha256(content).hexdigest() == part["sha256"]
    assert part["licence"] in FREE_LICENCES
    assert b"sourceMappingURL" not in content


def test_no_vendored_file_is_missing_from_the_manifest():
    listed = {part["file"] for part in MANIFEST} | {"manifest.json", "LICENCES.txt"}
    present = {str(p.relative_to(VENDOR)) for p in VENDOR.rglob("*") if p.is_file()}
    assert present == listed


def test_each_vendored_package_has_its_licence_text():
    text = (VENDOR / "LICENCES.txt").read_text()
    for part in MANIFEST:
        assert f"{part['name']} {part['version']} ({part['licence']})" in text


def test_every_icon_that_a_page_uses_is_in_the_sprite():
    used: dict[str, Path] = {}
    for template in SOURCE.rglob("templates/**/*.html"):
        for name in re.findall(r'{%\s*icon\s+"([^"]+)"', template.read_text()):
            used[name] = template
    for file in SOURCE.rglob("*.py"):
        for name in re.findall(r'\bicon="([a-z0-9-]+)"', file.read_text()):
            used[name] = file
    for entry in navigation.ENTRIES:
        used[entry.icon] = Path("navigation.py")
    for tile in home.TILES.values():
        used[tile.icon] = Path(tile.name)
    missing = {name: str(where) for name, where in used.items() if name not in icons()}
    assert used
    assert not missing, f"add to tools/vendor/icons.txt and run npm run vendor: {missing}"
