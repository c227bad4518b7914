"""Where every thing is: locations, lots, units, the ledger of moves and what follows from it."""
