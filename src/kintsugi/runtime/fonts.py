"""Fonts that documents are set in: those of the system, of ``KINTSUGI_FONTS`` and of the home."""

import os
from functools import cache
from pathlib import Path

import typst

#: Fonts with Simplified Chinese, the first that is here is taken.
FAMILIES = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "PingFang SC",
    "Microsoft YaHei",
    "SimSun",
)


def font_folders(home: Path) -> tuple[Path, ...]:
    """Where fonts are looked for beside the system's."""
    named = [Path(p) for p in os.environ.get("KINTSUGI_FONTS", "").split(os.pathsep) if p]
    return tuple(p for p in (*named, home / "fonts") if p.is_dir())


@cache
def fonts_in(folders: tuple[Path, ...]) -> typst.Fonts:
    """The system's fonts and those of the folders."""
    return typst.Fonts(font_paths=[str(folder) for folder in folders])


def chinese_family(home: Path) -> str | None:
    """The family that Chinese text is set in; None where this machine has none."""
    here = set(fonts_in(font_folders(home)).families())
    return next((name for name in FAMILIES if name in here), None)
