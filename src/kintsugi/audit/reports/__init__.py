"""Reports for a regulator: declared datasets, and the definitions auditors make of them."""
