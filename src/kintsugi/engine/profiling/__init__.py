"""Profiling: what is in a table, what its columns mean, and how far it may be trusted."""

from kintsugi.engine.profiling.drift import DRIFTS, Drift, drift
from kintsugi.engine.profiling.model import Profile, from_dict
from kintsugi.engine.profiling.run import profile_table

__all__ = ["DRIFTS", "Drift", "Profile", "drift", "from_dict", "profile_table"]
