"""A small company for scenario tests: files by hand, imports through the services, plain looks at
what stands in the tables afterwards."""

import csv
import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

AT = dt.datetime(2026, 11, 22, 8, 0, tzinfo=dt.UTC)
ARITHMETIC = ("created", "updated", "merged", "unchanged", "excluded", "quarantined")

#: Three products; the check digits of the identifiers are right (worked by hand).
PRODUCTS = """产品编码,产品名称,型号,生产厂家,UDI-DI
P-1,监护仪,M1,示例医疗有限公司,06901234567892
P-2,呼吸机,V2,示例医疗有限公司,
P-3,输液泵,I3,乙厂有限公司,
"""
DEVICES = """序列号,产品编码,医院,科室,采购日期,备注
SN1,P-1,市一医院,ICU,2023-05-06,第一台
SN2,P-2,市二医院,急诊,2023-05-07,
SN3,P-1,市二医院,急诊,2023-05-08,第三台
"""


class World:
    """Imports into the test's database, with files and run folders below one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def file(self, name: str, text: str | bytes) -> Path:
        """A file with this content; its name stays the same when its content changes."""
        path = self.folder / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def load(self, *paths: Path, at: dt.datetime = AT, **more: Any) -> list[dict[str, Any]]:
        """Import files in one call; reports in the order they were loaded, arithmetic checked.

        ``source``: (code, authority); ``observed_at``, ``mapping``: as of a Fragment.
        """
        from kintsugi.onboarding.selectors import run_report
        from kintsugi.onboarding.services import Fragment, import_fragments, register_source

        source = None
        if chosen := more.pop("source", None):
            code, authority = chosen
            source = register_source(actor="tester", code=code, kind="csv", authority=authority)
        listener = more.pop("listener", None)
        fragments = [Fragment(location=str(p), source=source, **more) for p in paths]
        runs = import_fragments(actor="tester", fragments=fragments, at=at, listener=listener)
        reports = [run_report(run) for run in runs]
        for report in reports:
            assert report["status"] == "verified"
            closes(report)
            for counts in report["entities"].values():
                closes(counts)
        return reports


def closes(counts: Mapping[str, Any]) -> None:
    """read = created + updated + merged + unchanged + excluded + quarantined."""
    assert counts["read"] == sum(counts[name] for name in ARITHMETIC), dict(counts)


@pytest.fixture
def world(tmp_path: Path, settings: Any) -> World:
    """A world whose snapshots and runs lie in the test's own folder."""
    settings.SNAPSHOT_ROOT = tmp_path / "home" / "snapshots"
    settings.RUN_ROOT = tmp_path / "home" / "runs"
    return World(tmp_path)


# -- looking ---------------------------------------------------------------------------------------


def device(serial: str) -> Any:
    """The one device of this serial number."""
    from kintsugi.devices.models import Device

    return Device.objects.select_related("product", "customer").get(serial_no=serial)


def tables() -> dict[str, str]:
    """Checksum of every onboarded table."""
    from kintsugi.onboarding.selectors import checksums

    return {name: f"{facts['rows']}/{facts['checksum']}" for name, facts in checksums().items()}


def last_change() -> int:
    """The newest entry of the change log."""
    from django.db.models import Max

    from kintsugi.audit.models import Change

    return int(Change.objects.aggregate(last=Max("id", default=0))["last"])


def changes(since: int) -> list[tuple[str, str, dict[str, Any]]]:
    """(table, operation, changed columns without version and time) of business rows that are not
    onboarding's own, since an entry of the log."""
    from kintsugi.audit.models import Change

    found = Change.objects.filter(id__gt=since).exclude(table__startswith="onboarding_")
    quiet = ("version", "updated_at")
    return [
        (c.table, c.op, {k: v for k, v in (c.after or {}).items() if k not in quiet})
        for c in found.order_by("id")
    ]


def issues(**where: Any) -> list[Any]:
    """Stored issues, by rule and place."""
    from kintsugi.onboarding.models import Issue

    return list(Issue.objects.filter(**where).order_by("rule", "place", "id"))


def rules(report: Mapping[str, Any], entity: str | None = None) -> dict[str, int]:
    """How often each rule was broken in a run."""
    found = [i for i in report["issues"] if entity in (None, i["entity"])]
    return {issue["rule"]: issue["count"] for issue in found}


def table_text(header: Sequence[str], rows: Sequence[Sequence[str]], delimiter: str = ",") -> str:
    """A delimited text of rows, quoted where it must be."""
    import io

    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows([header, *rows])
    return out.getvalue()
