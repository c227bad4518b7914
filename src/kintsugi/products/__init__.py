"""Products, their UDI device identifiers and package levels."""
