"""``kintsugi read`` of paper: which cells wait for a person, and what a person answered."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from kintsugi.config.cli.terminal import t
from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.text import Text

if TYPE_CHECKING:
    from kintsugi.engine.snapshot import Snapshot

EXIT_UNCONFIRMED: Final = 3  # rows were put aside because nobody confirmed them
_LISTED: Final = 100


def option(name: str, *flags: str) -> Any:
    """The option of this name, in the language of the command line."""
    texts = {
        "confirm": t("把待核对的单元格写入 CSV", "Write the cells to confirm as CSV (paper only)"),
        "confirmed": t("核对完的 CSV", "The CSV of --confirm with a person's answers in it"),
        "only_confirmed": t(
            "关键单元格未核对的行放在一边(退出码 3)",
            "Put rows aside whose key cells nobody confirmed (exit code 3)",
        ),
        "sure": t("低于此置信度的单元格须核对", "Cells less sure than this are to be confirmed"),
    }
    return typer.Option(*flags, help=texts[name])


@dataclass(frozen=True)
class Eyes:
    """What was asked about confirming: the file to write, the file of answers, whether rows that
    wait are put aside, and how sure a cell has to be."""

    confirm: Path | None = None
    answers: Path | None = None
    only_confirmed: bool = False
    sure: float = 0.9

    @property
    def asked(self) -> bool:
        return self.confirm is not None or self.answers is not None


def check(eyes: Eyes, files: list[str]) -> None:
    """Refuses files of answers for several sources: rows would not tell which one they mean."""
    if eyes.asked and len(files) > 1:
        raise KintsugiError(
            "paper.one-source",
            Text("核对表只能对应一个来源。", "A file of answers is for one source."),
            Text("请逐个读取来源。", "Read the sources one by one."),
            sources=files[:50],
        )
    if not 0 <= eyes.sure <= 1:
        raise KintsugiError(
            "paper.sure",
            Text("置信度须在 0 与 1 之间。", "A confidence is between 0 and 1."),
            Text("例如 --sure 0.9。", "Say --sure 0.9."),
            field="--sure",
            value=eyes.sure,
        )


def seen(snapshot: "Snapshot", eyes: Eyes, work: Path) -> "tuple[Snapshot, dict[str, Any] | None]":
    """The snapshot with the answers in it, and what the report says about confirming; None for
    sources that are no paper."""
    from kintsugi.engine.paper.confirm import (
        PAPER,
        confirmed,
        read_confirm,
        to_confirm,
        write_confirm,
    )

    if snapshot.kind not in PAPER:
        return snapshot, None
    counts = {"confirmed": 0, "changed": 0, "rows_put_aside": 0}
    waiting = to_confirm(snapshot, sure=eyes.sure)
    if eyes.answers is not None or eyes.only_confirmed:
        answers = read_confirm(eyes.answers) if eyes.answers is not None else []
        made = confirmed(
            snapshot, answers, into=work, only_confirmed=eyes.only_confirmed, sure=eyes.sure
        )
        snapshot, waiting = made.snapshot, made.open
        counts = {
            "confirmed": made.confirmed, "changed": made.changed, "rows_put_aside": made.aside
        }  # fmt: skip
    if eyes.confirm is not None:
        write_confirm(waiting, eyes.confirm)
    return snapshot, {
        "to_confirm": len(waiting),
        "key_cells": sum(one.is_key for one in waiting),
        **counts,
        "confirm_file": str(eyes.confirm) if eyes.confirm is not None else None,
        "cells": [one.as_dict() for one in waiting[:_LISTED]],
    }
