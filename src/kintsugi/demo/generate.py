"""Write the demo fragments and the truth about them.

``python -m kintsugi.demo.generate [--seed N] [--out DIR]``. The same seed gives the same files.
The catalogue excerpt is the input and stays as it is; only what was invented is written.
"""

import argparse
import csv
import shutil
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
    """What is wrong in the public data itself: identifiers whose check digit does not fit."""
    for name, column in ((CATALOGUE, "primary_di"), (IDENTIFIERS, "device_id")):
        text = (files / name).read_bytes().decode("utf-8")
        # Lines end at LF only; a record is known by its first line.
        reader = csv.reader(line + "\n" for line in text.removesuffix("\n").split("\n"))
        header = next(reader)
        start = reader.line_num + 1
        table = name.removesuffix(".csv")
        for record in reader:
            code = record[header.index(column)]
            if not gtin_is_sound(code):
                product = name == CATALOGUE
                truth.note(
                    file=name,
                    table=table,
                    row=start,
                    column=column,
                    dirt=32,
                    raw=code,
                    correct=None,
                    expect="asked",
                    entity="product" if product else "udi_identifier",
                    field="primary_di" if product else "device_identifier",
                    key=code,
                )
            truth.fate(file=name, table=table, number=start, fate="loaded")
            start = reader.line_num + 1


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
