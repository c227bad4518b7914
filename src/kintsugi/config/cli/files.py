"""Files that commands of the engine read and write: one table in, results that hurt no source."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.text import Text

if TYPE_CHECKING:
    from kintsugi.engine.pipeline.plain import PlainTable


@contextmanager
def read_tables(*asked: tuple[str, str | None]) -> Iterator[list["PlainTable"]]:
    """The tables of sources, as (file or database address, table or None), while the block runs."""
    from kintsugi.engine.pipeline.plain import read_plain

    with tempfile.TemporaryDirectory(prefix="kintsugi-") as work:
        yield [
            read_plain(file, into=Path(work) / str(number), table=table)
            for number, (file, table) in enumerate(asked)
        ]


def refuse_onto(path: Path | None, *sources: str) -> None:
    """Refuses a result in the place of a source: KintsugiError ``read.onto-source``."""
    if path is None or not path.exists():
        return
    for source in sources:
        if "://" not in source and Path(source).exists() and path.samefile(source):
            raise KintsugiError(
                "read.onto-source",
                Text("结果会覆盖来源文件。", "The result would take the place of its source."),
                Text("请换一个输出位置。", "Choose another place with -o."),
                file=str(path),
            )


def keep_json(path: Path, answer: dict[str, Any]) -> None:
    """An answer as a JSON file. Raises KintsugiError ``read.unwritable``."""
    keep_text(path, json.dumps(answer, ensure_ascii=False, indent=2, default=str) + "\n")


def keep_text(path: Path, text: str) -> None:
    """A text as a file, whole or not at all. Raises KintsugiError ``read.unwritable``."""
    from kintsugi.engine.pipeline.export import unwritable

    work = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        work.write_text(text, "utf-8")
        work.replace(path)
    except OSError as error:
        raise unwritable(path, error) from error
    finally:
        work.unlink(missing_ok=True)
