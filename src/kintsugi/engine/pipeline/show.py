"""Look into a finished run, also from another process."""

from pathlib import Path
from typing import Any

import polars as pl

from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.pipeline.model import RESULT_FILE, PipelineResult
from kintsugi.engine.text import Text

MAX_PAGE_ROWS = 1_000


def show_step(
    result: PipelineResult, name: str, *, limit: int = 50, offset: int = 0
) -> list[dict[str, Any]]:
    """A page of a step's rows. ``name`` is a step's id (``table/entity/name``) or its plain name,
    which takes the first such step. At most ``MAX_PAGE_ROWS`` rows."""
    try:
        step = result.step(name)
    except KeyError:
        known = [step.id for step in result.steps]
        raise KintsugiError(
            "pipeline.no-step",
            Text(f"没有步骤「{name}」。", f"There is no step “{name}”."),
            Text("请从列出的步骤中选择。", "Choose one of the steps listed."),
            step=name,
            steps=known,
        ) from None
    if not step.path.is_file():
        raise _gone(step.path)
    frame = pl.scan_parquet(step.path)
    if step.select is not None:
        frame = frame.select(pl.col(source).alias(shown) for shown, source in step.select.items())
    return frame.slice(max(0, offset), max(0, min(limit, MAX_PAGE_ROWS))).collect().to_dicts()


def open_result(workdir: str | Path) -> PipelineResult:
    """The result of a finished run. Raises KintsugiError ``pipeline.no-result``."""
    folder = Path(workdir)
    try:
        text = (folder / RESULT_FILE).read_text(encoding="utf-8")
        result = PipelineResult.model_validate_json(text)
    except (OSError, ValueError) as error:
        raise _gone(folder / RESULT_FILE) from error
    return result.model_copy(update={"workdir": folder})


def _gone(path: Path) -> KintsugiError:
    return KintsugiError(
        "pipeline.no-result",
        Text(
            "此处没有完成的运行结果,或文件已被清理。",
            "There is no finished run here, or its files were cleaned up.",
        ),
        Text("请重新运行。", "Run it again."),
        path=str(path),
    )
