"""Datasets that reports are made of. Apps register theirs from ``ready``; audit makes the reports.

A dataset is a list as the screens declare it: columns, filters, order and permissions are shared by
the page, the workbook, the CSV file and the printed report.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from kintsugi.core.access import may, require
from kintsugi.core.screens import ListScreen
from kintsugi.core.screens.parts import Words


@dataclass(frozen=True)
class Dataset:
    """Rows that a regulator may ask for; ``about`` says what one row is.

    Whoever may open the screen may make reports of its rows, and take them away as a file if they
    may export it too (where the screen knows no export of its own: whoever may open it).
    ``prepare`` is given the rows of a chunk before they are written, to look names up at once.
    """

    name: str
    title: Words
    about: Words
    screen: ListScreen
    order: int = 100
    prepare: Callable[[Sequence[Any]], Sequence[Any]] = lambda rows: rows

    @property
    def permission(self) -> str:
        """What opens its rows."""
        return self.screen.permission

    @property
    def export_permission(self) -> str:
        """What takes them away."""
        return self.screen.export_permission or self.screen.permission

    def require_export(self) -> None:
        """Raise AccessDenied unless whoever is at work may take reports of it away."""
        require("report.export")
        require(self.export_permission)


DATASETS: dict[str, Dataset] = {}


def register_dataset(dataset: Dataset) -> None:
    """Add a dataset; called from ``AppConfig.ready``. A name twice or one without a permission is a
    mistake of ours."""
    assert dataset.name not in DATASETS, f"dataset {dataset.name} registered twice"
    assert dataset.permission, f"dataset {dataset.name} has no permission"
    DATASETS[dataset.name] = dataset


def datasets() -> list[Dataset]:
    """The datasets that whoever is at work may read, in order."""
    known = sorted(DATASETS.values(), key=lambda one: (one.order, one.name))
    return [one for one in known if may(one.permission)]
