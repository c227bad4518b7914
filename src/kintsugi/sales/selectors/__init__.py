"""Reads of sales."""
