"""Who stands behind what protects the record: accepted texts, in the database and beside it.

A superuser can add a row to any table. So an acceptance counts only when the home folder knows it
too, as it knows the checkpoints.
"""

from collections.abc import Mapping

from kintsugi.audit.models import Checkpoint, Guard
from kintsugi.audit.sealing.guard import guard_text, nearest, unexplained
from kintsugi.audit.sealing.memory import Memory
from kintsugi.audit.sealing.notes import hash_of
from kintsugi.runtime.home import Home


def accepted_texts(home: Home, *, using: str = "default") -> dict[str, str]:
    """Texts that somebody stands behind, by their hash. A home folder that has kept none yet takes
    the database's word; the first seal and the first acceptance end that."""
    known = _known(home)
    return {
        name: text
        for name, text in Guard.objects.using(using).values_list("fingerprint", "text")
        if (known is None or name in known) and hash_of(text) == name
    }


def begin_memory(home: Home, *, using: str = "default") -> None:
    """Let the home folder know what is accepted by now, once."""
    if _known(home) is None:
        names = Guard.objects.using(using).values_list("fingerprint", flat=True)
        _memory(home).append({"accepted": sorted(names)})


def keep_acceptance(home: Home, name: str, *, actor: str, reason: str) -> bool:
    """Let the home folder know one more; False where it did."""
    if name in (_known(home) or ()):
        return False
    _memory(home).append({"accepted": [name], "actor": actor, "reason": reason})
    return True


def is_accepted(home: Home, *, using: str = "default") -> bool:
    """Whether triggers, functions, privileges and roles are now as somebody accepted them, or as
    they were at the first checkpoint, when the installation had made its accounts."""
    text = guard_text(using=using)
    accepted = accepted_texts(home, using=using)
    if hash_of(text) in accepted:
        return True
    first = Checkpoint.objects.using(using).filter(number=1).values_list("guard", flat=True).first()
    return first in (None, hash_of(text)) and explains(accepted, text)


def explains(accepted: Mapping[str, str], text: str) -> bool:
    """Whether nothing but an installation's own accounts was added to an accepted text; True
    where nothing was ever accepted, in a database that is only being made."""
    return not accepted or not any(unexplained(nearest(accepted.values(), text), text, first=True))


def _memory(home: Home) -> Memory:
    return Memory(home.root / "seal" / "acceptances.jsonl")


def _known(home: Home) -> set[str] | None:
    """Hashes the home folder has kept, None where it has kept nothing yet."""
    entries = list(_memory(home).entries())
    return {name for entry in entries for name in entry["accepted"]} if entries else None
