"""What can be signed: each kind of object says what its signed content is.

The content is a mapping of plain values; its canonical text is what a signature hashes. When the
object's content gives another text later, the signature says so.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from kintsugi.engine.text import Text

if TYPE_CHECKING:
    from django.db.models import QuerySet


@dataclass(frozen=True)
class Signable:
    """A kind of object that people sign.

    ``content(object_id)`` gives its title and what is signed now; LookupError or Django's
    ObjectDoesNotExist when there is no such object. ``url(object_id)`` is its page; ``rows()`` the
    ids of the objects that the person at work may see. ``shown(content)`` is the signed content as
    he may read it: personal data may be masked.
    """

    kind: str
    title: Text
    content: Callable[[UUID], tuple[str, Mapping[str, Any]]]
    url: Callable[[UUID], str]
    rows: Callable[[], "QuerySet[Any, Any]"]
    shown: Callable[[Mapping[str, Any]], Mapping[str, Any]] = lambda content: content


SIGNABLE: dict[str, Signable] = {}


def register_signable(signable: Signable) -> None:
    """Add a kind; called from ``AppConfig.ready``. A kind twice is a mistake of ours."""
    assert signable.kind not in SIGNABLE, f"signable kind {signable.kind} registered twice"
    SIGNABLE[signable.kind] = signable


def canonical(content: Mapping[str, Any]) -> str:
    """The one text of a content: keys sorted, no blanks, texts as they are."""
    return json.dumps(
        content, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str
    )


def readable(kind: str, text: str) -> str:
    """The canonical text as the person at work may read it; its hash is another where something
    was masked."""
    known = SIGNABLE.get(kind)
    content = json.loads(text)
    shown = known.shown(content) if known else content
    return text if shown == content else canonical(shown)


def digest(text: str) -> str:
    """SHA-256 of a canonical text, as hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()
