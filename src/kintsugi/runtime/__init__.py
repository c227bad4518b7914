"""Processes of an installation: the embedded PostgreSQL and the children of ``kintsugi up``.

Knows the operating system and nothing of Django.
"""
