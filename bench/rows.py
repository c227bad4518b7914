"""Many product rows made of real ones: the GUDID records repeated under new keys."""

import gzip
from importlib.resources import files
from pathlib import Path

import polars as pl

#: The larger public excerpt, where it lies beside the repository; else the package's own 2,000.
SHARED = Path(__file__).parents[2] / "shared/data/gudid/gudid_devices_1_25000.csv.gz"


def originals() -> pl.DataFrame:
    """Real GUDID device records as text columns; a blank is null."""
    if SHARED.exists():
        data = gzip.decompress(SHARED.read_bytes())
    else:
        data = files("kintsugi.demo").joinpath("files", "catalogue_gudid.csv").read_bytes()
    return pl.read_csv(data, infer_schema=False)


def write_rows(path: Path, count: int) -> int:
    """Write ``count`` product rows with distinct, sound GTIN-14 keys; returns the file's bytes."""
    real = originals()
    times = -(-count // real.height)
    frame = pl.concat([real] * times).head(count)
    body = pl.int_range(count, dtype=pl.Int64) + 1_000_000_000_000  # 13 digits before the check
    digits = [(body // 10**place) % 10 for place in range(13)]
    total = sum(digit * (3 if place % 2 == 0 else 1) for place, digit in enumerate(digits))
    check = (10 - total % 10) % 10
    frame.with_columns(
        (body.cast(pl.String) + check.cast(pl.String)).alias("primary_di"),
        pl.lit("GS1").alias("issuing_agency"),
        (pl.col("model") + "-" + (pl.int_range(count) // real.height).cast(pl.String)),
    ).write_csv(path)
    return path.stat().st_size
