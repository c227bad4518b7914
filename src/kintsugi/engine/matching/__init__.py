"""Matching: which records of one list, or of two, are the same thing."""

from kintsugi.engine.matching.learned import Learned, learn
from kintsugi.engine.matching.model import Decision, Explanation, Matching, Plan
from kintsugi.engine.matching.run import match

__all__ = ["Decision", "Explanation", "Learned", "Matching", "Plan", "learn", "match"]
