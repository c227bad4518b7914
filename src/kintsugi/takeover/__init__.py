"""Taking over the stock of another system: what it states, checked, approved and posted."""
