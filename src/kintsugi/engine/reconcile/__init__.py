"""Reconciling two lists of the same facts: who belongs to whom, and what is different about it."""

from kintsugi.engine.reconcile.classify import BREAKS
from kintsugi.engine.reconcile.model import Break, Match, Plan, Reconciliation
from kintsugi.engine.reconcile.run import reconcile

__all__ = ["BREAKS", "Break", "Match", "Plan", "Reconciliation", "reconcile"]
