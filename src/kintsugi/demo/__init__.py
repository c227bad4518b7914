"""Demo fragments of a fictitious distributor, and the truth about them.

Nothing here imports the product: what the fragments really mean must never be derived from the
code that is measured on them.
"""
