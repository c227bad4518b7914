"""Who works here: accounts, log-in, and how each person wants the product to look."""
