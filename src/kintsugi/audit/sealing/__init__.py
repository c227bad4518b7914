"""The sealed log: a Merkle tree over finished changes, signed checkpoints, a witness, proofs."""
