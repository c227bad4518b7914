"""All verifiers of the record by name, and how they are run."""

import datetime as dt
import time
from collections.abc import Callable, Collection

from kintsugi.audit.findings import Finding, Inconclusive, State, Verdict, Verifier
from kintsugi.core.errors import KintsugiError, Text

#: A broken record may have a finding for every row; these many are kept, the others counted.
MAX_FINDINGS = 1000

#: In the order they are run and shown. Filled by ``register`` from ``AppConfig.ready``.
VERIFIERS: dict[str, Callable[[], Verifier]] = {}


#: Verifiers that need something set up first: name → whether it is. One that is not stays out of a
#: run that names none.
SET_UP: dict[str, Callable[[], bool]] = {}


def register(
    name: str, make: Callable[[], Verifier], *, set_up: Callable[[], bool] | None = None
) -> None:
    """Add a verifier. A name twice is a mistake of ours."""
    assert name not in VERIFIERS, f"verifier {name} registered twice"
    VERIFIERS[name] = make
    if set_up is not None:
        SET_UP[name] = set_up


def run_all(
    *, since: dt.datetime | None = None, only: Collection[str] | None = None
) -> list[Verdict]:
    """Run the verifiers (``only``: those named, else all that are set up) over what was recorded
    from ``since`` on.

    Raises KintsugiError ``audit.unknown-verifier``.
    """
    unknown = sorted(set(only or ()) - set(VERIFIERS))
    if unknown:
        raise KintsugiError(
            "audit.unknown-verifier",
            Text(f"没有名为“{unknown[0]}”的核验。", f"No verifier is called “{unknown[0]}”."),
            Text(f"可选:{'、'.join(VERIFIERS)}。", f"Choose from {', '.join(VERIFIERS)}."),
            verifier=unknown[0],
        )
    chosen = only or [name for name in VERIFIERS if name not in SET_UP or SET_UP[name]()]
    return [run(make(), since=since) for name, make in VERIFIERS.items() if name in chosen]


def run(verifier: Verifier, *, since: dt.datetime | None = None) -> Verdict:
    """One verifier's verdict. Findings count even where it could not look at everything."""
    begun = time.perf_counter()
    findings: list[Finding] = []
    found = 0
    reason: Text | None = None
    try:
        for finding in verifier.verify(since=since):
            found += 1
            if found <= MAX_FINDINGS:
                findings.append(finding)
    except Inconclusive as unknown:
        reason = unknown.reason
    state: State = "broken" if found else "inconclusive" if reason else "clean"
    seconds = time.perf_counter() - begun
    return Verdict(verifier.name, state, findings, found, verifier.checked, seconds, reason)


def exit_code(verdicts: Collection[Verdict]) -> int:
    """0 all clean, 1 something was found, 3 nothing found but not everything could be told."""
    states = {verdict.state for verdict in verdicts}
    return 1 if "broken" in states else 3 if "inconclusive" in states or not states else 0
