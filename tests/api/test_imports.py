"""Files in over HTTP: once however often they are sent, all or none, bounded."""

import threading
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob

from kintsugi.core.models import Command
from kintsugi.onboarding import tasks
from kintsugi.onboarding.models import Run
from tests.api.asking import logged_in, refused

IMPORTS = "/api/v1/imports"
HEADERS = "客户名称,客户类型,地址\n"


def file(name="客户.csv", text=None):
    """A list of customers that nobody has sent before."""
    content = text if text is not None else HEADERS + f"第{uuid4().hex[:8]}医院,医院,人民路\n"
    return SimpleUploadedFile(name, content.encode(), "text/csv")


def again(sent):
    """The same file once more: an upload is read to its end."""
    sent.seek(0)
    return SimpleUploadedFile(sent.name, sent.read(), "text/csv")


def send(client, *files, key=None, **form):
    headers = {"Idempotency-Key": key or uuid4().hex}
    return client.post(IMPORTS, {"files": list(files), **form}, headers=headers)


def jobs():
    return ProcrastinateJob.objects.filter(task_name=tasks.import_files.name)


@pytest.fixture(autouse=True)
def uploads(settings, tmp_path, world) -> Path:
    settings.UPLOAD_ROOT = tmp_path / "uploads"
    return tmp_path / "uploads"


def left_behind(uploads):
    return list(uploads.iterdir()) if uploads.exists() else []


def test_files_are_accepted_and_load_in_the_background(client, uploads):
    before = jobs().count()
    response = send(client, file(), file("more.csv"))
    assert response.status_code == 202, response.content
    runs = response.json()["runs"]
    assert [run["file"] for run in runs] == ["客户.csv", "more.csv"]
    assert jobs().count() == before + 1  # one job, so that references load in order
    assert left_behind(uploads) == []

    asked = jobs().order_by("-id").first()
    tasks.import_files(**asked.args)  # what the worker does
    for run in runs:
        progress = client.get(run["links"]["progress"]).json()
        assert (progress["status"], progress["is_ended"]) == ("verified", True)
        assert client.get(run["links"]["api"]).json()["read"] == 1


def test_the_same_key_and_content_give_the_same_answer_and_start_nothing(client):
    sent, key = file(), uuid4().hex
    first = send(client, sent, key=key)
    before = (Run.objects.count(), jobs().count())
    second = send(client, again(sent), key=key)
    assert (first.status_code, second.status_code) == (202, 202)
    assert second.json() == first.json()
    assert (Run.objects.count(), jobs().count()) == before


def test_the_same_key_with_other_content_is_refused(client):
    key = uuid4().hex
    assert send(client, file(), key=key).status_code == 202
    before = (Run.objects.count(), jobs().count())
    refused(send(client, file(), key=key), 422, "core.key-reused")
    assert (Run.objects.count(), jobs().count()) == before


def test_a_key_belongs_to_its_person(client, person):
    from kintsugi.audit.services import recorded
    from tests.identity.people import create_user

    key = uuid4().hex
    assert send(client, file(), key=key).status_code == 202
    with recorded(actor="test", command="test"):
        other = create_user(
            username=f"wang-{key[:6]}", password="gold-seam-2026", display_name="王"
        )
    assert send(logged_in(other), file(), key=key).status_code == 202


def test_two_at_once_with_the_same_key_start_one_run(person):
    sent, key = file(), uuid4().hex
    before = (Run.objects.count(), jobs().count())
    gate, answers = threading.Barrier(2), []

    def one(upload):
        client = logged_in(person)
        gate.wait(timeout=30)
        answers.append(send(client, upload, key=key))
        connection.close()

    threads = [threading.Thread(target=one, args=(again(sent),)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json() == answers[1].json()
    assert (Run.objects.count(), jobs().count()) == (before[0] + 1, before[1] + 1)


def test_one_unreadable_file_refuses_all_of_them(client, uploads):
    before = (Run.objects.count(), jobs().count())
    key = uuid4().hex
    response = send(client, file(), file("broken.xlsx", "no workbook at all"), key=key)
    assert response.status_code == 400
    error = response.json()["error"]
    assert error["facts"]["file"] == "broken.xlsx"
    assert str(uploads) not in response.content.decode()
    assert (Run.objects.count(), jobs().count()) == before
    assert left_behind(uploads) == []
    assert not Command.objects.filter(key=key).exists()  # the key may be used again
    assert send(client, file(), key=key).status_code == 202


def test_without_a_key_it_is_400(client, uploads):
    response = client.post(IMPORTS, {"files": [file()]})
    refused(response, 400, "api.header-missing")
    assert left_behind(uploads) == []


@pytest.mark.parametrize("key", ["", "a key with spaces", "x" * 201, "钥匙"])
def test_a_key_is_short_and_plain(client, key):
    response = client.post(IMPORTS, {"files": [file()]}, headers={"Idempotency-Key": key})
    assert response.status_code in (400, 422)
    assert response.json()["ok"] is False


def test_without_a_file_it_is_refused(client):
    response = client.post(IMPORTS, {"source": "x"}, headers={"Idempotency-Key": "k-1"})
    assert response.status_code in (400, 422)
    assert response.json()["ok"] is False


def test_too_much_is_413_and_leaves_nothing_behind(client, settings, uploads):
    settings.UPLOAD_MAX_BYTES = 2_000_000
    big = file("big.csv", HEADERS + "x" * 2_000_100)  # within the envelope, beyond the limit
    refused(send(client, big), 413, "upload.too-large")
    settings.UPLOAD_MAX_BYTES = 1000
    huge = file("huge.csv", HEADERS + "x" * 1_100_000)  # its length alone says so
    refused(send(client, huge), 413, "upload.too-large")
    assert left_behind(uploads) == []


def test_a_name_never_leaves_the_upload_folder(client, uploads):
    response = send(client, file("../../../evil.csv"))
    assert response.status_code == 202
    assert response.json()["runs"][0]["file"] == "evil.csv"
    assert not (uploads.parent / "evil.csv").exists()
    assert left_behind(uploads) == []


def test_an_unknown_source_is_404_and_a_known_one_takes_the_file(client):
    refused(send(client, file(), source="nobody"), 404, "core.not-found")
    first = send(client, file()).json()["runs"][0]
    taken = send(client, file("other name.csv"), source=first["source"])
    assert taken.json()["runs"][0]["source"] == first["source"]


def test_a_body_that_is_no_form_is_400(client):
    response = client.post(
        IMPORTS,
        b"--x\r\nbroken",
        content_type="multipart/form-data; boundary=",
        headers={"Idempotency-Key": uuid4().hex},
    )
    assert response.status_code in (400, 422)
    assert response.json()["ok"] is False


def test_a_stranger_uploads_nothing(stranger, uploads):
    refused(send(stranger, file()), 401, "api.unauthenticated")
    assert left_behind(uploads) == []


def test_an_upload_needs_the_csrf_token(person, uploads):
    strict = logged_in(person, enforce_csrf_checks=True)
    refused(send(strict, file()), 403, "api.csrf")
    assert left_behind(uploads) == []
    strict.get("/")  # a page sets the cookie
    token = "x" * 32
    strict.cookies["csrftoken"] = token
    headers = {"Idempotency-Key": uuid4().hex, "X-CSRFToken": token}
    response = strict.post(IMPORTS, {"files": [file()]}, headers=headers)
    assert response.status_code == 202, response.content


def test_a_stopped_run_goes_on_and_a_finished_one_does_not(client, world):
    waiting = send(client, file()).json()["runs"][0]
    before = jobs().count()
    response = client.post(f"/api/v1/runs/{waiting['number']}/resume")
    assert response.status_code == 202
    assert response.json()["number"] == waiting["number"]
    assert jobs().count() == before + 1
    done = world.runs["register.csv"].number
    refused(client.post(f"/api/v1/runs/{done}/resume"), 409, "core.illegal-transition")
    refused(client.post("/api/v1/runs/RUN-1/resume"), 404, "core.not-found")
    assert jobs().count() == before + 1
