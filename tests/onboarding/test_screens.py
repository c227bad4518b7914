"""The product's pages over a real import: what they show, and in how many queries."""

import asyncio
import datetime as dt
import json
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from kintsugi.audit.services import recorded
from kintsugi.devices import views as device_views
from kintsugi.devices.models import Device
from kintsugi.engine.contract import load_contract
from kintsugi.onboarding import live, screens, views
from kintsugi.onboarding.models import Issue, Run, Source
from kintsugi.onboarding.services import Fragment, import_fragments
from kintsugi.products.models import Product
from tests.identity.people import create_user

AT = dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC)
CATALOGUE = """产品编码,产品名称,型号,生产企业,保修月数
HF-100,高频电刀,HF100,示例医疗器械有限公司,24
MN-200,监护仪,MN200,示例医疗器械有限公司,12
"""
EAST = """医院,科室,产品编码,序列号,安装日期,保修截止
虚构市第一医院,手术室,HF-100,ＳＮ－１００１,2023年5月6日,2031-05
虚构市第一医院,重症医学科,MN-200,SN-2002,2022.3.1,2024-03-01
虚构市第二医院,手术室,HF-100,见铭牌,2023-02-30,2025-01-01
"""
SOUTH = """Hospital,Department,Product code,Serial number,Warranty end,Notes
虚构市第一医院,麻醉科,HF-100,SN-1001,2030-12-31,seen on site
"""

pytestmark = pytest.mark.django_db


@pytest.fixture
def imported(request, tmp_path: Path, settings) -> list[Run]:
    """A catalogue and two registers that disagree about SN-1001."""
    mark = request.node.get_closest_marker("django_db")
    request.getfixturevalue("transactional_db" if mark.kwargs.get("transaction") else "db")
    settings.SNAPSHOT_ROOT, settings.RUN_ROOT = tmp_path / "snapshots", tmp_path / "runs"
    settings.UPLOAD_ROOT = tmp_path / "uploads"
    names = {"catalogue.csv": CATALOGUE, "east.csv": EAST, "south.csv": SOUTH}
    fragments = []
    for name, text in names.items():
        path = tmp_path / name
        path.write_text(text, "utf-8")
        fragments.append(Fragment(location=str(path)))
    return import_fragments(actor="李明", fragments=fragments, at=AT)


@pytest.fixture
def browser(imported: list[Run]) -> Client:
    """Amy's English browser."""
    with recorded(actor="test", command="test"):
        amy = create_user(
            username="amy", password="gold-seam-2026", display_name="Amy", language="en"
        )
    client = Client()
    client.force_login(amy, backend="django.contrib.auth.backends.ModelBackend")
    return client


def run_of(runs: list[Run], file: str) -> Run:
    return next(run for run in runs if run.file_name == file)


def text_of(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200, url
    return response.content.decode()


def test_every_page_answers_in_a_bounded_number_of_queries(
    browser: Client, imported: list[Run], django_assert_max_num_queries
):
    device = Device.objects.get(serial_no="SN-1001")
    run = run_of(imported, "east.csv")
    budgets = {
        "/": 17,
        reverse("devices:list"): 11,
        reverse("devices:detail", args=[device.pk]): 17,
        reverse("products:list"): 12,
        reverse("products:detail", args=[device.product_id]): 18,
        reverse("parties:list"): 11,
        reverse("parties:detail", args=[device.customer_id]): 17,
        reverse("onboarding:list"): 11,
        reverse("onboarding:sources"): 11,
        reverse("onboarding:source", args=[run.source.code]): 12,
        reverse("onboarding:issues"): 12,
        reverse("onboarding:run", args=[run.number]): 12,
        reverse("onboarding:run-issues", args=[run.number]): 14,
        reverse("onboarding:rows", args=[run.number, "created"]): 12,
        reverse("onboarding:step", args=[run.number, "merged"]): 9,
        reverse("search") + "?q=SN-1001": 20,
    }
    for url, budget in budgets.items():
        with django_assert_max_num_queries(budget, info=url):
            assert browser.get(url).status_code == 200, url


def test_the_passport_shows_who_won_and_what_the_other_source_says(browser: Client):
    device = Device.objects.get(serial_no="SN-1001")
    page = text_of(browser, reverse("devices:detail", args=[device.pk]))
    assert "Joined from 2 fragments" in page
    assert "2031-05" in page
    assert "2030-12-31" in page
    assert 'class="a-differs"' in page
    assert 'class="a-won"' in page


def test_the_gold_mark_opens_the_cell_as_it_was_written(browser: Client, imported: list[Run]):
    device = Device.objects.get(serial_no="SN-1001")
    record = device_views.find(None, device.pk)
    witness = next(
        w
        for row in record.evidence.fields
        if row.name == "serial_no"
        for w in row.witnesses
        if "east.csv" in w.place
    )
    page = text_of(browser, witness.url)
    assert "ＳＮ－１００１" in page
    assert "understood as" in page
    assert "data-here" in page
    part = browser.get(witness.url, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "ＳＮ－１００１" in part


def test_a_cell_of_no_snapshot_is_not_found(browser: Client):
    assert browser.get(f"/onboarding/cell/{'0' * 64}/0/1/1").status_code == 404


@pytest.mark.django_db(transaction=True)  # what a run did is told by its own transactions
def test_every_number_of_the_arithmetic_opens_its_rows(browser: Client, imported: list[Run]):
    run = run_of(imported, "east.csv")
    state = live.run_state(run)
    assert state.closes
    assert state.read == 3
    for term in state.terms:
        page = browser.get(term.url)
        assert page.status_code == 200
        assert len(page.context["page"].lines) == term.count, term.name
    quarantined = text_of(browser, reverse("onboarding:rows", args=[run.number, "quarantined"]))
    assert "见铭牌" in quarantined


@pytest.mark.django_db(transaction=True)
def test_a_second_import_shows_its_rows_as_unchanged(
    browser: Client, imported: list[Run], tmp_path: Path
):
    (run,) = import_fragments(
        actor="李明", fragments=[Fragment(location=str(tmp_path / "catalogue.csv"))], at=AT
    )
    page = browser.get(reverse("onboarding:rows", args=[run.number, "unchanged"]))
    assert len(page.context["page"].lines) == run.counts["unchanged"] == 2


def test_an_issue_names_place_remedy_and_cell(browser: Client, imported: list[Run]):
    run = run_of(imported, "east.csv")
    issue = Issue.objects.get(run=run, rule="serial.placeholder")
    assert screens.issue_place(issue) == f"{issue.table_name}!D4"
    page = text_of(browser, reverse("onboarding:run-issues", args=[run.number]))
    assert "placeholder" in page
    assert f"issue={issue.pk}" in page.replace("&amp;", "&")


def test_search_finds_a_device_by_a_part_of_its_serial_and_a_party_by_pinyin(browser: Client):
    assert "SN-2002" in text_of(browser, "/search/?q=n-20")
    assert "虚构市第二医院" in text_of(browser, "/search/?q=xu gou shi di er")
    assert "east.csv" in text_of(browser, "/search/?q=east")


def test_a_percent_sign_in_a_search_is_only_a_percent_sign(browser: Client):
    assert "SN-2002" not in text_of(browser, "/devices/?q=%25")


def test_warranty_is_judged_at_the_given_day(imported: list[Run]):
    from kintsugi.devices.selectors import devices

    def state(day: dt.date) -> str:
        return str(devices(today=day).get(serial_no="SN-1001").warranty)

    # Known to the month: covered to the end of May.
    assert state(dt.date(2031, 5, 20)) == "ending"
    assert state(dt.date(2031, 6, 1)) == "out"
    assert state(dt.date(2030, 1, 1)) == "in"


def test_groups_show_every_field_of_the_contract_once():
    from kintsugi.devices.screens import GROUPS as DEVICE_GROUPS
    from kintsugi.products.screens import GROUPS as PRODUCT_GROUPS

    for entity, groups in (("device", DEVICE_GROUPS), ("product", PRODUCT_GROUPS)):
        shown = [getattr(f, "name", f) for group in groups for f in group.fields]
        contract = set(load_contract(entity).names)
        assert sorted(name for name in shown if name in contract) == sorted(contract)


def test_a_product_page_draws_its_package_levels(browser: Client):
    from kintsugi.products.models import UdiIdentifier
    from kintsugi.products.selectors import packages

    product = Product.objects.get(product_code="HF-100")
    with recorded(actor="test", command="test"):
        unit = UdiIdentifier.objects.create(
            device_identifier="00840861101009", issuer="GS1", kind="primary", product=product
        )
        case = UdiIdentifier.objects.create(
            device_identifier="10840861101006", issuer="GS1", kind="package", product=product,
            contains=unit, contains_identifier=unit.device_identifier, quantity=10,
        )  # fmt: skip
    (root,) = packages(product.pk)
    assert root.identifier == unit
    assert root.held_in[0].identifier == case
    assert "holds 10 × 00840861101009" in text_of(
        browser, reverse("products:detail", args=[product.pk])
    )


def test_events_tell_the_end_of_a_run_and_then_stop(imported: list[Run], monkeypatch):
    frame = views.live_frame(imported[0].pk, csrf="x", language="en")

    async def read(*_args: object, **_kwargs: object) -> tuple[str, bool]:
        return frame

    async def collected() -> list[bytes]:
        events = views.run_events(imported[0].pk, csrf="x", language="en", tick_s=0)
        return [part async for part in events]

    monkeypatch.setattr(views, "sync_to_async", lambda _function: read)
    parts = asyncio.run(collected())
    assert [part.split(b"\n", 1)[0] for part in parts] == [
        b"retry: 1500", b"event: progress", b"event: done",
    ]  # fmt: skip
    body = parts[1].split(b"\n", 1)[1].strip().splitlines()
    assert all(line.startswith(b"data: ") for line in body)


# -- upload --------------------------------------------------------------------------------------


def sent(client: Client, **files: bytes):
    given = [SimpleUploadedFile(name.replace("__", "."), data) for name, data in files.items()]
    return client.post(reverse("onboarding:upload"), {"files": given})


def test_an_upload_is_shown_before_anything_is_loaded(browser: Client, settings):
    before = Run.objects.count()
    response = sent(browser, new__csv=EAST.replace("SN-2002", "SN-3003").encode())
    assert response.status_code == 302
    page = text_of(browser, response.url)
    assert "recognised by its columns" in page
    assert "SN-3003" in page
    assert Run.objects.count() == before


def test_pressing_import_starts_runs_and_hands_them_to_the_queue(browser: Client):
    from django.db import connection

    preview = sent(browser, new__csv=EAST.replace("SN-2002", "SN-3003").encode()).url
    response = browser.post(preview, {"do": "import"})
    run = Run.objects.order_by("-created_at").first()
    assert run is not None
    assert run.source.code == "east"
    assert response.url == reverse("onboarding:run", args=[run.number])
    with connection.cursor() as cursor:
        cursor.execute("select args from procrastinate_jobs where task_name like '%import_files'")
        (args,) = cursor.fetchone()
    assert (json.loads(args) if isinstance(args, str) else args)["run_ids"] == [str(run.pk)]
    assert browser.get(preview).status_code == 404  # the upload is used up


def test_a_chosen_new_source_is_made_although_one_was_recognised(browser: Client):
    preview = sent(browser, new__csv=EAST.replace("SN-2002", "SN-4004").encode()).url
    browser.post(preview, {"do": "import", "source_0": "+"})
    assert Source.objects.filter(code="new").exists()


@pytest.mark.parametrize(
    ("name", "data", "word"),
    [
        ("empty__csv", b"", "empty"),
        ("picture__png", b"\x89PNG\r\n\x1a\n" + bytes(200), "picture.png"),
        ("truncated__gz", b"\x1f\x8b\x08\x00\x00", "truncated.gz"),
    ],
)
def test_what_cannot_be_read_is_refused_and_leaves_nothing(
    browser: Client, settings, name: str, data: bytes, word: str
):
    before = Run.objects.count(), Source.objects.count()
    response = sent(browser, **{name: data})
    assert response.status_code == 422
    assert word in response.content.decode()
    assert (Run.objects.count(), Source.objects.count()) == before
    assert not any(Path(settings.UPLOAD_ROOT).iterdir())


def test_an_upload_beyond_the_limit_is_refused(browser: Client, settings):
    settings.UPLOAD_MAX_BYTES = 1000
    response = sent(browser, big__csv=b"a,b\n" * 1000)
    assert response.status_code == 422
    assert "upload.too-large" in response.content.decode()
    assert not any(Path(settings.UPLOAD_ROOT).iterdir())


def test_a_file_without_a_key_column_is_explained_on_the_preview(browser: Client):
    response = sent(
        browser, odd__csv="科室,安装日期,保修截止\n手术室,2023-01-01,2024-01-01\n".encode()
    )
    page = browser.get(response.url).content.decode()
    assert 'role="alert"' in page
    assert "disabled" in page


def test_an_upload_belongs_to_the_person_who_sent_it(browser: Client):
    url = sent(browser, new__csv=EAST.encode()).url
    with recorded(actor="test", command="test"):
        other = create_user(username="bob", password="gold-seam-2026", display_name="Bob")
    client = Client()
    client.force_login(other, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(url).status_code == 404


def test_an_upload_without_the_token_is_refused(browser: Client):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = browser.cookies
    file = SimpleUploadedFile("a.csv", EAST.encode())
    assert strict.post(reverse("onboarding:upload"), {"files": [file]}).status_code == 403


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\x\\台账.xlsx", "台账.xlsx"),
        ("a\x00b\n.csv", "a_b_.csv"),
        ("...", "file"),
        ("evil\u202egpj.csv", "evil_gpj.csv"),
        ("x" * 300 + ".csv", "x" * 156 + ".csv"),
    ],
)
def test_file_names_are_made_safe(given: str, kept: str):
    from kintsugi.onboarding.uploads import safe_name

    assert safe_name(given) == kept


def test_a_stopped_run_says_why_and_offers_to_go_on(browser: Client, imported: list[Run]):
    from django.db import connection

    run = imported[0]
    error = {
        "code": "run.interrupted",
        "message": {"zh": "中断", "en": "It was interrupted"},
        "remedy": {"zh": "再来", "en": "Run again"},
        "facts": {"file": "catalogue.csv"},
    }
    stopped = Run(
        number="RUN-STOPPED", source=run.source, snapshot=run.snapshot, mapping=run.mapping,
        location="x", file_name="x.csv", status="failed", error=error, observed_at=AT,
    )  # fmt: skip
    with recorded(actor="test", command="test"):
        stopped.save(force_insert=True)
    page = text_of(browser, reverse("onboarding:run", args=["RUN-STOPPED"]))
    assert "It was interrupted" in page
    assert "Run again" in page
    assert "Go on" in page
    browser.post(reverse("onboarding:go-on", args=["RUN-STOPPED"]))
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from procrastinate_jobs")
        assert cursor.fetchone() == (1,)
