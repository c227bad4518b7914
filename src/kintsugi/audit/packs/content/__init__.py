"""What lies in every pack as it is: the stand-alone verifier."""
