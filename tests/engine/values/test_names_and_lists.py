"""Names, models, places, people and lists in cells: what becomes of each, worked out by hand."""

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kintsugi.engine.contract import load_contract
from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.mapping.headers import named_fields
from kintsugi.engine.values import (
    Alias,
    AliasBook,
    Part,
    norm,
    read_aliases,
    same_people,
    split_parts,
)

CITIES = AliasBook(
    [
        Alias("协和", "北京协和医院", within="北京"),
        Alias("协和", "武汉协和医院", within="武汉"),
        Alias("PUMCH", "北京协和医院"),
        Alias("北京协和", "北京协和医院"),
    ]
)


@pytest.mark.parametrize(
    "name", ["GE医疗", "通用电气", "GEHC", "ＧＥ医疗", "GE HEALTHCARE", "GE医疗有限公司"]
)
def test_one_maker_under_several_names_and_the_text_as_it_was_written(name: str) -> None:
    found = norm("alias", name)
    assert (found.value, found.more["stands_for"], found.issue) == (name, "GE HealthCare", None)


def test_a_translated_name_is_an_alias_and_its_text_stays() -> None:
    found = norm("alias", "飞利浦")
    assert (found.value, found.more["stands_for"]) == ("飞利浦", "Philips")


@pytest.mark.parametrize(
    ("day", "stands_for"),
    [
        (dt.date(2015, 1, 25), "Covidien"),
        (dt.date(2015, 1, 26), "Medtronic"),
        (dt.date(2020, 6, 1), "Medtronic"),
    ],
)
def test_a_name_that_changed_hands_stands_for_its_owner_on_the_day(
    day: dt.date, stands_for: str
) -> None:
    # Medtronic completed the acquisition of Covidien on 26 January 2015.
    assert norm("alias", "柯惠", at=day).more["stands_for"] == stands_for


def test_without_the_day_several_are_named_and_none_is_chosen() -> None:
    found = norm("alias", "柯惠")
    assert found.issue == "alias.several"
    assert found.more == {"candidates": "Covidien | Medtronic"}


@pytest.mark.parametrize("name", ["迈锐", "迈瑞医疔"])
def test_a_name_that_only_looks_or_sounds_alike_is_a_candidate_and_no_more(name: str) -> None:
    found = norm("alias", name)
    assert (found.value, found.issue) == (name, "alias.candidate")
    assert found.more == {"candidate": "Mindray"}


def test_an_unknown_name_is_left_alone() -> None:
    found = norm("alias", "示例器械厂")
    assert (found.value, found.issue, dict(found.more)) == ("示例器械厂", None, {})


@pytest.mark.parametrize(
    ("name", "city", "stands_for", "issue"),
    [
        ("协和", "北京", "北京协和医院", None),
        ("协和", "武汉", "武汉协和医院", None),
        ("协和", "", None, "alias.several"),
        ("北京协和", "", "北京协和医院", None),
        ("pumch", "", "北京协和医院", None),
    ],
)
def test_a_short_name_of_a_hospital_holds_within_its_city(
    name: str, city: str, stands_for: str | None, issue: str | None
) -> None:
    found = norm("alias", name, book=CITIES, within=city)
    assert (found.value, found.more.get("stands_for"), found.issue) == (name, stands_for, issue)


def test_a_book_of_aliases_is_read_and_a_bad_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "names.csv"
    path.write_text("alias,stands_for,since\n老名,新名,2020-01-01\n", "utf-8")
    book = read_aliases(path)
    assert book.meant("老名", at=dt.date(2021, 1, 1)) == ("新名",)
    assert book.meant("老名", at=dt.date(2019, 1, 1)) == ()
    for text, line, field in (
        ("alias,stands_for,since\na,b,2020-13-01\n", 2, "since"),
        ("alias,stands_for\n,b\n", 2, "alias, stands_for"),
        ("name\nx\n", 1, "alias, stands_for, since, until, within"),
    ):
        path.write_text(text, "utf-8")
        with pytest.raises(KintsugiError) as refusal:
            read_aliases(path)
        facts = refusal.value.facts
        assert (refusal.value.code, facts["line"], facts["field"]) == (
            "aliases.unreadable", line, field,
        )  # fmt: skip


def test_the_roles_of_companies_are_fields_of_their_own() -> None:
    meant = {
        header: max(found, key=lambda name: found[name][0])
        for entity, header in (("product", "注册人"), ("product", "生产厂家"), ("device", "经销商"))
        if (found := named_fields(header, load_contract(entity)))
    }
    assert meant == {"注册人": "mah", "生产厂家": "manufacturer", "经销商": "supplier"}


@pytest.mark.parametrize(
    ("raw", "key", "configuration"),
    [
        ("CT660", "CT660", None),
        ("CT-660", "CT660", None),
        ("CT 660", "CT660", None),
        ("Optima CT660", "CT660", "Optima"),
        ("Optima CT660 64排", "CT660", "Optima 64排"),
        ("Discovery MR750w 3.0T", "MR750W", "Discovery 3.0T"),
        ("MAGNETOM Skyra 3.0T", "MAGNETOMSKYRA", "3.0T"),
        ("ｉＥ３３", "IE33", None),
    ],
)
def test_one_model_in_several_spellings_with_what_they_add(
    raw: str, key: str, configuration: str | None
) -> None:
    found = norm("model", raw)
    assert (found.more["key"], found.more.get("configuration")) == (key, configuration)


def test_models_that_differ_keep_different_keys() -> None:
    names = ("CT660", "CT680", "CT66", "MR660", "Optima MR360")
    assert len({norm("model", name).more["key"] for name in names}) == len(names)


@pytest.mark.parametrize(
    ("raw", "parts"),
    [
        ("放射科3楼CT室", {"department": "放射科", "floor": "3", "room": "CT室"}),
        ("门诊楼2层检验科", {"building": "门诊楼", "floor": "2", "department": "检验科"}),
        ("住院部5F-ICU", {"building": "住院部", "floor": "5", "department": "ICU"}),
        ("外科楼12层手术室3号间",
         {"building": "外科楼", "floor": "12", "department": "手术室", "room": "3号间"}),
        ("负一楼核磁机房", {"floor": "-1", "room": "核磁机房"}),
        ("二楼超声科2号诊室", {"floor": "2", "department": "超声科", "room": "2号诊室"}),
        ("Radiology, 3rd floor, CT room",
         {"department": "Radiology", "floor": "3", "room": "CT room"}),
        ("设备科", {"department": "设备科"}),
        ("仓库对面", {}),
    ],
)  # fmt: skip
def test_department_floor_and_room_come_out_of_one_cell(raw: str, parts: dict[str, str]) -> None:
    found = norm("place", raw)
    assert (found.value, dict(found.more)) == (raw, parts)


def test_a_technician_under_several_names_is_one() -> None:
    found = same_people(["张三", "张三(离职)", "zhangsan", "San Zhang", "李四", "Jane Roe"])
    assert [found[name].value for name in found] == [
        "张三", "张三", "张三", "张三", "李四", "Jane Roe",
    ]  # fmt: skip
    assert found["张三(离职)"].more["state"] == "left"
    assert norm("person", "王工程师").more == {"title": "工程师", "key": "wang"}


def test_a_login_that_two_people_could_have_is_asked_about() -> None:
    found = same_people(["张三", "章三", "zhangsan"])
    assert (found["zhangsan"].issue, found["zhangsan"].value) == ("person.several", "zhangsan")
    assert found["zhangsan"].more["candidates"] == "张三 | 章三"
    assert found["章三"].value == "章三"


@pytest.mark.parametrize(
    ("raw", "rows"),
    [
        ("探头 x2\n电池 1块\n1. 主机 1台\r\n电源线2根",
         [(1, "探头", 2, ""), (2, "电池", 1, "块"), (3, "主机", 1, "台"), (4, "电源线", 2, "根")]),
        ("主机、探头2个、电源线", [(1, "主机", 1, ""), (2, "探头", 2, "个"), (3, "电源线", 1, "")]),
        ("2 x battery\n1 pc cable", [(1, "battery", 2, ""), (2, "cable", 1, "pc")]),
        ("主机\n\n无\n探头", [(1, "主机", 1, ""), (4, "探头", 1, "")]),
        ("监护仪", []),
        ("", []),
    ],
)  # fmt: skip
def test_a_list_in_a_cell_becomes_child_rows(
    raw: str, rows: list[tuple[int, str, int, str]]
) -> None:
    assert split_parts(raw) == tuple(Part(*row) for row in rows)


@given(st.text(max_size=60))
def test_any_text_is_read_and_nothing_is_invented(raw: str) -> None:
    for kind in ("alias", "model", "place", "person"):
        found = norm(kind, raw)
        assert found.value is None or found.value.strip()
    assert all(part.qty >= 0 and part.name for part in split_parts(raw))
