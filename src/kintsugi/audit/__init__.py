"""Who changed what, when, why and by which command; and which source cell a value came from."""
