"""Pure data engine: read anything, understand it, mend it, match it. Knows nothing of Django."""
