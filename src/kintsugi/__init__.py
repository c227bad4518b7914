"""Kintsugi: fragments of medical-device records become one trusted, traceable view."""

__version__ = "0.1.0"
