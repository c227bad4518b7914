"""Everything that stands, as files in the contracts it came in by: an export imports again with
nothing to do.

Reading only. The files of one export belong to one moment. Whole tables are read: who asks needs
permissions over all rows, and that to read personal data.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from django.db import connection, transaction

from kintsugi.core.dumping import copy_csv, fields_of, records_of
from kintsugi.core.errors import KintsugiError, Text
from kintsugi.engine.contract import load_contracts
from kintsugi.engine.mapping import EntityMapping, Mapping, TableMapping
from kintsugi.onboarding.entities import LOADERS
from kintsugi.onboarding.sums import checksums

MANIFEST = "manifest.json"
#: ``device.csv`` is read as ``device.mapping.yaml`` says.
MAPPING = ".mapping.yaml"
FORMAT = 1


@dataclass(frozen=True)
class Exported:
    """One file of an export."""

    entity: str
    file: str
    rows: int
    bytes: int
    sha256: str
    contract: str


def known_entities(asked: Sequence[str] = ()) -> list[str]:
    """The entities to export, in the order in which they load again; all without ``asked``.

    Raises KintsugiError ``export.entity``.
    """
    for name in asked:
        if name not in LOADERS:
            raise KintsugiError(
                "export.entity",
                Text(f"没有“{name[:60]}”这种记录。", f"There are no records “{name[:60]}”."),
                Text(f"可选:{'、'.join(LOADERS)}。", f"Choose among {', '.join(LOADERS)}."),
                field="entity",
                value=name[:60],
            )
    return [name for name in LOADERS if not asked or name in asked]


def entity_mapping(entity: str) -> Mapping:
    """How the file of an export is read: each column is the field it is called by."""
    fields = fields_of(LOADERS[entity], load_contracts()[entity])
    one = EntityMapping(entity=entity, columns=dict(zip(fields, fields, strict=True)))
    return Mapping(source=entity, tables=(TableMapping(table=entity, entities=(one,)),))


def export_to(folder: Path, *, at: dt.datetime, entities: Sequence[str] = ()) -> list[Exported]:
    """Write the records into a folder: a CSV and its mapping per entity, and ``manifest.json``.

    The folder is new or empty. A file that was begun and not finished has no name yet.
    Raises KintsugiError ``export.entity`` and ``export.folder``.
    """
    names = known_entities(entities)
    _empty(folder)
    contracts = load_contracts()
    done: list[Exported] = []
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("set transaction isolation level repeatable read, read only")
        sums = checksums()
        for name in names:
            done.append(_written(folder, name, contracts[name].version))
    told = {"format": FORMAT, "at": at.isoformat(), "files": [asdict(one) for one in done],
            "checksums": sums}  # fmt: skip
    (folder / MANIFEST).write_text(json.dumps(told, ensure_ascii=False, indent=1), "utf-8")
    return done


def _written(folder: Path, entity: str, version: str) -> Exported:
    path, begun = folder / f"{entity}.csv", folder / f".{entity}.csv.part"
    statement = records_of(LOADERS[entity], load_contracts()[entity])
    digest = hashlib.sha256()
    with begun.open("wb") as out:

        def keep(piece: bytes) -> None:
            digest.update(piece)
            out.write(piece)

        rows = copy_csv(statement, keep)
        size = out.tell()
    begun.replace(path)
    (folder / f"{entity}{MAPPING}").write_text(entity_mapping(entity).to_yaml(), "utf-8")
    return Exported(entity, path.name, rows, size, digest.hexdigest(), version)


def _empty(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        taken = next(folder.iterdir(), None)
    except OSError as error:
        raise _no_folder(folder, type(error).__name__) from error
    if taken is not None:
        raise _no_folder(folder, taken.name)


def _no_folder(folder: Path, reason: str) -> KintsugiError:
    return KintsugiError(
        "export.folder",
        Text(f"不能写入 {folder}。", f"{folder} cannot be written to."),
        Text("请给出一个新的或空的文件夹。", "Name a folder that is new or empty."),
        folder=str(folder),
        reason=reason,
    )
