"""Paper: pictures, scans and PDFs read into tables, each cell with its place and its confidence.

What OCR read of things that matter waits for a person (``kintsugi.engine.paper.confirm``).
"""
