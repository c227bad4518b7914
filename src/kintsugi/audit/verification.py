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


def register(name: str, make: Callable[[], Verifier]) -> None:
    """Add a verifier. A name twice is a mistake of ours."""
    assert name not in VERIFIERS, f"verifier {name} registered twice"
    VERIFIERS[name] = make


def run_all(
    *, since: dt.datetime | None = None, only: Collection[str] | None = None
) -> list[Verdict]:
    """Run the verifiers (``only``: those named) over what was recorded from ``since`` on.

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
    return [
        run(make(), since=since) for name, make in VERIFIERS.items() if not only or name in only
    ]


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
