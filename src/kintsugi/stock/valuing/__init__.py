"""What stock is worth, how old it is, how fast it turns; whether the projections agree."""
