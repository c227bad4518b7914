"""How long records are kept, and what nobody may delete."""
