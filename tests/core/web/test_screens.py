"""Lists, records and forms, shown on accounts."""

import csv
import io
from http import HTTPStatus

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.urls import path

from kintsugi.audit.services import recorded
from kintsugi.config.urls import urlpatterns as product
from kintsugi.core.access import SIGNED_IN, SYSTEM, bound, requires
from kintsugi.core.errors import KintsugiError, StaleVersion, Text
from kintsugi.core.screens import (
    Action,
    Column,
    DetailScreen,
    Empty,
    Fields,
    Filter,
    FormScreen,
    ListScreen,
    Related,
    Timeline,
    Value,
    contract_form,
)
from kintsugi.core.screens import export as exporting
from kintsugi.core.screens import lists as listing
from kintsugi.core.screens.export import guarded
from kintsugi.identity.models import User
from kintsugi.identity.services import set_preferences

LANGUAGES = {"zh-hans": Text("中文", "Chinese"), "en": Text("英文", "English")}

people = ListScreen(
    name="people",
    title=Text("人员", "People"),
    rows=lambda user, **_: User.objects.all(),
    permission="search.read",
    export_permission="search.read",
    entity="party",
    columns=(
        Column("username", label="Login", kind="code", link=lambda row: f"/people/{row.pk}/"),
        Column("name", value=lambda row: row.display_name, sort=("display_name",)),
        Column("language", label="Language", kind="state", choices=LANGUAGES),
        Column("initial", label="Initial", value=lambda row: row.initial),
        Column("created_at", label="Made", kind="moment"),
    ),
    search=("username", "display_name"),
    filters=(
        Filter("language", label="Language", choices=LANGUAGES),
        Filter("is_staff", "flag", label="Administrator"),
        Filter("created_at", "days", label="Made", lookup="created_at__date"),
    ),
    order=("username",),
    per_page=25,
    empty=Empty("No people", "They are made by hand.", action="Make one", url="/make/"),
    actions=(Action("New", "/make/", primary=True),),
)


def find_person(user: User, pk: str) -> User:
    return User.objects.get(pk=pk)


person = DetailScreen(
    find=find_person,
    title=lambda record: record.display_name,
    permission="search.read",
    pills=lambda record: [(Text("启用", "Active"), "good")],
    breadcrumbs=lambda record: [("People", "/people/")],
    panels=(
        Fields(
            "Identity",
            (Value("username", label="Login", kind="code"), Value("email", label="Mail")),
            gold=lambda record: {"username": "/cell/7/"},
        ),
        Related("Colleagues", lambda record: User.objects.all(), (Column("username"),)),
        Timeline("Story", lambda record: [], side=True),
    ),
)


def save_theme(*, user: User, record: User, version: int, name: str, phone: str = "") -> User:
    if name == "raced":
        raise StaleVersion("x", read=version, now=version + 1)
    if name == "bad":
        raise KintsugiError("t.bad", Text("坏", "Bad."), Text("改", "Change it."), field="name")
    set_preferences(user=record, theme="dark")
    return record


edit = FormScreen(
    title=lambda record: record.display_name,
    form=lambda: contract_form("party", ("name", "email")),
    find=find_person,
    values=lambda record: {"name": record.display_name, "email": record.email},
    save=lambda *, email, **rest: save_theme(**rest),
    done=lambda record: f"/people/{record.pk}/",
    permission="search.read",
)


@requires(SIGNED_IN)
def nothing(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


urlpatterns = [
    path("people/", people.as_view()),
    path("people/<uuid:pk>/", person.as_view()),
    path("people/<uuid:pk>/edit/", edit.as_view()),
    path("make/", nothing),
    path("cell/7/", nothing),
    *product,
]
pytestmark = [pytest.mark.urls(__name__), pytest.mark.django_db]


@pytest.fixture
def crowd(amy):
    """120 accounts beside Amy's: p000 … p119, every third in English."""
    with recorded(actor="test", command="test"):
        User.objects.bulk_create(
            User(
                person=amy.person,
                username=f"p{i:03}",
                display_name=f"Person {i % 7}",
                language="en" if i % 3 == 0 else "zh-hans",
            )
            for i in range(120)
        )


def names(page: str) -> list[str]:
    return [part.split("<", 1)[0] for part in page.split('<span class="k-code">')[1:]]


def exported(response) -> list[list[str]]:
    text = b"".join(response.streaming_content).decode()
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text[1:])))


# -- lists ---------------------------------------------------------------------------------------


def test_pages_hold_every_row_once_whatever_the_order(en, crowd):
    seen: list[str] = []
    for number in range(1, 6):
        seen += names(en.get(f"/people/?sort=-name&page={number}").text)
    assert len(seen) == 121
    assert len(set(seen)) == 121


def test_a_column_sorts_in_both_directions(en, crowd):
    assert names(en.get("/people/?sort=username").text)[:2] == ["amy", "p000"]
    page = en.get("/people/?sort=-username").text
    assert names(page)[:2] == ["p119", "p118"]
    assert 'aria-sort="descending"' in page


@pytest.mark.parametrize("sort", ["password", "initial", "-nothing", "';drop", "groups__name"])
def test_only_listed_columns_can_be_sorted_by(en, crowd, sort):
    assert names(en.get("/people/", {"sort": sort}).text)[0] == "amy"


def test_every_typed_word_must_occur_somewhere(en, crowd):
    assert names(en.get("/people/?q=p00+person+3").text) == ["p003"]


def test_a_filter_narrows_and_stands_in_every_further_address(en, crowd):
    page = en.get("/people/?language=en&sort=-username").text
    assert "41 rows" in page
    assert "language=en&amp;sort=-username&amp;page=2" in page.replace("&amp;amp;", "&amp;")


def test_a_filter_that_cannot_be_read_shows_nothing_rather_than_everything(en, crowd):
    page = en.get("/people/?created_at_from=yesterday").text
    assert names(page) == []
    assert "Made · from" in page
    assert en.get("/people/?created_at_from=x&export=csv").status_code == HTTPStatus.BAD_REQUEST


def test_a_partial_request_gets_the_rows_alone(en, crowd):
    response = en.get("/people/", headers={"HX-Request": "true", "HX-Target": "list-people"})
    assert "<html" not in response.text
    assert response.text.lstrip().startswith('<div id="list-people"')
    assert "HX-Target" in response.headers["Vary"]


def test_a_filter_chosen_after_sorting_keeps_the_order_and_offers_to_clear(en, crowd):
    partial = {"HX-Request": "true", "HX-Target": "list-people"}
    page = en.get("/people/?sort=-username&language=en", headers=partial).text
    assert 'name="sort" value="-username" form="list-people-form"' in page
    assert 'id="list-people-clear" hx-swap-oob="true"><a class="btn" href="/people/"' in page


@pytest.mark.parametrize(("page", "first"), [("0", "amy"), ("x", "amy"), ("99999", "p099")])
def test_a_page_beyond_the_ends_is_the_nearest_one(en, crowd, page, first):
    assert names(en.get(f"/people/?page={page}").text)[0] == first


def test_nobody_turns_more_pages_than_the_limit(en, crowd, monkeypatch):
    monkeypatch.setattr(listing, "PAGES_MAX", 2)
    page = en.get("/people/?page=4").text
    assert names(page)[0] == "p024"
    assert "Narrow the list" in page


def test_a_count_beyond_the_limit_is_called_a_floor(en, crowd, monkeypatch):
    monkeypatch.setattr(listing, "COUNT_MAX", 100)
    assert "100+ rows" in en.get("/people/").text


def test_an_empty_list_says_what_belongs_there(en, monkeypatch):
    nobody = ListScreen(
        name="none",
        title="None",
        rows=lambda user: User.objects.none(),
        columns=people.columns,
        empty=people.empty,
    )
    request = RequestFactory().get("/none/")
    request.user = User.objects.get(username="amy")
    with bound(SYSTEM):
        page = nobody.respond(request).content.decode()
    assert "They are made by hand." in page
    assert 'href="/make/"' in page


def test_queries_do_not_grow_with_the_rows(en, crowd, django_assert_max_num_queries):
    # session, account, duties, rate, count, rows; the scope bound and let go; one to spare
    with django_assert_max_num_queries(9):
        assert len(names(en.get("/people/?per_page=100").text)) == 100


def test_labels_and_explanations_come_from_the_contract_in_the_page_language(zh, en):
    from kintsugi.engine.contract import load_contract

    field = load_contract("party").field("name")
    chinese, english = zh.get("/people/").text, en.get("/people/").text
    assert field.zh in chinese
    assert field.description.zh in chinese
    assert field.en in english
    assert field.description.en in english


def test_codes_show_their_names_in_the_page_language(zh, en):
    assert "中文" in zh.get("/people/?q=li").text
    assert "English" in en.get("/people/?q=amy").text


# -- export --------------------------------------------------------------------------------------


def test_the_export_holds_what_is_shown_and_no_more(en, crowd):
    response = en.get("/people/?language=en&sort=-username&export=csv")
    rows = exported(response)
    assert rows[0][0] == "Login"
    assert [row[0] for row in rows[1:3]] == ["p117", "p114"]
    assert len(rows) == 1 + 41
    assert rows[1][2] == "English"
    assert response.headers["Content-Disposition"].endswith("People.csv")


def test_a_cut_export_says_so_in_its_name(en, crowd, monkeypatch):
    monkeypatch.setattr(exporting, "EXPORT_MAX_ROWS", 10)
    monkeypatch.setattr(listing, "EXPORT_MAX_ROWS", 10)
    response = en.get("/people/?export=csv")
    assert len(exported(response)) == 11
    assert "first-10" in response.headers["Content-Disposition"]


@pytest.mark.parametrize(
    "risky", ["=1+1", "+cmd", "-2+3", "@SUM(A1)", "\tx", "\r=x", "=HYPERLINK(1)", " =1"]
)
def test_a_formula_becomes_text(risky):
    assert guarded(risky) == "'" + risky


@pytest.mark.parametrize(
    "harmless", ["-5", "+86", "3.20", "-0.5", "a=b", "", "序列号", "2026-01-02"]
)
def test_numbers_and_words_stay_as_they_are(harmless):
    assert guarded(harmless) == harmless


def test_a_formula_in_a_record_is_guarded_in_the_file(en, amy):
    with recorded(actor="test", command="test"):
        User.objects.bulk_create(
            [User(person=amy.person, username="x", display_name='=cmd|"/c calc"!A1')]
        )
    rows = exported(en.get("/people/?q=calc&export=csv"))
    assert rows[1][1] == '\'=cmd|"/c calc"!A1'


# -- records -------------------------------------------------------------------------------------


def test_a_record_shows_its_panels_and_the_gold_mark(en, amy):
    page = en.get(f"/people/{amy.pk}/").text
    assert "<h1>" in page
    assert 'href="/cell/7/" data-drawer' in page
    assert "Colleagues" in page
    assert "Nothing has happened yet." in page


def test_an_unknown_record_is_not_found(en):
    address = "/people/00000000-0000-7000-8000-000000000000/"
    assert en.get(address).status_code == HTTPStatus.NOT_FOUND


def test_what_came_from_a_record_is_escaped(en, amy):
    with recorded(actor="test", command="test"):
        made = User.objects.bulk_create(
            [User(person=amy.person, username="x", display_name="<script>alert(1)")]
        )
    page = en.get(f"/people/{made[0].pk}/").text + en.get("/people/?q=alert").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


# -- forms ---------------------------------------------------------------------------------------


def address(user: User) -> str:
    return f"/people/{user.pk}/edit/"


def test_a_form_saves_through_the_service_and_says_so(en, amy):
    data = {"name": "Amy", "email": "", "version": amy.version}
    response = en.post(address(amy), data, follow=True)
    assert response.redirect_chain[0][0] == f"/people/{amy.pk}/"
    assert "Saved." in response.text
    assert User.objects.get(pk=amy.pk).theme == "dark"


def test_an_error_stands_at_its_field_and_what_was_typed_is_kept(en, amy):
    data = {"name": "", "email": "kept@typed", "version": amy.version}
    response = en.post(address(amy), data)
    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert 'aria-describedby="id_name_helptext id_name_error"' in response.text
    assert "kept@typed" in response.text


def test_a_refusal_by_the_service_stands_at_its_field(en, amy):
    data = {"name": "bad", "email": "", "version": amy.version}
    response = en.post(address(amy), data)
    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Bad. Change it." in response.text


def test_a_record_that_moved_on_is_compared_before_it_is_overwritten(en, amy):
    with recorded(actor="other", command="test"):
        set_preferences(user=amy, theme="light")
    data = {"name": "Mine", "email": "", "version": 1}
    response = en.post(address(amy), data)
    assert response.status_code == HTTPStatus.CONFLICT
    assert "<del>" in response.text
    assert "Mine" in response.text
    assert 'name="version" value="2"' in response.text
    assert User.objects.get(pk=amy.pk).theme == "light", "nothing was written"
    again = en.post(address(amy), {**data, "version": 2})
    assert again.status_code == HTTPStatus.FOUND


def test_a_race_seen_only_by_the_service_is_a_conflict_too(en, amy):
    data = {"name": "raced", "email": "", "version": amy.version}
    assert en.post(address(amy), data).status_code == HTTPStatus.CONFLICT
