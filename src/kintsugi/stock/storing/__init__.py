"""Storage: what is looked at on the shelf, and the temperature it lay at."""
