"""Sealing and verifying against bare hashing and a bare COPY of the same lines, in one run.

Run as ``python -m bench.sealing ROWS``; prints one JSON object.
"""

import datetime as dt
import json
import os
import sys
import tempfile
import time
from functools import partial
from hashlib import sha256
from pathlib import Path

from bench.import_products import Memory

AT = dt.datetime(2026, 11, 25, 8, tzinfo=dt.UTC)
#: What is written a transaction, as an import does.
CHUNK = 5_000

#: Parties by the set, each with a name and an address; the triggers write one change for each.
WRITE = """
insert into parties_party (id, party_key, name, roles, address)
select gen_random_uuid(), 'bench-' || %(first)s + n, '示例医院 ' || %(first)s + n, '{customer}',
    '广东省深圳市罗湖区示例路 ' || n || ' 号'
from generate_series(1, %(count)s) n
"""


def measure(rows: int) -> dict[str, object]:
    """Write ``rows`` changes into a new database; hash, copy, seal, witness and verify them."""
    from kintsugi.config.cli.database import database

    with tempfile.TemporaryDirectory(
        prefix="kintsugi-bench-", ignore_cleanup_errors=True
    ) as folder:
        place = Path(folder)
        place.chmod(0o755)  # root's embedded server runs under another account
        os.environ["KINTSUGI_HOME"] = str(place / "home")
        with database():
            return _measure(rows)


def _measure(rows: int) -> dict[str, object]:
    from django.db import connection

    from kintsugi.audit.sealing import services
    from kintsugi.audit.sealing.export import export_log
    from kintsugi.audit.sealing.rounds import watch
    from kintsugi.audit.sealing.verifiers import TreeVerifier
    from kintsugi.audit.verification import run

    _write(0, rows)
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from audit_change")
        changes = cursor.fetchone()[0]
    told: dict[str, object] = {"rows": changes}
    lines, told["copy_s"] = _timed(_bare_copy)
    _, told["sha256_s"] = _timed(partial(_bare_hashes, lines))
    told["line_bytes"] = sum(map(len, lines)) // changes
    lines.clear()
    with Memory() as memory:
        sealed, told["seal_s"] = _timed(lambda: services.seal(at=AT))
    told["seal_peak_mib"] = round(memory.peak_mib)
    assert sealed.added == changes, f"not all changes were sealed: {sealed}"
    _, told["witness_s"] = _timed(lambda: watch(at=AT))
    with Memory() as memory:
        verdict, told["verify_s"] = _timed(lambda: run(TreeVerifier()))
    told["verify_peak_mib"] = round(memory.peak_mib)
    assert (verdict.state, verdict.checked) == ("clean", changes), verdict
    target = Path(os.environ["KINTSUGI_HOME"]) / "log.txt"
    _, told["export_s"] = _timed(lambda: export_log(target, since=None, at=AT))
    small = []
    for number in range(5):
        _write(rows + number * 1000, 1000)
        small.append(_timed(lambda: services.seal(at=AT))[1])
    told["small_seal_ms"] = round(1000 * sorted(small)[2], 1)
    for what in ("seal", "verify", "sha256", "copy"):
        told[f"{what}_per_s"] = round(changes / float(str(told[f"{what}_s"])))
    base = float(str(told["copy_s"])) + float(str(told["sha256_s"]))
    told["seal_ratio"] = round(float(str(told["seal_s"])) / base, 2)
    told["verify_ratio"] = round(float(str(told["verify_s"])) / base, 2)
    return told


def _write(first: int, rows: int) -> None:
    from django.db import connection

    from kintsugi.audit.services import recorded

    for begin in range(0, rows, CHUNK):
        with recorded(actor="bench", command="bench.write"), connection.cursor() as cursor:
            cursor.execute(WRITE, {"first": first + begin, "count": min(CHUNK, rows - begin)})


def _bare_copy() -> list[bytes]:
    """The same lines copied out, without hashing."""
    from django.db import transaction

    from kintsugi.audit.sealing.lines import LAST, Place, lines, quiet_planner

    with transaction.atomic():
        quiet_planner()
        return [line for some in lines(Place(0, 0, LAST, LAST)) for line in some]


def _bare_hashes(lines: list[bytes]) -> list[bytes]:
    return [sha256(b"\x00" + line).digest() for line in lines]


def _timed(work):  # type: ignore[no-untyped-def]
    begun = time.perf_counter()
    found = work()
    return found, round(time.perf_counter() - begun, 4)


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
