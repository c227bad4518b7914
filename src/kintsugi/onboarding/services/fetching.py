"""Fetching: what a connector brings becomes a snapshot, then a run, each of them once.

A fetch is dealt with in steps that are committed one by one: the bytes are kept and the connector
goes on from behind them; only then is a message acknowledged; then the run is made and carried out.
A killed worker's fetch is taken up again where it stood.
"""

import contextlib
import datetime as dt
import shutil
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import F
from django.db.models.functions import Now

from kintsugi.audit.services import recorded
from kintsugi.core.errors import KintsugiError, NotFound, Text
from kintsugi.engine.contract import load_contracts
from kintsugi.engine.mapping import suggest_mapping
from kintsugi.engine.paper.confirm import Answer, confirmed, to_confirm
from kintsugi.engine.reading import read_source
from kintsugi.engine.snapshot import Snapshot as EngineSnapshot
from kintsugi.engine.snapshot import open_snapshot
from kintsugi.onboarding.models import Connector, Fetch, Snapshot, Source
from kintsugi.onboarding.services import connectors
from kintsugi.onboarding.services.connectors.schedule import next_due, retry_at
from kintsugi.onboarding.services.guards import accepted
from kintsugi.onboarding.services.importing import load_or_rehearse
from kintsugi.onboarding.services.profiles import profile_snapshot
from kintsugi.onboarding.services.progress import Listener
from kintsugi.onboarding.services.running import FINISHED, owned
from kintsugi.onboarding.services.runs import keep_snapshot, prepare_run, start_run
from kintsugi.onboarding.services.sources import current_mapping, keep_mapping
from kintsugi.onboarding.states import FETCH

#: Refusals that a person answers: the delivery waits, nothing of it is written.
HELD = ("mapping.", "source.", "schema.")
#: A fetch in one of these states is not taken up again by itself.
DEALT_WITH = ("imported", "same", "waiting", "held", "left")
FETCHES_MAX = 1_000


def fetch(
    *, actor: Any, connector_id: UUID, at: dt.datetime, listener: Listener | None = None
) -> list[Fetch]:
    """Fetch what a connector has, and import it; what stood open is finished first.

    Returns what was dealt with. A refusal of one file holds that file and not those behind it; a
    place that does not answer is kept as a failure and tried again later, further apart each time.
    Raises KintsugiError ``run.busy`` while another process works on this connector.
    """
    found = _get(connector_id)
    with owned(found.pk), _workplace() as work:
        taken: list[Fetch] = []
        for one in found.fetches.filter(status="arrived").order_by("started_at"):
            taken.append(_carry_on(actor, one, at, listener))
        error: KintsugiError | None = None
        try:
            # Closed at once where one is refused: a queue must not wait for what nobody takes.
            with contextlib.closing(_looked(found, work)) as arrivals:
                for arrival in arrivals:
                    taken.append(_take(actor, found, arrival, at, listener))
        except KintsugiError as refused:
            error = refused
            taken.append(_failed_look(actor, found, refused, at))
        retry = error is not None or any(one.status == "failed" for one in taken)
        _schedule(actor, found, at, failed=retry)
    return taken


def _looked(found: Connector, work: Path) -> Generator[connectors.Arrival, None, None]:
    known = {
        (item, mark)
        for item, mark in found.fetches.filter(status__in=DEALT_WITH).values_list("item", "mark")
    }
    given = connectors.look(found, work=work, done=lambda item, mark: (item, mark) in known)
    for count, arrival in enumerate(given, start=1):
        yield arrival
        if count >= FETCHES_MAX:
            return


def _take(
    actor: Any,
    found: Connector,
    arrival: connectors.Arrival,
    at: dt.datetime,
    listener: Listener | None,
) -> Fetch:
    """Keep the bytes of an arrival, go on behind it, and import it."""
    snapshot, error, stored = None, None, None
    if arrival.location:
        try:
            snapshot = read_source(
                arrival.location, into=settings.SNAPSHOT_ROOT, hints=arrival.hints
            )
            try:
                keep_snapshot(actor=actor, found=snapshot)
                stored = Snapshot.objects.get(folder=snapshot.path.name)
            except KintsugiError as refused:
                error = refused
        except KintsugiError as refused:
            if refused.retryable or not arrival.mark:
                raise
            error = refused
    state = dict(arrival.state)
    if arrival.seen is not None and snapshot is not None:
        state = arrival.seen(snapshot)
    facts: dict[str, Any] = dict(arrival.facts)
    if arrival.aside:
        facts["aside"] = [vars(one) for one in arrival.aside]
    if snapshot is not None:
        facts["folder"] = snapshot.path.name
        facts["rows"] = sum(table.rows for table in snapshot.tables)
    same = stored is not None and error is None and _is_same(found.source, stored)
    with recorded(actor=actor, command="onboarding.fetch", reason=found.name):
        one = _claimed(found, arrival, at, is_same=same)
        _set(one, snapshot=stored, facts=facts, error=None)
        Connector.objects.filter(pk=found.pk).update(
            state=state, version=F("version") + 1, updated_at=Now()
        )
        if error is not None:
            _stop(one, error, at)
        elif same or not arrival.location:
            _end(one, "same", at)
    found.state = state
    # The bytes are kept: now the sender may forget them.
    arrival.taken()
    return one if one.status != "arrived" else _carry_on(actor, one, at, listener)


def _claimed(
    found: Connector, arrival: connectors.Arrival, at: dt.datetime, *, is_same: bool
) -> Fetch:
    """The row of this arrival. Looks that found nothing new, one behind the other, share one."""
    newest = found.fetches.order_by("-started_at").first()
    if is_same and not arrival.mark and newest is not None and newest.status == "same":
        _set(newest, attempts=newest.attempts + 1, status="same")
        return newest
    mark = arrival.mark or at.isoformat()
    one, made = Fetch.objects.select_for_update().get_or_create(
        connector=found, item=arrival.item[:400], mark=mark[:200], defaults={"started_at": at}
    )
    if not made and one.status == "failed":
        FETCH.step(one.status, "arrived")
        _set(one, status="arrived", attempts=one.attempts + 1)
    return one


def _is_same(source: Source, stored: Snapshot) -> bool:
    last = accepted(source)
    return last is not None and last.pk == stored.pk


def _carry_on(actor: Any, one: Fetch, at: dt.datetime, listener: Listener | None) -> Fetch:
    """Profile and import the snapshot of a fetch; a refusal is kept with it."""
    source = one.connector.source
    try:
        if one.snapshot is None:
            return _ended(actor, one, "same", at)
        if one.run is None and _is_same(source, one.snapshot):
            return _ended(actor, one, "same", at)
        first_look(actor=actor, source=source, stored=one.snapshot, at=at)
        snapshot = open_snapshot(settings.SNAPSHOT_ROOT / one.snapshot.folder)
        if one.run is None:
            override = one.facts.get("let_go") or {}
            with recorded(actor=actor, command="onboarding.fetch", reason=one.item[:400]):
                run = start_run(
                    actor=actor,
                    location=f"connector:{one.connector.name}/{one.item}",
                    snapshot=snapshot,
                    source=source,
                    at=at,
                    shrunk=str(override.get("reason", "")),
                )
                _set(one, run=run)
        assert one.run, "it was made above"
        if one.run.status not in FINISHED:
            prepare_run(actor=actor, run_id=one.run.pk, listener=listener)
            load_or_rehearse(actor=actor, run_id=one.run.pk, at=at, listener=listener)
        return _ended(actor, one, "imported", at)
    except KintsugiError as error:
        if error.code == "run.busy":
            raise
        with recorded(actor=actor, command="onboarding.fetch-stopped", reason=error.code):
            _stop(one, error, at)
        return one


def first_look(*, actor: Any, source: Source, stored: Snapshot, at: dt.datetime) -> None:
    """Measure what came and, of a source that has no mapping yet, keep the one that suggests
    itself: both are looked at before the source is approved. Loads nothing."""
    if current_mapping(source) is None:
        snapshot = open_snapshot(settings.SNAPSHOT_ROOT / stored.folder)
        found = suggest_mapping(snapshot, load_contracts())
        if found.mapping.tables:
            keep_mapping(actor=actor, source=source, mapping=found.mapping, origin="suggested")
    profile_snapshot(source=source, snapshot=stored, at=at)


def _failed_look(actor: Any, found: Connector, error: KintsugiError, at: dt.datetime) -> Fetch:
    """A place that could not be asked at all; failures in a row share one row."""
    with recorded(actor=actor, command="onboarding.fetch-failed", reason=error.code):
        newest = found.fetches.order_by("-started_at").first()
        if newest is not None and newest.status == "failed" and newest.snapshot_id is None:
            _set(newest, attempts=newest.attempts + 1, error=kept_error(error), ended_at=at)
            return newest
        item = str(connectors.KINDS[found.kind].title.en)
        one = Fetch.objects.create(connector=found, item=item, mark=at.isoformat(), started_at=at)
        _stop(one, error, at)
        return one


def _schedule(actor: Any, found: Connector, at: dt.datetime, *, failed: bool) -> None:
    failures = found.failures + 1 if failed else 0
    due = next_due(found.cron, found.time_zone, at)
    if failed and found.cron:
        again = retry_at(failures, at)
        due = again if due is None else min(again, due) if failures < 4 else again
    with recorded(actor=actor, command="onboarding.fetched", reason=found.name):
        Connector.objects.filter(pk=found.pk).update(
            failures=failures, next_at=due, state=found.state, version=F("version") + 1,
            updated_at=Now(),
        )  # fmt: skip


def due_connectors(at: dt.datetime) -> list[UUID]:
    """The connectors whose time has come, the longest overdue first."""
    due = Connector.objects.filter(
        is_active=True, is_void=False, next_at__lte=at, source__is_void=False
    ).exclude(source__status="retired")
    return list(due.order_by("next_at").values_list("pk", flat=True)[:500])


# -- by a person -----------------------------------------------------------------------------------


def let_go(*, actor: Any, fetch_id: UUID, reason: str, at: dt.datetime) -> Fetch:
    """Let a held delivery be tried again; of one that shrank, ``reason`` says why that is right.

    Raises KintsugiError ``fetch.reason`` and IllegalTransition.
    """
    with recorded(actor=actor, command="onboarding.let-fetch-go", reason=reason[:400]):
        one = _fetch(fetch_id)
        FETCH.step(one.status, "arrived")
        _refuse_silence(reason)
        facts = dict(one.facts)
        if (one.error or {}).get("code") == "source.shrunk":
            facts["let_go"] = {"by": str(actor)[:200], "reason": reason[:400], "at": at.isoformat()}
        _set(one, status="arrived", facts=facts, attempts=one.attempts + 1, ended_at=None)
    return one


def leave_out(*, actor: Any, fetch_id: UUID, reason: str, at: dt.datetime) -> Fetch:
    """Decide that a delivery is not imported. Raises KintsugiError ``fetch.reason`` and
    IllegalTransition."""
    with recorded(actor=actor, command="onboarding.leave-fetch-out", reason=reason[:400]):
        one = _fetch(fetch_id)
        FETCH.step(one.status, "left")
        _refuse_silence(reason)
        _end(one, "left", at)
    return one


def _refuse_silence(reason: str) -> None:
    if not reason.strip():
        raise KintsugiError(
            "fetch.reason",
            Text("请注明理由。", "Say why."),
            Text("理由与到达记录一起保存。", "The reason is kept with the delivery."),
            field="reason",
        )


def answer_paper(
    *, actor: Any, fetch_id: UUID, answers: dict[tuple[str, int, str], str], at: dt.datetime
) -> Fetch:
    """A person's word for cells that OCR read: (table, row, column) → text as it should be, empty
    for one that is right as it was read. In as many goes as it takes: what is answered is kept,
    and the delivery waits until nothing that matters is left.

    Raises KintsugiError ``fetch.no-answer``, ``paper.…`` and NotFound.
    """
    with recorded(actor=actor, command="onboarding.answer-paper", reason=str(fetch_id)):
        # Of two persons who answer at once the second goes on from what the first said.
        one = _fetch(fetch_id)
        FETCH.step(one.status, "arrived")
        found = waiting_snapshot(one)
        given = [
            Answer(number, cell.table, cell.row, cell.column, cell.text, answers[place], str(actor))
            for number, cell in enumerate(to_confirm(found), start=1)
            if (place := (cell.table, cell.row, cell.column)) in answers
        ]
        if not given:
            raise KintsugiError(
                "fetch.no-answer",
                Text("没有可保存的确认。", "There is no answer to keep."),
                Text(
                    "请勾选已核对的单元格;别人确认过的不再出现。",
                    "Tick what you compared; what somebody confirmed before is not asked again.",
                ),
            )
        told = confirmed(found, given, into=Path(settings.SNAPSHOT_ROOT)).snapshot
        facts = {**one.facts, "folder": told.path.name, "answered_by": str(actor)[:200]}
        try:
            keep_snapshot(actor=actor, found=told)
        except KintsugiError as error:
            if error.code != "import.paper-unconfirmed":
                raise
            _set(one, facts=facts, error=kept_error(error))
            return one
        stored = Snapshot.objects.get(folder=told.path.name)
        _set(one, status="arrived", snapshot=stored, facts=facts, error=None, ended_at=None)
    return one


def waiting_snapshot(one: Fetch) -> EngineSnapshot:
    """The snapshot a fetch brought, also before it was registered. Raises NotFound."""
    folder = str(one.facts.get("folder", ""))
    if not folder or "/" in folder:
        raise NotFound(Text("快照", "snapshot"), one.item)
    return open_snapshot(Path(settings.SNAPSHOT_ROOT) / folder)


# -- writing ---------------------------------------------------------------------------------------


def kept_error(error: KintsugiError) -> dict[str, Any]:
    """A refusal as it is kept; the readers' messages hold no secret."""
    return {
        "code": error.code,
        "message": list(error.message),
        "remedy": list(error.remedy),
        "retryable": error.retryable,
        "facts": {k: str(v)[:400] for k, v in error.facts.items()},
    }


def _stop(one: Fetch, error: KintsugiError, at: dt.datetime) -> None:
    if error.code == "import.paper-unconfirmed":
        status = "waiting"
    elif error.code.startswith(HELD):
        status = "held"
    else:
        status = "failed" if error.retryable or not one.facts.get("folder") else "held"
    if status == "failed" and not error.retryable and one.mark.count(":") == 2:
        # A file that cannot be read stays so until it changes, and is then another one.
        status = "held"
    FETCH.check(one.status, status)
    _set(one, status=status, error=kept_error(error), ended_at=at)


def _end(one: Fetch, status: str, at: dt.datetime) -> None:
    FETCH.check(one.status, status)
    _set(one, status=status, ended_at=at)


def _ended(actor: Any, one: Fetch, status: str, at: dt.datetime) -> Fetch:
    with recorded(actor=actor, command="onboarding.fetch", reason=one.item[:400]):
        _end(one, status, at)
        _set(one, error=None)
    return one


def _set(one: Fetch, **changes: Any) -> None:
    Fetch.objects.filter(pk=one.pk).update(**changes, version=F("version") + 1, updated_at=Now())
    one.refresh_from_db()


def _get(connector_id: UUID) -> Connector:
    found = Connector.objects.select_related("source").filter(pk=connector_id).first()
    if found is None:
        raise NotFound(Text("连接器", "connector"), str(connector_id))
    return found


def _fetch(fetch_id: UUID) -> Fetch:
    one = (
        Fetch.objects.select_for_update(of=("self",))
        .select_related("connector__source", "snapshot", "run")
        .filter(pk=fetch_id)
        .first()
    )
    if one is None:
        raise NotFound(Text("到达记录", "fetch"), str(fetch_id))
    return one


@contextlib.contextmanager
def _workplace() -> Iterator[Path]:
    """A folder for what comes, gone at the end."""
    root = Path(settings.UPLOAD_ROOT)
    root.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix="fetch-", dir=root))
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


@contextlib.contextmanager
def tried(found: Connector) -> Iterator[EngineSnapshot]:
    """A sample of what a connector would bring; nothing of it stays. The connector need not be
    saved. Raises KintsugiError."""
    with _workplace() as work:
        into = work / "sample"
        into.mkdir()
        yield connectors.sample(found, work=work, into=into)
