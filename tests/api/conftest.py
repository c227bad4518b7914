"""A small onboarded world: three files, worked through by hand, and a person who is logged in.

catalogue.csv   P-100 氧气机 OX-1 of 金桥医疗; P-200 监护仪 MX-2
register.csv    S-001 and S-002 at 第一医院 (both P-100), S-003 at 第二医院 (P-200)
second.csv      S-001 again, with another department: the sources disagree
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

AT = dt.datetime(2026, 11, 22, 9, tzinfo=dt.UTC)
CATALOGUE = """产品编码,产品名称,型号,生产企业
P-100,氧气机,OX-1,金桥医疗
P-200,监护仪,MX-2,金桥医疗
"""
REGISTER = """序列号,产品编码,使用科室,客户名称,保修截止日期
S-001,P-100,ICU,第一医院,2027-05-01
S-002,P-100,急诊科,第一医院,2020-05-01
S-003,P-200,儿科,第二医院,not a day
"""
SECOND = """序列号,产品编码,使用科室
S-001,P-100,手术室
"""


@dataclass
class World:
    """What was onboarded: runs by file name."""

    runs: dict[str, Any] = field(default_factory=dict)


@pytest.fixture(scope="module")
def world(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """The files, imported and committed; the database is made anew at the module's end."""
    from django.test import TransactionTestCase

    from kintsugi.onboarding.services import Fragment, import_fragments, register_source

    folder = tmp_path_factory.mktemp("fragments")
    with django_db_blocker.unblock():
        made = World()
        files = {"catalogue.csv": CATALOGUE, "register.csv": REGISTER, "second.csv": SECOND}
        try:
            for place, (name, text) in enumerate(files.items()):
                path = folder / name
                path.write_text(text, "utf-8")
                source = register_source(
                    actor="test", code=Path(name).stem, kind="file", authority=60 - 10 * place
                )
                fragment = Fragment(location=str(path), source=source)
                [made.runs[name]] = import_fragments(actor="test", fragments=[fragment], at=AT)
            yield made
        finally:
            # Also when an import failed: what it left would change what the next module sees.
            TransactionTestCase._fixture_teardown(None)


@pytest.fixture(scope="module")
def person(world: World) -> Any:
    """An account that reads English."""
    from kintsugi.audit.services import recorded
    from kintsugi.core.ids import uuid7
    from tests.identity.people import create_user

    with recorded(actor="test", command="test"):
        return create_user(
            username=f"li-{uuid7().hex[-6:]}",
            password="gold-seam-2026",
            display_name="李明",
            language="en",
        )


@pytest.fixture
def client(person: Any) -> Any:
    """A browser that is logged in."""
    from tests.api.asking import logged_in

    return logged_in(person)


@pytest.fixture
def stranger(world: World) -> Any:
    """A browser that is not."""
    from django.test import Client

    return Client(raise_request_exception=False)
