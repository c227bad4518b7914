"""What a connector brings: looked at one by one, so that the next is asked for when one is kept."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import polars as pl

from kintsugi.core.errors import KintsugiError, Text
from kintsugi.engine.reading import ReadHints, ReadLimits, read_source
from kintsugi.engine.reading import rest as web
from kintsugi.engine.reading.database import parse_url
from kintsugi.engine.reading.extract import first_rows, from_watermark
from kintsugi.engine.reading.outside import refuse_inside
from kintsugi.engine.snapshot import Snapshot, table_frame
from kintsugi.onboarding.models import Connector
from kintsugi.onboarding.services.connectors import folders, queues
from kintsugi.onboarding.services.connectors.kinds import watched
from kintsugi.onboarding.services.connectors.secrets import resolve

SAMPLE_ROWS = 20


@dataclass(frozen=True)
class Aside:
    """A message that is no record, kept with the reason."""

    mark: str
    reason: str
    data: str


@dataclass(frozen=True)
class Arrival:
    """One thing to read. ``location`` is what the reader takes; ``state`` what the connector goes
    on from once its bytes are kept; then ``taken`` is called. ``mark``: empty where each fetch
    stands for itself; ``seen`` works the state out from what was read."""

    item: str
    mark: str
    location: str
    state: dict[str, Any]
    hints: ReadHints | None = None
    taken: Callable[[], None] = lambda: None
    seen: Callable[[Snapshot], dict[str, Any]] | None = None
    aside: tuple[Aside, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)


def look(
    connector: Connector, *, work: Path, done: Callable[[str, str], bool], rows: int = 0
) -> Iterator[Arrival]:
    """What there is to fetch, in order. ``work`` is a folder for what comes; ``done(item, mark)``
    tells what was dealt with before; ``rows`` bounds a look that only shows a sample.

    Raises KintsugiError of the readers, and ``connector.…``.
    """
    if connector.kind in ("folder", "paper"):
        for name, mark, path in folders.ripe(connector, done=done, at_once=bool(rows)):
            yield Arrival(name, mark, str(path), connector.state)
        # What was seen once is told by the same look that found the rest.
    elif connector.kind == "database":
        yield _database(connector, rows)
    elif connector.kind == "rest":
        found = _rest(connector, work)
        if found is not None:
            yield found
    else:
        yield from _queue(connector, work, peek=bool(rows))


def _database(connector: Connector, rows: int) -> Arrival:
    said = connector.settings
    url = parse_url(said["url"])
    if url.get_backend_name() == "sqlite":
        watched(url.database or "")
    elif not connector.allow_private:
        refuse_inside(url.host or "", url.port)
    secret = resolve(connector.secret)
    if secret:
        url = url.set(password=secret)
    location = url.render_as_string(hide_password=False)
    column, table, last = said["watermark"], said["table"], connector.state.get("watermark")
    if said["query"]:
        query = said["query"].strip().rstrip(";")
        hints = ReadHints(queries={"query": query})
    elif rows:
        query = from_watermark(url, table, "", None)
    elif column:
        query = from_watermark(url, table, column, last)
        hints = ReadHints(queries={table: query})
    else:
        hints = ReadHints(tables=(table,))
    if rows:
        hints = ReadHints(queries={"sample": first_rows(url, query, rows)})

    def seen(snapshot: Snapshot) -> dict[str, Any]:
        return {**connector.state, "watermark": _greatest(snapshot, column) or last}

    return Arrival(
        table or "query", "", location, connector.state, hints,
        seen=seen if column and not rows else None,
    )  # fmt: skip


def _greatest(snapshot: Snapshot, column: str) -> str | None:
    """The watermark of the last row; the rows come in its order."""
    for table in snapshot.tables:
        known = table.column(column)
        if known is None:
            raise KintsugiError(
                "connector.watermark",
                Text(f"没有水位列“{column}”。", f"There is no watermark column “{column}”."),
                Text("请改正连接器的设置。", "Correct the settings of the connector."),
                field="watermark",
            )
        frame = table_frame(snapshot, table.index).select("_row", known.key)
        filled = frame.filter(pl.col(known.key) != "").sort("_row").tail(1).collect()
        if filled.height:
            # As SQL has it: a T between day and hour is not understood everywhere.
            return str(filled[known.key][0]).replace("T", " ")
    return None


def _rest(connector: Connector, work: Path) -> Arrival | None:
    said, state = connector.settings, connector.state
    secret = resolve(connector.secret)
    headers = {}
    if secret:
        headers[said["header"]] = f"{said['prefix']} {secret}".strip()
    if state.get("tag"):
        headers["If-None-Match"] = state["tag"]
    elif state.get("modified"):
        headers["If-Modified-Since"] = state["modified"]
    name = web.file_name(said["url"])
    target = work / f"{name}.part"
    found = web.fetch(
        said["url"],
        target,
        headers=headers,
        limits=ReadLimits(),
        outside_only=not connector.allow_private,
    )
    if found.unchanged:
        return None
    path = work / (name if "." in name else f"{name}.json")
    target.rename(path)
    now = {"tag": found.tag, "modified": found.modified}
    return Arrival(name, "", str(path), {**state, **now}, facts={"pages": found.pages})


def _queue(connector: Connector, work: Path, *, peek: bool) -> Iterator[Arrival]:
    said = connector.settings
    parts = urlsplit(said["server"])
    host, port = parts.hostname or "", parts.port or 4222
    if not connector.allow_private:
        refuse_inside(host, port)
    with ExitStack() as stack:
        batch = queues.take(
            stack, host, port, tls=parts.scheme == "tls", said=said,
            secret=resolve(connector.secret), held=connector.state.get("held") or [],
            limit=SAMPLE_ROWS if peek else int(said["batch"]),
        )  # fmt: skip
        if batch is None:
            return
        path = work / f"{said['stream']}-{batch.first}-{batch.last}.jsonl"
        path.write_bytes(b"".join(line + b"\n" for line in batch.lines))
        yield Arrival(
            item=path.name if batch.lines else f"{said['stream']}-{batch.first}",
            mark=f"{batch.first}-{batch.last}",
            location=str(path) if batch.lines else "",
            state={**connector.state, "held": batch.held},
            taken=(lambda: None) if peek else batch.acknowledge,
            aside=tuple(Aside(str(p.sequence), p.reason, p.text) for p in batch.poison),
            facts={"messages": len(batch.lines), "again": batch.again},
        )


def sample(connector: Connector, *, work: Path, into: Path) -> Snapshot:
    """What a connector would bring, read into a folder of its own: nothing of it is kept, no file
    is marked as seen and no message is acknowledged.

    Raises KintsugiError ``connector.nothing`` where nothing is there, and what the readers raise.
    """
    for arrival in look(connector, work=work, done=lambda item, mark: False, rows=SAMPLE_ROWS):
        if arrival.location:
            return read_source(arrival.location, into=into, hints=arrival.hints)
    raise KintsugiError(
        "connector.nothing",
        Text("连接正常,但现在没有可读取的内容。", "It answers, but there is nothing to read now."),
        Text("等有文件或消息时再试。", "Try again once a file or message is there."),
    )
