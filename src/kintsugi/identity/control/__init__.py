"""Acts under two persons: planned by one, approved by another, verified by one who did neither."""
