"""Import over HTTP: files in, runs started in the background."""

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from ninja import Router, Schema, Status
from ninja.decorators import decorate_view
from ninja.files import UploadedFile
from ninja.params.functions import File, Form, Header
from pydantic import Field

from kintsugi.core.access import requires
from kintsugi.core.api.auth import Session
from kintsugi.core.api.schemas import WRITE
from kintsugi.core.commands import run_once
from kintsugi.core.errors import KintsugiError, NotFound, Text
from kintsugi.onboarding import tasks, uploads
from kintsugi.onboarding.api.runs import RunLinks, run_links
from kintsugi.onboarding.models import Run, Source
from kintsugi.onboarding.services import start_run, take_snapshot

router = Router(tags=["Imports"])

#: What a multipart body may hold besides the files' bytes.
ENVELOPE_BYTES = 1024 * 1024


FILES = File(..., description="CSV, TSV, XLSX, XLS, SQLite, also .gz")


class Started(Schema):
    """A run that was started."""

    number: str
    id: UUID
    file: str
    source: str
    links: RunLinks


class ImportAnswer(Schema):
    """The runs of an import, in the order of the files."""

    runs: list[Started] = Field(description="follow each at `links.progress`")


class UploadSession(Session):
    """The log-in of uploads: the files' place is decided before the CSRF check reads the body."""

    def __call__(self, request: HttpRequest) -> Any | None:
        """The person, or None; then the body has not been read."""
        if not request.user.is_authenticated:
            return super().__call__(request)
        length = request.headers.get("Content-Length", "")
        if length.isdigit() and int(length[:20]) > settings.UPLOAD_MAX_BYTES + ENVELOPE_BYTES:
            raise uploads.too_large()
        batch = uploads.new_batch(str(request.user.pk))
        handler = uploads.StoreHandler(request, batch)
        request.upload_handlers = [handler]
        request.upload_batch = batch  # type: ignore[attr-defined]
        person = super().__call__(request)
        if person:
            list(request.FILES)  # the body is read here at the latest
            if handler.refused is not None:
                raise handler.refused  # the reading stopped: its files are incomplete
        return person


def forgetting(run: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Removes the upload's folder afterwards, whatever happened: the bytes that were taken live on
    in their snapshots."""

    @wraps(run)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return run(request, *args, **kwargs)
        finally:
            batch = getattr(request, "upload_batch", None)
            if batch is not None:
                batch.discard()

    return wrapped


def _stored(request: HttpRequest) -> list[uploads.StoredFile]:
    files = [f for f in request.FILES.getlist("files") if isinstance(f, uploads.StoredFile)]
    if not files:
        raise uploads.nothing_chosen()
    if len(files) > uploads.FILES_MAX:
        raise uploads.too_many(len(files))
    return files


def _sha256(file: uploads.StoredFile) -> str:
    with file.path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


@router.post(
    "/imports", response={202: ImportAnswer, **WRITE}, auth=UploadSession(), summary="Import files"
)
@decorate_view(forgetting)
@requires("run.import")
def import_files(
    request: HttpRequest,
    key: str = Header(
        ...,
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="new for every import; the same one again when a request is repeated",
    ),
    files: list[UploadedFile] = FILES,
    source: str | None = Form(
        None,
        max_length=120,
        pattern=r"^[^\x00]*$",
        description="code of the source; without it the layout of each file decides",
    ),
) -> Status[dict[str, Any]]:
    """Read the files into snapshots and start a run for each; loading goes on in the background.

    All files or none: when one is refused, no run is started. The same key with the same files
    answers the same runs and starts nothing; with other files it is refused with 422.
    """
    stored = _stored(request)
    content = {
        "files": [{"name": file.path.name, "sha256": _sha256(file)} for file in stored],
        "source": source or "",
    }
    answer = run_once(
        scope=f"api.imports:{request.user.pk}",
        key=key,
        payload=content,
        work=lambda: _start(request, stored, source),
    )
    return Status(202, answer)


def _start(
    request: HttpRequest, stored: list[uploads.StoredFile], code: str | None
) -> dict[str, Any]:
    source = Source.objects.filter(code=code).first() if code else None
    if code and source is None:
        raise NotFound(Text("来源", "source"), code)
    runs: dict[str, Run] = {}
    for file in stored:
        run = _run_of(request, file, source)
        runs.setdefault(run.number, run)
    # The queue is in the same database: the jobs are there if and only if the runs are.
    tasks.import_files.defer(
        run_ids=[str(run.pk) for run in runs.values()], actor=str(request.user)
    )
    return {
        "runs": [
            {
                "number": run.number,
                "id": str(run.pk),
                "file": run.file_name,
                "source": run.source.code,
                "links": run_links(run),
            }
            for run in runs.values()
        ]
    }


def _run_of(request: HttpRequest, file: uploads.StoredFile, source: Source | None) -> Run:
    try:
        snapshot = take_snapshot(actor=request.user, location=str(file.path))
        return start_run(
            actor=request.user,
            location=f"upload:{file.path.name}",
            snapshot=snapshot,
            source=source,
            at=timezone.now(),
        )
    except KintsugiError as error:
        # The folder of the upload is ours; people know the file by its name.
        error.facts = {**error.facts, "file": file.path.name}
        raise
