"""The audit of dependencies: hashes, licences, known vulnerabilities.

``python -m tools.dependencies`` reads the lock files. Every package has a hash and a licence that
we may use; what pip-audit knows of each version is asked where its database can be reached. Where
it cannot, the audit says so and goes on: a machine without the network is no fault of a dependency.
"""

import importlib.metadata
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("runtime.txt", "dev.txt", "databases.txt", "bootstrap.txt")
PATIENCE_S = 90

#: Licences that may be used, as packages write them.
ALLOWED = re.compile(
    r"(?i)\b(MIT|BSD|Apache|ISC|PSF|Python Software Foundation|Python-2\.0|MPL|Mozilla Public"
    r"|LGPL|Lesser General Public|Library or Lesser|Zlib|Unlicense|CC0|0BSD|HPND"
    r"|Historical Permission|PostgreSQL"
    r"|Public Domain|BlueOak|WTFPL)"
)  # fmt: skip
#: Packages whose metadata name no licence in words, with what their files say.
KNOWN: dict[str, str] = {}
#: Vulnerabilities that were looked at and do not touch us: identifier → reason and until when.
ACCEPTED: dict[str, str] = {}


@dataclass(frozen=True)
class Finding:
    """Something that must not stay."""

    package: str
    rule: str
    detail: str

    def __str__(self) -> str:
        return f"{self.package}: {self.rule}: {self.detail}"


def locked(text: str) -> dict[str, str]:
    """Package → version of a lock file's text."""
    return dict(re.findall(r"^([a-z0-9][\w.-]*)==([^\s;\\]+)", text, re.M))


def without_hash(text: str) -> list[Finding]:
    """Entries of a lock file that any file would satisfy."""
    entries = [e for e in re.split(r"^(?=[a-z0-9])", text, flags=re.M) if re.match(r"[a-z0-9]", e)]
    return [
        Finding(entry.split("==")[0], "no-hash", entry.splitlines()[0])
        for entry in entries
        if "--hash=sha256:" not in entry
    ]


def licence(name: str) -> str:
    """What a package says of its licence, or '' where it is not installed on this platform."""
    try:
        meta = importlib.metadata.metadata(name)
    except importlib.metadata.PackageNotFoundError:
        return ""
    said = [meta.get("License-Expression") or "", (meta.get("License") or "")[:80]]
    said += [c for c in meta.get_all("Classifier") or [] if c.startswith("License")]
    return " | ".join(part for part in said if part) or KNOWN.get(name, "none said")


def is_viral(said: str) -> bool:
    """GPL or AGPL without another choice; LGPL is allowed, and so is `GPL OR MIT`."""
    weaker = re.sub(r"(?i)lesser general public|library or lesser|\bLGPL\S*", "", said)
    if re.search(r"(?i)\bor\b\s*(MIT|BSD|Apache)|(MIT|BSD|Apache)\S*\s+or\b", weaker):
        return False
    return bool(re.search(r"(?i)\bA?GPL(?!\w*-?exception)|affero|GNU General Public", weaker))


def bad_licences(names: list[str]) -> list[Finding]:
    """Packages under a licence that we may not or do not know that we may use."""
    found = []
    for name in names:
        said = licence(name)
        if said and (is_viral(said) or not ALLOWED.search(said)):
            found.append(Finding(name, "licence", said[:120]))
    return found


def skipped(answer: str) -> list[str]:
    """Packages that the database said nothing about: not known is not the same as sound."""
    return [one["name"] for one in json.loads(answer)["dependencies"] if "vulns" not in one]


def vulnerabilities(answer: str) -> list[Finding]:
    """What pip-audit found, from its JSON, without what was accepted. Raises ValueError when it is
    no answer."""
    content = json.loads(answer)
    return [
        Finding(one["name"], "vulnerability", f"{flaw['id']} in {one['version']}")
        for one in content["dependencies"]
        for flaw in one.get("vulns", ())
        if not {flaw["id"], *flaw.get("aliases", ())} & set(ACCEPTED)
    ]


def ask_database(lock: Path) -> tuple[list[Finding], str]:
    """Known vulnerabilities of a lock file, and why they could not be asked for ('' if asked)."""
    command = [
        sys.executable, "-m", "pip_audit", "--requirement", str(lock), "--disable-pip",
        "--require-hashes", "--progress-spinner", "off", "--timeout", "15", "--format", "json",
    ]  # fmt: skip
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        return [], f"no answer in {PATIENCE_S} s"
    try:
        unknown = skipped(ran.stdout)
        some = f"{len(unknown)} packages unknown to it, first: {unknown[0]}" if unknown else ""
        return vulnerabilities(ran.stdout), some
    except (ValueError, KeyError):
        lines = [line for line in ran.stderr.strip().splitlines() if line.strip()]
        return [], (lines[-1] if lines else "no answer")[:200]


def main() -> int:
    """Print every finding; 1 if there is one."""
    findings: list[Finding] = []
    for name in LOCKS:
        findings += without_hash((ROOT / "requirements" / name).read_text("utf-8"))
    runtime = ROOT / "requirements" / "runtime.txt"
    names = sorted(locked((ROOT / "requirements" / "dev.txt").read_text("utf-8")))
    # A developer's tool may be under the GPL: it is not passed on with the product.
    shipped = sorted(locked(runtime.read_text("utf-8")))
    findings += bad_licences(shipped)
    known, unreachable = ask_database(runtime)
    findings += known
    for finding in findings:
        print(finding)
    print(f"{len(names)} packages locked, {len(shipped)} shipped, {len(findings)} findings")
    if unreachable:
        print(f"NOT CHECKED for known vulnerabilities, or not all of them: {unreachable}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
