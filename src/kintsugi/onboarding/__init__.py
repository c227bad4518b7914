"""Fragments come in: sources, snapshots, runs, issues, apply with a ledger."""
