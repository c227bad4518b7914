"""A run at work: one process at a time, its state, and what stops it."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from uuid import UUID

from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.db.models.functions import Now

from kintsugi.audit.services import recorded
from kintsugi.core.errors import KintsugiError, NotFound, Text
from kintsugi.engine.contract import load_contracts
from kintsugi.onboarding.models import Run
from kintsugi.onboarding.states import RUN

#: A run in one of these states has nothing left to do.
FINISHED = ("verified", "reverted", "partly-reverted", "withdrawn")


def get_run(run_id: UUID) -> Run:
    """The run with what it needs to work. Raises NotFound."""
    run = (
        Run.objects.select_related("source", "snapshot", "mapping", "window", "parent")
        .filter(pk=run_id)
        .first()
    )
    if run is None:
        raise NotFound(Text("导入运行", "run"), str(run_id))
    return run


@contextmanager
def owned(run_id: UUID) -> Iterator[None]:
    """One process works on a run at a time; the lock ends with the connection."""
    key = int.from_bytes(hashlib.sha256(run_id.bytes).digest()[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_lock(%s)", [key])
        if not cursor.fetchone()[0]:
            raise KintsugiError(
                "run.busy",
                Text("另一个进程正在处理这次导入。", "Another process is working on this run."),
                Text("请等它结束;进度见运行页面。", "Wait for it; its page shows the progress."),
                run=str(run_id),
            )
    try:
        yield
    finally:
        # A connection that is gone has let go of the lock already.
        with suppress(DatabaseError, InterfaceError), connection.cursor() as cursor:
            cursor.execute("select pg_advisory_unlock(%s)", [key])


def contracts_digest() -> str:
    """One hash over all contracts that are in force."""
    known = sorted(f"{name}:{one.sha256}" for name, one in load_contracts().items())
    return hashlib.sha256("\n".join(known).encode()).hexdigest()


def lock_entity(entity: str) -> None:
    """One writer of an entity's table at a time, until the transaction ends: two runs never both
    create the same row, and nothing is loaded while a rollback is at work."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtext(%s))", [entity])


def is_outdated(run_id: UUID) -> bool:
    """Whether a run that has loaded nothing was prepared under other contracts, and can be
    prepared again."""
    run = get_run(run_id)
    return (
        run.parent_id is None
        and run.status in ("validated", "rehearsed")
        and run.contracts not in ("", contracts_digest())
    )


def refuse_other_contracts(run: Run) -> None:
    """What was checked under other rules is not loaded. Raises KintsugiError
    ``run.contract-changed``; a run that has begun to load ends as it was prepared."""
    if run.contracts and run.contracts != contracts_digest():
        raise KintsugiError(
            "run.contract-changed",
            Text(
                "准备此运行之后,数据字典已有变更。",
                "The data dictionary changed after this run was prepared.",
            ),
            Text(
                "请重新准备;已批准的需再次预演和批准。",
                "Prepare it again; what was approved is rehearsed and approved once more.",
            ),
            run=run.number,
        )


def set_run(run: Run, **changes: Any) -> None:
    """Write columns of a run; must run inside ``recorded``."""
    if "status" in changes:
        RUN.check(run.status, changes["status"])
    Run.objects.filter(pk=run.pk).update(**changes, updated_at=Now())
    run.refresh_from_db(fields=["status"])


def move_run(actor: Any, run: Run, status: str, **changes: Any) -> None:
    """Take a run to a state, in a context of its own. Raises IllegalTransition."""
    with recorded(actor=actor, command=f"onboarding.run-{status}", run_id=run.pk):
        set_run(run, status=status, **changes)


class Interrupted(KintsugiError):
    """The database, the disk or another resource gave way; the run goes on where it stopped."""

    retryable = True

    def __init__(self, cause: Exception) -> None:
        text = str(cause).splitlines()[0][:400] if str(cause) else type(cause).__name__
        super().__init__(
            "run.interrupted",
            Text(f"运行中断:{text}", f"The run was interrupted: {text}"),
            Text(
                "排除原因后再次执行,将从中断处继续。",
                "Remove the cause and run again; it goes on where it stopped.",
            ),
            type=type(cause).__name__,
        )


#: What is nobody's mistake: a session the server ended, a full disk. A wrong value that the
#: database refuses is a fault of the program and stays one.
AWAY = (OperationalError, InterfaceError, OSError)


@contextmanager
def stopping(actor: Any, run_id: UUID) -> Iterator[None]:
    """A refusal or a lost resource stops the run visibly, with the reason, and is raised.

    Raises Interrupted for a database, disk or file that gave way.
    """
    try:
        yield
    except KintsugiError as error:
        _stop(actor, run_id, error)
        raise
    except AWAY as error:
        interrupted = Interrupted(error)
        _stop(actor, run_id, interrupted)
        raise interrupted from error
    except DatabaseError as error:
        _stop(actor, run_id, Interrupted(error))
        raise


def kept_error(error: KintsugiError) -> dict[str, Any]:
    """What stopped a run or holds it, as ``Run.error`` keeps it."""
    return {
        "code": error.code,
        "message": error.message._asdict(),
        "remedy": error.remedy._asdict(),
        "facts": {k: str(v)[:400] for k, v in error.facts.items()},
    }


def _stop(actor: Any, run_id: UUID, error: KintsugiError) -> None:
    # Where the database itself is away the run is taken up again from its ledger.
    with suppress(DatabaseError, InterfaceError):
        if connection.connection is not None and not connection.is_usable():
            connection.close()
        run = get_run(run_id)
        if run.status not in (*FINISHED, "failed", "applied", "approved", "waves"):
            move_run(actor, run, "failed", error=kept_error(error))
