"""What reading loads: nothing that only databases or rare formats need."""

import subprocess
import sys

HEAVY = ("sqlalchemy", "fastexcel", "openpyxl", "pymysql", "psycopg")


def test_drivers_are_loaded_only_when_something_is_read_with_them() -> None:
    code = "import sys, kintsugi.engine.reading; print(*{m.split('.')[0] for m in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "kintsugi" in loaded
    assert loaded.isdisjoint(HEAVY)
