"""Customers, suppliers, makers, carriers: who we deal with."""
