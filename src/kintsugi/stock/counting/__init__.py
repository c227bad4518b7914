"""Stocktakes and adjustments: what is really there, and how the ledger follows it."""
