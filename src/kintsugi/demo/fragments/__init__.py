"""One module per fragment: how that region, system or person would have written the truth down."""
