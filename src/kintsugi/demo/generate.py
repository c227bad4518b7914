"""Write the demo fragments and the truth about them.

``python -m kintsugi.demo.generate [--seed N] [--out DIR]``. The same seed gives the same files.
The catalogue excerpt is the input and stays as it is; only what was invented is written.
"""

import argparse
import csv
import shutil
from collections.abc import Iterator
from pathlib import Path

from kintsugi.demo.excerpt import gtin_is_sound
from kintsugi.demo.fragments.customers import write_customers
from kintsugi.demo.fragments.east import write_east
from kintsugi.demo.fragments.legacy import write_legacy
from kintsugi.demo.fragments.orders import write_orders
from kintsugi.demo.fragments.south import write_south
from kintsugi.demo.fragments.stock import write_stock
from kintsugi.demo.sources import write_sources
from kintsugi.demo.truth import Truth, write_truth
from kintsugi.demo.world import build_world

HERE = Path(__file__).parent
CATALOGUE = "catalogue_gudid.csv"
IDENTIFIERS = "catalogue_identifiers.csv"
DEFAULT_SEED = 20240701


def generate(*, seed: int, out: Path, catalogue_dir: Path = HERE / "files") -> Truth:
    """Write ``files/``, ``truth/`` and ``sources.yaml`` under ``out`` and return the truth."""
    files = out / "files"
    files.mkdir(parents=True, exist_ok=True)
    for name in (CATALOGUE, IDENTIFIERS):
        if (catalogue_dir / name).resolve() != (files / name).resolve():
            shutil.copyfile(catalogue_dir / name, files / name)
    world = build_world(seed=seed, catalogue=files / CATALOGUE)
    truth = Truth()
    _catalogue_truth(truth, files)
    # Order matters: stock settles the expiry dates that a UDI without a day stands for.
    write_east(world, truth, files)
    write_south(world, truth, files)
    write_orders(world, truth, files)
    write_legacy(world, truth, files)
    write_stock(world, truth, files)
    write_customers(world, truth, files)
    write_truth(truth, world, out / "truth")
    write_sources(world, out / "sources.yaml")
    return truth


def _catalogue_truth(truth: Truth, files: Path) -> None:
    """What is wrong in the public data itself, listed like planted dirt."""
    for name in (CATALOGUE, IDENTIFIERS):
        text = (files / name).read_bytes().decode("utf-8")
        # Lines end at LF only; a record is known by its first line.
        reader = csv.reader(line + "\n" for line in text.removesuffix("\n").split("\n"))
        header = next(reader)
        start = reader.line_num + 1
        table = name.removesuffix(".csv")
        product = name == CATALOGUE
        for record in reader:
            found = dict(zip(header, record, strict=True))
            for dirt, column, correct, field in _flaws(found, product=product):
                truth.note(
                    file=name,
                    table=table,
                    row=start,
                    column=column,
                    dirt=dirt,
                    raw=found[column],
                    correct=correct,
                    expect="asked",
                    entity="product" if product else "udi_identifier",
                    field=field,
                    key=found["primary_di" if product else "device_id"],
                )
            truth.fate(file=name, table=table, number=start, fate="loaded")
            start = reader.line_num + 1


def _flaws(record: dict[str, str], *, product: bool) -> Iterator[tuple[int, str, str | None, str]]:
    """Flaws of one public record: (dirt, column, correct, field)."""
    column = "primary_di" if product else "device_id"
    field = "primary_di" if product else "device_identifier"
    code = record[column]
    agency = record["issuing_agency" if product else "agency"]
    if not gtin_is_sound(code):
        yield 32, column, None, field
    elif len(code) != 14:
        yield 32, column, code.zfill(14), field
    elif agency != "GS1":
        # A HIBCC code begins with "+": fourteen bare digits are a GS1 number under a wrong name.
        yield 32, column, None, field
    if product and record["brand"] in ("N/A", "NA"):
        yield 60, "brand", None, "name"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED)
    parser.add_argument("--out", type=Path, default=HERE)
    args = parser.parse_args()
    truth = generate(seed=args.seed, out=args.out)
    kinds = len({c.dirt for c in truth.cells})
    print(f"{len(truth.cells)} pieces of dirt of {kinds} kinds in {args.out / 'files'}")


if __name__ == "__main__":
    main()
