"""Electronic signatures: who signed what, with which meaning, proven by a fresh log-in."""
