"""Tables and queries of databases as exact text, read only."""

import os
import socket
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mssql, mysql, oracle

from kintsugi.engine.reading import ReadError, ReadHints, read_source
from kintsugi.engine.reading.database import parse_url, table_job

MARIADB = "mysql+pymysql://root@127.0.0.1/test"
#: A table of this process: other workers, and other runs, read the same server.
TABLE = f"kintsugi_reading_{os.getpid()}"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "legacy.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(
            """
            create table "设备 台账"
              (id integer primary key, 名称 text, 日期 date, 价格 real, 图 blob);
            insert into "设备 台账" values (20, 'MR', '2023.5.6', 12.5, x'0102'),
                                          (3, null, '长期', 3.0, null),
                                          (7, '  CT ', '2023-01-02', 12345678901234567, null);
            create table parts (code text, qty numeric);
            insert into parts values ('b', 2), ('a', 10000000000000001), ('a', 1);
            create view recent as select 1 as x;
            """
        )
    connection.close()
    return path


def test_rows_come_in_key_order_with_nulls_and_binaries_named(
    read: Any, look: Any, database: Path
) -> None:
    snapshot = read(database)
    assert [t.name for t in snapshot.tables] == ["parts", "设备 台账"]
    assert look.rows(snapshot, "设备 台账") == [
        {"id": "3", "名称": "", "日期": "长期", "价格": "3"},
        {"id": "7", "名称": "  CT ", "日期": "2023-01-02", "价格": "12345678901234568"},
        {"id": "20", "名称": "MR", "日期": "2023.5.6", "价格": "12.5"},
    ]
    assert look.numbers(snapshot, "设备 台账") == [1, 2, 3]
    assert look.cells(snapshot, "type", "设备 台账") == {(1, 2): "null"}
    assert set(look.cells(snapshot, "precision_lost", "设备 台账")) == {(2, 4)}
    assert {"column.binary", "table.no-key"} <= look.notes(snapshot)
    assert [r["qty"] for r in look.rows(snapshot, "parts")] == ["1", "10000000000000001", "2"]


def test_a_query_is_a_table_of_its_own(tmp_path: Path, look: Any, database: Path) -> None:
    hints = ReadHints(queries={"big": "select code, qty from parts where qty > 1 order by qty"})
    snapshot = read_source(f"sqlite:///{database}", into=tmp_path / "s", hints=hints)
    assert [t.name for t in snapshot.tables] == ["big"]
    assert [r["code"] for r in look.rows(snapshot)] == ["b", "a"]


def test_the_same_rows_are_the_same_snapshot(tmp_path: Path, database: Path) -> None:
    first = read_source(f"sqlite:///{database}", into=tmp_path / "s")
    second = read_source(f"sqlite:///{database}", into=tmp_path / "s")
    assert first.path == second.path
    assert len(list((tmp_path / "s").iterdir())) == 1
    with sqlite3.connect(database) as connection:
        connection.execute("update parts set qty = 3 where code = 'b'")
    connection.close()
    assert read_source(f"sqlite:///{database}", into=tmp_path / "s").sha256 != first.sha256


def test_a_statement_that_writes_is_refused(tmp_path: Path, database: Path) -> None:
    before = database.read_bytes()
    hints = ReadHints(queries={"x": "delete from parts returning code"})
    with pytest.raises(ReadError) as refused:
        read_source(f"sqlite:///{database}", into=tmp_path / "s", hints=hints)
    assert refused.value.code == "reading.query"
    assert database.read_bytes() == before


def test_text_in_gb18030_inside_a_database_is_decoded(read: Any, look: Any, tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    with sqlite3.connect(path) as connection:
        connection.execute("create table t (id integer primary key, n text)")
        connection.execute("insert into t values (1, cast(? as text))", ["迈瑞".encode("gb18030")])
    connection.close()
    snapshot = read(path)
    assert look.rows(snapshot) == [{"id": "1", "n": "迈瑞"}]
    assert "encoding.mixed" in look.notes(snapshot)


def test_an_unknown_table_is_named_with_those_there_are(tmp_path: Path, database: Path) -> None:
    with pytest.raises(ReadError) as refused:
        read_source(f"sqlite:///{database}", into=tmp_path / "s", hints=ReadHints(tables=("gone",)))
    assert refused.value.code == "reading.no-table"
    assert "parts" in refused.value.facts["tables"]


def test_a_damaged_database_and_a_missing_one(read: Any, tmp_path: Path, database: Path) -> None:
    broken = bytearray(database.read_bytes())
    broken[100:4096] = b"\xff" * 3996
    with pytest.raises(ReadError) as refused:
        read(bytes(broken), "broken.db")
    assert refused.value.code == "reading.damaged"
    with pytest.raises(ReadError) as missing:
        read_source(f"sqlite:///{tmp_path}/none.db", into=tmp_path / "s")
    assert missing.value.code == "reading.missing"


def test_a_host_that_does_not_answer_is_named_without_the_password(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for scheme in ("postgresql", "mysql"):
        url = f"{scheme}://me:geheim@127.0.0.1:{port}/x"
        with pytest.raises(ReadError) as refused:
            read_source(url, into=tmp_path / "s", hints=ReadHints(tables=("t",)))
        assert refused.value.code == "reading.database-unreachable"
        assert refused.value.retryable
        assert "geheim" not in str(refused.value) + repr(refused.value.as_dict())


def test_a_bad_address_and_an_unknown_driver(tmp_path: Path) -> None:
    for url, code in (
        ("mysql://me:secret@host:port/y", "reading.bad-url"),
        ("klingon://a:secret@b/c", "reading.no-driver"),
    ):
        with pytest.raises(ReadError) as refused:
            read_source(url, into=tmp_path / "s")
        assert refused.value.code == code
        assert "secret" not in str(refused.value)


@pytest.fixture
def mariadb() -> Iterator[sa.Engine]:
    engine = sa.create_engine(MARIADB, connect_args={"connect_timeout": 2})
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"drop table if exists {TABLE}")
            connection.exec_driver_sql(
                f"create table {TABLE} (id int primary key, 名称 varchar(20),"
                " price decimal(20,4), bought date, seen datetime, raw blob)"
                " character set utf8mb4"
            )
            connection.exec_driver_sql(
                f"insert into {TABLE} values"
                " (2, '监护仪', 1234567890123456.7800, '2023-05-06', '2023-05-06 07:08:09', x'00'),"
                " (1, null, 0.1, null, '2023-05-06 00:00:00', null)"
            )
    except sa.exc.SQLAlchemyError as error:
        pytest.skip(f"no MariaDB at 127.0.0.1: {type(error).__name__}")
    yield engine
    with engine.begin() as connection:
        connection.exec_driver_sql(f"drop table {TABLE}")
    engine.dispose()


def test_mariadb_values_are_exact(tmp_path: Path, look: Any, mariadb: sa.Engine) -> None:
    snapshot = read_source(MARIADB, into=tmp_path / "s", hints=ReadHints(tables=(TABLE,)))
    assert look.rows(snapshot) == [
        {"id": "1", "名称": "", "price": "0.1000", "bought": "", "seen": "2023-05-06"},
        {
            "id": "2",
            "名称": "监护仪",
            "price": "1234567890123456.7800",
            "bought": "2023-05-06",
            "seen": "2023-05-06T07:08:09",
        },
    ]


def test_mariadb_wrong_password(tmp_path: Path, mariadb: sa.Engine) -> None:
    url = "mysql://nobody_here:falsch@127.0.0.1/test"
    with pytest.raises(ReadError) as refused:
        read_source(url, into=tmp_path / "s")
    assert refused.value.code == "reading.database-login"
    assert "falsch" not in str(refused.value)


# -- SQL Server and Oracle: no server here, but what they would be asked ---------------------------


@pytest.mark.parametrize(
    ("location", "driver"),
    [
        ("mssql://sa:x@erp/stock", "mssql+pymssql"),
        ("sqlserver://sa:x@erp/stock", "mssql+pymssql"),
        ("oracle://u:x@his:1521/?service_name=ORCL", "oracle+oracledb"),
        ("postgres://u@h/d", "postgresql+psycopg"),
        ("mariadb://u@h/d", "mysql+pymysql"),
        ("mssql+pyodbc://u@h/d", "mssql+pyodbc"),
    ],
)
def test_a_kind_of_database_means_its_driver(location: str, driver: str) -> None:
    assert parse_url(location).drivername == driver


COLUMNS = [
    {"name": "id", "type": sa.Integer()},
    {"name": "Name", "type": sa.Unicode(40)},
    {"name": "note", "type": sa.Text()},
    {"name": "photo", "type": sa.LargeBinary()},
]


@pytest.mark.parametrize(
    ("dialect", "keys", "statement"),
    [
        (mssql.dialect(), ["id"], "select [id], [Name], [note] from [dbo].[devices] order by [id]"),
        (mssql.dialect(), [], "select [id], [Name], [note] from [dbo].[devices] "
         "order by [id], [Name]"),
        (oracle.dialect(), [], 'select "ID", "Name", "NOTE" from "DBO"."DEVICES" '
         'order by "ID", "Name"'),
        (mysql.dialect(), [], "select `id`, `Name`, `note` from `dbo`.`devices` "
         "order by `id`, `Name`, `note`"),
    ],
    ids=["SQL Server with a key", "SQL Server", "Oracle", "MySQL"],
)  # fmt: skip
def test_a_table_is_asked_for_in_the_words_of_its_database(
    dialect: sa.Dialect, keys: list[str], statement: str
) -> None:
    job = table_job(dialect, COLUMNS, keys, name="devices", table="devices", schema="dbo")
    assert (job.statement, job.binary, job.ordered) == (statement, ("photo",), bool(keys))


def test_a_driver_that_is_not_installed_is_named_with_its_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("pymssql", "oracledb"):
        monkeypatch.setitem(sys.modules, module, None)
    for location in ("sqlserver://sa:secret@127.0.0.1/x", "oracle://sa:secret@127.0.0.1/x"):
        with pytest.raises(ReadError) as refused:
            read_source(location, into=tmp_path / "s")
        assert refused.value.code == "reading.no-driver"
        assert "kintsugi[oracle]" in refused.value.remedy.en
        assert "secret" not in str(refused.value.facts)


@pytest.mark.parametrize(
    ("module", "location"),
    [
        ("pymssql", "sqlserver://sa:secret@127.0.0.1:1/x"),
        ("oracledb", "oracle://sa:secret@127.0.0.1:1/x"),
    ],
)
def test_where_nobody_answers_the_driver_says_so(
    tmp_path: Path, module: str, location: str
) -> None:
    pytest.importorskip(module)
    with pytest.raises(ReadError) as refused:
        read_source(location, into=tmp_path / "s", hints=ReadHints(connect_timeout_s=2))
    assert (refused.value.code, refused.value.retryable) == ("reading.database-unreachable", True)
    assert "secret" not in str(refused.value.facts)
