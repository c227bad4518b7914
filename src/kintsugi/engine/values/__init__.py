"""Normalisers: from what sources write to canonical text, once per distinct value."""

from kintsugi.engine.values.aliases import Alias, AliasBook, makers, read_aliases
from kintsugi.engine.values.base import Norm
from kintsugi.engine.values.dates import end_of_term, split_period, vote_date_order
from kintsugi.engine.values.kernel import KINDS, norm, normalise, normalise_column
from kintsugi.engine.values.parties import party_key
from kintsugi.engine.values.parts import Part, split_parts
from kintsugi.engine.values.people import same_people
from kintsugi.engine.values.rules import ACTIONS, RULES, Rule, register, register_action
from kintsugi.engine.values.splits import Split, propose_padding, split_serials
from kintsugi.engine.values.terms import split_terms, warranty_conflict

__all__ = [
    "ACTIONS",
    "KINDS",
    "RULES",
    "Alias",
    "AliasBook",
    "Norm",
    "Part",
    "Rule",
    "Split",
    "end_of_term",
    "makers",
    "norm",
    "normalise",
    "normalise_column",
    "party_key",
    "propose_padding",
    "read_aliases",
    "register",
    "register_action",
    "same_people",
    "split_parts",
    "split_period",
    "split_serials",
    "split_terms",
    "vote_date_order",
    "warranty_conflict",
]
