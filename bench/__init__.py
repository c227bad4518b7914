"""Performance against a baseline in the same run; ``python -m bench`` prints a table.

Figures are ratios: they say how much the product costs on top of the bare work, on any machine.
"""
