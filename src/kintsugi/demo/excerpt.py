"""Cut the committed catalogue excerpt out of the public GUDID data. Run once, by hand.

GUDID is published by the U.S. Food and Drug Administration under CC0. The excerpt keeps the
records unchanged, in their order, with the headers they have in the source.
"""

import argparse
import csv
import gzip
import io
import random
from collections.abc import Sequence
from pathlib import Path

EXCERPT_SEED = 20240601
EXCERPT_SIZE = 2000
#: How many serialised records to take per company; every other company is taken in turn.
SERIALISED_PER_COMPANY = 110
PACKAGED_RECORDS = 220

Record = dict[str, str]


def cut_excerpt(*, devices: Path, identifiers: Path, out: Path) -> tuple[int, int]:
    """Write ``catalogue_gudid.csv`` and ``catalogue_identifiers.csv`` into ``out``.

    Taken first: every identifier that breaks its check digit or is not plain GS1, then records
    tracked by serial number, then records with package levels, then all companies in turn.
    Returns the number of products and of identifiers.
    """
    products = _read(devices)
    codes = _read(identifiers)
    chosen = _choose(products, codes)
    kept = [p for p in products if p["primary_di"] in chosen]
    kept_codes = [c for c in codes if c["primary_di"] in chosen]
    _write(out / "catalogue_gudid.csv", kept)
    _write(out / "catalogue_identifiers.csv", kept_codes)
    return len(kept), len(kept_codes)


def gtin_is_sound(code: str) -> bool:
    """Whether a GS1 key of 8, 12, 13 or 14 digits ends in its modulo-10 check digit."""
    if not code.isdigit() or len(code) not in (8, 12, 13, 14):
        return False
    digits = [int(c) for c in code.zfill(14)]
    total = sum(d * (3 if i % 2 == 0 else 1) for i, d in enumerate(digits[:13]))
    return (10 - total % 10) % 10 == digits[13]


def _choose(products: Sequence[Record], codes: Sequence[Record]) -> set[str]:
    rng = random.Random(EXCERPT_SEED)
    chosen = {
        c["primary_di"]
        for c in codes
        if c["agency"] != "GS1" or not gtin_is_sound(c["device_id"]) or len(c["device_id"]) != 14
    }
    by_company: dict[str, list[str]] = {}
    serialised: dict[str, list[str]] = {}
    packaged: list[str] = []
    for p in products:
        di = p["primary_di"]
        by_company.setdefault(p["company"], []).append(di)
        if p["serial"] == "true":
            serialised.setdefault(p["company"], []).append(di)
        if p["n_identifiers"] == "3":
            chosen.add(di)
        elif p["n_identifiers"] == "2":
            packaged.append(di)
    for dis in serialised.values():
        chosen.update(rng.sample(dis, min(SERIALISED_PER_COMPANY, len(dis))))
    chosen.update(rng.sample(packaged, PACKAGED_RECORDS))
    for dis in by_company.values():
        rng.shuffle(dis)
    while len(chosen) < EXCERPT_SIZE:
        for dis in by_company.values():
            if dis and len(chosen) < EXCERPT_SIZE:
                chosen.add(dis.pop())
    return chosen


def _read(path: Path) -> list[Record]:
    text = gzip.decompress(path.read_bytes()).decode("utf-8")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def _write(path: Path, records: Sequence[Record]) -> None:
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, fieldnames=list(records[0]), lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(records)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("devices", type=Path)
    parser.add_argument("identifiers", type=Path)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "files")
    args = parser.parse_args()
    products, codes = cut_excerpt(devices=args.devices, identifiers=args.identifiers, out=args.out)
    print(f"{products} products, {codes} identifiers")


if __name__ == "__main__":
    main()
