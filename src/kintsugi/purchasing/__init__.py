"""Purchasing: what is asked for, ordered, received, accepted and paid for."""
