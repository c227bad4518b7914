"""Datasets that reports are made of. Owning apps register theirs from ``ready``.

A dataset is a list as the screens declare it: columns, filters and order are shared by the page,
the workbook, the CSV file and the printed report.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from kintsugi.core.screens import ListScreen
from kintsugi.core.screens.parts import Words


@dataclass(frozen=True)
class Dataset:
    """Rows that a regulator may ask for.

    ``screen.rows(user)`` limits them to what this person may see; ``about`` says what one row is;
    ``prepare(rows)`` looks up for a chunk what its columns read; ``allowed(user)`` says who may
    read it at all.
    """

    name: str
    title: Words
    about: Words
    screen: ListScreen
    order: int = 100
    prepare: Callable[[Sequence[Any]], Sequence[Any]] = lambda rows: rows
    allowed: Callable[[Any], bool] = lambda _user: True


DATASETS: dict[str, Dataset] = {}


def register_dataset(dataset: Dataset) -> None:
    """Add a dataset; called from ``AppConfig.ready``. A name twice is a mistake of ours."""
    assert dataset.name not in DATASETS, f"dataset {dataset.name} registered twice"
    DATASETS[dataset.name] = dataset


def datasets(user: Any) -> list[Dataset]:
    """The datasets that this person may read, in order."""
    known = sorted(DATASETS.values(), key=lambda one: (one.order, one.name))
    return [one for one in known if one.allowed(user)]
