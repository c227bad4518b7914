"""Invoices, payments, and what a general ledger needs to know of them."""
