"""The verifier "token": did every context come from the product, once, at its time?"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kintsugi.audit.findings import Finding, Inconclusive
from kintsugi.audit.verifying.keys import ContextKey, known_keys
from kintsugi.audit.verifying.reading import run_sql
from kintsugi.audit.verifying.tokens import COVERED, from_json, token_fault
from kintsugi.core.errors import Text
from kintsugi.core.queries import query

PAGE = 5000
TABLE = "audit_transaction"
TEXTS = {
    "forged": Text(
        "事务上下文与其令牌不符:它被改过,或者不是由本系统写入。",
        "The context does not fit its token: it was changed, or not written by the product.",
    ),
    "unknown-key": Text(
        "令牌出自一个不认识的密钥。", "The token was made with a key that is not known."
    ),
    "retired-key": Text(
        "令牌在密钥更换之后仍用旧密钥签发。", "The token was made with a key already replaced."
    ),
    "stale": Text(
        "令牌的签发时间与事务时间相差超过 24 小时。",
        "The token was issued more than 24 hours from the time of its transaction.",
    ),
    "missing": Text(
        "事务没有令牌:上下文是手工写入的。", "No token: the context was written by hand."
    ),
    "replayed": Text(
        "令牌先前已用于另一事务。", "The token was used by an earlier transaction already."
    ),
    "no-context": Text(
        "变更所属的事务不在记录中。", "The change belongs to a transaction that is not recorded."
    ),
}


class ContextVerifier:
    """Recomputes the token of every transaction.

    Rows older than the first token were made before there were tokens and are not looked at.
    ``checked`` counts transactions.
    """

    name = "token"

    def __init__(self) -> None:
        self.checked = 0

    def verify(self, *, since: dt.datetime | None) -> Iterator[Finding]:
        """Findings token.forged, .unknown-key, .retired-key, .stale, .missing, .replayed and
        .no-context. Inconclusive without the key file."""
        known = known_keys()
        first = _first_with_token()
        if not known and first is not None:
            raise Inconclusive(
                Text(
                    "本机没有上下文密钥(secrets/context-keys),无法核验令牌;请在写入数据的机器上核验。",
                    "This machine has no context keys (secrets/context-keys); verify on a machine "
                    "that writes to this database.",
                )
            )
        if first is not None:
            yield from self._contexts(since, first, _with_successors(known))
            yield from _replayed(since)
        yield from _without_context(since)

    def _contexts(
        self,
        since: dt.datetime | None,
        first: int,
        keys: Mapping[str, tuple[ContextKey, dt.datetime | None]],
    ) -> Iterator[Finding]:
        after = first - 1
        while True:
            page = run_sql(query("audit", "contexts"), since=since, after=after, page=PAGE)
            for row in page:
                self.checked += 1
                _id, xid, at, token, *covered = row
                context = dict(zip(COVERED, covered, strict=True))
                context["facts"] = from_json(context["facts"])
                fault = "missing" if not token else token_fault(token, context, at=at, keys=keys)
                if fault:
                    yield _finding(fault, xid, at, context["actor"], context["command"])
            if len(page) < PAGE:
                return
            after = page[-1][1]


def _with_successors(
    keys: Sequence[ContextKey],
) -> dict[str, tuple[ContextKey, dt.datetime | None]]:
    successors = [key.made_at for key in keys[1:]]
    return {
        key.key_id: (key, made_at) for key, made_at in zip(keys, [*successors, None], strict=True)
    }


def _replayed(since: dt.datetime | None) -> Iterator[Finding]:
    for xid, at, actor, command, earlier in run_sql(query("audit", "replayed_tokens"), since=since):
        yield _finding("replayed", xid, at, actor, command, earlier_xid=earlier)


def _without_context(since: dt.datetime | None) -> Iterator[Finding]:
    found = run_sql(query("audit", "changes_without_context"), since=since)
    for change_id, table, row_id, transaction in found:
        yield Finding(
            "token",
            "token.no-context",
            table,
            row_id,
            None,
            TEXTS["no-context"],
            {"change": change_id, "transaction": transaction},
        )


def _finding(
    fault: str, xid: int, at: dt.datetime, actor: Any, command: Any, **facts: Any
) -> Finding:
    return Finding(
        "token",
        f"token.{fault}",
        TABLE,
        str(xid),
        at,
        TEXTS[fault],
        {"actor": actor, "command": command, **facts},
    )


def _first_with_token() -> int | None:
    ((first,),) = run_sql("select min(xid) from audit_transaction where token is not null")
    return None if first is None else int(first)
