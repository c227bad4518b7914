"""Files within files, XML and binary workbooks: what stands in them stands in the tables."""

import gzip
import io
import struct
import tarfile
import zipfile
from email.message import EmailMessage
from typing import Any

import pytest

from kintsugi.engine.reading import ReadError, ReadLimits

A, B = b"a,b\n1,2\n", b"c;d\n3;4\n5;6\n"


def zipped(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def tarred(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


MEMBERS = {"x/a.csv": A, "x/b.csv": B, "__MACOSX/x/._a.csv": b"\0\1", "read.me": b"hello"}


@pytest.mark.parametrize(
    "data",
    [zipped(MEMBERS), tarred(MEMBERS), gzip.compress(tarred(MEMBERS))],
    ids=["zip", "tar", "tgz"],
)
def test_every_table_of_an_archive_is_read_under_its_own_name(
    read: Any, look: Any, data: bytes
) -> None:
    snapshot = read(data, "x.zip")
    assert [t.name for t in snapshot.tables] == ["x/a", "x/b"]
    assert look.rows(snapshot, 0) == [{"a": "1", "b": "2"}]
    assert look.rows(snapshot, 1) == [{"c": "3", "d": "4"}, {"c": "5", "d": "6"}]
    skipped = [n.facts["files"] for n in snapshot.notes if n.code == "archive.skipped"]
    assert skipped == [["read.me"]]


def test_a_member_that_cannot_be_read_keeps_none_of_the_others_back(read: Any, look: Any) -> None:
    snapshot = read(zipped({"a.csv": A, "b.xlsx": b"PK\x03\x04 broken"}), "x.zip")
    assert look.rows(snapshot) == [{"a": "1", "b": "2"}]
    assert "archive.skipped" in look.notes(snapshot)


def test_names_that_a_chinese_system_wrote_are_read(read: Any) -> None:
    data = zipped({"AAAA.csv": A, "BBBB.csv": B})
    data = data.replace(b"AAAA", "设备".encode("gb18030")).replace(
        b"BBBB", "工单".encode("gb18030")
    )
    assert [t.name for t in read(data, "x.zip").tables] == ["设备", "工单"]


def test_members_count_together_against_the_limits(read: Any) -> None:
    body = b"a,b\n" + b"0," * (3 << 20)
    many = zipped({f"{i}.csv": body for i in range(4)})
    limits = ReadLimits(ratio_free_bytes=8 << 20)
    with pytest.raises(ReadError) as refused:
        read(many, "x.zip", limits=limits)
    assert refused.value.code == "reading.bomb"
    few = zipped({f"{i}.csv": A for i in range(6)})
    with pytest.raises(ReadError) as refused:
        read(few, "y.zip", limits=ReadLimits(max_tables=5))
    assert refused.value.code == "reading.too-many"


def test_the_attachments_of_a_mail_are_its_tables(read: Any, look: Any) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@x.org", "b@x.org", "台账"
    mail["Date"] = "Mon, 02 Jan 2023 10:00:00 +0000"
    mail.set_content("Please find, attached, the list.\n")
    mail.add_attachment("名称,数量\n泵,3\n".encode("gb18030"), "text", "csv", filename="台账.csv")
    mail.add_attachment(b"\x89PNG\r\n\x1a\n", "image", "png", filename="logo.png")
    snapshot = read(mail.as_bytes(), "x.eml")
    assert [t.name for t in snapshot.tables] == ["台账"]
    assert look.rows(snapshot) == [{"名称": "泵", "数量": "3"}]
    mail.clear_content()
    mail.set_content("no table here\n")
    with pytest.raises(ReadError) as refused:
        read(mail.as_bytes(), "y.eml")
    assert refused.value.code == "reading.archive-members"


def test_a_csv_with_fields_named_like_those_of_a_mail_is_no_mail(read: Any, look: Any) -> None:
    snapshot = read(b"From,To,Date\na,b,2023-01-01\nc,d,2023-01-02\n")
    assert (snapshot.kind, snapshot.tables[0].rows) == ("text", 2)


def test_repeated_elements_are_rows_and_what_is_nested_is_named_by_its_path(
    read: Any, look: Any
) -> None:
    xml = """<?xml version="1.0" encoding="UTF-8"?>
    <export xmlns="urn:x"><made>2023</made><devices>
      <device id="1"><name>泵</name><at><room>3</room></at><tag>a</tag><tag>b</tag></device>
      <device id="2"><name>阀</name><name2/>text</device>
    </devices></export>"""
    snapshot = read(xml.encode(), "x.xml")
    assert [t.name for t in snapshot.tables] == ["device"]
    first, second = look.rows(snapshot)
    assert (first["id"], first["name"], first["at.room"], first["tag"]) == (
        "1", "泵", "3", '["a", "b"]'
    )  # fmt: skip
    assert (second["id"], second["name"], second["tag"]) == ("2", "阀", "")


def test_two_kinds_of_elements_are_two_tables(read: Any, look: Any) -> None:
    xml = "<r><a x='1'/><a x='2'/><l><b><y>3</y></b><b><y>4</y></b></l></r>"
    snapshot = read(xml.encode(), "x.xml")
    assert {t.name: look.rows(snapshot, t.name) for t in snapshot.tables} == {
        "a": [{"x": "1"}, {"x": "2"}],
        "b": [{"y": "3"}, {"y": "4"}],
    }


def test_a_workbook_that_excel_saved_as_xml(read: Any, look: Any) -> None:
    space = "urn:schemas-microsoft-com:office:spreadsheet"
    xml = (
        f'<?xml version="1.0"?><Workbook xmlns="{space}" xmlns:ss="{space}">'
        '<Worksheet ss:Name="台账"><Table><Row><Cell><Data>名称</Data></Cell>'
        "<Cell><Data>型号</Data></Cell><Cell><Data>数量</Data></Cell></Row>"
        '<Row ss:Index="3"><Cell><Data>泵</Data></Cell><Cell ss:Index="3"><Data>5</Data></Cell>'
        "</Row></Table></Worksheet></Workbook>"
    )
    snapshot = read(xml.encode(), "x.xls")
    assert snapshot.tables[0].name == "台账"
    assert look.rows(snapshot) == [{"名称": "泵", "型号": "", "数量": "5"}]
    assert look.numbers(snapshot) == [3]


def test_xml_that_means_harm_is_refused(read: Any) -> None:
    bomb = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>'
    deep = "<a>" * 5_000 + "</a>" * 5_000
    for data, code in ((bomb, "reading.xml-entities"), (deep, "reading.damaged")):
        with pytest.raises(ReadError) as refused:
            read(data.encode(), "x.xml")
        assert refused.value.code == code


def biff12(kind: int, body: bytes = b"") -> bytes:
    """One record of a binary workbook (MS-XLSB 2.1.4): type and size as little-endian base 128."""
    sign = bytes([kind & 0x7F | 0x80, kind >> 7]) if kind > 127 else bytes([kind])
    return sign + bytes([len(body)]) + body


def wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def xlsb() -> bytes:
    texts = [["name", "qty"], ["pump", "3"], ["valve", "7"]]
    rows = b""
    for at, row in enumerate(texts):
        rows += biff12(0, struct.pack("<IIHBBBI", at, 0, 300, 0, 0, 0, 0))
        for column, text in enumerate(row):
            rows += biff12(6, struct.pack("<II", column, 0) + wide(text))
    sheet = (
        biff12(129)
        + biff12(148, struct.pack("<4I", 0, 2, 0, 1))
        + biff12(145)
        + rows
        + biff12(146)
        + biff12(130)
    )
    bundle = struct.pack("<II", 0, 1) + wide("rId1") + wide("one")
    book = biff12(131) + biff12(143) + biff12(156, bundle) + biff12(144) + biff12(132)
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    rels = (
        '<?xml version="1.0"?><Relationships '
        'xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="rId1" Type="{kind}/worksheet" Target="worksheets/sheet1.bin"/>'
        "</Relationships>"
    )
    return zipped(
        {
            "xl/workbook.bin": book,
            "xl/_rels/workbook.bin.rels": rels.encode(),
            "xl/worksheets/sheet1.bin": sheet,
        }
    )


def test_a_binary_workbook(read: Any, look: Any) -> None:
    snapshot = read(xlsb(), "x.xlsb")
    assert snapshot.kind == "xlsb"
    assert look.rows(snapshot) == [{"name": "pump", "qty": "3"}, {"name": "valve", "qty": "7"}]


def test_a_member_without_a_name_is_left_out_and_named(read: Any) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("x", "a,b\n1,2\n")
        archive.writestr("b.csv", "a,b\n3,4\n")
    raw = bytearray(out.getvalue())
    # The first name, of one letter, becomes one byte of extra data: local header, then directory.
    for start, place in ((raw.index(b"PK\x03\x04"), 26), (raw.index(b"PK\x01\x02"), 28)):
        raw[start + place] = 0
        raw[start + place + 2] = 1
    snapshot = read(bytes(raw), "a.zip")
    assert [t.rows for t in snapshot.tables] == [1]
    (note,) = [n for n in snapshot.notes if n.code == "archive.skipped"]
    assert note.facts["files"] == [""]
