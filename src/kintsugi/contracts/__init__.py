"""The data dictionary: one Open Data Contract Standard file per entity, and nothing else.

Read with ``kintsugi.engine.contract.load_contract``.
"""
