"""Write the package's table of GS1 application identifiers from the official syntax dictionary.

``python -m tools.gs1_dictionary gs1-syntax-dictionary.txt`` reads the text GS1 publishes (Apache
License 2.0) and writes ``src/kintsugi/engine/gs1/dictionary.tsv``: the same facts, one entry a
line, without prose. A test compares the two where the text is at hand.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "src" / "kintsugi" / "engine" / "gs1" / "dictionary.tsv"

ENTRY = re.compile(
    r"^(?P<ais>[0-9]{2,4}(?:-[0-9]{2,4})?)"
    r"(?:\s+(?P<flags>[^\w\s#\[]+))?"
    r"(?P<spec>(?:\s+\[?[NXYZ](?:\.\.)?[0-9]+\]?(?:,[a-z0-9]+)*)+)"
    r"(?P<attributes>(?:\s+[a-z]+(?:=[0-9n+,|]+)?)*)"
    r"\s*(?:#\s*(?P<title>.*?)\s*)?$"
)
HEAD = """\
# GS1 application identifiers. Written by tools/gs1_dictionary.py; changes here are lost.
# Source: GS1 Barcode Syntax Dictionary, release {release}, reformatted.
# Copyright (c) 2020-2021 BWIPP project, (c) 2020-2021 Zint Project, (c) 2021-2026 GS1 AISBL.
# Licensed under the Apache License, Version 2.0.
# Flags: * predefined length, ? Digital Link attribute.
# identifiers	flags	components	attributes	title
"""


def table(text: str) -> str:
    """The table's text. Raises ValueError for a line that is neither comment nor entry."""
    release = re.search(r"^# Release: (\S+)$", text, re.M)
    if release is None:
        raise ValueError("the dictionary names no release")
    rows = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        entry = ENTRY.match(line)
        if entry is None:
            raise ValueError(f"line {number} is no entry: {line}")
        columns = entry["ais"], entry["flags"], entry["spec"], entry["attributes"], entry["title"]
        rows.append("\t".join(" ".join((column or "").split()) for column in columns))
    return HEAD.format(release=release[1]) + "\n".join(rows) + "\n"


def main() -> int:
    """Writes the table; 2 without the path of the dictionary."""
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    TABLE.write_text(table(Path(sys.argv[1]).read_text("utf-8")), "utf-8")
    print(f"written: {TABLE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
