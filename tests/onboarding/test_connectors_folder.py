"""A watched folder: whole files are taken once, half-written ones never, and what would harm is
stopped before it is written."""

import os
from pathlib import Path
from typing import Any

import pytest

from kintsugi.core.errors import KintsugiError
from kintsugi.devices.models import Device
from kintsugi.onboarding.models import Connector, Fetch, Run, Snapshot, Source
from kintsugi.onboarding.services import fetch, leave_out, let_go, register_source
from kintsugi.onboarding.services.registering import describe_source
from tests.onboarding.fetched import AT, MINUTE, connector, fetched, put, register, states
from tests.scenarios.world import PRODUCTS, World, tables

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def incoming(world: World, settings: Any, tmp_path: Path) -> Path:
    """The folder that may be watched; the three products are known already."""
    settings.WATCH_ROOTS = [tmp_path / "incoming"]
    settings.UPLOAD_ROOT = tmp_path / "home" / "uploads"
    folder = tmp_path / "incoming" / "registers"
    folder.mkdir(parents=True)
    world.load(world.file("p.csv", PRODUCTS))
    return folder


def test_a_file_is_read_when_it_was_the_same_twice_and_then_never_again(incoming: Path) -> None:
    one = connector("folder", path=str(incoming))
    path = put(incoming, "a.csv", register(3))
    assert fetched(one) == []
    assert Device.objects.count() == 0
    assert fetched(one, AT + MINUTE) == ["imported"]
    assert Device.objects.count() == 3
    assert fetched(one, AT + 2 * MINUTE) == []
    assert path.exists(), "what was processed is not deleted"
    assert Run.objects.filter(source=one.source).count() == 1
    run = Run.objects.get(source=one.source)
    assert (run.status, run.counts["read"], run.counts["created"]) == ("verified", 3, 3)


def test_a_file_that_still_grows_is_left_alone(incoming: Path) -> None:
    one = connector("folder", path=str(incoming))
    whole = register(4)
    put(incoming, "a.csv", whole[:60], age_s=100)
    assert fetched(one) == []
    put(incoming, "a.csv", whole[:120], age_s=90)
    assert fetched(one, AT + MINUTE) == []
    put(incoming, "a.csv", whole, age_s=80)
    assert fetched(one, AT + 2 * MINUTE) == []
    assert fetched(one, AT + 3 * MINUTE) == ["imported"]
    assert Device.objects.count() == 4


def test_with_a_marker_a_file_waits_for_it(incoming: Path) -> None:
    one = connector("folder", path=str(incoming), marker=".done")
    put(incoming, "a.csv", register(2))
    assert fetched(one) == fetched(one, AT + MINUTE) == []
    put(incoming, "a.csv.done", "")
    assert fetched(one, AT + 2 * MINUTE) == ["imported"]


def test_the_same_bytes_under_another_name_make_no_second_run(incoming: Path) -> None:
    one = connector("folder", path=str(incoming), marker=".done")
    for name in ("a.csv", "b.csv"):
        put(incoming, name, register(3))
        put(incoming, f"{name}.done", "")
        fetched(one)
    assert states(one) == [("a.csv", "imported"), ("b.csv", "same")]
    assert Run.objects.filter(source=one.source).count() == 1


def test_links_out_of_the_folder_hidden_and_unfinished_files_are_not_read(
    incoming: Path, tmp_path: Path
) -> None:
    one = connector("folder", path=str(incoming))
    secret = put(tmp_path / "elsewhere", "secret.csv", register(3))
    (incoming / "link.csv").symlink_to(secret)
    (incoming / "gone.csv").symlink_to(tmp_path / "nothing.csv")
    os.mkfifo(incoming / "pipe.csv")
    for name in (".hidden.csv", "~$a.csv", "a.csv.part", "empty.csv"):
        put(incoming, name, "" if name == "empty.csv" else register(2))
    assert fetched(one) == fetched(one, AT + MINUTE) == []
    assert one.fetches.count() == 0


@pytest.mark.parametrize("path", ["/etc", "/", "incoming", "../incoming", ""])
def test_only_allowed_folders_are_watched(incoming: Path, path: str) -> None:
    with pytest.raises(KintsugiError) as refused:
        connector("folder", path=path)
    assert refused.value.code in ("connector.folder", "connector.setting")


def test_a_link_to_a_folder_elsewhere_is_refused(incoming: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (incoming / "way-out").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(KintsugiError) as refused:
        connector("folder", path=str(incoming / "way-out"))
    assert refused.value.code == "connector.folder"


def test_what_cannot_be_read_holds_itself_and_not_what_is_behind_it(incoming: Path) -> None:
    one = connector("folder", path=str(incoming), marker=".done")
    put(incoming, "a.csv", b"\x00\x01\x02\x03" * 500, age_s=200)
    put(incoming, "b.csv", register(2), age_s=100)
    for name in ("a.csv", "b.csv"):
        put(incoming, f"{name}.done", "")
    assert fetched(one) == ["held", "imported"]
    assert fetched(one, AT + MINUTE) == []
    stopped = Fetch.objects.get(item="a.csv")
    assert stopped.error["code"].startswith("reading.")
    assert stopped.run is None


def full(one: Connector, rows: int = 10) -> None:
    describe_source(actor="tester", source_id=one.source.pk, delivery="full")
    incoming = Path(one.settings["path"])
    put(incoming, "a.csv", register(rows), age_s=300)
    fetched(one)
    assert fetched(one, AT + MINUTE) == ["imported"]


@pytest.mark.parametrize(("rows", "status"), [(5, "imported"), (4, "held")])
def test_a_full_delivery_that_lost_more_than_half_is_stopped(
    incoming: Path, rows: int, status: str
) -> None:
    one = connector("folder", path=str(incoming))
    full(one)
    before = tables()
    put(incoming, "b.csv", register(rows))
    fetched(one, AT + 2 * MINUTE)
    assert fetched(one, AT + 3 * MINUTE) == [status]
    if status == "held":
        stopped = Fetch.objects.get(item="b.csv")
        assert stopped.error["code"] == "source.shrunk"
        assert (stopped.error["facts"]["before"], stopped.error["facts"]["now"]) == ("10", "4")
        assert tables() == before
        assert Run.objects.filter(source=one.source).count() == 1


def test_a_person_lets_a_delivery_that_shrank_go_with_a_reason(incoming: Path) -> None:
    one = connector("folder", path=str(incoming))
    full(one)
    put(incoming, "b.csv", register(4))
    fetched(one, AT + 2 * MINUTE)
    fetched(one, AT + 3 * MINUTE)
    stopped = Fetch.objects.get(item="b.csv")
    with pytest.raises(KintsugiError) as refused:
        let_go(actor="张工", fetch_id=stopped.pk, reason=" ", at=AT)
    assert refused.value.code == "fetch.reason"
    let_go(actor="张工", fetch_id=stopped.pk, reason="六台已报废", at=AT)
    [done] = fetch(actor="tester", connector_id=one.pk, at=AT + 4 * MINUTE)
    assert done.status == "imported"
    assert done.run is not None
    [note] = [n for n in done.run.notes if n["code"] == "source.shrunk-let-go"]
    assert note["facts"]["reason"] == "六台已报废"


def test_increments_may_be_small(incoming: Path) -> None:
    one = connector("folder", path=str(incoming))
    full(one)
    describe_source(actor="tester", source_id=one.source.pk, delivery="increment")
    put(incoming, "b.csv", register(1))
    fetched(one, AT + 2 * MINUTE)
    assert fetched(one, AT + 3 * MINUTE) == ["imported"]


#: A lot column that slipped: under 批号 stands what stood under 失效日期, and the other way round.
LOTS = "序列号,产品编码,医院,批号,安装日期\n" + "".join(
    f"SN{n},P-1,市一医院,LOT-{n:04d},2023-05-{1 + n % 28:02d}\n" for n in range(1, 13)
)
SLIPPED = "序列号,产品编码,医院,批号,安装日期\n" + "".join(
    f"SN{n},P-1,市一医院,2023-05-{1 + n % 28:02d},LOT-{n:04d}\n" for n in range(1, 13)
)


def test_a_shifted_lot_column_is_stopped_before_it_writes_by_connector_and_command(
    incoming: Path, world: World
) -> None:
    one = connector("folder", path=str(incoming))
    put(incoming, "a.csv", LOTS, age_s=300)
    fetched(one)
    assert fetched(one, AT + MINUTE) == ["imported"]
    before = tables()
    put(incoming, "b.csv", SLIPPED)
    fetched(one, AT + 2 * MINUTE)
    assert fetched(one, AT + 3 * MINUTE) == ["held"]
    stopped = Fetch.objects.get(item="b.csv")
    assert stopped.error["code"] == "mapping.drift"
    assert "批号" in stopped.error["message"][0]
    assert "安装日期" in stopped.error["message"][0]
    assert tables() == before
    assert Run.objects.filter(source=one.source).count() == 1
    with pytest.raises(KintsugiError) as refused:
        world.load(world.file("c.csv", SLIPPED), source=("台账", None))
    assert refused.value.code == "mapping.drift"
    assert "批号" in refused.value.facts["shifted"]
    assert tables() == before


def test_a_killed_fetch_is_taken_up_where_it_stood(
    incoming: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kintsugi.onboarding.services import fetching

    one = connector("folder", path=str(incoming), marker=".done")
    put(incoming, "a.csv", register(3))
    put(incoming, "a.csv.done", "")

    class Killed(BaseException):
        pass

    def dies(**_given: Any) -> None:
        raise Killed

    for place in ("start_run", "prepare_run", "load_or_rehearse"):
        with monkeypatch.context() as patch:
            patch.setattr(fetching, place, dies)
            with pytest.raises(Killed):
                fetched(one)
        assert states(one) == [("a.csv", "arrived")]
    assert fetched(one) == ["imported"]
    assert (Device.objects.count(), Run.objects.filter(source=one.source).count()) == (3, 1)


def test_a_held_delivery_can_be_left_out(incoming: Path) -> None:
    one = connector("folder", path=str(incoming))
    full(one)
    put(incoming, "b.csv", register(1))
    fetched(one, AT + 2 * MINUTE)
    fetched(one, AT + 3 * MINUTE)
    stopped = Fetch.objects.get(item="b.csv")
    assert leave_out(actor="张工", fetch_id=stopped.pk, reason="误传", at=AT).status == "left"
    assert fetched(one, AT + 4 * MINUTE) == []


def test_a_retired_source_takes_nothing(incoming: Path) -> None:
    from kintsugi.onboarding.services import retire_source

    one = connector("folder", path=str(incoming))
    retire_source(actor="tester", source_id=one.source.pk, reason="系统下线")
    put(incoming, "a.csv", register(3))
    fetched(one)
    assert fetched(one, AT + MINUTE) == ["held"]
    assert Device.objects.count() == 0
    assert Snapshot.objects.filter(file_name="a.csv").count() == 1
    assert Source.objects.get(code="台账").status == "retired"


def test_a_source_by_hand_and_its_connector_share_the_mapping(incoming: Path, world: World) -> None:
    source = register_source(actor="tester", code="台账", kind="csv")
    world.load(world.file("d.csv", register(3)), source=("台账", None))
    one = connector("folder", source, path=str(incoming), marker=".done")
    put(incoming, "a.csv", register(3))
    put(incoming, "a.csv.done", "")
    assert fetched(one) == ["same"], "the same bytes as those loaded by hand"
