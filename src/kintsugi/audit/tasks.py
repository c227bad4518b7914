"""Jobs of the record."""

from kintsugi.audit.packs.tasks import make_evidence_pack

__all__ = ["make_evidence_pack"]
