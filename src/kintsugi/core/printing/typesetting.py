"""PDF/A by typst: templates lie beside the code that prints them, content is handed over as JSON,
never as source text."""

import datetime as dt
import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import typst
from django.conf import settings

from kintsugi.core.errors import KintsugiError, Text
from kintsugi.runtime import fonts


def chinese_font() -> str:
    """The family that Chinese text is set in. Raises KintsugiError ``pack.no-chinese-font``."""
    home = Path(settings.HOME)
    found = fonts.chinese_family(home)
    if found is None:
        folder = home / "fonts"
        raise KintsugiError(
            "pack.no-chinese-font",
            Text(
                "本机没有中文字体,无法生成 PDF。",
                "This machine has no Chinese font, so no PDF can be made.",
            ),
            Text(
                f"运行 apt-get install fonts-noto-cjk,或把一个中文字体文件放入 {folder}。",
                f"Run apt-get install fonts-noto-cjk, or put a Chinese font file into {folder}.",
            ),
            families=list(fonts.FAMILIES),
        )
    return found


def typeset(
    package: str, template: str, data: Mapping[str, Any], *, at: dt.datetime, language: str
) -> bytes:
    """The template ``<package>/<template>.typ`` with its data as PDF/A-2b; ``common.typ`` stands
    before it. ``at`` is the document's date: the same data and date give the same bytes.

    Raises KintsugiError ``pack.no-chinese-font``.
    """
    family = chinese_font()
    inputs = {
        "data": json.dumps(data, ensure_ascii=False, default=str),
        "font": family,
        "lang": "zh" if language.startswith("zh") else "en",
        "year": str(at.year),
        "month": str(at.month),
        "day": str(at.day),
    }
    source = files(package).joinpath(f"{template}.typ").read_bytes()
    common = files("kintsugi.core.printing").joinpath("common.typ").read_bytes()
    compiler = typst.Compiler(
        common + b"\n" + source,
        font_paths=fonts.fonts_in(fonts.font_folders(Path(settings.HOME))),
        sys_inputs=inputs,
    )
    made = compiler.compile(
        format="pdf",
        pdf_standards=["a-2b"],
        timestamp=at.replace(microsecond=0).astimezone(dt.UTC),
    )
    assert isinstance(made, bytes), "a PDF is one file, and no path was given"
    return made
