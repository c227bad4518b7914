"""What the suite's database promises to the tests of all apps."""

import threading

import psycopg
import pytest
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection

NAME = "left_behind"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("run", [1, 2])
def test_a_transactional_test_starts_from_the_migrated_template(run: int, database_server) -> None:
    assert not ContentType.objects.filter(app_label=NAME).exists()
    assert Permission.objects.exists(), "rows that migrations made are there each time"
    ContentType.objects.create(app_label=NAME, model="thing")
    seen: list[bool] = []

    def look() -> None:
        seen.append(ContentType.objects.filter(app_label=NAME).exists())
        connection.close()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [True], "other connections see what is committed"


@pytest.mark.django_db
@pytest.mark.parametrize("run", [1, 2])
def test_an_ordinary_test_is_rolled_back(run: int) -> None:
    assert not ContentType.objects.filter(app_label=NAME).exists()
    ContentType.objects.create(app_label=NAME, model="thing")


@pytest.mark.django_db
def test_children_of_a_test_find_the_same_database_in_database_url(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import os

    with psycopg.connect(os.environ["DATABASE_URL"]) as other:
        row = other.execute("SELECT current_database()").fetchone()
    assert row == (connection.settings_dict["NAME"],)


@pytest.mark.django_db(transaction=True)
def test_the_command_line_s_database_joins_the_suite_s_and_leaves_it_open() -> None:
    from kintsugi.config.cli.database import database

    ContentType.objects.create(app_label=NAME, model="thing")
    with database() as url:
        assert url.endswith("/" + str(connection.settings_dict["NAME"]))
        assert ContentType.objects.filter(app_label=NAME).exists()
    assert ContentType.objects.filter(app_label=NAME).exists()
