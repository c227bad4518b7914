"""Sales: from the contract to the signed receipt, and back."""
