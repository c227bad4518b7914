"""The frame of the repository: targets, locks, licences, links, and what a fresh clone needs."""

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from tools.dependencies import (
    bad_licences,
    is_viral,
    licence,
    skipped,
    vulnerabilities,
    without_hash,
)
from tools.house_rules import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
TARGETS = ["setup", "demo", "run", "test", "check", "fix", "bench", "docs", "reference", "help"]


def locked(name: str) -> dict[str, str]:
    """Package → version of one lock file."""
    text = (ROOT / "requirements" / name).read_text("utf-8")
    return dict(re.findall(r"^([a-z0-9][\w.-]*)==([^\s;\\]+)", text, re.M))


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def required(requirement: str) -> str:
    found = re.match(r"[\w.-]+", requirement)
    assert found, requirement
    return canonical(found.group(0))


@pytest.mark.parametrize("target", TARGETS)
def test_make_lists_the_target_with_its_meaning(target):
    shown = subprocess.run(
        ["make"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    ).stdout
    assert re.search(rf"^  make {target} +\S", shown, re.M), shown


def test_continuous_integration_runs_the_checks_and_the_tests():
    text = (ROOT / ".ci" / "run").read_text("utf-8")
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111
    assert "set -euo pipefail" in text
    assert re.search(r"^timeout \d+ make check\b", text, re.M)
    assert re.search(r"^timeout \d+ make test\b", text, re.M)


@pytest.mark.parametrize("name", ["runtime.txt", "dev.txt", "databases.txt", "bootstrap.txt"])
def test_every_locked_package_has_a_hash_and_names_no_address(name):
    text = (ROOT / "requirements" / name).read_text("utf-8")
    entries = re.split(r"^(?=[a-z0-9])", text, flags=re.M)[1:]
    assert entries
    assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert "://" not in text


def test_every_dependency_is_locked():
    runtime = {required(line) for line in PROJECT["project"]["dependencies"]}
    dev = {required(line) for line in PROJECT["project"]["optional-dependencies"]["dev"]}
    assert runtime - set(locked("runtime.txt")) == set()
    assert (runtime | dev) - set(locked("dev.txt")) == set()


def test_users_and_developers_get_the_same_versions():
    dev = locked("dev.txt")
    assert {k: v for k, v in locked("runtime.txt").items() if dev.get(k) != v} == {}


def test_no_dependency_has_a_viral_licence():
    said = {name: licence(name) for name in locked("runtime.txt")}
    assert sum(bool(text) for text in said.values()) > 30
    assert {name: text for name, text in said.items() if is_viral(text)} == {}


def test_every_shipped_package_has_a_licence_that_we_may_use():
    assert bad_licences(sorted(locked("runtime.txt"))) == []


def test_an_entry_without_a_hash_is_found():
    text = "django==5.2 \\\n    --hash=sha256:ab\npolars==1.30\n"
    assert [str(finding) for finding in without_hash(text)] == ["polars: no-hash: polars==1.30"]


def test_a_known_vulnerability_is_found_and_a_package_nobody_knows_is_not_called_sound():
    flaw = {"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": ["2"]}
    answer = json.dumps(
        {
            "dependencies": [
                {"name": "one", "version": "1", "vulns": [flaw]},
                {"name": "two", "version": "2", "vulns": []},
                {"name": "three", "skip_reason": "not found"},
            ]
        }
    )
    assert [str(f) for f in vulnerabilities(answer)] == ["one: vulnerability: PYSEC-1 in 1"]
    assert skipped(answer) == ["three"]


@pytest.mark.parametrize(
    ("said", "viral"),
    [
        ("GPL-3.0-or-later", True),
        ("License :: OSI Approved :: GNU General Public License v3 (GPLv3)", True),
        ("License :: OSI Approved :: GNU Affero General Public License v3", True),
        ("GNU Lesser General Public License v3 (LGPLv3)", False),
        ("LGPL-3.0-only", False),
        ("MIT", False),
        ("GPL-2.0 OR MIT", False),
    ],
)
def test_viral_licences_are_told_from_others(said, viral):
    assert is_viral(said) is viral


PAGES = ["README.md", "README.zh.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"]


@pytest.mark.parametrize("name", PAGES)
def test_every_link_of_the_page_leads_somewhere(name):
    text = (ROOT / name).read_text("utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)", text) if "://" not in link]
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_licence_is_the_whole_text_and_the_notice_names_the_data():
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text
    assert "GUDID" in (ROOT / "NOTICE").read_text("utf-8")


def test_the_documentation_fetches_nothing_from_elsewhere():
    config = (ROOT / "mkdocs.yml").read_text("utf-8")
    assert re.search(r"^\s+font: false", config, re.M)
    pages = (ROOT / "docs").rglob("*.md")
    outside = [
        f"{page}: {match}"
        for page in pages
        for match in re.findall(r"<script|<link|!\[[^\]]*\]\(https?://", Path(page).read_text())
    ]
    assert outside == []


def test_make_targets_named_in_the_pages_exist():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    known = set(re.findall(r"^([a-z]+):", makefile, re.M))
    named = set()
    for name in [*PAGES, *(str(p.relative_to(ROOT)) for p in (ROOT / "docs").rglob("*.md"))]:
        named |= set(re.findall(r"`make ([a-z]+)", (ROOT / name).read_text("utf-8")))
        named |= set(re.findall(r"^make ([a-z]+)", (ROOT / name).read_text("utf-8"), re.M))
    assert named >= {"demo", "test"}
    assert named - known == set()
