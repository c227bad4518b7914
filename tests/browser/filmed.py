"""A film for Chromium's camera: labels as a phone sees them, a little blurred, turned and noisy."""

from pathlib import Path
from typing import Any

import numpy as np
import zxingcpp

WIDTH, HEIGHT = 1280, 720
FRAMES_PER_SECOND = 10


def picture(content: str, symbology: Any, *, module: int, turned: float = 0.0, **how: Any) -> Any:
    """Grey values of a symbol on a table: ``module`` pixels a module, ``turned`` in degrees."""
    made = zxingcpp.create_barcode(content, symbology, **how)
    symbol = np.array(zxingcpp.write_barcode_to_image(made, scale=1, add_quiet_zones=True))
    if symbol.shape[0] > 40 and symbology == zxingcpp.Code128:
        symbol = symbol[:40]  # less high than wide, as bars are printed
        symbol = np.repeat(symbol, 3, axis=0)[: 120 // module * module]
        large = np.repeat(symbol, module, axis=1)
    else:
        large = np.kron(symbol, np.ones((module, module), dtype=symbol.dtype))
    table = np.full((HEIGHT, WIDTH), 150.0)
    high, wide = large.shape
    assert (high < HEIGHT, wide < WIDTH) == (True, True), f"{content}: {wide} × {high} pixels"
    top, left = (HEIGHT - high) // 2, (WIDTH - wide) // 2
    table[top : top + high, left : left + wide] = 25 + large * (205 / 255)
    turned_to = np.deg2rad(turned)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(float)
    y, x = y - HEIGHT / 2, x - WIDTH / 2
    from_x = np.cos(turned_to) * x + np.sin(turned_to) * y + WIDTH / 2
    from_y = -np.sin(turned_to) * x + np.cos(turned_to) * y + HEIGHT / 2
    seen = table[
        np.clip(from_y.round().astype(int), 0, HEIGHT - 1),
        np.clip(from_x.round().astype(int), 0, WIDTH - 1),
    ]
    blurred = sum(
        np.roll(seen, (down, right), axis=(0, 1)) for down in (-1, 0, 1) for right in (-1, 0, 1)
    )
    noise = np.random.default_rng(7).normal(0, 10, seen.shape)
    return np.clip(blurred / 9 + noise, 0, 255).astype(np.uint8)


def film(path: Path, scenes: list[Any], *, seconds: float) -> Path:
    """The scenes one after another as uncompressed video (Y4M); Chromium plays it in a loop."""
    grey = np.full((HEIGHT // 2) * (WIDTH // 2) * 2, 128, dtype=np.uint8).tobytes()
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{FRAMES_PER_SECOND}:1 Ip C420jpeg\n".encode())
        for scene in scenes:
            frame = b"FRAME\n" + scene.tobytes() + grey
            for _ in range(round(seconds * FRAMES_PER_SECOND)):
                file.write(frame)
    return path
