"""Checks: a check is a SELECT that returns the offending rows, over files as over tables."""

from kintsugi.engine.checks.check import Check, one_scan
from kintsugi.engine.checks.compile import compile_checks
from kintsugi.engine.checks.rules import register_check_rules

__all__ = ["Check", "compile_checks", "one_scan", "register_check_rules"]

register_check_rules()
