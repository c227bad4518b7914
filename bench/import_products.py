"""One size of the import benchmark: a fresh database, the import, then the bare COPY.

Run as ``python -m bench.import_products ROWS``; prints one JSON object.
"""

import datetime as dt
import json
import os
import resource
import sys
import tempfile
import threading
import time
from pathlib import Path

import psycopg

from kintsugi.runtime.cluster import Cluster


class Memory:
    """The greatest resident memory of this process while the block runs, in MiB."""

    def __enter__(self) -> "Memory":
        self.peak_mib = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def _watch(self) -> None:
        page = resource.getpagesize()
        while not self._stop.wait(0.05):
            pages = int(Path("/proc/self/statm").read_text().split()[1])
            self.peak_mib = max(self.peak_mib, pages * page / 2**20)

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


def measure(rows: int) -> dict[str, object]:
    """Import ``rows`` products into a new database and copy the same rows bare beside it."""
    from bench.rows import write_rows
    from kintsugi.config.cli.database import database

    with tempfile.TemporaryDirectory(
        prefix="kintsugi-bench-", ignore_cleanup_errors=True
    ) as folder:
        place = Path(folder)
        # Root's embedded server runs under another account, which must reach the folder.
        place.chmod(0o755)
        path = place / f"products_{rows}.csv"
        size = write_rows(path, rows)
        os.environ["KINTSUGI_HOME"] = str(place / "home")
        with database():
            answer = _import(path)
            answer["copy_s"] = _bare_copy(place)
    assert answer["created"] == rows, f"not all rows were created: {answer}"
    answer |= {"rows": rows, "file_mib": round(size / 2**20, 1)}
    answer["ratio"] = round(float(answer["import_s"]) / float(answer["copy_s"]), 2)
    return answer


def _import(path: Path) -> dict[str, object]:
    from kintsugi.engine.text import Text
    from kintsugi.onboarding.services import Fragment, import_fragments

    phases: dict[str, float] = {}
    last = [time.perf_counter(), "read"]

    def listen(phase: Text, _done: int, _total: int) -> None:
        now = time.perf_counter()
        phases[str(last[1])] = phases.get(str(last[1]), 0.0) + now - float(last[0])
        last[0], last[1] = now, phase.en

    with Memory() as memory:
        begun = time.perf_counter()
        (run,) = import_fragments(
            actor="bench",
            fragments=[Fragment(str(path))],
            at=dt.datetime.now(dt.UTC),
            listener=listen,
        )
        seconds = time.perf_counter() - begun
    return {
        "import_s": round(seconds, 2),
        "created": run.counts["created"],
        "peak_mib": round(memory.peak_mib),
        "phases_s": {name: round(s, 2) for name, s in phases.items() if s >= 0.05},
        "steps_s": {step["id"].split("/", 1)[-1]: step["seconds"] for step in run.steps},
    }


def _bare_copy(place: Path) -> float:
    """Seconds of one COPY of the loaded rows into an empty table with the same indexes and
    constraints, without triggers; the rows come from a file of COPY text."""
    text = place / "rows.copy"
    server = Cluster(place / "home").running()  # its owner: programs may make no table
    assert server is not None
    with psycopg.connect(server.url()) as connection, connection.cursor() as cursor:
        with text.open("wb") as file, cursor.copy("copy products_product to stdout") as out:
            for block in out:
                file.write(block)
        cursor.execute("create table bench_product (like products_product including all)")
        connection.commit()
        cursor.execute("checkpoint")
        connection.commit()
        begun = time.perf_counter()
        with text.open("rb") as file, cursor.copy("copy bench_product from stdin") as into:
            while block := file.read(1 << 20):
                into.write(block)
        connection.commit()
        return round(time.perf_counter() - begun, 2)


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
