"""What a run's page shows: the path of its steps, its arithmetic, its rate. All in few queries."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from django.db.models import Count, Max, Sum
from django.urls import reverse

from kintsugi.core.errors import KintsugiError
from kintsugi.core.masks import mask_unplaced
from kintsugi.engine.pipeline.titles import STEPS
from kintsugi.engine.text import Text
from kintsugi.engine.values.rules import RULES
from kintsugi.onboarding.models import Chunk, Progress, Run, RunIssueCount
from kintsugi.onboarding.selectors import ARITHMETIC, rule_title
from kintsugi.onboarding.states import RUN

#: The path in the order people think of it; ``raw`` of the pipeline is the reading.
PATH: dict[str, Text] = {
    "raw": Text("读取", "read"),
    "filled": Text("补齐", "fill"),
    "trimmed": Text("修整", "trim"),
    "mapped": Text("映射", "map"),
    "cleaned": Text("规范", "clean"),
    "checked": Text("校验", "check"),
    "keyed": Text("定键", "key"),
    "merged": Text("合并", "merge"),
    "load": Text("写入", "load"),
    "verify": Text("核对", "verify"),
}
OUTCOMES: dict[str, Text] = {
    "created": Text("新建", "created"),
    "updated": Text("更新", "updated"),
    "merged": Text("并入", "merged"),
    "unchanged": Text("未变", "unchanged"),
    "excluded": Text("排除", "excluded"),
    "quarantined": Text("隔离", "quarantined"),
}
TONES = {
    "created": "live",
    "reading": "live",
    "staged": "live",
    "validated": "live",
    "rehearsed": "warn",
    "waves": "live",
    "applying": "live",
    "paused": "warn",
    "applied": "live",
    "verified": "good",
    "failed": "bad",
    "planned": "warn",
    "approved": "live",
    "withdrawn": "",
    "reverted": "",
    "partly-reverted": "warn",
}
SEVERITIES: dict[str, Text] = {
    "block": Text("阻断", "blocks"),
    "ask": Text("待确认", "asks"),
    "warn": Text("提醒", "warns"),
}
SEVERITY_TONES = {"block": "bad", "ask": "warn", "warn": ""}
ENDED = frozenset({"verified", "failed", "withdrawn", "reverted", "partly-reverted"})
#: A run that waits to be started or was left by a killed process can be taken up again.
RESUMABLE = frozenset(RUN.states) - ENDED - {"planned", "rehearsed", "waves"} | {"failed"}
#: Nothing moves in these states before a person acts.
RESTING = frozenset({"rehearsed", "paused", "waves"})
WORKING = frozenset({"applying", "applied"})
#: An import that went through all its steps, whatever became of it later.
THROUGH = frozenset({"verified", "reverted", "partly-reverted"})


@dataclass(frozen=True)
class Node:
    """One step of the path. ``state``: done, now, failed, next."""

    name: str
    title: Text
    state: str
    rows: int | None = None
    seconds: float | None = None
    url: str = ""


@dataclass(frozen=True)
class Term:
    """One number of the arithmetic; ``x`` and ``width`` are thousandths of the bar."""

    name: str
    title: Text
    count: int
    url: str
    x: float = 0
    width: float = 0


@dataclass(frozen=True)
class RuleCount:
    """How often a rule was broken, with examples."""

    rule: str
    title: Text
    remedy: Text
    severity: Text
    tone: str
    count: int
    examples: tuple[str, ...]
    url: str


@dataclass
class RunState:
    """All that the live part of a run's page shows."""

    run: Run
    status: Text
    tone: str
    is_ended: bool
    path: list[Node]
    read: int | None = None
    waiting: int = 0
    terms: list[Term] = field(default_factory=list)
    closes: bool = True
    rules: list[RuleCount] = field(default_factory=list)
    phase: Text | None = None
    done: int = 0
    total: int = 0
    rate: float | None = None
    remaining_s: float | None = None
    loaded: dict[str, int] = field(default_factory=dict)
    seconds: float | None = None
    error: KintsugiError | None = None
    can_go_on: bool = False


def run_state(run: Run) -> RunState:
    """The state of a run in four queries: progress, ledger, issue counts, and the run itself was
    read by the caller."""
    progress = Progress.objects.filter(run=run).first()
    ledger = Chunk.objects.filter(run=run).aggregate(
        chunks=Count("pk"),
        last=Max("at"),
        seconds=Sum("seconds", default=0.0),
        records=Sum("records", default=0),
        **{
            name: Sum(name, default=0)
            for name in ("created", "updated", "merged", "unchanged", "quarantined")
        },
    )
    is_ended = run.status in ENDED or _rests(run)
    state = RunState(
        run=run,
        status=RUN.states[run.status],
        tone=TONES[run.status],
        is_ended=is_ended,
        path=_path(run, progress, ledger),
        rules=_rules(run),
        error=error_of(run),
        can_go_on=run.status == "failed",
    )
    if run.counts:
        state.read, state.terms = int(run.counts.get("read") or 0), _terms(run)
        state.waiting = int(run.counts.get("waiting") or 0)
        state.closes = state.read == state.waiting + sum(term.count for term in state.terms)
    elif ledger["chunks"]:
        names = ("created", "updated", "merged", "unchanged", "quarantined")
        state.loaded = {OUTCOMES[name].en: int(ledger[name]) for name in names}
    if run.started_at and run.ended_at:
        state.seconds = (run.ended_at - run.started_at).total_seconds()
        if state.read and state.seconds > 0:
            state.rate = state.read / state.seconds
    if progress and not is_ended:
        _progress(state, progress)
    return state


def _rests(run: Run) -> bool:
    """Whether a run waits for a person, and nothing of it is at work."""
    if run.status not in RESTING:
        return False
    return not run.waves.filter(status__in=("approved", "applying", "applied")).exists()


def _progress(state: RunState, progress: Progress) -> None:
    state.phase = Text(progress.phase_zh, progress.phase_en)
    state.done, state.total = progress.done, progress.total
    elapsed = (progress.at - progress.since).total_seconds()
    is_loading = state.run.status == "applying"
    if is_loading and elapsed > 0 and progress.done:
        state.rate = progress.done / elapsed
        state.remaining_s = max(0, progress.total - progress.done) / state.rate


def _path(run: Run, progress: Progress | None, ledger: dict[str, Any]) -> list[Node]:
    names = list(PATH)
    at = _position(run, progress)
    failed = run.status == "failed"
    sums = _sums(run.steps)
    nodes = []
    for index, (name, title) in enumerate(PATH.items()):
        state = "done" if index < at else "next"
        if index == at and at < len(names):
            state = "failed" if failed else "now"
        rows, seconds = sums.get(name, (None, None))
        url = _step_url(run, name) if name in sums else ""
        if name == "load" and ledger["chunks"]:
            rows, seconds = int(ledger["records"]), float(ledger["seconds"])
        nodes.append(Node(name, title, state, rows, seconds, url))
    return nodes


def _step_url(run: Run, name: str) -> str:
    return reverse("onboarding:step", args=[run.number, name])


def _position(run: Run, progress: Progress | None) -> int:
    """Index of the step the run is in; beyond the last one when it is through."""
    names = list(PATH)
    if run.status in THROUGH:
        return len(names)
    if run.status in ("rehearsed", "approved", "paused", "waves"):
        return names.index("load")
    if run.status == "applied":
        return names.index("verify")
    if run.status == "applying" or (run.steps and run.status in ("staged", "validated")):
        return names.index("load")
    if run.status == "failed" and run.steps:
        return names.index("load")
    if progress is not None:
        titles = {text.en: name for name, text in STEPS.items()}
        name = titles.get(progress.phase_en)
        if name in names:
            return names.index(name)
    return 0 if run.status in ("created", "failed") else 1


def _sums(steps: list[dict[str, Any]]) -> dict[str, tuple[int, float]]:
    """Rows and seconds of each step over all tables; of several entities of a table the largest
    number of rows, since all are read from the same rows."""
    rows: dict[tuple[str, str], int] = {}
    seconds: dict[str, float] = {}
    for step in steps:
        table = str(step["id"]).split("/", 1)[0]
        place = (step["name"], table)
        rows[place] = max(rows.get(place, 0), int(step["rows"]))
        seconds[step["name"]] = seconds.get(step["name"], 0.0) + float(step["seconds"])
    return {
        name: (sum(count for (step, _), count in rows.items() if step == name), total)
        for name, total in seconds.items()
    }


def _terms(run: Run) -> list[Term]:
    counts = {name: int(run.counts.get(name) or 0) for name in ARITHMETIC}
    total = sum(counts.values()) + int(run.counts.get("waiting") or 0) or 1
    terms, x = [], 0.0
    for name, count in counts.items():
        width = 1000 * count / total
        url = reverse("onboarding:rows", args=[run.number, name])
        terms.append(Term(name, OUTCOMES[name], count, url, round(x, 2), round(width, 2)))
        x += width
    return terms


def _examples(one: RunIssueCount) -> list[str]:
    return [str(mask_unplaced(one.entity, text)) for text in one.examples]


def _rules(run: Run) -> list[RuleCount]:
    found: dict[str, RuleCount] = {}
    counts = RunIssueCount.objects.filter(run=run).order_by("-count", "rule")[:400]
    base = reverse("onboarding:run-issues", args=[run.number])
    for one in counts:
        known = RULES.get(one.rule)
        before = found.get(one.rule)
        found[one.rule] = RuleCount(
            rule=one.rule,
            title=rule_title(one.rule),
            remedy=known.remedy if known else Text("", ""),
            severity=SEVERITIES.get(one.severity, Text(one.severity, one.severity)),
            tone=SEVERITY_TONES.get(one.severity, ""),
            count=one.count + (before.count if before else 0),
            examples=(*(before.examples if before else ()), *_examples(one))[:3],
            url=f"{base}?rule={quote(one.rule)}",
        )
    order = {text: index for index, text in enumerate(SEVERITIES.values())}
    return sorted(found.values(), key=lambda one: (order.get(one.severity, 9), -one.count))


def error_of(run: Run) -> KintsugiError | None:
    """What stopped the run or holds it, as it was said."""
    if not run.error or run.status not in ("failed", "paused", "approved"):
        return None
    kept = run.error
    message, remedy = Text(**kept["message"]), Text(**kept["remedy"])
    return KintsugiError(str(kept["code"]), message, remedy, **kept.get("facts", {}))
